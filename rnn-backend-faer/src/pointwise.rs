//! Activations of the rows of a batch: [`gates`](crate::simd::gates) does one row, threads share rows out.

use rnn_kernels::{Activation, MatMut};

use crate::number::Number;
use crate::simd::gates::elman;
use crate::simd::math::{Sigmoid, Tanh};
use crate::simd::{Accuracy, Simd, fast};
use crate::threads::Workers;

/// Units from which a matrix is shared out to threads: some ten microseconds of activations.
const WORTH_SHARING: usize = 8192;

/// `y = σ(y)`, in place.
pub fn activation<T: Number>(simd: Simd, workers: &Workers, activation: Activation, y: MatMut<'_, T>) {
    let [rows, cols] = y.shape();
    let block = workers.block(rows, rows * cols >= WORTH_SHARING);
    workers.by_rows(rows, block, [y], |_, [mut y]| {
        for n in 0..y.rows() {
            activate(simd, activation, y.row_mut(n));
        }
    });
}

/// `y = σ(y)` on one row.
pub fn activate<T: Number>(simd: Simd, activation: Activation, y: &mut [T]) {
    match (activation, simd.accuracy()) {
        (Activation::Tanh, Accuracy::Ulp1) => elman::forward(simd, Tanh, y),
        (Activation::Tanh, Accuracy::Fast) => elman::forward(simd, fast::Tanh, y),
        (Activation::Sigmoid, Accuracy::Ulp1) => elman::forward(simd, Sigmoid, y),
        (Activation::Sigmoid, Accuracy::Fast) => elman::forward(simd, fast::Sigmoid, y),
        (Activation::Relu, _) => elman::forward(simd, elman::Relu, y),
        (Activation::Identity, _) => {}
    }
}

/// `y = σ(x)` on one row.
pub fn activated<T: Number>(simd: Simd, activation: Activation, x: &[T], y: &mut [T]) {
    match (activation, simd.accuracy()) {
        (Activation::Tanh, Accuracy::Ulp1) => elman::forward_to(simd, Tanh, x, y),
        (Activation::Tanh, Accuracy::Fast) => elman::forward_to(simd, fast::Tanh, x, y),
        (Activation::Sigmoid, Accuracy::Ulp1) => elman::forward_to(simd, Sigmoid, x, y),
        (Activation::Sigmoid, Accuracy::Fast) => elman::forward_to(simd, fast::Sigmoid, x, y),
        (Activation::Relu, _) => elman::forward_to(simd, elman::Relu, x, y),
        (Activation::Identity, _) => y.copy_from_slice(x),
    }
}

/// `d_pre = d_h ⊙ σ′` on one row.
pub fn activate_backward<T: Number>(simd: Simd, activation: Activation, h: &[T], d_h: &[T], d_pre: &mut [T]) {
    match activation {
        Activation::Tanh => elman::backward(simd, Tanh, h, d_h, d_pre),
        Activation::Sigmoid => elman::backward(simd, Sigmoid, h, d_h, d_pre),
        Activation::Relu => elman::backward(simd, elman::Relu, h, d_h, d_pre),
        Activation::Identity => elman::backward(simd, elman::Identity, h, d_h, d_pre),
    }
}

/// A row of `G` gates, each gate by itself: `r z n`, or `i f g o`.
pub fn gates_of_mut<T, const G: usize>(row: &mut [T]) -> [&mut [T]; G] {
    let mut gates = row.chunks_exact_mut((row.len() / G).max(1));
    core::array::from_fn(|_| gates.next().unwrap_or_default())
}
