//! `y = [x₀, x₁, …]` along an axis.

use super::super::room::Room;
use super::super::tensor::{Data, MOST_AXES, Tensor};
use super::super::walk::axis as axis_at;
use super::{Inputs, alike};
use crate::error::{Error, Result};

pub(super) fn concat(read: &Inputs<'_>, axis: i64, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let first = read.at(0)?;
    let at = axis_at("axis", axis, first.rank())?;
    let mut shape = [0; MOST_AXES];
    let shape = &mut shape[..first.rank()];
    shape.copy_from_slice(first.shape());
    for x in read.iter().skip(1) {
        let alike = x.rank() == shape.len() && (0..shape.len()).all(|k| k == at || x.shape()[k] == shape[k]);
        if !alike {
            return Err(Error::shape("tensors to concatenate", first.shape(), x.shape()));
        }
        let more = shape[at].checked_add(x.shape()[at]);
        shape[at] = more.ok_or_else(|| Error::Overflow { what: "axis".into(), factors: vec![shape[at]] })?;
    }
    y.reset(first.kind(), shape, room)?;
    if y.len() == 0 {
        return Ok(());
    }
    let inner: usize = shape[at + 1..].iter().product();
    let (row, mut from) = (shape[at] * inner, 0);
    for x in read.iter() {
        let part = x.shape()[at] * inner;
        if part > 0 {
            alike!(x, y, |x, y| {
                for (y, x) in y.chunks_exact_mut(row).zip(x.chunks_exact(part)) {
                    y[from..from + part].copy_from_slice(x);
                }
            });
        }
        from += part;
    }
    Ok(())
}
