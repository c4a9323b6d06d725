//! `y = σ(x)` in place and `d_x = d_y ⊙ σ′`, for dense layers.

use crate::activation::Activation;
use crate::scalar::Scalar;
use crate::shape::expect;
use crate::view::{MatMut, MatRef};

/// `y = σ(x)`, in place, any shape.
pub fn forward<T: Scalar>(activation: Activation, mut y: MatMut<'_, T>) {
    for m in 0..y.rows() {
        y.row_mut(m).iter_mut().for_each(|y| *y = activation.apply(*y));
    }
}

/// `d = d ⊙ σ′(y)`, in place; `y` is the output of forward.
///
/// # Panics
/// If the shapes differ, before any write.
pub fn backward<T: Scalar>(activation: Activation, y: MatRef<'_, T>, mut d: MatMut<'_, T>) {
    expect("activation gradient", "d", d.shape(), "the shape of y", y.shape());
    for m in 0..y.rows() {
        d.row_mut(m).iter_mut().zip(y.row(m)).for_each(|(d, &y)| *d *= activation.slope(y));
    }
}
