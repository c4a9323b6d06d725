//! Activations to the ulp, special values, and where a NaN goes.

use super::alike::run;
use super::block::Block;
use super::{Context, Evidence, Failure, Stop, Verdict, all, ensure, fail, same};
use crate::activation::{Format, Function};
use crate::case::{Case, Problem, Stream, Upstream, X};
use crate::oracle::{Cell, Dims};
use crate::real::Real;
use rnn_kernels::{
    Activation, Direction, ElmanStep, ElmanStepGrad, GruCandidate, GruGates, GruStep, GruStepGrad, LstmStep,
    LstmStepGrad, MatMut, MatRef,
};

/// σ and tanh of the same arguments, by every kernel that computes them; `[name, σ or tanh, values]`.
fn images<T: Real>(ctx: &Context<'_, T>, x: &[T]) -> Vec<(&'static str, Activation, Vec<T>)> {
    let n = x.len();
    let backend = ctx.backend;
    let mut all = Vec::new();
    for activation in [Activation::Sigmoid, Activation::Tanh] {
        let mut y = x.to_vec();
        backend.activation_forward(activation, MatMut::new(&mut y, 1, n));
        all.push(("activation_forward", activation, y));
        let mut h = x.to_vec();
        backend.elman_pointwise_forward(ElmanStep { activation, h: MatMut::new(&mut h, 1, n) });
        all.push(("elman_pointwise_forward", activation, h));
    }
    let zero = vec![T::ZERO; n];
    let zeros = || MatRef::new(&zero, 1, n);
    let (mut gates, mut c, mut h) = (x.repeat(4), zero.clone(), zero.clone());
    backend.lstm_pointwise_forward(LstmStep {
        gates: MatMut::new(&mut gates, 1, 4 * n),
        c_prev: zeros(),
        c: MatMut::new(&mut c, 1, n),
        h: MatMut::new(&mut h, 1, n),
    });
    let kinds = [Activation::Sigmoid, Activation::Sigmoid, Activation::Tanh, Activation::Sigmoid];
    for (k, gate) in gates.chunks(n).enumerate() {
        all.push(("lstm_pointwise_forward", kinds[k], gate.to_vec()));
    }
    let mut gates = x.repeat(3);
    backend.gru_pointwise_forward(GruStep {
        gates: MatMut::new(&mut gates, 1, 3 * n),
        aux: zeros(),
        h_prev: zeros(),
        h: MatMut::new(&mut h, 1, n),
    });
    let kinds = [Activation::Sigmoid, Activation::Sigmoid, Activation::Tanh];
    for (k, gate) in gates.chunks(n).enumerate() {
        all.push(("gru_pointwise_forward", kinds[k], gate.to_vec()));
    }
    let (mut gates, mut aux) = (x.repeat(3), zero.clone());
    backend.gru_gates_forward(GruGates {
        gates: MatMut::new(&mut gates, 1, 3 * n),
        h_prev: zeros(),
        aux: MatMut::new(&mut aux, 1, n),
    });
    backend.gru_candidate_forward(GruCandidate {
        gates: MatMut::new(&mut gates, 1, 3 * n),
        h_prev: zeros(),
        h: MatMut::new(&mut h, 1, n),
    });
    for (k, gate) in gates.chunks(n).enumerate() {
        all.push(("gru_gates_forward, gru_candidate_forward", kinds[k], gate.to_vec()));
    }
    all
}

/// Magnitudes from every binade between the smallest and 1000, ascending, denser where the functions bend.
fn stratified<T: Format>() -> Vec<T> {
    let mut stream = Stream::new(7, 50);
    let mut a = Vec::new();
    let lowest = if T::EPSILON.to_f64() > 1e-10 { -149 } else { -1074 };
    for exponent in lowest..10 {
        let count = if exponent < -12 { 4 } else { 400 };
        a.extend((0..count).map(|_| T::from_f64((1.0 + stream.signed().abs()) * 2f64.powi(exponent))));
    }
    a.sort_unstable_by_key(|a| a.bits());
    a
}

