//! One step at a time, every number of a run against the oracle, within derived bounds.
//!
//! The oracle starts each step from the backend's own state (backward: from its own `∂L/∂h`), so that bounds do not grow
//! with the length of the sequence and one wrong step cannot hide among the errors of others.

use super::alike::{run, trajectory};
use super::block::Block;
use super::{Context, Verdict, all, same, within};
use crate::case::{Case, Problem, Stream};
use crate::drive::{Backward, Before, Forward};
use crate::oracle::expected::{Adjoint, adjoint, ends, saved, states};
use crate::real::Real;

pub(super) fn each_step_is_one_oracle_step<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let forward = ctx.rig().forward(&problem);
    forward_residual(ctx, &problem, &forward)
}

pub(super) fn forward_residual<T: Real>(ctx: &Context<'_, T>, problem: &Problem<T>, forward: &Forward<T>) -> Verdict {
    let want = states(ctx.precision, problem, Some(&forward.reserve));
    let (hidden, rest, reserve) = (problem.dims.hidden, problem.rest(), &forward.reserve);
    let values = problem.cell.values(hidden);
    all([
        within(ctx.precision, &Block::sequence("h", problem, hidden), reserve.h(), &want.h),
        within(ctx.precision, &Block::sequence("c", problem, rest), reserve.c(), &want.c),
        within(ctx.precision, &Block::gates("gates", problem), reserve.gates(), &want.gates),
        within(ctx.precision, &Block::sequence("values", problem, values), reserve.values(), &want.values),
        within(ctx.precision, &Block::sequence("y", problem, hidden), &forward.y, &want.y),
    ])
}

pub(super) fn outputs_are_slots_of_the_reserve<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let forward = ctx.rig().forward(&problem);
    let (batch, hidden) = (problem.dims.batch, problem.dims.hidden);
    let size = batch * hidden;
    let ((initial, last), reserve) = (ends(&problem), &forward.reserve);
    let or_zero = |given: &Option<Vec<T>>, len: usize| given.clone().unwrap_or_else(|| vec![T::ZERO; len]);
    let mut y = forward.y.clone();
    for (i, row) in y.chunks_mut(hidden).enumerate() {
        let (t, n) = (i / batch, i % batch);
        let slot = problem.direction.to_slot(t);
        if problem.shows(t, n) {
            row.copy_from_slice(&reserve.h()[slot * size + n * hidden..][..hidden]);
        } else {
            row.fill(T::ZERO);
        }
    }
    let mut verdicts = vec![
        same(
            &Block::matrix("h of the initial slot", hidden),
            &reserve.h()[initial * size..][..size],
            &or_zero(&problem.h0, size),
        ),
        same(&Block::matrix("h_n", hidden), &forward.h_n, &reserve.h()[last * size..][..size]),
        same(&Block::sequence("y", &problem, hidden), &forward.y, &y),
    ];
    if problem.cell.has_c() {
        let (rest, size) = (problem.rest(), batch * problem.rest());
        let first = &reserve.c()[initial * size..][..size];
        verdicts.push(same(&Block::matrix("c of the initial slot", rest), first, &or_zero(&problem.c0, size)));
        verdicts.push(same(&Block::matrix("c_n", rest), &forward.c_n, &reserve.c()[last * size..][..size]));
    }
    all(verdicts)
}

/// Non-zero contents of the accumulating buffers, of the size of what is added.
pub(super) fn something<T: Real>(problem: &Problem<T>, case: &Case) -> Before<T> {
    let mut stream = Stream::new(case.seed, 20);
    let mut fill = |len: usize| (0..len).map(|_| T::from_f64(stream.quarter())).collect();
    let zeros = problem.zeros();
    Before { d_params: fill(zeros.d_params.len()), d_x: fill(zeros.d_x.len()) }
}

/// A backward pass into non-zero buffers and what the oracle says about it, step by step.
fn backward<'p, T: Real>(ctx: &Context<'p, T>, case: &Case) -> (Problem<T>, Backward<T>, Adjoint<'p, T>) {
    let problem = case.problem::<T>();
    let forward = ctx.rig().forward(&problem);
    let before = something(&problem, case);
    let got = ctx.rig().backward_into(&problem, &forward.reserve, &before);
    let states = saved(ctx.precision, &problem, &forward.reserve);
    let want = adjoint(ctx.precision, &problem, &states, Some(&got.trace), &before);
    (problem, got, want)
}

pub(super) fn each_adjoint_step_is_one_oracle_step<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let (problem, got, want) = backward(ctx, case);
    within(ctx.precision, &Block::sequence("d_h_trace", &problem, problem.dims.hidden), &got.trace, &want.trace)
}

pub(super) fn input_gradients_are_within_their_bounds<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let (problem, got, want) = backward(ctx, case);
    within(ctx.precision, &Block::sequence("d_x", &problem, problem.dims.input), &got.d_x, &want.d_x)
}

pub(super) fn state_gradients_are_within_their_bounds<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let (problem, got, want) = backward(ctx, case);
    let hidden = problem.dims.hidden;
    all([
        within(ctx.precision, &Block::matrix("d_h0", hidden), &got.d_h0, &want.d_h0),
        within(ctx.precision, &Block::matrix("d_c0", problem.rest()), &got.d_c0, &want.d_c0),
    ])
}

pub(super) fn parameter_gradients_accumulate_within_their_bounds<T: Real>(
    ctx: &Context<'_, T>,
    case: &Case,
) -> Verdict {
    let (problem, got, want) = backward(ctx, case);
    within(ctx.precision, &Block::params("d_params", &problem), &got.d_params, &want.d_params)
}

/// The bound carries the errors of every earlier step: it grows, so sequences are short.
pub(super) fn short_runs_follow_the_oracle_all_the_way<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = Case { d_x: rnn_kernels::Accum::Replace, ..case.tame().at_most(4, 3, 8, 8) }.problem::<T>();
    trajectory(ctx, &problem).holds(ctx, &problem, &run(ctx, &problem))
}

/// Backward of one backend over the reserve of another.
pub(super) fn adjoint_residual<T: Real>(
    ctx: &Context<'_, T>,
    problem: &Problem<T>,
    forward: &Forward<T>,
    got: &Backward<T>,
    before: &Before<T>,
) -> Verdict {
    let states = saved(ctx.precision, problem, &forward.reserve);
    let want = adjoint(ctx.precision, problem, &states, Some(&got.trace), before);
    let (input, hidden) = (problem.dims.input, problem.dims.hidden);
    all([
        within(ctx.precision, &Block::sequence("d_h_trace", problem, hidden), &got.trace, &want.trace),
        within(ctx.precision, &Block::sequence("d_x", problem, input), &got.d_x, &want.d_x),
        within(ctx.precision, &Block::matrix("d_h0", hidden), &got.d_h0, &want.d_h0),
        within(ctx.precision, &Block::matrix("d_c0", problem.rest()), &got.d_c0, &want.d_c0),
        within(ctx.precision, &Block::params("d_params", problem), &got.d_params, &want.d_params),
    ])
}
