//! Two ways to the same results: windows, reversal, permutation, splitting, padding, layouts, inference.
//!
//! Where a law changes the number of rows of a product, bits are equal only if the backend claims batch invariance; without
//! that claim both ways must lie within the bound of the whole trajectory. Weight gradients, sums over rows, always so.

use super::alike::{Results, run, run_on, same_bits, trajectory};
use super::block::Block;
use super::oracle::{adjoint_residual, forward_residual};
use super::{Context, Evidence, Stop, Verdict, all, same, something_is_live};
use crate::case::{Case, Layout, Lengths, Problem, X};
use crate::claims::Claims;
use crate::drive::{Before, Forward, Padding, Rig};
use crate::oracle::Dims;
use crate::planted::Plain;
use crate::real::Real;
use rnn_kernels::{Accum, Direction, Held};

/// A case whose trajectory bound stays sharp.
fn short<T: Real>(case: &Case) -> Problem<T> {
    Case { d_x: Accum::Replace, ..case.tame().at_most(5, 4, 9, 9) }.problem()
}

/// `[T, N, width]` with rows (or steps) as `pick` says.
fn picked<T: Copy>(from: &[T], dims: Dims, width: usize, pick: impl Fn(usize, usize) -> (usize, usize)) -> Vec<T> {
    let places = (0..dims.steps).flat_map(|t| (0..dims.batch).map(move |n| (t, n)));
    places
        .flat_map(|(t, n)| {
            let (t, n) = pick(t, n);
            from[(t * dims.batch + n) * width..][..width].to_vec()
        })
        .collect()
}

pub(super) fn windows_chain_to_the_whole<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = short::<T>(case);
    let Dims { steps, batch, input, hidden } = problem.dims;
    let whole = run(ctx, &problem);
    let whole_forward = ctx.rig().forward(&problem);
    let cut = case.pick(steps + 1);
    let mut windows = [(0, cut), (cut, steps)];
    if problem.direction == Direction::Reverse {
        windows.reverse();
    }
    let (mut h, mut c) = (problem.h0.clone(), problem.c0.clone());
    let mut done: Vec<(usize, usize, Problem<T>, Forward<T>)> = Vec::new();
    for (from, to) in windows {
        let window = Problem { h0: h.clone(), c0: c.clone(), ..problem.window(from, to) };
        let forward = ctx.rig().forward(&window);
        h = Some(forward.h_n.clone());
        c = problem.cell.has_c().then(|| forward.c_n.clone());
        done.push((from, to, window, forward));
    }
    let zero = || vec![T::ZERO; batch * hidden];
    let (h_n, c_n) = (h.unwrap_or_else(zero), c.unwrap_or_default());
    let (mut y, mut d_x) = (vec![T::ZERO; steps * batch * hidden], vec![T::ZERO; whole.d_x.len()]);
    // Backward through the windows: once over each one's own reserve, once over slices of the whole one.
    let mut verdicts = Vec::new();
    let bounds = trajectory(ctx, &problem);
    for sliced in [false, true] {
        let (mut d_h, mut d_c) = (problem.d_h_n.clone(), problem.d_c_n.clone());
        let mut d_params = problem.zeros().d_params;
        for (from, to, window, forward) in done.iter().rev() {
            let window = Problem { d_h_n: d_h.clone(), d_c_n: d_c.clone(), ..window.clone() };
            let before = Before { d_params, ..window.zeros() };
            let back = if sliced {
                ctx.rig().backward_window(&window, &whole_forward.reserve, *from, &before)
            } else {
                ctx.rig().backward_into(&window, &forward.reserve, &before)
            };
            y[from * batch * hidden..to * batch * hidden].copy_from_slice(&forward.y);
            if !d_x.is_empty() {
                d_x[from * batch * input..to * batch * input].copy_from_slice(&back.d_x);
            }
            d_params = back.d_params;
            (d_h, d_c) = (Some(back.d_h0), problem.cell.has_c().then_some(back.d_c0));
        }
        let (d_h0, d_c0) = (d_h.unwrap_or_else(zero), d_c.unwrap_or_default());
        let chained =
            Results { y: y.clone(), h_n: h_n.clone(), c_n: c_n.clone(), d_x: d_x.clone(), d_h0, d_c0, d_params };
        verdicts.push(bounds.agree(ctx, &problem, ctx.claims.batch_invariant, &chained, &whole));
    }
    all(verdicts)
}

pub(super) fn reversed_time_is_the_other_direction<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = short::<T>(case);
    something_is_live(&problem)?;
    let [a, mut b] = [&problem, &problem.reversed()].map(|p| run(ctx, p));
    let turned = |t: usize, n: usize| problem.turned(t, n);
    b.y = picked(&b.y, problem.dims, problem.dims.hidden, turned);
    if !b.d_x.is_empty() {
        b.d_x = picked(&b.d_x, problem.dims, problem.dims.input, turned);
    }
    trajectory(ctx, &problem).agree(ctx, &problem, ctx.claims.batch_invariant, &b, &a)
}

