//! Layers made of passes: both directions side by side, one on top of another, one step at a time.

use super::alike::{Results, run, same_bits, trajectory};
use super::block::Block;
use super::{Context, Verdict, all, ensure, same, within};
use crate::case::{Case, Problem, X};
use crate::claims::Determinism;
use crate::drive::{Before, Guarded, Place};
use crate::oracle::Dims;
use crate::oracle::expected::{B, adjoint, adjoint_of, ends, states, states_of};
use crate::real::Real;
use rnn_kernels::{Accum, Direction, Effort};

/// The other direction over the same input: its own weights, states and cotangents, the same lengths.
fn other_direction<T: Real>(case: &Case, problem: &Problem<T>) -> Problem<T> {
    let direction = match case.direction {
        Direction::Forward => Direction::Reverse,
        Direction::Reverse => Direction::Forward,
    };
    let other = Case { direction, seed: case.seed + 500, ..*case }.problem::<T>();
    let (lengths, holes) = (problem.lengths.clone(), problem.holes.clone());
    Problem { x: problem.x.clone(), lengths, holes, start: problem.start, ..other }
}

/// `[T, N, 2H]` of two `[T, N, H]`.
fn side_by_side<T: Copy>(a: &[T], b: &[T], hidden: usize) -> Vec<T> {
    a.chunks(hidden).zip(b.chunks(hidden)).flat_map(|(a, b)| [a, b].concat()).collect()
}

/// Each piece of a join is done, once, before it returns; and both directions of a layer, as its pieces, give what each gives
/// alone.
pub(super) fn both_directions_may_run_at_once<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let first = case.problem::<T>();
    let second = other_direction(case, &first);
    let alone = [&first, &second].map(|problem| run(ctx, problem));
    let mut verdicts = Vec::new();
    // Too little to be worth a thread, and enough.
    for multiply_adds in [1, 1_000_000_000] {
        let mut done = [Vec::new(), Vec::new()];
        let [of_first, of_second] = &mut done;
        let effort = Effort { rows: first.dims.batch, multiply_adds };
        ctx.backend.join(effort, &mut || of_first.push(run(ctx, &first)), &mut || of_second.push(run(ctx, &second)));
        for (((word, problem), done), alone) in
            [("first", &first), ("second", &second)].into_iter().zip(&done).zip(&alone)
        {
            verdicts
                .push(ensure(done.len() == 1, || format!("the {word} piece of a join was done {} times", done.len())));
            verdicts.extend(done.iter().map(|got| match ctx.claims.determinism {
                Determinism::AnyThreads => same_bits(problem, got, alone),
                _ => trajectory(ctx, problem).agree(ctx, problem, false, got, alone),
            }));
        }
    }
    all(verdicts)
}

