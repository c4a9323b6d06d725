//! `y[…, i, …] = x[…, index[i], …]` along an axis.

use super::super::room::Room;
use super::super::tensor::{Data, MOST_AXES, Tensor};
use super::super::walk::axis as axis_at;
use super::alike;
use crate::error::{Error, Result};

pub(super) fn gather(x: &Tensor, index: &Tensor, axis: i64, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let at = axis_at("axis", axis, x.rank())?;
    let (outer, len, inner) = (&x.shape()[..at], x.shape()[at], &x.shape()[at + 1..]);
    let (mut shape, mut rank) = ([0; MOST_AXES], 0);
    for &len in outer.iter().chain(index.shape()).chain(inner) {
        if rank == MOST_AXES {
            return Err(Error::range("axes of a tensor", format!("at most {MOST_AXES}"), "more"));
        }
        shape[rank] = len;
        rank += 1;
    }
    for (k, i) in index.whole("index")?.enumerate() {
        place(i, len).ok_or_else(|| Error::range(format!("index[{k}]"), format!("within −{len}..{len}"), i))?;
    }
    y.reset(x.kind(), &shape[..rank], room)?;
    if y.len() == 0 {
        return Ok(());
    }
    let inner: usize = inner.iter().product();
    let each = index.len() * inner;
    alike!(x, y, |x, y| {
        for (y, x) in y.chunks_exact_mut(each).zip(x.chunks_exact(len * inner)) {
            for (y, i) in y.chunks_exact_mut(inner).zip(index.whole("index")?) {
                let from = place(i, len).unwrap_or(0) * inner;
                y.copy_from_slice(&x[from..from + inner]);
            }
        }
    });
    Ok(())
}

/// Where an index is, counted from the end below 0.
pub(super) fn place(index: i64, len: usize) -> Option<usize> {
    let at = if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(index).ok()?
    };
    (at < len).then_some(at)
}
