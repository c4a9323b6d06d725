//! `y = e^(x − max x) / Σ e^(x − max x)` along an axis.

use super::super::room::Room;
use super::super::tensor::{Kind, Tensor};
use super::super::walk::axis as axis_at;
use crate::error::Result;
use rnn_kernels::Scalar;

/// With `flatten`, along this axis and all behind it together. A tensor of rank 0 is one element along one axis.
pub(super) fn softmax(x: &Tensor, axis: i64, flatten: bool, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let from = x.as_f32()?;
    // With `flatten` the axis may be the rank itself: then every element is by itself.
    let rank = x.rank();
    let at = if flatten && usize::try_from(axis) == Ok(rank) { rank } else { axis_at("axis", axis, rank.max(1))? };
    y.reset(Kind::F32, x.shape(), room)?;
    if from.is_empty() {
        return Ok(());
    }
    let (len, stride): (usize, usize) = if flatten {
        (x.shape()[at..].iter().product(), 1)
    } else {
        let behind = x.shape().get(at + 1..).unwrap_or(&[]);
        (x.shape().get(at).copied().unwrap_or(1), behind.iter().product())
    };
    let to = y.as_f32_mut()?;
    for (from, to) in from.chunks_exact(len * stride).zip(to.chunks_exact_mut(len * stride)) {
        for lane in 0..stride {
            let places = || (lane..len * stride).step_by(stride);
            let largest = places().fold(f32::NEG_INFINITY, |most, at| Scalar::max(most, from[at]));
            let mut sum = 0.0;
            for at in places() {
                to[at] = Scalar::exp(from[at] - largest);
                sum += to[at];
            }
            places().for_each(|at| to[at] /= sum);
        }
    }
    Ok(())
}
