//! `h = σ(pre)` and `d_pre = d_h ⊙ σ′`, with `σ′` from the output.

use crate::cell::{ElmanStep, ElmanStepGrad};
use crate::scalar::Scalar;

/// `h = σ(pre)`, in place.
pub fn forward<T: Scalar>(mut step: ElmanStep<'_, T>) {
    for n in 0..step.h.rows() {
        for h in step.h.row_mut(n) {
            *h = step.activation.apply(*h);
        }
    }
}

/// `d_pre = d_h ⊙ σ′(h)`; overwrites `d_pre`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar>(mut step: ElmanStepGrad<'_, T>) {
    step.check();
    for n in 0..step.h.rows() {
        let (h, d_h) = (step.h.row(n), step.d_h.row(n));
        for (j, d_pre) in step.d_pre.row_mut(n).iter_mut().enumerate() {
            *d_pre = d_h[j] * step.activation.slope(h[j]);
        }
    }
}