/// Both directions write the column halves of one `y`, read those of one `d_y` and add into one `d_x`: what each gives is
/// what it gives alone.
pub(super) fn both_directions_share_their_buffers<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = Case { d_x: Accum::Replace, ..case.tame().at_most(4, 3, 6, 6) };
    let first = case.problem::<T>();
    let second = other_direction(&case, &first);
    let Dims { steps, batch, input, hidden } = first.dims;
    let alone = [&first, &second].map(|problem| run(ctx, problem));
    let rig = ctx.rig();

    let mut y = Guarded::output("y", Place::sequence(case.layout, [steps, batch, 2 * hidden]), rig.garbage);
    let halves = [(0, hidden), (hidden, 2 * hidden)];
    let forward = [&first, &second].into_iter().zip(halves);
    let forward: Vec<_> =
        forward.map(|(problem, (from, to))| rig.forward_to(problem, y.seq_mut().cols_range(from, to))).collect();

    let is_given = first.d_y.is_some();
    let zeros = vec![T::ZERO; steps * batch * hidden];
    let [d_a, d_b] = [&first, &second].map(|problem| problem.d_y.as_ref().unwrap_or(&zeros));
    let d_y = side_by_side(d_a, d_b, hidden.max(1));
    let d_y = Guarded::input("d_y", Place::sequence(case.layout, [steps, batch, 2 * hidden]), &d_y);
    let mut d_x = Guarded::output("d_x", Place::sequence(case.layout, [steps, batch, input]), rig.garbage);
    let dense = matches!(first.x, X::Dense(_));
    let mut got = Vec::new();
    for (k, (problem, (from, to))) in [&first, &second].into_iter().zip(halves).enumerate() {
        let problem = Problem { d_x_accum: [Accum::Replace, Accum::Add][k], ..problem.clone() };
        let outer = (is_given.then(|| d_y.seq().cols_range(from, to)), dense.then(|| d_x.seq_mut()));
        got.push(rig.backward_to(&problem, &forward[k].reserve, 0, &problem.zeros(), outer));
    }
    let breaches = forward.iter().flat_map(|f| &f.breaches).chain(got.iter().flat_map(|b| &b.breaches)).cloned();
    let breaches: Vec<_> = breaches.chain([y.breach(), d_y.breach(), d_x.breach()].into_iter().flatten()).collect();

    let both = side_by_side(&alone[0].y, &alone[1].y, hidden.max(1));
    let mut verdicts = vec![
        ensure(breaches.is_empty(), || breaches.join(", ")),
        same(&Block::sequence("y of both directions", &first, 2 * hidden), &y.read(), &both),
    ];
    // The same products, into columns of another stride: a backend may choose another kernel for them.
    for ((problem, forward), (back, alone)) in
        [&first, &second].into_iter().zip(forward).zip(got.into_iter().zip(&alone))
    {
        let got = Results { y: alone.y.clone(), d_x: alone.d_x.clone(), ..Results::of(forward, back) };
        verdicts.push(trajectory(ctx, problem).agree(ctx, problem, ctx.claims.batch_invariant, &got, alone));
    }
    if dense {
        let second = Problem { d_x_accum: Accum::Add, ..second };
        let before = Before { d_x: alone[0].d_x.clone(), ..second.zeros() };
        let want = adjoint(ctx.precision, &second, &states(ctx.precision, &second, None), None, &before).d_x;
        verdicts.push(within(
            ctx.precision,
            &Block::sequence("d_x of both directions", &second, input),
            &d_x.read(),
            &want,
        ));
    }
    all(verdicts)
}

fn final_state<'h, 'p, T: Real>(problem: &Problem<T>, h: &'h [B<'p, T>]) -> &'h [B<'p, T>] {
    let [size, _] = problem.state_lens();
    &h[ends(problem).1 * size..][..size]
}

