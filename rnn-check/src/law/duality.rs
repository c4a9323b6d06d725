//! `⟨u, J v⟩ = ⟨Jᵀ u, v⟩`: backward against the oracle's tangents, which come from dual numbers and not from any pullback;
//! and what gradients of the same sum have to do with each other.

use super::alike::{Results, run, trajectory};
use super::block::Block;
use super::{Context, Stop, Verdict, all, same, within};
use crate::bound::{Bounded, Derived, Saved};
use crate::case::{Case, Problem, Stream};
use crate::derivative;
use crate::drive::Reserve;
use crate::number::Number;
use crate::oracle::expected::{B, exact, lift};
use crate::oracle::{Cell, Dims, Reset, Row, Rows};
use crate::real::Real;
use rnn_kernels::{Accum, Bias, Direction};

/// How many directions each case is looked at from.
const DIRECTIONS: usize = 8;

/// `⟨u, J v⟩` of the oracle, `J` the whole map `(params, x, h0, c0) ↦ (y, h_n, c_n)` and `u` the case's cotangents.
fn tangent<T: Real>(problem: &Problem<T>, v: &[T::Wide]) -> T::Wide {
    let wide = |v: Vec<T>| v.iter().map(|v| T::Wide::from_f64(v.to_f64())).collect::<Vec<_>>();
    let (_, y_dot) = derivative::jvp(&wide(problem.point()), v, |point| {
        let run = problem.oracle_at(point);
        [run.y, run.h_n, run.c_n].concat()
    });
    T::Wide::dot([], wide(problem.cotangents()).into_iter().zip(y_dot))
}

/// Eight directions of both signs in all inputs at once; the bound is what the trajectory's bounds add up to along them.
pub(super) fn backward_is_the_transpose_of_the_tangent_map<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = Case { d_x: Accum::Replace, one_hot: false, ..case.tame().at_most(3, 2, 4, 4) };
    let problem = case.problem::<T>();
    if (0..problem.dims.batch).all(|n| problem.live_steps(n) == 0) {
        return Err(Stop::Skip("nothing is computed"));
    }
    let back = run(ctx, &problem);
    let bounds = trajectory(ctx, &problem).gradients();
    let got = [&back.d_params[..], &back.d_x, &back.d_h0, &back.d_c0].concat();
    let mut stream = Stream::new(case.seed, 45);
    let states = problem.dims.batch * problem.dims.hidden;
    let given = |i: usize| {
        let at = i.checked_sub(got.len() - back.d_h0.len() - back.d_c0.len());
        at.is_none_or(|at| if at < states { problem.h0.is_some() } else { problem.c0.is_some() })
    };
    all((0..DIRECTIONS).map(|_| {
        let v: Vec<f64> = (0..got.len()).map(|i| if given(i) { stream.quarter() } else { 0.0 }).collect();
        let v: Vec<T::Wide> = v.into_iter().map(T::Wide::from_f64).collect();
        let against = T::Wide::dot([], got.iter().zip(&v).map(|(d, &v)| (T::Wide::from_f64(d.to_f64()), v)));
        let forward = tangent(&problem, &v);
        let error: f64 = bounds.iter().zip(&v).map(|(b, v)| b.error * v.value().abs()).sum();
        // Both sums are the oracle's; what is compared is their difference, with 0.
        let difference = T::from_f64((against - forward).value());
        let zero = Bounded::new(T::Wide::from_f64(0.0), error, ctx.precision);
        within(ctx.precision, &Block::matrix("⟨Jᵀu, v⟩ − ⟨u, Jv⟩", 1), &[difference], &[zero])
    }))
}

/// Biases that are summands of one pre-activation have one gradient, bit for bit: `d_b_ih = d_b_hh`, but for `b_hn` behind the reset.
pub(super) fn both_biases_get_one_gradient<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = Case { bias: Bias::Both, ..case.at_most(9, 5, 17, 33) }.problem::<T>();
    let forward = ctx.rig().forward(&problem);
    let back = ctx.rig().backward(&problem, &forward.reserve);
    let hidden = problem.dims.hidden;
    let params = problem.oracle_params(|p| p);
    let (mut first, mut second) = (vec![], vec![]);
    for (s, stage) in params.layout().stages.iter().enumerate() {
        for gate in 0..problem.cell.kernel().form().stages[s].gates.len() {
            let of_gate = |rows: &Rows| {
                let (at, bias) = (rows.gates.iter().position(|&g| g == gate)?, rows.bias.as_ref()?);
                Some(back.d_params[bias.start + at * rows.units..][..rows.units].to_vec())
            };
            if let [one, other] = &stage.iter().filter_map(of_gate).collect::<Vec<_>>()[..] {
                first.extend_from_slice(one);
                second.extend_from_slice(other);
            }
        }
    }
    if first.is_empty() && matches!(problem.cell, Cell::Own(_)) {
        return Err(Stop::Skip("no gate of this cell has two biases"));
    }
    same(&Block::matrix("d_b_hh against d_b_ih", hidden), &second, &first)
}

