//! Bugs of the pointwise kernels: the reference's equations with one of them wrong.

use super::Bug;
use super::product::bfloat16;
use crate::real::Real;
use rnn_kernels::{
    Activation, ElmanStep, ElmanStepGrad, GruCandidate, GruCandidateGrad, GruGates, GruGatesGrad, GruStep, GruStepGrad,
    LstmStep, LstmStepGrad, MatMut, reference,
};

fn sigmoid<T: Real>(bug: Bug, x: T) -> T {
    match bug {
        Bug::SigmoidOverflows => x.exp() / (T::ONE + x.exp()),
        _ => x.sigmoid(),
    }
}

fn tanh<T: Real>(bug: Bug, x: T) -> T {
    match bug {
        Bug::TanhClamped if x > T::from_f64(5.0) => T::ONE,
        Bug::TanhClamped if x < T::from_f64(-5.0) => -T::ONE,
        _ => x.tanh(),
    }
}

fn apply<T: Real>(bug: Bug, activation: Activation, x: T) -> T {
    match activation {
        Activation::Sigmoid => sigmoid(bug, x),
        Activation::Tanh => tanh(bug, x),
        Activation::Relu if bug == Bug::ReluSwallowsNan => {
            if x > T::ZERO {
                x
            } else {
                T::ZERO
            }
        }
        _ => activation.apply(x),
    }
}

pub(super) fn activation_forward<T: Real>(bug: Bug, activation: Activation, mut y: MatMut<'_, T>) {
    let computed = if bug == Bug::ActivationBeyondBlock { 128 } else { usize::MAX };
    for m in 0..y.rows() {
        y.row_mut(m).iter_mut().take(computed).for_each(|y| *y = apply(bug, activation, *y));
    }
}

pub(super) fn elman_forward<T: Real>(bug: Bug, step: ElmanStep<'_, T>) {
    // A cell has its own loop: what a dense layer gets wrong it need not.
    let bug = if bug == Bug::ActivationBeyondBlock { Bug::DenseSlope } else { bug };
    activation_forward(bug, step.activation, step.h);
}

pub(super) fn lstm_forward<T: Real>(bug: Bug, mut step: LstmStep<'_, T>) {
    step.check();
    let [rows, hidden] = step.c.shape();
    for n in 0..rows {
        let (gates, c_prev) = (step.gates.row_mut(n), step.c_prev.row(n));
        let (c_row, h_row) = (step.c.row_mut(n), step.h.row_mut(n));
        let units = match bug {
            Bug::LanesLeft if hidden > 8 => hidden / 8 * 8,
            Bug::UnitsBeyondBlock => hidden.min(256),
            _ => hidden,
        };
        for j in 0..units {
            let order = if bug == Bug::GateOrder { [0, 2, 3, 1] } else { [0, 1, 2, 3] };
            let pre = order.map(|k| gates[k * hidden + j]);
            let extra = if bug == Bug::ForgetBiasTwice { T::ONE } else { T::ZERO };
            let (i, f) = (sigmoid(bug, pre[0]), sigmoid(bug, pre[1] + extra));
            let (g, o) = (tanh(bug, pre[2]), sigmoid(bug, pre[3]));
            let mut c = f * c_prev[j] + i * g;
            if bug == Bug::SubnormalsFlushed && c.abs().to_f64() < T::TINY {
                c = T::ZERO;
            }
            let h = o * tanh(bug, c);
            c_row[j] = c;
            h_row[j] = if bug == Bug::StateInBfloat16 { bfloat16(h) } else { h };
            [i, f, g, o].into_iter().enumerate().for_each(|(k, gate)| gates[k * hidden + j] = gate);
        }
    }
}

