//! `y = x Wᵀ + b` and `d_w += d_yᵀ x`, `d_b += Σ d_y`, `d_x = d_y W`.

use crate::accum::Accum;
use crate::backend::Backend;
use crate::head::{AffineBackward, AffineForward};
use crate::scalar::Scalar;
use crate::sums;

/// `y = x Wᵀ + b`; overwrites `y`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, layer: AffineForward<'_, T>) {
    layer.check();
    let AffineForward { x, w, b, mut y } = layer;
    backend.matmul(y.rb_mut(), Accum::Replace, x, w.t());
    if let Some(b) = b {
        for m in 0..y.rows() {
            y.row_mut(m).iter_mut().zip(b).for_each(|(y, &b)| *y += b);
        }
    }
}

/// `d_w += d_yᵀ x`, `d_b += Σ_m d_y[m]` as [`sums::columns`], `d_x = d_y W` or `+=`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, layer: AffineBackward<'_, T>) {
    layer.check();
    let AffineBackward { x, w, d_y, d_w, d_b, d_x, d_x_accum } = layer;
    if let Some(d_w) = d_w {
        backend.matmul(d_w, Accum::Add, d_y.t(), x);
    }
    if let Some(d_b) = d_b {
        sums::columns(d_b, || [d_y].into_iter());
    }
    if let Some(d_x) = d_x {
        backend.matmul(d_x, d_x_accum, d_y, w);
    }
}
