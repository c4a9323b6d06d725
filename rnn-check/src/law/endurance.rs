//! Long sequences, buffers in use, the floating-point environment.

use super::alike::{Results, run, same_bits};
use super::block::Block;
use super::{Context, Verdict, all, ensure, same};
use crate::case::{Case, Problem, Upstream, X};
use crate::drive::Rig;
use crate::oracle::{Activation, Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{Accum, Bias};
use std::cell::RefCell;
use std::hint::black_box;

/// Steps of the LSTM: a driver that recurses instead of looping overflows its stack.
const MANY: usize = 100_000;
/// Steps of the others: a 16-bit count of them wraps.
const BEYOND_SIXTEEN_BITS: usize = 65_540;

/// 100 000 steps of one row: gates that are shut but at a few steps, so that the end is known exactly: the LSTM adds ±1 to
/// `c` there, the GRU sets `h` to ±1, the Elman network (`h = x + h_prev`) adds an integer.
pub(super) fn a_hundred_thousand_steps_end_where_they_must<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    // Beyond any power of two that a counter could wrap at, and at both ends.
    let cells = [Cell::Elman(Activation::Identity), Cell::Lstm, Cell::Gru(Reset::After)];
    all(cells.map(|cell| {
        let steps = if cell == Cell::Lstm { MANY } else { BEYOND_SIXTEEN_BITS };
        let events = [(0, 1.0), (65_535, -1.0), (65_536, 1.0), (65_537, 1.0), (steps - 1, 1.0)];
        let upstream = Upstream { y: false, h_n: cell != Cell::Lstm, c_n: cell == Cell::Lstm };
        let dims = Dims { steps, batch: 1, input: 2, hidden: 1 };
        let case = Case { cell, dims, upstream, bias: Bias::Input, d_x: Accum::Replace, ..Case::plain() };
        let mut problem = Problem { x: X::Dense(vec![T::ZERO; 2 * steps]), ..case.problem::<T>() };
        problem.params = weights(cell).iter().map(|&w| T::from_f64(w)).collect();
        if let X::Dense(x) = &mut problem.x {
            for (t, sign) in events {
                // Feature 0 opens, feature 1 says which way.
                (x[2 * t], x[2 * t + 1]) = (T::ONE, T::from_f64(sign));
            }
        }
        let one = Some(vec![T::ONE]);
        (problem.h0, problem.c0) = (one.clone(), problem.c0.and(one.clone()));
        (problem.d_h_n, problem.d_c_n) = (problem.d_h_n.and(one.clone()), problem.d_c_n.and(one));
        // h0 or c0 is 1, and so are the cotangents.
        let sum: f64 = 1.0 + events.iter().map(|(_, sign)| sign).sum::<f64>();
        let (end, start_gradient) = if let Cell::Gru(_) = cell { (1.0, 0.0) } else { (sum, 1.0) };
        let got = run(ctx, &problem);
        let streamed = ctx.rig().infer(&problem);
        let lstm = cell == Cell::Lstm;
        let [state, d_state] = if lstm { [&got.c_n, &got.d_c0] } else { [&got.h_n, &got.d_h0] };
        let infer = if lstm { &streamed.c } else { &streamed.h };
        let block = |name| Block::matrix(name, 1);
        all([
            same(&block("the state after all steps"), state, &[T::from_f64(end)]),
            same(&block("the state inference leaves"), infer, &[T::from_f64(end)]),
            same(&block("the cotangent before all steps"), d_state, &[T::from_f64(start_gradient)]),
        ])
    }))
}

/// `W_ih [G, 2] | W_hh [G, 1] | b_ih [G]` of one unit.
fn weights(cell: Cell) -> Vec<f64> {
    let (wide, shut) = (1000.0, -1000.0);
    match cell {
        Cell::Elman(_) => vec![0.0, 1.0, 1.0, 0.0],
        // i = σ(2000 x₀ − 1000), f = 1, g = tanh(1000 x₁), o = 0
        Cell::Lstm => {
            let w_ih = [[2.0 * wide, 0.0], [0.0, 0.0], [0.0, wide], [0.0, 0.0]].concat();
            [&w_ih[..], &[0.0; 4], &[shut, wide, 0.0, shut]].concat()
        }
        Cell::Own(_) => unreachable!("the cells are listed above"),
        // r = 1, z = σ(1000 − 2000 x₀), n = tanh(1000 x₁)
        Cell::Gru(_) => {
            let w_ih = [[0.0, 0.0], [2.0 * shut, 0.0], [0.0, wide]].concat();
            [&w_ih[..], &[0.0; 3], &[wide, wide, 0.0]].concat()
        }
    }
}

