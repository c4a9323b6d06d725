//! `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)` and its pullback.
//!
//! Hochreiter & Schmidhuber 1997; forget gate of Gers, Schmidhuber & Cummins 2000. Derivatives are functions of
//! the stored activations: `σ′ = s (1 − s)`, `tanh′ = (1 − g)(1 + g)`.

use crate::cell::{LstmStep, LstmStepGrad};
use crate::scalar::Scalar;

/// `i, f, o = σ(pre)`, `g = tanh(pre)`, `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)`.
///
/// Overwrites `gates` with the activations, `c` and `h`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar>(mut step: LstmStep<'_, T>) {
    step.check();
    let [rows, hidden] = step.c.shape();
    for n in 0..rows {
        let gates = step.gates.row_mut(n);
        let c_prev = step.c_prev.row(n);
        let c = step.c.row_mut(n);
        let h = step.h.row_mut(n);
        for j in 0..hidden {
            let i = gates[j].sigmoid();
            let f = gates[hidden + j].sigmoid();
            let g = gates[2 * hidden + j].tanh();
            let o = gates[3 * hidden + j].sigmoid();
            c[j] = f * c_prev[j] + i * g;
            h[j] = o * c[j].tanh();
            gates[j] = i;
            gates[hidden + j] = f;
            gates[2 * hidden + j] = g;
            gates[3 * hidden + j] = o;
        }
    }
}

/// `d_c += d_h ⊙ o ⊙ tanh′(c)`, then `d_pre` and `d_c_prev = d_c ⊙ f`.
///
/// `d_pre_i = d_c g i(1−i)`, `d_pre_f = d_c c_prev f(1−f)`, `d_pre_g = d_c i (1−g)(1+g)`,
/// `d_pre_o = d_h tanh(c) o(1−o)`. Overwrites `d_c_prev` and `d_pre`; `d_c` itself stays as it is.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar>(mut step: LstmStepGrad<'_, T>) {
    step.check();
    let [rows, hidden] = step.c.shape();
    let one = T::ONE;
    for n in 0..rows {
        let gates = step.gates.row(n);
        let c_prev = step.c_prev.row(n);
        let c = step.c.row(n);
        let d_h = step.d_h.row(n);
        let d_c = step.d_c.row(n);
        let d_c_prev = step.d_c_prev.row_mut(n);
        let d_pre = step.d_pre.row_mut(n);
        for j in 0..hidden {
            let (i, f, g, o) = (gates[j], gates[hidden + j], gates[2 * hidden + j], gates[3 * hidden + j]);
            let tanh_c = c[j].tanh();
            let d_c = d_c[j] + d_h[j] * o * ((one - tanh_c) * (one + tanh_c));
            d_pre[j] = d_c * g * (i * (one - i));
            d_pre[hidden + j] = d_c * c_prev[j] * (f * (one - f));
            d_pre[2 * hidden + j] = d_c * i * ((one - g) * (one + g));
            d_pre[3 * hidden + j] = d_h[j] * tanh_c * (o * (one - o));
            d_c_prev[j] = d_c * f;
        }
    }
}