pub(super) fn lstm_backward<T: Real>(bug: Bug, mut step: LstmStepGrad<'_, T>) {
    step.check();
    let [rows, hidden] = step.c.shape();
    let one = T::ONE;
    for n in 0..rows {
        let (gates, c_prev, c, d_c_in) = (step.gates.row(n), step.c_prev.row(n), step.c.row(n), step.d_c.row(n));
        let d_h = step.d_h.row(if bug == Bug::RowsSwapped && rows > 1 && n < 2 { 1 - n } else { n });
        let (d_c_prev, d_pre) = (step.d_c_prev.row_mut(n), step.d_pre.row_mut(n));
        for j in 0..hidden {
            let (i, f, g, o) = (gates[j], gates[hidden + j], gates[2 * hidden + j], gates[3 * hidden + j]);
            let tanh_c = c[j].tanh();
            let t = if bug == Bug::SlopeOfCell { c[j] } else { tanh_c };
            let through_h = d_h[j] * o * ((one - t) * (one + t));
            let d_c = if bug == Bug::CellCotangentOverwritten { through_h } else { d_c_in[j] + through_h };
            let forget_reads = if bug == Bug::ForgetUsesNewCell { c[j] } else { c_prev[j] };
            let slope_g = if bug == Bug::CandidateSlopeOfSigmoid { g * (one - g) } else { (one - g) * (one + g) };
            let slope_o = if bug == Bug::OutputSlopeIncomplete { o } else { o * (one - o) };
            let mut d = [
                d_c * g * (i * (one - i)),
                d_c * forget_reads * (f * (one - f)),
                d_c * i * slope_g,
                d_h[j] * tanh_c * slope_o,
            ];
            if bug == Bug::InputForgetSwapped {
                d.swap(0, 1);
            }
            for (k, d) in d.into_iter().enumerate() {
                d_pre[k * hidden + j] = if bug == Bug::ScaledByMillionth { d * T::from_f64(1.0 + 1e-6) } else { d };
            }
            if bug == Bug::ZeroCotangentSkipped && d_h[j] == T::ZERO && d_c_in[j] == T::ZERO {
                (0..4).for_each(|k| d_pre[k * hidden + j] = T::ZERO);
                d_c_prev[j] = T::ZERO;
                continue;
            }
            d_c_prev[j] = d_c * if bug == Bug::CarryUsesInputGate { i } else { f };
        }
    }
}

pub(super) fn elman_backward<T: Real>(bug: Bug, mut step: ElmanStepGrad<'_, T>) {
    if bug == Bug::ReluLeaks && step.activation == Activation::Relu {
        return step.d_pre.copy_from(step.d_h);
    }
    if bug == Bug::ReluSlopeSwallowsNan && step.activation == Activation::Relu {
        for n in 0..step.h.rows() {
            let (h, d_h) = (step.h.row(n), step.d_h.row(n));
            for (j, d_pre) in step.d_pre.row_mut(n).iter_mut().enumerate() {
                *d_pre = if h[j] > T::ZERO { d_h[j] } else { T::ZERO };
            }
        }
        return;
    }
    reference::elman::backward(step);
}

/// `h = (1 − z) n + z h_prev`.
fn blend<T: Real>(bug: Bug, z: T, n: T, h_prev: T) -> T {
    match bug {
        Bug::UpdateGateInverted => z * n + (T::ONE - z) * h_prev,
        _ => (T::ONE - z) * n + z * h_prev,
    }
}

pub(super) fn gru_forward<T: Real>(bug: Bug, mut step: GruStep<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    for row in 0..rows {
        let (aux, h_prev) = (step.aux.row(row), step.h_prev.row(row));
        let before = (bug == Bug::PassRowsBeyondBlock && row >= 128).then(|| step.gates.row_mut(row - 128).to_vec());
        let (gates, h) = (step.gates.row_mut(row), step.h.row_mut(row));
        for j in 0..hidden {
            let (r, z) = (sigmoid(bug, gates[j]), sigmoid(bug, gates[hidden + j]));
            let z = before.as_ref().map_or(z, |before| before[hidden + j]);
            let n = tanh(bug, gates[2 * hidden + j] + r * aux[j]);
            h[j] = blend(bug, z, n, h_prev[j]);
            (gates[j], gates[hidden + j], gates[2 * hidden + j]) = (r, z, n);
        }
    }
}