/// Scratch that calls of different cells and shapes share, each finding what the one before left, larger than it needs;
/// packed weights in a larger buffer too.
pub(super) fn buffers_may_be_shared_and_longer_than_needed<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = case.at_most(9, 5, 17, 33);
    let problem = case.problem::<T>();
    let want = run(ctx, &problem);
    let own = ctx.rig().infer(&problem);
    let other = Cell::ALL[(case.pick(Cell::ALL.len()) + 3) % Cell::ALL.len()];
    let dims = Dims { steps: 2, batch: 3, input: case.dims.hidden.min(5), hidden: 1 + case.dims.input.min(9) };
    let other = Case { cell: other, dims, seed: case.seed + 9, ..case }.problem::<T>();
    let shared = RefCell::new(vec![]);
    let rig = Rig { slack: 1 + case.pick(9), shared: Some(&shared), ..ctx.rig() };
    let disturb = || {
        let forward = rig.forward(&other);
        let _ = (rig.backward(&other, &forward.reserve), rig.infer(&other));
    };
    disturb();
    let forward = rig.forward(&problem);
    disturb();
    let back = rig.backward(&problem, &forward.reserve);
    let infer = rig.infer(&problem);
    all([
        same_bits(&problem, &Results::of(forward, back), &want),
        same(&Block::sequence("y of inference", &problem, problem.dims.hidden), &infer.y, &own.y),
        same(&Block::matrix("h of inference", problem.dims.hidden), &infer.h, &own.h),
    ])
}

/// What safe code can see of the rounding mode and of flushing: sums that tell the four modes apart, and subnormals that a
/// flag would turn into 0.
fn environment() -> [u64; 6] {
    let (one, half_ulp) = (black_box(1.0f64), black_box(f64::EPSILON / 2.0));
    let (tiny, third) = (black_box(f64::MIN_POSITIVE), black_box(f32::MIN_POSITIVE));
    [
        (one + half_ulp).to_bits(),
        (-one - half_ulp).to_bits(),
        (one + 3.0 * half_ulp).to_bits(),
        (tiny * black_box(0.5)).to_bits(),
        // Subnormal operands count as numbers too.
        (black_box(f64::from_bits(3)) * black_box(2f64.powi(60))).to_bits(),
        u64::from((third * black_box(0.25)).to_bits()),
    ]
}

/// Rounding to nearest, ties to even, nothing flushed.
fn is_the_default(when: &str, seen: [u64; 6]) -> Verdict {
    let nearest = [1.0f64, -1.0, 1.0 + 2.0 * f64::EPSILON, f64::MIN_POSITIVE / 2.0, 3.0 * 2f64.powi(-1014)];
    let single = u64::from((f32::MIN_POSITIVE / 4.0).to_bits());
    let want = nearest.iter().map(|v| v.to_bits()).chain([single]);
    ensure(want.eq(seen), || format!("{when} call: {seen:x?} is not what rounding to nearest gives"))
}

/// Before and after every kind of call.
pub(super) fn the_floating_point_environment_is_left_alone<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.at_most(9, 5, 9, 17).problem::<T>();
    let before = environment();
    let forward = ctx.rig().forward(&problem);
    let after_forward = environment();
    let _ = ctx.rig().backward(&problem, &forward.reserve);
    let after_backward = environment();
    let _ = ctx.rig().infer(&problem);
    all([
        is_the_default("before any", before),
        is_the_default("after forward", after_forward),
        is_the_default("after backward", after_backward),
        is_the_default("after inference", environment()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rounding_mode_and_flushed_subnormals_are_seen() {
        assert!(is_the_default("any", environment()).is_ok());
        // What a sum becomes when rounding goes up, down or to zero, and what a flushed subnormal becomes.
        let altered = [
            (0, (1.0 + f64::EPSILON).to_bits()),
            (1, (-1.0 - f64::EPSILON).to_bits()),
            (2, (1.0 + f64::EPSILON).to_bits()),
            (3, 0),
            (4, 0),
            (5, 0),
        ];
        for (place, bits) in altered {
            let mut seen = environment();
            seen[place] = bits;
            assert!(is_the_default("any", seen).is_err(), "place {place}");
        }
    }
}
