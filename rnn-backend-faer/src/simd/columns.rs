//! `sum += Σ_{t,n} v[t, n]`: the sum of `rnn-kernels`, compiled for an instruction set.

use pulp::WithSimd;
use rnn_kernels::sequence::weights;
use rnn_kernels::{Scalar, SeqRef, Steps};

use super::isa::Simd;

/// `sum += Σ v[t, n]` over the steps that belong to each row, with the bits of [`weights::columns`].
///
/// # Panics
/// If the numbers of columns differ.
pub fn columns<T: Scalar>(simd: Simd, sum: &mut [T], steps: Steps<'_>, v: SeqRef<'_, T>) {
    simd.run(Columns { sum, steps, v });
}

struct Columns<'a, T> {
    sum: &'a mut [T],
    steps: Steps<'a>,
    v: SeqRef<'a, T>,
}

impl<T: Scalar> WithSimd for Columns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        weights::columns(self.sum, self.steps, self.v);
    }
}