pub(super) fn activations_keep_their_ulp<T: Format>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let a = stratified::<T>();
    let exact = |function: Function| {
        let (mut of_plus, mut of_minus) = (vec![], vec![]);
        T::exact(function, &a, &mut of_plus, &mut of_minus);
        of_plus.into_iter().zip(of_minus).flat_map(<[_; 2]>::from).collect::<Vec<_>>()
    };
    let (sigmoid, tanh) = (exact(Function::Sigmoid), exact(Function::Tanh));
    let x: Vec<T> = a.iter().flat_map(|&a| [a, -a]).collect();
    let mut evidence = Evidence::default();
    for (name, activation, got) in images(ctx, &x) {
        let (function, want, claim) = match activation {
            Activation::Sigmoid => (Function::Sigmoid, &sigmoid, ctx.precision.sigmoid_ulp),
            _ => (Function::Tanh, &tanh, ctx.precision.tanh_ulp),
        };
        for ((&x, &got), &want) in x.iter().zip(&got).zip(want) {
            let error = T::ulps(function, x, got, want);
            let inside = got.to_f64().abs() <= 1.0 && (activation != Activation::Sigmoid || got.to_f64() >= 0.0);
            // Written so that a NaN fails.
            if !(error <= claim && inside) {
                let place = format!("{name}: {activation:?}({x:?}) = {got:?}");
                let numbers = format!("{error:.3} ulp off, {claim} claimed, range kept: {inside}");
                return Err(Stop::Fail(Box::new(Failure {
                    place,
                    numbers,
                    ratio: Some(error / claim),
                    pattern: None,
                })));
            }
            evidence = evidence.and(Evidence::measured(1, error / claim));
        }
    }
    Ok(evidence)
}

pub(super) fn special_values_of_activations<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let x: Vec<T> = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e30, -1e30].map(T::from_f64).to_vec();
    let sigmoid: Vec<T> = [0.5, 0.5, 1.0, 0.0, f64::NAN, 1.0, 0.0].map(T::from_f64).to_vec();
    let tanh: Vec<T> = [0.0, 0.0, 1.0, -1.0, f64::NAN, 1.0, -1.0].map(T::from_f64).to_vec();
    let mut verdicts: Vec<Verdict> = images(ctx, &x)
        .into_iter()
        .map(|(name, activation, got)| {
            let want = if activation == Activation::Sigmoid { &sigmoid } else { &tanh };
            same(&Block::matrix(&format!("{name} {activation:?} of 0 −0 ∞ −∞ NaN 1e30 −1e30"), 7), &got, want)
        })
        .collect();
    let relu: Vec<T> = [0.0, 0.0, f64::INFINITY, 0.0, f64::NAN, 1e30, 0.0].map(T::from_f64).to_vec();
    for (activation, want) in [(Activation::Relu, &relu), (Activation::Identity, &x)] {
        let (mut y, mut h) = (x.clone(), x.clone());
        ctx.backend.activation_forward(activation, MatMut::new(&mut y, 1, 7));
        ctx.backend.elman_pointwise_forward(ElmanStep { activation, h: MatMut::new(&mut h, 1, 7) });
        let name = format!("{activation:?} of 0 −0 ∞ −∞ NaN 1e30 −1e30");
        verdicts.push(same(&Block::matrix(&name, 7), &y, want));
        verdicts.push(same(&Block::matrix(&name, 7), &h, want));
    }
    all(verdicts)
}

/// Backward of every activation where its image is NaN, next to units where it is not.
pub(super) fn the_slope_at_nan_is_nan<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let (image, cotangent) = ([f64::NAN, 0.5, f64::NAN].map(T::from_f64), [1.0, 4.0, 0.0].map(T::from_f64));
    let nan = T::from_f64(f64::NAN);
    let slopes = [(Activation::Tanh, 0.75), (Activation::Sigmoid, 0.25), (Activation::Relu, 1.0)];
    let (y, d_y) = (MatRef::new(&image, 1, 3), MatRef::new(&cotangent, 1, 3));
    all(slopes.into_iter().flat_map(|(activation, slope)| {
        let want = [nan, T::from_f64(4.0 * slope), nan];
        let (mut dense, mut d_pre) = (cotangent, [nan; 3]);
        ctx.backend.activation_backward(activation, y, MatMut::new(&mut dense, 1, 3));
        let d_pre_out = MatMut::new(&mut d_pre, 1, 3);
        ctx.backend.elman_pointwise_backward(ElmanStepGrad { activation, h: y, d_h: d_y, d_pre: d_pre_out });
        let block = format!("{activation:?}: d at y = NaN 0.5 NaN");
        [same(&Block::matrix(&block, 3), &dense, &want), same(&Block::matrix(&block, 3), &d_pre, &want)]
    }))
}

