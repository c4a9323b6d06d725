//! `y = x`, repeated along axes of length 1, and one value everywhere.

use super::super::room::Room;
use super::super::tensor::{Data, MOST_AXES, Tensor};
use super::super::walk::{Axes, broadcast, copy, repeated};
use super::alike;
use crate::error::{Error, Result};

pub(super) fn expand(x: &Tensor, shape: &Tensor, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let (shape, rank) = lengths(shape)?;
    let (shape, rank) = broadcast("tensor and the shape to expand it to", x.shape(), &shape[..rank])?;
    let shape = &shape[..rank];
    y.reset(x.kind(), shape, room)?;
    let strides = repeated(x.shape(), rank);
    alike!(x, y, |x, y| copy(y, shape, x, 0, &strides));
    Ok(())
}

pub(super) fn filled(shape: &Tensor, value: &Tensor, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let (shape, rank) = lengths(shape)?;
    if value.len() != 1 {
        return Err(Error::len("value of a constant", 1, value.len()));
    }
    y.reset(value.kind(), &shape[..rank], room)?;
    alike!(value, y, |value, y| y.fill(value[0]));
    Ok(())
}

/// A shape that is given as numbers.
fn lengths(shape: &Tensor) -> Result<(Axes<usize>, usize)> {
    let wrong = || Error::range("shape", format!("at most {MOST_AXES} lengths from 0 on"), format!("{shape:?}"));
    if shape.rank() != 1 || shape.len() > MOST_AXES {
        return Err(wrong());
    }
    let mut lengths = [0; MOST_AXES];
    for (to, len) in lengths.iter_mut().zip(shape.whole("shape")?) {
        *to = usize::try_from(len).map_err(|_| wrong())?;
    }
    Ok((lengths, shape.len()))
}
