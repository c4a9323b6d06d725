//! Backpropagation as a linear map: finite differences of the backend's own forward pass, linearity, causality,
//! what accumulates and what is overwritten.

use super::alike::{Results, run, same_bits};
use super::block::Block;
use super::oracle::something;
use super::{Context, Evidence, Failure, Stop, Verdict, all, ensure, fail, same};
use crate::case::{Case, Fill, Lengths, Problem, Upstream, X};
use crate::derivative::{self, Verdict as Judged};
use crate::drive::Before;
use crate::number::Number;
use crate::oracle::{Activation, Cell, Dims};
use crate::real::Real;
use rnn_kernels::{Accum, Direction};

pub(super) fn an_absent_cotangent_is_zero<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let forward = ctx.rig().forward(&problem);
    let Dims { steps, batch, hidden, .. } = problem.dims;
    let or_zero = |given: &Option<Vec<T>>, len| Some(given.clone().unwrap_or_else(|| vec![T::ZERO; len]));
    let filled = Problem {
        d_y: or_zero(&problem.d_y, steps * batch * hidden),
        d_h_n: or_zero(&problem.d_h_n, batch * hidden),
        d_c_n: if problem.cell.has_c() { or_zero(&problem.d_c_n, batch * problem.rest()) } else { None },
        ..problem.clone()
    };
    let [a, b] = [&problem, &filled].map(|p| Results::of(forward.clone(), ctx.rig().backward(p, &forward.reserve)));
    same_bits(&problem, &a, &b)
}

/// Multiplication by 4 is exact and commutes with every rounding, as long as nothing under- or overflows.
pub(super) fn scaling_the_cotangents_by_four_scales_the_gradients<T: Real>(
    ctx: &Context<'_, T>,
    case: &Case,
) -> Verdict {
    let problem = case.tame().at_most(6, 4, 9, 12).problem::<T>();
    let problem = Problem { d_x_accum: Accum::Replace, ..problem };
    let forward = ctx.rig().forward(&problem);
    let four = T::from_f64(4.0);
    let times_four = |v: &[T]| v.iter().map(|&v| four * v).collect::<Vec<T>>();
    let scale = |given: &Option<Vec<T>>| given.as_ref().map(|v| times_four(v));
    let scaled = Problem {
        d_y: scale(&problem.d_y),
        d_h_n: scale(&problem.d_h_n),
        d_c_n: scale(&problem.d_c_n),
        ..problem.clone()
    };
    let [once, scaled] =
        [&problem, &scaled].map(|p| Results::of(forward.clone(), ctx.rig().backward(p, &forward.reserve)));
    let want = Results {
        d_x: times_four(&once.d_x),
        d_h0: times_four(&once.d_h0),
        d_c0: times_four(&once.d_c0),
        d_params: times_four(&once.d_params),
        ..once
    };
    same_bits(&problem, &scaled, &want)
}

/// Other passes in between, one of another shape and one of the same, so that a backend that remembers its last call is found out.
pub(super) fn backward_may_run_twice_on_one_reserve<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let before = something(&problem, case);
    let forward = ctx.rig().forward(&problem);
    let again = || Results::of(forward.clone(), ctx.rig().backward_into(&problem, &forward.reserve, &before));
    let first = again();
    let other = Case { seed: case.seed + 1, dims: Dims { steps: 2, batch: 3, ..case.dims }, ..*case };
    let _ = run(ctx, &other.problem());
    let _ = run(ctx, &Case { seed: case.seed + 2, ..*case }.problem());
    same_bits(&problem, &again(), &first)
}