/// `0 · NaN = NaN`: a cotangent of 0 does not hide a slope that is none. A kernel that leaves out units or rows whose cotangents are 0
/// would report a finite gradient of a network that has none. Next to the NaN, 0 times a slope is 0.
pub(super) fn a_nan_slope_times_a_zero_cotangent_is_nan<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let [nan, half, zero] = [f64::NAN, 0.5, 0.0].map(T::from_f64);
    // Two units, the second of them NaN; the row has no cotangent at all.
    let (unit, none) = ([half, nan], [zero; 2]);
    let (mat, row) = (MatRef::new(&unit, 1, 2), MatRef::new(&none, 1, 2));
    let want = |gates: usize| [zero, nan].repeat(gates);
    let check = |name: &str, got: &[T], gates: usize| same(&Block::matrix(name, 2), got, &want(gates));
    let mut verdicts = Vec::new();
    for activation in [Activation::Tanh, Activation::Sigmoid, Activation::Relu] {
        let (mut d, mut d_pre) = (none, [half; 2]);
        ctx.backend.activation_backward(activation, mat, MatMut::new(&mut d, 1, 2));
        let out = MatMut::new(&mut d_pre, 1, 2);
        ctx.backend.elman_pointwise_backward(ElmanStepGrad { activation, h: mat, d_h: row, d_pre: out });
        verdicts.extend([check("dense d of 0 at 1/2 NaN", &d, 1), check("elman d_pre of 0 at 1/2 NaN", &d_pre, 1)]);
    }
    let gates = |count: usize| unit.repeat(count);
    let (lstm, gru) = (gates(4), gates(3));
    let (mut d_pre, mut d_prev) = (vec![half; 8], [half; 2]);
    ctx.backend.lstm_pointwise_backward(LstmStepGrad {
        gates: MatRef::new(&lstm, 1, 8),
        c_prev: mat,
        c: mat,
        d_h: row,
        d_c: row,
        d_c_prev: MatMut::new(&mut d_prev, 1, 2),
        d_pre: MatMut::new(&mut d_pre, 1, 8),
    });
    verdicts.extend([check("lstm d_pre of 0", &d_pre, 4), check("lstm d_c_prev of 0", &d_prev, 1)]);
    let (mut d_pre, mut d_aux, mut d_prev) = (vec![half; 6], [half; 2], [half; 2]);
    ctx.backend.gru_pointwise_backward(GruStepGrad {
        gates: MatRef::new(&gru, 1, 6),
        aux: mat,
        h_prev: mat,
        d_h: row,
        d_h_prev: MatMut::new(&mut d_prev, 1, 2),
        d_pre: MatMut::new(&mut d_pre, 1, 6),
        d_aux: MatMut::new(&mut d_aux, 1, 2),
    });
    verdicts.extend([
        check("gru d_pre of 0", &d_pre, 3),
        check("gru d_aux of 0", &d_aux, 1),
        check("gru d_h_prev of 0", &d_prev, 1),
    ]);
    // Whole passes: x is NaN in the first row's first feature, and no cotangent is other than 0.
    for cell in Cell::ALL {
        let mut problem = Case { cell, ..Case::plain() }.problem::<T>();
        let Dims { input, .. } = problem.dims;
        if let X::Dense(x) = &mut problem.x {
            x[0] = nan;
        }
        for up in [&mut problem.d_y, &mut problem.d_h_n, &mut problem.d_c_n].into_iter().flatten() {
            up.fill(zero);
        }
        let d_w_ih = &run(ctx, &problem).d_params[..problem.cell.gates() * problem.dims.hidden * input];
        let seen = d_w_ih.iter().step_by(input).all(|d| d.is_nan());
        verdicts.push(ensure(seen, || format!("{}: x is NaN, d_w_ih is finite", crate::case::cell_name(cell))));
    }
    all(verdicts)
}

