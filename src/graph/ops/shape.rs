//! The same elements in another shape, and shapes as numbers.

use super::super::op::Op;
use super::super::room::Room;
use super::super::tensor::{Kind, MOST_AXES, Tensor};
use super::super::walk::axis as axis_at;
use crate::error::{Error, Result, checked_product};

pub(super) fn squeeze(x: &Tensor, axes: &[i64], y: &mut Tensor, room: &mut Room) -> Result<()> {
    let mut gone = [false; MOST_AXES];
    for &axis in axes {
        let at = axis_at("axis to squeeze", axis, x.rank())?;
        if x.shape()[at] != 1 {
            return Err(Error::range(format!("length of axis {axis} to squeeze"), "1", x.shape()[at]));
        }
        gone[at] = true;
    }
    let (mut shape, mut rank) = ([0; MOST_AXES], 0);
    for (at, &len) in x.shape().iter().enumerate() {
        if !(gone[at] || axes.is_empty() && len == 1) {
            shape[rank] = len;
            rank += 1;
        }
    }
    y.copy_as(x, &shape[..rank], room)
}

pub(super) fn unsqueeze(x: &Tensor, axes: &[i64], y: &mut Tensor, room: &mut Room) -> Result<()> {
    let rank = x.rank() + axes.len();
    if rank > MOST_AXES {
        return Err(Error::range("axes of a tensor", format!("at most {MOST_AXES}"), rank));
    }
    let mut new = [false; MOST_AXES];
    for &axis in axes {
        if std::mem::replace(&mut new[axis_at("new axis", axis, rank)?], true) {
            return Err(Error::range("new axes", "different ones", format!("{axes:?}")));
        }
    }
    let (mut shape, mut old) = ([1; MOST_AXES], x.shape().iter());
    for at in (0..rank).filter(|&at| !new[at]) {
        shape[at] = old.next().copied().unwrap_or(1);
    }
    y.copy_as(x, &shape[..rank], room)
}

/// One length may be −1: what is left. One of 0 is that of the axis, unless it is allowed to be 0.
pub(super) fn reshape(x: &Tensor, to: &Tensor, allow_zero: bool, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let wrong = |found: String| Error::range("new shape", format!("one of {} elements", x.len()), found);
    if to.rank() != 1 || to.len() > MOST_AXES {
        return Err(wrong(format!("numbers of shape {:?}", to.shape())));
    }
    let (mut shape, mut rest) = ([0; MOST_AXES], None);
    for (at, len) in to.whole("new shape")?.enumerate() {
        shape[at] = match len {
            -1 if rest.replace(at).is_none() => 1,
            0 if !allow_zero => *x.shape().get(at).ok_or_else(|| wrong(format!("{to:?}")))?,
            len => usize::try_from(len).map_err(|_| wrong(format!("{to:?}")))?,
        };
    }
    let shape = &mut shape[..to.len()];
    let known = checked_product("new shape", shape)?;
    if let Some(at) = rest {
        if known == 0 || !x.len().is_multiple_of(known) {
            return Err(wrong(format!("{to:?}")));
        }
        shape[at] = x.len() / known;
    } else if known != x.len() {
        return Err(wrong(format!("{to:?}")));
    }
    y.copy_as(x, shape, room)
}

/// The lengths of some axes of a shape.
pub(in super::super) fn shape_of<B: ?Sized>(
    op: &Op<B>,
    shape: &[usize],
    y: &mut Tensor,
    room: &mut Room,
) -> Result<()> {
    let Op::Shape { start, end } = op else { return Err(Error::kind("operation", "Shape", op.name())) };
    let rank = shape.len();
    let clamped = |axis: i64| {
        let back = usize::try_from(axis.unsigned_abs()).unwrap_or(usize::MAX);
        if axis < 0 { rank.saturating_sub(back) } else { back.min(rank) }
    };
    let (from, to) = (clamped(*start), end.map_or(rank, clamped));
    let part = shape.get(from..to).unwrap_or(&[]);
    y.reset(Kind::I64, &[part.len()], room)?;
    for (y, &len) in y.as_i64_mut()?.iter_mut().zip(part) {
        *y = i64::try_from(len).map_err(|_| Error::range("length of an axis", "one that fits 63 bits", len))?;
    }
    Ok(())
}
