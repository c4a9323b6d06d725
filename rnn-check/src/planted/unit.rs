//! Bugs of what a unit computes: the equations with one of them wrong.

use super::Bug;
use super::product::bfloat16;
use crate::oracle::Cell;
use crate::real::Real;
use rnn_kernels::program::{Binary, Lanes, Operands, Program, Reference, Runner, Unary, evaluate};
use rnn_kernels::reference::program::{backward_with, forward_with};
use rnn_kernels::{Accum, Activation, GruReset, Known, MatMut, UnitBackward, UnitForward};

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

fn max<T: Real>(bug: Bug, a: T, b: T) -> T {
    match bug {
        Bug::ReluSwallowsNan if a > b => a,
        Bug::ReluSwallowsNan => b,
        _ => a.max(b),
    }
}

pub(super) fn activation_forward<T: Real>(bug: Bug, activation: Activation, mut y: MatMut<'_, T>) {
    let computed = if bug == Bug::ActivationBeyondBlock { 128 } else { usize::MAX };
    let apply = |x: T| match activation {
        Activation::Sigmoid => sigmoid(bug, x),
        Activation::Tanh => tanh(bug, x),
        Activation::Relu => max(bug, x, T::ZERO),
        _ => activation.apply(x),
    };
    for m in 0..y.rows() {
        y.row_mut(m).iter_mut().take(computed).for_each(|y| *y = apply(*y));
    }
}

/// The functions of equations as a bug has them.
struct Functions(Bug);

impl<T: Real> Lanes<T> for Functions {
    fn unary(&self, f: Unary, to: &mut [T], a: &[T]) {
        match f {
            Unary::Sigmoid => to.iter_mut().zip(a).for_each(|(to, &a)| *to = sigmoid(self.0, a)),
            Unary::Tanh => to.iter_mut().zip(a).for_each(|(to, &a)| *to = tanh(self.0, a)),
            _ => Reference.unary(f, to, a),
        }
    }
    fn binary(&self, f: Binary, to: &mut [T], a: &[T], b: &[T]) {
        match f {
            Binary::Max => to.iter_mut().zip(a).zip(b).for_each(|((to, &a), &b)| *to = max(self.0, a, b)),
            _ => Reference.binary(f, to, a, b),
        }
    }
}

impl<T: Real> Runner<T> for Functions {
    fn run(&self, program: &Program, row: &mut impl Operands<T>) {
        evaluate(self, program, row);
    }
}

/// Which gate is `z` of the stage that blends; the next one is `n`.
pub(super) fn update_gate(reset: GruReset, stage: usize) -> Option<usize> {
    match (reset, stage) {
        (GruReset::After, 0) => Some(1),
        (GruReset::Before, 1) => Some(0),
        _ => None,
    }
}

/// Writes the cotangent of a read where it overwrites or is added to.
pub(super) fn give<T: Real>(to: Option<(Accum, &mut [T])>, part: &[T]) {
    match to {
        Some((Accum::Replace, to)) => to.copy_from_slice(part),
        Some((Accum::Add, to)) => to.iter_mut().zip(part).for_each(|(to, &part)| *to += part),
        None => {}
    }
}

pub(super) fn forward<T: Real>(bug: Bug, mut unit: UnitForward<'_, T>) {
    let (known, program) = (unit.spec().cell().known(), unit.program());
    if known == Some(Known::Lstm) && bug.cells() == [Cell::Lstm] {
        return lstm_forward(bug, unit);
    }
    forward_with(&Functions(bug), program, &mut unit);
    if let Some(Known::Gru(reset)) = known {
        let z = update_gate(reset, unit.stage());
        z.into_iter().for_each(|z| blend(bug, z, &mut unit));
    }
}

fn lstm_forward<T: Real>(bug: Bug, mut unit: UnitForward<'_, T>) {
    let width = unit.width();
    let units = match bug {
        Bug::LanesLeft if width > 8 => width / 8 * 8,
        Bug::UnitsBeyondBlock => width.min(256),
        _ => width,
    };
    let order = if bug == Bug::GateOrder { [0, 2, 3, 1] } else { [0, 1, 2, 3] };
    let extra = if bug == Bug::ForgetBiasTwice { T::ONE } else { T::ZERO };
    for n in unit.rows() {
        for j in 0..units {
            let (c_prev, pre) = (unit.read(0, n)[j], unit.pre(n));
            let [i, f, g, o] = order.map(|k| pre[k * width + j]);
            let (i, f, g, o) = (i.sigmoid(), (f + extra).sigmoid(), g.tanh(), o.sigmoid());
            [i, f, g, o].into_iter().enumerate().for_each(|(k, gate)| pre[k * width + j] = gate);
            let mut c = f * c_prev + i * g;
            if bug == Bug::SubnormalsFlushed && c.abs().to_f64() < T::TINY {
                c = T::ZERO;
            }
            let h = o * c.tanh();
            unit.write(0, n)[j] = if bug == Bug::StateInBfloat16 { bfloat16(h) } else { h };
            unit.write(1, n)[j] = c;
        }
    }
}