/// The rows of `results` in the order `rows`.
fn rows_of<T: Real>(problem: &Problem<T>, results: &Results<T>, rows: &[usize]) -> Results<T> {
    let Dims { steps, batch, input, hidden } = problem.dims;
    let seq = |from: &[T], width: usize| {
        let places = (0..steps).flat_map(|t| rows.iter().map(move |&n| (t, n)));
        if from.is_empty() {
            vec![]
        } else {
            places.flat_map(|(t, n)| from[(t * batch + n) * width..][..width].to_vec()).collect()
        }
    };
    let mat = |from: &[T], width: usize| -> Vec<T> {
        rows.iter().flat_map(|&n| from[n * width..][..width].iter().copied()).collect()
    };
    let rest = problem.rest();
    Results {
        y: seq(&results.y, hidden),
        h_n: mat(&results.h_n, hidden),
        c_n: mat(&results.c_n, rest),
        d_x: seq(&results.d_x, input),
        d_h0: mat(&results.d_h0, hidden),
        d_c0: mat(&results.d_c0, rest),
        d_params: results.d_params.clone(),
    }
}

pub(super) fn permuted_rows_give_permuted_results<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = short::<T>(case);
    let batch = problem.dims.batch;
    if batch < 2 {
        return Err(Stop::Skip("fewer than two rows have one order"));
    }
    // A rotation: not its own inverse from three rows on.
    let order: Vec<usize> = (0..batch).map(|n| (n + 1) % batch).collect();
    let permuted = problem.rows(&order);
    let want = rows_of(&problem, &run(ctx, &problem), &order);
    trajectory(ctx, &permuted).agree(ctx, &permuted, ctx.claims.batch_invariant, &run(ctx, &permuted), &want)
}

pub(super) fn a_split_batch_is_the_whole_batch<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = short::<T>(case);
    let batch = problem.dims.batch;
    if batch < 2 {
        return Err(Stop::Skip("fewer than two rows cannot be split"));
    }
    let whole = run(ctx, &problem);
    let first = 1 + case.pick(batch - 1);
    let mut before = problem.zeros().d_params;
    let mut verdicts = Vec::new();
    for rows in [(0..first).collect::<Vec<_>>(), (first..batch).collect()] {
        let part = problem.rows(&rows);
        let forward = ctx.rig().forward(&part);
        let back = ctx.rig().backward_into(&part, &forward.reserve, &Before { d_params: before, ..part.zeros() });
        before = back.d_params.clone();
        let mut got = Results::of(forward, back);
        let want = rows_of(&problem, &whole, &rows);
        got.d_params.clone_from(&want.d_params);
        verdicts.push(trajectory(ctx, &part).agree(ctx, &part, ctx.claims.batch_invariant, &got, &want));
    }
    let summed = Results { d_params: before, ..whole.clone() };
    verdicts.push(trajectory(ctx, &problem).agree(ctx, &problem, true, &summed, &whole));
    all(verdicts)
}

/// A case with padding, if its sizes allow any.
fn ragged(case: &Case) -> Case {
    match case.lengths {
        Lengths::All => Case { lengths: Lengths::WithZero, ..*case },
        _ => *case,
    }
}

/// The shapes are the same, so the bits are, whatever a backend claims.
pub(super) fn padding_never_matters<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = ragged(case).problem::<T>();
    let dims = problem.dims;
    if (0..dims.batch).all(|n| problem.live_steps(n) == dims.steps) {
        return Err(Stop::Skip("there is no padding"));
    }
    let rig = Rig { padding: Padding::AsGiven, ..ctx.rig() };
    let padded = |value: f64| run_on(&rig, &problem.clone().padded_with(T::from_f64(value)));
    let want = padded(0.0);
    all([f64::NAN, f64::INFINITY, 1e30].map(|value| same_bits(&problem, &padded(value), &want)))
}

pub(super) fn a_longer_batch_changes_nothing<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = short::<T>(&ragged(case));
    let Dims { steps, batch, input, hidden } = problem.dims;
    if steps == 0 {
        return Err(Stop::Skip("there is no step to repeat"));
    }
    let want = run(ctx, &problem);
    let mut got = run(ctx, &problem.longer(3).padded_with(T::from_f64(f64::NAN)));
    let tail = got.y.split_off(steps * batch * hidden);
    let mut verdicts = vec![same(&Block::matrix("y beyond every length", hidden), &tail, &vec![T::ZERO; tail.len()])];
    if !got.d_x.is_empty() {
        let tail = got.d_x.split_off(steps * batch * input);
        verdicts.push(same(&Block::matrix("d_x beyond every length", input), &tail, &vec![T::ZERO; tail.len()]));
    }
    verdicts.push(trajectory(ctx, &problem).agree(ctx, &problem, ctx.claims.batch_invariant, &got, &want));
    all(verdicts)
}