/// `∂y[t, n]/∂x[s, m] = 0` exactly for other rows and later steps (earlier ones in reverse).
pub(super) fn a_cotangent_reaches_only_its_row_and_its_past<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = Case { one_hot: false, d_x: Accum::Replace, upstream: Upstream::ALL, ..case.tame() };
    let mut problem = case.problem::<T>();
    let Dims { steps, batch, input, hidden } = problem.dims;
    let live: Vec<_> =
        (0..steps).flat_map(|t| (0..batch).map(move |n| (t, n))).filter(|&(t, n)| problem.live(t, n)).collect();
    let Some(&(t, n)) = live.get(case.pick(live.len().max(1))) else {
        return Err(Stop::Skip("no step belongs to any row"));
    };
    (problem.d_h_n, problem.d_c_n) = (None, None);
    for (i, d) in problem.d_y.iter_mut().flatten().enumerate() {
        if i / hidden != t * batch + n {
            *d = T::ZERO;
        }
    }
    let forward = ctx.rig().forward(&problem);
    let back = ctx.rig().backward(&problem, &forward.reserve);
    let past = |s: usize| if problem.direction == Direction::Forward { s <= t } else { s >= t };
    let stray = |(i, d): (usize, &T)| {
        let (s, m) = (i / input / batch, i / input % batch);
        (m != n || !past(s)) && *d != T::ZERO
    };
    if let Some((i, d)) = back.d_x.iter().enumerate().find(|&(i, d)| stray((i, d))) {
        let place = Block::sequence("d_x", &problem, input).describe(i);
        return Err(fail(format!("d_y is zero but at t={t}, row {n}, yet {place} is {d:?}")));
    }
    let row = |width: usize| move |(i, d)| (i / width.max(1), d);
    let [h, c] = [back.d_h0.iter().enumerate(), back.d_c0.iter().enumerate()];
    let states = h.map(row(hidden)).chain(c.map(row(problem.rest())));
    let foreign = states.filter(|(row, _)| *row != n).find(|(_, d): &(usize, &T)| **d != T::ZERO);
    all([
        ensure(foreign.is_none(), || {
            format!("d_y is zero but in row {n}, yet an initial state of another has {foreign:?}")
        }),
        Ok(Evidence::facts(back.d_x.len())),
    ])
}

pub(super) fn d_x_replaced_never_reads_what_was_there<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = Case { one_hot: false, d_x: Accum::Replace, ..*case }.problem::<T>();
    let forward = ctx.rig().forward(&problem);
    let over = |garbage: f64| {
        let rig = crate::drive::Rig { garbage: T::from_f64(garbage), ..ctx.rig() };
        Results::of(forward.clone(), rig.backward(&problem, &forward.reserve))
    };
    same_bits(&problem, &over(f64::NAN), &over(0.0))
}

/// A NaN or an infinity in a gradient buffer must still be there, whatever is added.
pub(super) fn parameter_gradients_never_overwrite<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let forward = ctx.rig().forward(&problem);
    let before = |value: f64| Before { d_params: vec![T::from_f64(value); problem.params.len()], ..problem.zeros() };
    let block = Block::params("d_params", &problem);
    all([f64::NAN, f64::INFINITY].map(|value| {
        let before = before(value);
        same(&block, &ctx.rig().backward_into(&problem, &forward.reserve, &before).d_params, &before.d_params)
    }))
}

/// A problem small enough to differentiate by every variable, with no kink of relu near.
fn differentiable(case: &Case, attempt: u64) -> Option<Problem<f64>> {
    let seed = case.seed.wrapping_add(1000 * attempt);
    let case = Case { fill: Fill::Uniform, d_x: Accum::Replace, seed, ..case.at_most(3, 3, 3, 3) };
    if case.cell != Cell::Elman(Activation::Relu) {
        return Some(case.problem());
    }
    // Steps of the stencil move a pre-activation by about 0.1; relu is smooth if it stays on one side of 0.
    (0..500).map(|k| Case { seed: seed + 7 * k, ..case }.problem::<f64>()).find(|problem| {
        let linear = Problem { cell: Cell::Elman(Activation::Identity), ..problem.clone() };
        let rectified = problem.oracle_at(&problem.point());
        let Dims { batch, hidden, input, .. } = problem.dims;
        let params = linear.oracle_params(|p| p);
        let pre = |t: usize, n: usize| {
            let from = problem.direction.from_slot(t) * batch + n;
            let x = &problem.dense_x()[(t * batch + n) * input..][..input];
            crate::oracle::step(linear.cell, linear.dims, &params, x, &rectified.h[from * hidden..][..hidden], &[], &[])
                .h
        };
        let all = (0..problem.dims.steps).flat_map(|t| (0..batch).map(move |n| (t, n)));
        all.filter(|&(t, n)| problem.live(t, n)).all(|(t, n)| pre(t, n).iter().all(|pre| pre.abs() > 0.12))
    })
}

