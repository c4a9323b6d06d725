//! `−ln Σ_π Π_t p_t(π_t)`: the provided sums over paths, compiled for an instruction set, with vector exponentials.
//!
//! No operation is fused or regrouped: but for the exponentials the bits are those of the provided body.

use pulp::WithSimd;
use rnn_kernels::{Ctc, Scalar, reference};

use super::isa::Simd;
use super::softmax;

/// The loss and its gradient.
pub fn ctc<T: Scalar>(simd: Simd, loss: Ctc<'_, T>) {
    simd.run(Paths(simd, loss));
}

struct Paths<'a, T>(Simd, Ctc<'a, T>);

impl<T: Scalar> WithSimd for Paths<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Paths(simd, loss) = self;
        reference::ctc::ctc_with(loss, |x| {
            let largest = softmax::max(simd, x);
            [largest, softmax::exp_sum(simd, x, largest)]
        });
    }
}