pub(super) fn gru_backward<T: Real>(bug: Bug, mut step: GruStepGrad<'_, T>) {
    let (mut d_h_prev, mut d_pre) = (step.d_h_prev.rb_mut(), step.d_pre.rb_mut());
    let idle = |n: &usize| bug == Bug::IdleRowSkipped && step.d_h.row(*n).iter().all(|&d| d == T::ZERO);
    let idle: Vec<usize> = (0..step.d_h.rows()).filter(idle).collect();
    let mut d_aux = step.d_aux.rb_mut();
    let inner = GruStepGrad { d_h_prev: d_h_prev.rb_mut(), d_pre: d_pre.rb_mut(), d_aux: d_aux.rb_mut(), ..step };
    reference::gru::backward(inner);
    for n in idle {
        d_pre.row_mut(n).fill(T::ZERO);
        d_aux.row_mut(n).fill(T::ZERO);
        d_h_prev.row_mut(n).fill(T::ZERO);
    }
    gru_spoils(bug, d_h_prev, d_pre);
}

fn gru_spoils<T: Real>(bug: Bug, mut d_h_prev: MatMut<'_, T>, mut d_pre: MatMut<'_, T>) {
    let hidden = d_h_prev.cols();
    match bug {
        Bug::DirectPathForgotten => d_h_prev.fill(T::ZERO),
        Bug::UpdateGradientSign => {
            for n in 0..d_pre.rows() {
                d_pre.row_mut(n)[hidden..2 * hidden].iter_mut().for_each(|d| *d = -*d);
            }
        }
        _ => {}
    }
}

pub(super) fn gru_gates_backward<T: Real>(bug: Bug, mut step: GruGatesGrad<'_, T>) {
    let (mut d_pre, hidden) = (step.d_pre.rb_mut(), step.h_prev.cols());
    reference::gru::gates_backward(GruGatesGrad { d_pre: d_pre.rb_mut(), ..step });
    if bug == Bug::ResetGradientForgotten {
        (0..d_pre.rows()).for_each(|n| d_pre.row_mut(n)[..hidden].fill(T::ZERO));
    }
}

pub(super) fn gru_gates_forward<T: Real>(bug: Bug, mut step: GruGates<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    for row in 0..rows {
        let h_prev = step.h_prev.row(row);
        let (gates, aux) = (step.gates.row_mut(row), step.aux.row_mut(row));
        for j in 0..hidden {
            (gates[j], gates[hidden + j]) = (sigmoid(bug, gates[j]), sigmoid(bug, gates[hidden + j]));
            aux[j] = gates[j] * h_prev[j];
        }
    }
}

pub(super) fn gru_candidate_forward<T: Real>(bug: Bug, mut step: GruCandidate<'_, T>) {
    step.check();
    let [rows, hidden] = step.h_prev.shape();
    for row in 0..rows {
        let h_prev = step.h_prev.row(row);
        let (gates, h) = (step.gates.row_mut(row), step.h.row_mut(row));
        for j in 0..hidden {
            let n = tanh(bug, gates[2 * hidden + j]);
            gates[2 * hidden + j] = n;
            h[j] = blend(bug, gates[hidden + j], n, h_prev[j]);
        }
    }
}

pub(super) fn gru_candidate_backward<T: Real>(bug: Bug, mut step: GruCandidateGrad<'_, T>) {
    let (mut d_h_prev, mut d_pre) = (step.d_h_prev.rb_mut(), step.d_pre.rb_mut());
    let inner = GruCandidateGrad { d_h_prev: d_h_prev.rb_mut(), d_pre: d_pre.rb_mut(), ..step };
    reference::gru::candidate_backward(inner);
    gru_spoils(bug, d_h_prev, d_pre);
}