/// A row without the steps it skips, and with `d_y` of its own steps alone.
pub(super) fn a_ragged_row_is_its_own_short_run<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let mut problem = short::<T>(&ragged(case));
    if let Some((_, held)) = &mut problem.holes {
        *held = Held::Zero;
    }
    let whole = run(ctx, &problem);
    all((0..problem.dims.batch).map(|n| {
        let alone = problem.row(n);
        let mut got = run(ctx, &alone);
        let mut want = rows_of(&problem, &whole, &[n]);
        let own = problem.own_steps(n);
        let picked = |of: &[T], width: usize| own.iter().flat_map(|t| of[t * width..][..width].to_vec()).collect();
        want.y = picked(&want.y, alone.dims.hidden);
        if !want.d_x.is_empty() {
            want.d_x = picked(&want.d_x, alone.dims.input);
        }
        got.d_params.clone_from(&want.d_params);
        trajectory(ctx, &alone).agree(ctx, &alone, ctx.claims.batch_invariant, &got, &want)
    }))
}

pub(super) fn layouts_do_not_matter<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = Problem { layout: Layout::TimeMajor, ..short::<T>(case) };
    let want = run(ctx, &problem);
    let bounds = trajectory(ctx, &problem);
    all(Layout::ALL.into_iter().skip(1).map(|layout| {
        let got = run(ctx, &Problem { layout, ..problem.clone() });
        bounds.agree(ctx, &problem, ctx.claims.batch_invariant, &got, &want)
    }))
}

pub(super) fn inference_is_the_forward_pass<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = short::<T>(case);
    something_is_live(&problem)?;
    let forward = ctx.rig().forward(&problem);
    let infer = ctx.rig().infer(&problem);
    let bounds = trajectory(ctx, &problem);
    let want = [&forward.y[..], &forward.h_n, &forward.c_n];
    bounds.agree_forward(ctx, &problem, ctx.claims.batch_invariant, [&infer.y, &infer.h, &infer.c], want)
}

pub(super) fn one_hot_input_is_its_dense_form<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    if case.cell.reads_input() {
        return Err(Stop::Skip("the equation reads x unit by unit, which one-hot input is not written out for"));
    }
    let one_hot = short::<T>(&Case { one_hot: true, ..*case });
    something_is_live(&one_hot)?;
    let dense = Problem { x: X::Dense(one_hot.dense_x()), ..one_hot.clone() };
    let mut want = run(ctx, &dense);
    want.d_x = vec![];
    // The bound of the one-hot problem is that of the dense one without d_x.
    trajectory(ctx, &one_hot).agree(ctx, &one_hot, false, &run(ctx, &one_hot), &want)
}

pub(super) fn empty_rows_and_sequences_pass_their_state_through<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let no_steps = Case { dims: Dims { steps: 0, ..case.dims }, ..*case };
    let no_rows = Case { dims: Dims { batch: 0, ..case.dims }, ..*case };
    let zero_rows = Case { lengths: Lengths::All, ..*case };
    let mut verdicts = Vec::new();
    for (case, all_empty) in [(no_steps, false), (no_rows, false), (zero_rows, true)] {
        let mut problem = case.problem::<T>();
        if all_empty {
            problem.lengths = Some(vec![0; problem.dims.batch]);
        }
        let hidden = problem.dims.hidden;
        let results = run(ctx, &problem);
        let [h, c] = problem.state_lens();
        let or_zero = |given: &Option<Vec<T>>, len: usize| given.clone().unwrap_or_else(|| vec![T::ZERO; len]);
        verdicts.push(same(&Block::matrix("h_n", hidden), &results.h_n, &or_zero(&problem.h0, h)));
        verdicts.push(same(&Block::matrix("d_h0", hidden), &results.d_h0, &or_zero(&problem.d_h_n, h)));
        if problem.cell.has_c() {
            verdicts.push(same(&Block::matrix("c_n", problem.rest()), &results.c_n, &or_zero(&problem.c0, c)));
            verdicts.push(same(&Block::matrix("d_c0", problem.rest()), &results.d_c0, &or_zero(&problem.d_c_n, c)));
        }
        let params = Block::params("d_params", &problem);
        verdicts.push(same(&params, &results.d_params, &problem.zeros().d_params));
    }
    all(verdicts)
}

pub(super) fn reserves_are_interchangeable<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let before = problem.zeros();
    let (ours, reference) = (ctx.rig(), Rig::new(&Plain));
    // Half of what is compared comes from the provided kernels, which keep their own promise only.
    let claims = ctx.claims.weaker(&Claims::new());
    let precision = claims.precision::<T>();
    let ctx = &Context { claims: &claims, precision: &precision, ..*ctx };
    let mut evidence = Evidence::default();
    for (forward, backward) in [(&ours, &reference), (&reference, &ours)] {
        let forward = forward.forward(&problem);
        evidence = evidence.and(forward_residual(ctx, &problem, &forward)?);
        let back = backward.backward_into(&problem, &forward.reserve, &before);
        evidence = evidence.and(adjoint_residual(ctx, &problem, &forward, &back, &before)?);
    }
    Ok(evidence)
}