/// `h = (1 − z) n + z h_prev` of a GRU, done again by those who get it wrong.
fn blend<T: Real>(bug: Bug, gate: usize, unit: &mut UnitForward<'_, T>) {
    if !matches!(bug, Bug::UpdateGateInverted | Bug::PassRowsBeyondBlock) {
        return;
    }
    let width = unit.width();
    let z_of = gate * width..(gate + 1) * width;
    for row in unit.rows() {
        let before = row.checked_sub(128).filter(|row| bug == Bug::PassRowsBeyondBlock && unit.rows().contains(row));
        if let Some(before) = before {
            let z = unit.pre(before)[z_of.clone()].to_vec();
            unit.pre(row)[z_of.clone()].copy_from_slice(&z);
        }
        for j in 0..width {
            let (h_prev, kept) = (unit.read(0, row)[j], unit.pre(row));
            let (z, n) = (kept[z_of.start + j], kept[z_of.end + j]);
            unit.write(0, row)[j] = match bug {
                Bug::UpdateGateInverted => z * n + (T::ONE - z) * h_prev,
                _ => (T::ONE - z) * n + z * h_prev,
            };
        }
    }
}

pub(super) fn backward<T: Real>(bug: Bug, mut unit: UnitBackward<'_, T>) {
    match unit.spec().cell().known() {
        Some(Known::Lstm) if bug.cells() == [Cell::Lstm] => return lstm_backward(bug, unit),
        Some(Known::Elman(Activation::Relu)) if matches!(bug, Bug::ReluLeaks | Bug::ReluSlopeSwallowsNan) => {
            return relu_backward(bug, unit);
        }
        _ => {}
    }
    let (known, program) = (unit.spec().cell().known(), unit.program());
    let Some(Known::Gru(reset)) = known else {
        backward_with(&Reference, program, &mut unit);
        if bug == Bug::PeepholesBroadcast {
            let vectors = unit.spec().cell().form().stages[unit.stage()].vectors.len();
            (0..vectors).map(|j| unit.d_vector(j)[0]).collect::<Vec<T>>().into_iter().enumerate().for_each(
                |(j, first)| {
                    unit.d_vector(j).fill(first);
                },
            );
        }
        return;
    };
    let is_idle = |n: &usize| bug == Bug::IdleRowSkipped && unit.d_written(0, *n).iter().all(|&d| d == T::ZERO);
    let idle: Vec<usize> = unit.rows().filter(is_idle).collect();
    let before = idle.iter().map(|&n| unit.d_read(0, n).map(|(_, d)| d.to_vec())).collect::<Vec<_>>();
    backward_with(&Reference, program, &mut unit);
    for (n, before) in idle.into_iter().zip(before) {
        unit.d_pre(n).fill(T::ZERO);
        match (unit.d_read(0, n), before) {
            (Some((Accum::Add, d)), Some(before)) => d.copy_from_slice(&before),
            (d, _) => d.into_iter().for_each(|(_, d)| d.fill(T::ZERO)),
        }
    }
    gru_spoil(bug, reset, unit);
}

fn relu_backward<T: Real>(bug: Bug, mut unit: UnitBackward<'_, T>) {
    for n in unit.rows() {
        let (h, d_h) = (unit.kept(n).to_vec(), unit.d_written(0, n).to_vec());
        for (d_pre, (h, d_h)) in unit.d_pre(n).iter_mut().zip(h.into_iter().zip(d_h)) {
            *d_pre = if bug == Bug::ReluLeaks || h > T::ZERO { d_h } else { T::ZERO };
        }
    }
}

fn lstm_backward<T: Real>(bug: Bug, mut unit: UnitBackward<'_, T>) {
    let (width, one) = (unit.width(), T::ONE);
    let swaps = bug == Bug::RowsSwapped && unit.rows().start == 0 && unit.rows().end > 1;
    for n in unit.rows() {
        let [mut d_pre, mut d_c_prev] = [vec![T::ZERO; 4 * width], vec![T::ZERO; width]];
        let (gates, c_prev, c) = (unit.kept(n), unit.read(0, n), unit.written(1, n));
        let (d_h, d_c_in) = (unit.d_written(0, if swaps && n < 2 { 1 - n } else { n }), unit.d_written(1, n));
        for j in 0..width {
            if bug == Bug::ZeroCotangentSkipped && d_h[j] == T::ZERO && d_c_in[j] == T::ZERO {
                continue;
            }
            let [i, f, g, o] = [0, 1, 2, 3].map(|k| gates[k * width + j]);
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
                d_pre[k * width + j] = if bug == Bug::ScaledByMillionth { d * T::from_f64(1.0 + 1e-6) } else { d };
            }
            d_c_prev[j] = d_c * if bug == Bug::CarryUsesInputGate { i } else { f };
        }
        unit.d_pre(n).copy_from_slice(&d_pre);
        give(unit.d_read(0, n), &d_c_prev);
    }
}

/// Spoils the cotangents of a stage of a GRU.
fn gru_spoil<T: Real>(bug: Bug, reset: GruReset, mut unit: UnitBackward<'_, T>) {
    let (width, update_gate) = (unit.width(), update_gate(reset, unit.stage()));
    for n in unit.rows() {
        match (bug, update_gate) {
            // What comes through the blend is the first part of the cotangent: it overwrites.
            (Bug::DirectPathForgotten, Some(_)) => unit.d_read(0, n).into_iter().for_each(|(_, d)| d.fill(T::ZERO)),
            (Bug::UpdateGradientSign, Some(z)) => {
                unit.d_pre(n)[z * width..(z + 1) * width].iter_mut().for_each(|d| *d = -*d);
            }
            (Bug::ResetGradientForgotten, None) => unit.d_pre(n).fill(T::ZERO),
            _ => {}
        }
    }
}
