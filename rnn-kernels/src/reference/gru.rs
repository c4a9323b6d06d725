//! `h = (1 − z) ⊙ n + z ⊙ h_prev` and its pullback, for both readings of the reset gate.
//!
//! Cho et al. 2014 (reset before the product); the form with the reset after it is PyTorch's and cuDNN's.
//! Derivatives are functions of the stored activations.

use crate::cell::{GruCandidate, GruCandidateGrad, GruGates, GruGatesGrad, GruStep, GruStepGrad};
use crate::scalar::Scalar;

/// Reset after: `r, z = σ(pre)`, `n = tanh(pre_n + r ⊙ aux)`, `h = (1 − z) ⊙ n + z ⊙ h_prev`.
///
/// Overwrites `gates` with the activations, and `h`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar>(mut step: GruStep<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    for row in 0..rows {
        let (aux, h_prev) = (step.aux.row(row), step.h_prev.row(row));
        let gates = step.gates.row_mut(row);
        let h = step.h.row_mut(row);
        for j in 0..hidden {
            let r = gates[j].sigmoid();
            let z = gates[hidden + j].sigmoid();
            let n = (gates[2 * hidden + j] + r * aux[j]).tanh();
            h[j] = (T::ONE - z) * n + z * h_prev[j];
            gates[j] = r;
            gates[hidden + j] = z;
            gates[2 * hidden + j] = n;
        }
    }
}

/// The pullback of [`forward`].
///
/// `d_pre_n = d_h (1−z)(1−n)(1+n)`, `d_pre_z = d_h (h_prev−n) z(1−z)`, `d_pre_r = d_pre_n aux r(1−r)`,
/// `d_aux = d_pre_n r`, `d_h_prev = d_h z`. Overwrites `d_pre`, `d_aux` and `d_h_prev`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar>(mut step: GruStepGrad<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    let one = T::ONE;
    for row in 0..rows {
        let (gates, aux) = (step.gates.row(row), step.aux.row(row));
        let (h_prev, d_h) = (step.h_prev.row(row), step.d_h.row(row));
        let d_pre = step.d_pre.row_mut(row);
        let d_aux = step.d_aux.row_mut(row);
        let d_h_prev = step.d_h_prev.row_mut(row);
        for j in 0..hidden {
            let (r, z, n) = (gates[j], gates[hidden + j], gates[2 * hidden + j]);
            let d_pre_n = d_h[j] * (one - z) * ((one - n) * (one + n));
            d_pre[j] = d_pre_n * aux[j] * (r * (one - r));
            d_pre[hidden + j] = d_h[j] * (h_prev[j] - n) * (z * (one - z));
            d_pre[2 * hidden + j] = d_pre_n;
            d_aux[j] = d_pre_n * r;
            d_h_prev[j] = d_h[j] * z;
        }
    }
}

/// Reset before, first stage: `r, z = σ(pre)`, `aux = r ⊙ h_prev`.
///
/// Overwrites the columns of `r z` in `gates`, and `aux`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn gates_forward<T: Scalar>(mut step: GruGates<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    for row in 0..rows {
        let h_prev = step.h_prev.row(row);
        let gates = step.gates.row_mut(row);
        let aux = step.aux.row_mut(row);
        for j in 0..hidden {
            let r = gates[j].sigmoid();
            gates[j] = r;
            gates[hidden + j] = gates[hidden + j].sigmoid();
            aux[j] = r * h_prev[j];
        }
    }
}

/// The pullback of [`gates_forward`] in `r`: `d_pre_r = d_aux h_prev r(1−r)`, `d_h_prev += d_aux r`.
///
/// The cotangent of `z` comes from [`candidate_backward`].
///
/// # Panics
/// On a wrong shape, before any write.
pub fn gates_backward<T: Scalar>(mut step: GruGatesGrad<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    for row in 0..rows {
        let (gates, h_prev, d_aux) = (step.gates.row(row), step.h_prev.row(row), step.d_aux.row(row));
        let d_pre = step.d_pre.row_mut(row);
        let d_h_prev = step.d_h_prev.row_mut(row);
        for j in 0..hidden {
            let r = gates[j];
            d_pre[j] = d_aux[j] * h_prev[j] * (r * (T::ONE - r));
            d_h_prev[j] += d_aux[j] * r;
        }
    }
}

/// Reset before, second stage: `n = tanh(pre_n)`, `h = (1 − z) ⊙ n + z ⊙ h_prev`.
///
/// Overwrites the columns of `n` in `gates`, and `h`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn candidate_forward<T: Scalar>(mut step: GruCandidate<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    for row in 0..rows {
        let h_prev = step.h_prev.row(row);
        let gates = step.gates.row_mut(row);
        let h = step.h.row_mut(row);
        for j in 0..hidden {
            let z = gates[hidden + j];
            let n = gates[2 * hidden + j].tanh();
            gates[2 * hidden + j] = n;
            h[j] = (T::ONE - z) * n + z * h_prev[j];
        }
    }
}

/// The pullback of [`candidate_forward`].
///
/// `d_pre_n = d_h (1−z)(1−n)(1+n)`, `d_pre_z = d_h (h_prev−n) z(1−z)`, `d_h_prev = d_h z`. Overwrites the columns
/// of `z n` in `d_pre`, and `d_h_prev`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn candidate_backward<T: Scalar>(mut step: GruCandidateGrad<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    let one = T::ONE;
    for row in 0..rows {
        let (gates, h_prev, d_h) = (step.gates.row(row), step.h_prev.row(row), step.d_h.row(row));
        let d_pre = step.d_pre.row_mut(row);
        let d_h_prev = step.d_h_prev.row_mut(row);
        for j in 0..hidden {
            let (z, n) = (gates[hidden + j], gates[2 * hidden + j]);
            d_pre[hidden + j] = d_h[j] * (h_prev[j] - n) * (z * (one - z));
            d_pre[2 * hidden + j] = d_h[j] * (one - z) * ((one - n) * (one + n));
            d_h_prev[j] = d_h[j] * z;
        }
    }
}