/// One NaN in `x[t, n]`, then one in `d_y[t, n]`.
pub(super) fn nan_reaches_all_it_must_and_nothing_else<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = Case { one_hot: false, upstream: Upstream::ALL, d_x: rnn_kernels::Accum::Replace, ..case.tame() };
    let mut problem = case.problem::<T>();
    // No weight is 0, or 0 · NaN would be the only way a NaN passes.
    problem.params.iter_mut().filter(|w| **w == T::ZERO).for_each(|w| *w = T::from_f64(0.25));
    let Dims { steps, batch, input, hidden } = problem.dims;
    let places = (0..steps).flat_map(|t| (0..batch).map(move |n| (t, n)));
    let live: Vec<_> = places.filter(|&(t, n)| problem.live(t, n)).collect();
    let Some(&(t, n)) = live.get(case.pick(live.len().max(1))) else {
        return Err(Stop::Skip("no step belongs to any row"));
    };
    let nan = T::from_f64(f64::NAN);
    let clean = run(ctx, &problem);
    let mut poisoned = problem.clone();
    if let X::Dense(x) = &mut poisoned.x {
        x[(t * batch + n) * input] = nan;
    }
    let forward = ctx.rig().forward(&poisoned);
    let reached = |s: usize, forward: bool| forward == (s >= t) || s == t;
    let ahead = problem.direction == Direction::Forward;
    let y_is_right = |i: usize| {
        let (s, m) = (i / hidden / batch, i / hidden % batch);
        let hit = m == n && reached(s, ahead) && problem.live(s, m);
        if hit { forward.y[i].is_nan() } else { forward.y[i].same(clean.y[i]) }
    };
    if let Some(i) = (0..clean.y.len()).find(|&i| !y_is_right(i)) {
        let place = Block::sequence("y", &problem, hidden).describe(i);
        return Err(fail(format!(
            "x is NaN at t={t}, row {n}: {place} is {:?}, without it {:?}",
            forward.y[i], clean.y[i]
        )));
    }
    let mut seeded = problem.clone();
    if let Some(d_y) = &mut seeded.d_y {
        d_y[(t * batch + n) * hidden..][..hidden].fill(nan);
    }
    let back = run(ctx, &seeded);
    let dead = |s: usize, m: usize| relu_is_off(&problem, &clean.y, s, m);
    let d_x_is_right = |i: usize| {
        let (s, m) = (i / input / batch, i / input % batch);
        let hit = m == n && reached(s, !ahead) && problem.live(s, m);
        // Backward of relu multiplies by 0 or 1: a unit that is off lets a NaN through as 0 · NaN = NaN.
        if hit && !dead(s, m) { back.d_x[i].is_nan() } else { hit || back.d_x[i].same(clean.d_x[i]) }
    };
    if let Some(i) = (0..clean.d_x.len()).find(|&i| !d_x_is_right(i)) {
        let place = Block::sequence("d_x", &problem, input).describe(i);
        return Err(fail(format!(
            "d_y is NaN at t={t}, row {n}: {place} is {:?}, without it {:?}",
            back.d_x[i], clean.d_x[i]
        )));
    }
    let weights = &back.d_params[..problem.params.len().min(1)];
    all([
        Ok(Evidence::facts(clean.y.len() + clean.d_x.len())),
        ensure(weights.iter().all(|w| w.is_nan()) || dead(t, n), || "d_y is NaN but d_w_ih is not".into()),
    ])
}

/// Whether a relu network has no unit on at this step: a backend may then take `0 · NaN` as the 0 of a unit that is off.
fn relu_is_off<T: Real>(problem: &Problem<T>, y: &[T], s: usize, m: usize) -> bool {
    let hidden = problem.dims.hidden;
    let relu = problem.cell == crate::oracle::Cell::Elman(crate::oracle::Activation::Relu);
    relu && y[(s * problem.dims.batch + m) * hidden..][..hidden].contains(&T::ZERO)
}
