//! `d_b += Σ_{t,n} d_pre[t, n]`, for both biases at once where they share their pre-activations.

use rnn_kernels::{SeqRef, Steps};

use crate::number::Number;
use crate::simd::Simd;
use crate::simd::gates::add;

/// `d_b += Σ d_pre` over the steps that belong to each row, in the order of time and then of rows; no bias, no work.
/// `sums` is scratch, at least as long as a row of `d_pre`.
pub fn bias<T: Number>(
    simd: Simd,
    biases: [Option<&mut [T]>; 2],
    steps: Steps<'_>,
    d_pre: SeqRef<'_, T>,
    sums: &mut [T],
) {
    if biases.iter().all(Option::is_none) {
        return;
    }
    let sums = &mut sums[..d_pre.cols()];
    sums.fill(T::default());
    for t in 0..d_pre.steps() {
        let d_pre = d_pre.at(t);
        for n in (0..d_pre.rows()).filter(|&n| steps.live(t, n)) {
            add(simd, sums, d_pre.row(n));
        }
    }
    biases.into_iter().flatten().for_each(|d_b| add(simd, d_b, sums));
}