/// `L = ⟨y, d_y⟩ + ⟨h_n, d_h_n⟩ + ⟨c_n, d_c_n⟩` of the backend's forward pass, as a function of every number it reads.
fn loss(ctx: &Context<'_, f64>, problem: &Problem<f64>) -> f64 {
    let forward = ctx.rig().forward(problem);
    let dot = |v: &[f64], d: &Option<Vec<f64>>| {
        d.as_ref().map_or(0.0, |d| f64::dot([], v.iter().copied().zip(d.iter().copied())))
    };
    // d_y beyond a row's length meets a y that is 0 there.
    dot(&forward.y, &problem.d_y) + dot(&forward.h_n, &problem.d_h_n) + dot(&forward.c_n, &problem.d_c_n)
}

/// The variables of a problem and their claimed gradient, block by block.
fn variables<'a>(
    problem: &'a Problem<f64>,
    back: &'a crate::drive::Backward<f64>,
) -> Vec<(&'static str, &'a [f64], &'a [f64])> {
    let mut all: Vec<(&'static str, &[f64], &[f64])> = vec![("d_params", &problem.params, &back.d_params)];
    if let X::Dense(x) = &problem.x {
        all.push(("d_x", x, &back.d_x));
    }
    all.extend(problem.h0.as_ref().map(|h0| ("d_h0", &h0[..], &back.d_h0[..])));
    all.extend(problem.c0.as_ref().map(|c0| ("d_c0", &c0[..], &back.d_c0[..])));
    all
}

fn set(problem: &mut Problem<f64>, block: &str, point: &[f64]) {
    let to = match block {
        "d_params" => Some(&mut problem.params),
        "d_h0" => problem.h0.as_mut(),
        "d_c0" => problem.c0.as_mut(),
        _ => match &mut problem.x {
            X::Dense(x) => Some(x),
            X::OneHot(_) => None,
        },
    };
    if let Some(to) = to {
        to.copy_from_slice(point);
    }
}

pub(super) fn finite_differences_of_the_forward_pass_agree(ctx: &Context<'_, f64>, case: &Case) -> Verdict {
    // A case that gives nothing upstream has nothing to differentiate; a ragged one keeps its rows.
    let upstream = if case.upstream == Upstream::SETS[5] { Upstream::ALL } else { case.upstream };
    let lengths = if case.dims.steps == 0 { Lengths::All } else { case.lengths };
    let case = Case { upstream, lengths, ..*case };
    let Some(problem) = differentiable(&case, 0) else {
        return Err(Stop::Inconclusive("every draw has a kink of relu near".into()));
    };
    let forward = ctx.rig().forward(&problem);
    let back = ctx.rig().backward(&problem, &forward.reserve);
    let blocks = variables(&problem, &back);
    let scale = blocks.iter().flat_map(|(_, _, d)| d.iter()).fold(0.0f64, |m, d| m.max(d.abs()));
    let (mut evidence, mut worst): (Evidence, f64) = (Evidence::default(), 0.0);
    for &(block, point, claimed) in &blocks {
        let mut moved = problem.clone();
        let mut value = |point: &[f64]| {
            set(&mut moved, block, point);
            loss(ctx, &moved)
        };
        for i in 0..point.len() {
            let found = derivative::partial(&mut value, point, i);
            match found.judge(claimed[i], scale) {
                Judged::Agrees => {
                    worst = worst.max((claimed[i] - found.stencil.value).abs() / found.tolerance());
                    evidence.comparisons += 1;
                }
                // All derivatives are zero where nothing depends on anything: then so must be the claim.
                Judged::Inconclusive if scale == 0.0 && found.stencil.value.abs() <= found.tolerance() => {
                    evidence.comparisons += 1;
                }
                Judged::Inconclusive => {
                    return Err(Stop::Inconclusive(format!("{block}[{i}]: {found:?}")));
                }
                Judged::Disagrees => {
                    let describe = match block {
                        "d_params" => Block::params(block, &problem).describe(i),
                        "d_x" => Block::sequence(block, &problem, problem.dims.input).describe(i),
                        _ => Block::matrix(block, problem.dims.hidden).describe(i),
                    };
                    let error = (claimed[i] - found.stencil.value).abs();
                    let numbers = format!(
                        "backward says {:e}, finite differences {:e} ± {:e} · |err| {error:e} tolerance {:e} RATIO {:.3}",
                        claimed[i],
                        found.stencil.value,
                        found.stencil.error,
                        found.tolerance(),
                        error / found.tolerance()
                    );
                    let ratio = Some(error / found.tolerance());
                    return Err(Stop::Fail(Box::new(Failure { place: describe, numbers, ratio, pattern: None })));
                }
            }
        }
    }
    Ok(Evidence { ratio: Some(worst), ..evidence })
}