/// Reset after the product: in a single step `d_b_hn = r ⊙ d_b_in`.
pub(super) fn the_inner_bias_sees_the_reset_gate<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let small = case.at_most(1, 1, 17, 33);
    let dims = Dims { steps: 1, batch: 1, ..small.dims };
    let cell = Cell::Gru(Reset::After);
    let case = Case { cell, dims, bias: Bias::Both, lengths: crate::case::Lengths::All, ..small };
    let problem = case.problem::<T>();
    let hidden = problem.dims.hidden;
    let forward = ctx.rig().forward(&problem);
    let back = ctx.rig().backward(&problem, &forward.reserve);
    // The rows of `b_hn` are those of the gate that r scales.
    let want = adjoint_of_pre(ctx, &problem, &forward.reserve);
    let d_b_hn = &back.d_params[back.d_params.len() - hidden..];
    within(ctx.precision, &Block::matrix("d_b_hn", hidden), d_b_hn, &want[3 * hidden..])
}

/// `d_pre` of the one step of a problem with one row and one stage, from what the backend kept.
fn adjoint_of_pre<'p, T: Real>(ctx: &Context<'p, T>, problem: &Problem<T>, reserve: &Reserve<T>) -> Vec<B<'p, T>> {
    let hidden = problem.dims.hidden;
    let lift = |v: &[T]| lift(ctx.precision, v);
    let zeros = vec![T::ZERO; hidden];
    let sum = |a: &Option<Vec<T>>| lift(a.as_ref().unwrap_or(&zeros));
    let d_h: Vec<_> = sum(&problem.d_y).into_iter().zip(sum(&problem.d_h_n)).map(|(a, b)| a + b).collect();
    let params = problem.oracle_params(|p| exact(ctx.precision, p));
    let (from, to) = (problem.direction.from_slot(0), problem.direction.to_slot(0));
    let slot = |slot: usize| lift(&reserve.h()[slot * hidden..][..hidden]);
    let (x, old, new, gates) = (lift(&problem.dense_x()), slot(from), slot(to), lift(reserve.gates()));
    let saved = Saved { row: Row { x: &x, old: &old, new: &new, values: &[], masks: &[] }, gates: &gates };
    Derived::new(problem.cell).pullback(problem.dims, &params, saved, &d_h, None).d_pre.swap_remove(0)
}

/// Gradients of steps from `t` on are those of the suffix, run from the state the backend had at `t`.
pub(super) fn gradients_of_a_suffix_are_its_own<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = Case { d_x: Accum::Replace, ..case.tame().at_most(5, 4, 9, 9) }.problem::<T>();
    let Dims { steps, batch, input, hidden } = problem.dims;
    let forward = ctx.rig().forward(&problem);
    let back = ctx.rig().backward(&problem, &forward.reserve);
    let cut = case.pick(steps + 1);
    let (from, to, slot) = match problem.direction {
        Direction::Forward => (cut, steps, cut),
        Direction::Reverse => (0, steps - cut, steps - cut),
    };
    let state = |v: &[T], width: usize| v[slot * batch * width..][..batch * width].to_vec();
    let h0 = Some(state(forward.reserve.h(), hidden));
    let c0 = problem.cell.has_c().then(|| state(forward.reserve.c(), problem.rest()));
    let suffix = Problem { h0, c0, ..problem.window(from, to) };
    let got = run(ctx, &suffix);
    let part = |v: &[T], width: usize| v.get(from * batch * width..to * batch * width).unwrap_or_default().to_vec();
    // The whole's ∂L/∂h_t takes in what the step before it adds through its own y; its ∂L/∂c_t and its suffix's share of
    // the weights cannot be seen.
    let d_h0 = if problem.d_y.is_none() { state(&back.trace, hidden) } else { got.d_h0.clone() };
    let want = Results {
        y: part(&forward.y, hidden),
        h_n: forward.h_n,
        c_n: forward.c_n,
        d_x: part(&back.d_x, input),
        d_h0,
        d_c0: got.d_c0.clone(),
        d_params: got.d_params.clone(),
    };
    trajectory(ctx, &suffix).agree(ctx, &suffix, ctx.claims.batch_invariant, &got, &want)
}
