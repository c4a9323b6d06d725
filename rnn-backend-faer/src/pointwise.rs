//! The pointwise kernels over the rows of a batch: [`gates`](crate::simd::gates) does one row, threads share rows out.

use rnn_kernels::{
    Activation, ElmanStep, ElmanStepGrad, GruCandidate, GruCandidateGrad, GruGates, GruGatesGrad, GruStep, GruStepGrad,
    LstmStep, LstmStepGrad,
};

use crate::number::Number;
use crate::simd::Simd;
use crate::simd::gates::{elman, gru_after, gru_before, lstm};
use crate::simd::math::{Sigmoid, Tanh};
use crate::threads::Workers;

/// Hidden units from which a step is shared out to threads: some ten microseconds of gates.
const WORTH_SHARING: usize = 8192;

/// `h = σ(pre)`.
pub fn elman_forward<T: Number>(simd: Simd, workers: &Workers, step: ElmanStep<'_, T>) {
    let [rows, hidden] = step.h.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [step.h], |_, [mut h]| {
        for n in 0..h.rows() {
            activate(simd, step.activation, h.row_mut(n));
        }
    });
}

/// `y = σ(y)` on one row.
pub fn activate<T: Number>(simd: Simd, activation: Activation, y: &mut [T]) {
    match activation {
        Activation::Tanh => elman::forward(simd, Tanh, y),
        Activation::Sigmoid => elman::forward(simd, Sigmoid, y),
        Activation::Relu => elman::forward(simd, elman::Relu, y),
        Activation::Identity => {}
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

/// `d_pre = d_h ⊙ σ′`.
pub fn elman_backward<T: Number>(simd: Simd, workers: &Workers, step: ElmanStepGrad<'_, T>) {
    step.check();
    let ElmanStepGrad { activation, h, d_h, d_pre } = step;
    let [rows, hidden] = h.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [d_pre], |from, [mut d_pre]| {
        for n in 0..d_pre.rows() {
            activate_backward(simd, activation, h.row(from + n), d_h.row(from + n), d_pre.row_mut(n));
        }
    });
}

/// `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)`.
pub fn lstm_forward<T: Number>(simd: Simd, workers: &Workers, step: LstmStep<'_, T>) {
    step.check();
    let LstmStep { gates, c_prev, c, h } = step;
    let [rows, hidden] = c.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [gates, c, h], |from, [mut gates, mut c, mut h]| {
        for n in 0..c.rows() {
            let c_prev = c_prev.row(from + n);
            let gates = gates_of_mut(gates.row_mut(n));
            let row = lstm::Forward { gates, c_prev, c: c.row_mut(n), h: h.row_mut(n) };
            lstm::forward(simd, row);
        }
    });
}

/// The pullback of [`lstm_forward`].
pub fn lstm_backward<T: Number>(simd: Simd, workers: &Workers, step: LstmStepGrad<'_, T>) {
    step.check();
    let LstmStepGrad { gates, c_prev, c, d_h, d_c, d_c_prev, d_pre } = step;
    let [rows, hidden] = c.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [d_c_prev, d_pre], |from, [mut d_c_prev, mut d_pre]| {
        for n in 0..d_pre.rows() {
            let m = from + n;
            let row = lstm::Backward {
                gates: gates.row(m),
                c_prev: c_prev.row(m),
                c: c.row(m),
                d_h: d_h.row(m),
                d_c: d_c.row(m),
                d_c_prev: d_c_prev.row_mut(n),
                d_pre: d_pre.row_mut(n),
            };
            lstm::backward(simd, row);
        }
    });
}

/// Reset after: `n = tanh(pre_n + r ⊙ aux)`, `h = (1 − z) ⊙ n + z ⊙ h_prev`.
pub fn gru_forward<T: Number>(simd: Simd, workers: &Workers, step: GruStep<'_, T>) {
    step.check();
    let GruStep { gates, aux, h_prev, h } = step;
    let [rows, hidden] = h.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [gates, h], |from, [mut gates, mut h]| {
        for n in 0..h.rows() {
            let (aux, h_prev) = (aux.row(from + n), h_prev.row(from + n));
            let gates = gates_of_mut(gates.row_mut(n));
            gru_after::forward(simd, gru_after::Forward { gates, aux, h_prev, h: h.row_mut(n) });
        }
    });
}