/// Two layers, `C → H → H`, against two oracles with nothing of the backend between them: errors of the first layer's `y`
/// go into the second's bound, those of the second's `d_x` into the first's.
pub(super) fn two_layers_are_their_composition<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = Case { d_x: Accum::Replace, ..case.tame().at_most(3, 3, 5, 4) };
    let upstream = crate::case::Upstream { y: false, ..case.upstream };
    let lower = Case { upstream, ..case }.problem::<T>();
    let upper =
        Case { dims: Dims { input: lower.dims.hidden, ..case.dims }, one_hot: false, seed: case.seed + 600, ..case };
    let upper = Problem { lengths: lower.lengths.clone(), start: lower.start, ..upper.problem::<T>() };
    let rig = ctx.rig();
    let below = rig.forward(&lower);
    let upper = Problem { x: X::Dense(below.y.clone()), ..upper };
    let above = rig.forward(&upper);
    let back_above = rig.backward(&upper, &above.reserve);
    let lower = Problem { d_y: Some(back_above.d_x.clone()), ..lower };
    let back_below = rig.backward(&lower, &below.reserve);

    let precision = ctx.precision;
    let states_below = states(precision, &lower, None);
    let states_above = states_of(precision, &upper, states_below.y.clone(), None);
    let no = |problem: &Problem<T>| problem.zeros();
    let d_y = upper.d_y.as_ref().map(|d_y| crate::oracle::expected::lift(precision, d_y));
    let adjoint_above = adjoint_of(precision, &upper, &states_above, d_y, None, &no(&upper));
    let d_y = Some(adjoint_above.d_x.clone());
    let adjoint_below = adjoint_of(precision, &lower, &states_below, d_y, None, &no(&lower));
    let hidden = lower.dims.hidden;
    all([
        within(precision, &Block::sequence("y of the upper layer", &upper, hidden), &above.y, &states_above.y),
        within(
            precision,
            &Block::matrix("h_n of the lower layer", hidden),
            &below.h_n,
            final_state(&lower, &states_below.h),
        ),
        within(
            precision,
            &Block::matrix("h_n of the upper layer", hidden),
            &above.h_n,
            final_state(&upper, &states_above.h),
        ),
        within(
            precision,
            &Block::params("d_params of the upper layer", &upper),
            &back_above.d_params,
            &adjoint_above.d_params,
        ),
        within(precision, &Block::matrix("d_h0 of the upper layer", hidden), &back_above.d_h0, &adjoint_above.d_h0),
        within(
            precision,
            &Block::params("d_params of the lower layer", &lower),
            &back_below.d_params,
            &adjoint_below.d_params,
        ),
        within(precision, &Block::sequence("d_x", &lower, lower.dims.input), &back_below.d_x, &adjoint_below.d_x),
        within(precision, &Block::matrix("d_h0 of the lower layer", hidden), &back_below.d_h0, &adjoint_below.d_h0),
        within(
            precision,
            &Block::matrix("d_c0 of the lower layer", lower.rest()),
            &back_below.d_c0,
            &adjoint_below.d_c0,
        ),
    ])
}

/// Streaming: inference one step at a time, and backward through windows of one step over the whole reserve.
pub(super) fn a_step_at_a_time_is_the_sequence<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = Case { d_x: Accum::Replace, ..case.tame().at_most(5, 3, 6, 9) }.problem::<T>();
    let Dims { steps, batch, input, hidden } = problem.dims;
    let whole = ctx.rig().forward(&problem);
    let want = Results::of(whole.clone(), ctx.rig().backward(&problem, &whole.reserve));
    let [zero_h, zero_c] = problem.state_lens().map(|len| move || vec![T::ZERO; len]);
    let (mut h, mut c) = (problem.h0.clone().unwrap_or_else(zero_h), problem.c0.clone().unwrap_or_else(zero_c));
    let mut y = vec![T::ZERO; steps * batch * hidden];
    let order = || (0..steps).map(|k| problem.direction.step(k, steps));
    for t in order() {
        let window = problem.window(t, t + 1);
        let c0 = problem.cell.has_c().then(|| c.clone());
        let step = ctx.rig().infer(&Problem { h0: Some(h), c0, ..window });
        (h, c) = (step.h, step.c);
        y[t * batch * hidden..(t + 1) * batch * hidden].copy_from_slice(&step.y);
    }
    let (mut d_h, mut d_c) = (problem.d_h_n.clone(), problem.d_c_n.clone());
    let (mut d_params, mut d_x) = (problem.zeros().d_params, vec![T::ZERO; want.d_x.len()]);
    for t in order().collect::<Vec<_>>().into_iter().rev() {
        let window = Problem { d_h_n: d_h, d_c_n: d_c, ..problem.window(t, t + 1) };
        let before = Before { d_params, ..window.zeros() };
        let back = ctx.rig().backward_window(&window, &whole.reserve, t, &before);
        if !d_x.is_empty() {
            d_x[t * batch * input..(t + 1) * batch * input].copy_from_slice(&back.d_x);
        }
        d_params = back.d_params;
        (d_h, d_c) = (Some(back.d_h0), problem.cell.has_c().then_some(back.d_c0));
    }
    let got = Results {
        y,
        h_n: h,
        c_n: c,
        d_x,
        d_h0: d_h.unwrap_or_else(zero_h),
        d_c0: d_c.unwrap_or_else(zero_c),
        d_params,
    };
    trajectory(ctx, &problem).agree(ctx, &problem, ctx.claims.batch_invariant, &got, &want)
}
