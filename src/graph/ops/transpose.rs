//! `y[i] = x[permuted i]`.

use super::super::room::Room;
use super::super::tensor::{Data, MOST_AXES, Tensor};
use super::super::walk::{copy, strides};
use super::alike;
use crate::error::{Error, Result};

pub(super) fn transpose(x: &Tensor, permutation: &[usize], y: &mut Tensor, room: &mut Room) -> Result<()> {
    let rank = x.rank();
    let (mut order, mut seen) = ([0; MOST_AXES], [false; MOST_AXES]);
    for k in 0..rank {
        order[k] = if permutation.is_empty() { rank - 1 - k } else { permutation.get(k).copied().unwrap_or(rank) };
        if order[k] >= rank || std::mem::replace(&mut seen[order[k]], true) {
            return Err(Error::range("permutation", format!("each of {rank} axes once"), format!("{permutation:?}")));
        }
    }
    if permutation.len() > rank {
        return Err(Error::range("permutation", format!("each of {rank} axes once"), format!("{permutation:?}")));
    }
    let own = strides(x.shape());
    let (mut shape, mut permuted) = ([0; MOST_AXES], [0; MOST_AXES]);
    for k in 0..rank {
        (shape[k], permuted[k]) = (x.shape()[order[k]], own[order[k]]);
    }
    let shape = &shape[..rank];
    y.reset(x.kind(), shape, room)?;
    alike!(x, y, |x, y| copy(y, shape, x, 0, &permuted));
    Ok(())
}
