//! `y[…, k, …] = on` where `k` is the index, `off` elsewhere.

use super::super::room::Room;
use super::super::tensor::{Data, MOST_AXES, Tensor};
use super::super::walk::axis as axis_at;
use super::gather::place;
use super::{Inputs, alike};
use crate::error::{Error, Result};

/// An index that is none of the axis is `off` everywhere.
pub(super) fn one_hot(read: &Inputs<'_>, axis: i64, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let (index, depth, values) = (read.at(0)?, read.at(1)?, read.at(2)?);
    let rank = index.rank() + 1;
    if rank > MOST_AXES {
        return Err(Error::range("axes of a tensor", format!("at most {MOST_AXES}"), rank));
    }
    let at = axis_at("new axis", axis, rank)?;
    let wrong = |found: String| Error::range("length of the new axis", "one number from 0 on", found);
    let len = match (depth.len(), depth.whole("length of the new axis")?.next()) {
        (1, Some(len)) => usize::try_from(len).map_err(|_| wrong(len.to_string()))?,
        (found, _) => return Err(wrong(format!("{found}"))),
    };
    if values.shape() != [2] {
        return Err(Error::shape("values [off, on]", &[2], values.shape()));
    }
    let mut shape = [0; MOST_AXES];
    shape[..at].copy_from_slice(&index.shape()[..at]);
    shape[at] = len;
    shape[at + 1..rank].copy_from_slice(&index.shape()[at..]);
    y.reset(values.kind(), &shape[..rank], room)?;
    if y.len() == 0 {
        return Ok(());
    }
    let inner: usize = index.shape()[at..].iter().product();
    alike!(values, y, |values, y| {
        y.fill(values[0]);
        for (k, i) in index.whole("index")?.enumerate() {
            if let Some(i) = place(i, len) {
                y[(k / inner * len + i) * inner + k % inner] = values[1];
            }
        }
    });
    Ok(())
}