/// The pullback of [`gru_forward`].
pub fn gru_backward<T: Number>(simd: Simd, workers: &Workers, step: GruStepGrad<'_, T>) {
    step.check();
    let GruStepGrad { gates, aux, h_prev, d_h, d_pre, d_aux, d_h_prev } = step;
    let [rows, hidden] = d_h.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [d_pre, d_aux, d_h_prev], |from, [mut d_pre, mut d_aux, mut d_h_prev]| {
        for n in 0..d_pre.rows() {
            let m = from + n;
            let row = gru_after::Backward {
                gates: gates.row(m),
                aux: aux.row(m),
                h_prev: h_prev.row(m),
                d_h: d_h.row(m),
                d_pre: d_pre.row_mut(n),
                d_aux: d_aux.row_mut(n),
                d_h_prev: d_h_prev.row_mut(n),
            };
            gru_after::backward(simd, row);
        }
    });
}

/// Reset before, first stage: `r, z = σ(pre)`, `aux = r ⊙ h_prev`.
pub fn gru_gates_forward<T: Number>(simd: Simd, workers: &Workers, step: GruGates<'_, T>) {
    step.check();
    let GruGates { gates, h_prev, aux } = step;
    let [rows, hidden] = aux.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [gates, aux], |from, [mut gates, mut aux]| {
        for n in 0..aux.rows() {
            let [r, z, _] = gates_of_mut(gates.row_mut(n));
            let row = gru_before::Reset { r, z, h_prev: h_prev.row(from + n), aux: aux.row_mut(n) };
            gru_before::reset(simd, row);
        }
    });
}

/// The pullback of [`gru_gates_forward`] in `r`.
pub fn gru_gates_backward<T: Number>(simd: Simd, workers: &Workers, step: GruGatesGrad<'_, T>) {
    step.check();
    let GruGatesGrad { gates, h_prev, d_aux, d_pre, d_h_prev } = step;
    let [rows, hidden] = d_aux.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [d_pre, d_h_prev], |from, [mut d_pre, mut d_h_prev]| {
        for n in 0..d_pre.rows() {
            let m = from + n;
            let row = gru_before::ResetGrad {
                r: &gates.row(m)[..hidden],
                h_prev: h_prev.row(m),
                d_aux: d_aux.row(m),
                d_pre_r: &mut d_pre.row_mut(n)[..hidden],
                d_h_prev: d_h_prev.row_mut(n),
            };
            gru_before::reset_backward(simd, row);
        }
    });
}

/// Reset before, second stage: `n = tanh(pre_n)`, `h = (1 − z) ⊙ n + z ⊙ h_prev`.
pub fn gru_candidate_forward<T: Number>(simd: Simd, workers: &Workers, step: GruCandidate<'_, T>) {
    step.check();
    let GruCandidate { gates, h_prev, h } = step;
    let [rows, hidden] = h.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [gates, h], |from, [mut gates, mut h]| {
        for m in 0..h.rows() {
            let [_, z, n] = gates_of_mut(gates.row_mut(m));
            gru_before::blend(simd, gru_before::Blend { z, n, h_prev: h_prev.row(from + m), h: h.row_mut(m) });
        }
    });
}

/// The pullback of [`gru_candidate_forward`].
pub fn gru_candidate_backward<T: Number>(simd: Simd, workers: &Workers, step: GruCandidateGrad<'_, T>) {
    step.check();
    let GruCandidateGrad { gates, h_prev, d_h, d_pre, d_h_prev } = step;
    let [rows, hidden] = d_h.shape();
    let block = workers.block(rows, rows * hidden >= WORTH_SHARING);
    workers.by_rows(rows, block, [d_pre, d_h_prev], |from, [mut d_pre, mut d_h_prev]| {
        for n in 0..d_pre.rows() {
            let (m, [_, d_pre_z, d_pre_n]) = (from + n, gates_of_mut(d_pre.row_mut(n)));
            let gates = gates.row(m);
            let row = gru_before::BlendGrad {
                z: &gates[hidden..2 * hidden],
                n: &gates[2 * hidden..],
                h_prev: h_prev.row(m),
                d_h: d_h.row(m),
                d_pre_z,
                d_pre_n,
                d_h_prev: d_h_prev.row_mut(n),
            };
            gru_before::blend_backward(simd, row);
        }
    });
}

/// A row of `G` gates, each gate by itself: `r z n`, or `i f g o`.
pub fn gates_of<T, const G: usize>(row: &[T]) -> [&[T]; G] {
    let mut gates = row.chunks_exact((row.len() / G).max(1));
    core::array::from_fn(|_| gates.next().unwrap_or_default())
}

/// As [`gates_of`], to write.
pub fn gates_of_mut<T, const G: usize>(row: &mut [T]) -> [&mut [T]; G] {
    let mut gates = row.chunks_exact_mut((row.len() / G).max(1));
    core::array::from_fn(|_| gates.next().unwrap_or_default())
}
