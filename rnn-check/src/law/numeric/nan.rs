//! Where a NaN goes.

use crate::case::{Case, Problem, Upstream, X};
use crate::drive::{Backward, Reserve};
use crate::law::alike::run;
use crate::law::block::Block;
use crate::law::{Context, Evidence, Stop, Verdict, all, ensure, fail, same};
use crate::oracle::{self, Cell, Dims, Reset};
use crate::planted::Plain;
use crate::real::Real;
use rnn_kernels::{Accum, Direction, MatMut, MatRef};

/// Backward of one step of one row over a reserve that is given: `h` and `c` before and after it, the kept gates and the values.
struct Kept<'a, T> {
    cell: Cell,
    /// `[H]` of every state, before and after the step.
    states: [&'a [T]; 2],
    /// `[K·H]`.
    gates: &'a [T],
    /// `[H]` of every state.
    d_last: &'a [T],
}

impl<T: Real> Kept<'_, T> {
    /// What backward returns, all weights 0.
    fn backward(&self, ctx: &Context<'_, T>) -> Backward<T> {
        let (cell, hidden) = (self.cell, self.states[0].len());
        let dims = Dims { steps: 1, batch: 1, input: 1, hidden };
        let case = Case { cell, dims, d_x: Accum::Replace, ..Case::plain() };
        let mut problem = Problem { d_y: None, d_h_n: Some(self.d_last.to_vec()), ..case.problem::<T>() };
        problem.d_c_n = cell.has_c().then(|| self.d_last.to_vec());
        problem.params.fill(T::ZERO);
        let spec = problem.spec();
        let mut reserve = vec![T::from_f64(0.5); spec.reserve_len(1, 1)];
        for (k, slot) in (0..=cell.others()).flat_map(|k| [0, 1].map(|slot| (k, slot))) {
            reserve[spec.reserve_state(k, slot, 1, 1)].copy_from_slice(self.states[slot]);
        }
        reserve[spec.reserve_kept(0, 1, 1)].copy_from_slice(self.gates);
        ctx.rig().backward(&problem, &Reserve::new(&spec, 1, 1, reserve))
    }

    /// The same, cut: `d_pre` as the gradients of the two biases have it, `[G·H]` each.
    fn d_biases(&self, back: &Backward<T>) -> [Vec<T>; 2] {
        let rows = self.cell.gates() * self.states[0].len();
        let biases = &back.d_params[back.d_params.len() - 2 * rows..];
        [biases[..rows].to_vec(), biases[rows..].to_vec()]
    }
}

/// Backward of every activation where its image is NaN, next to units where it is not.
pub(in crate::law) fn the_slope_at_nan_is_nan<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let (image, cotangent) = ([f64::NAN, 0.5, f64::NAN].map(T::from_f64), [1.0, 4.0, 0.0].map(T::from_f64));
    let nan = T::from_f64(f64::NAN);
    let slopes =
        [(oracle::Activation::Tanh, 0.75), (oracle::Activation::Sigmoid, 0.25), (oracle::Activation::Relu, 1.0)];
    all(slopes.into_iter().flat_map(|(activation, slope)| {
        let want = [nan, T::from_f64(4.0 * slope), nan];
        let mut dense = cotangent;
        ctx.backend.activation_backward(activation.kernel(), MatRef::new(&image, 1, 3), MatMut::new(&mut dense, 1, 3));
        let kept =
            Kept { cell: Cell::Elman(activation), states: [&[T::ZERO; 3], &image], gates: &[], d_last: &cotangent };
        let [d_pre, _] = kept.d_biases(&kept.backward(ctx));
        let block = format!("{activation:?}: d at y = NaN 0.5 NaN");
        [same(&Block::matrix(&block, 3), &dense, &want), same(&Block::matrix(&block, 3), &d_pre, &want)]
    }))
}

/// `0 · NaN = NaN`: a cotangent of 0 does not hide a slope that is none. A kernel that leaves out units or rows whose cotangents are 0
/// would report a finite gradient of a network that has none. Next to the NaN, 0 times a slope is 0.
pub(in crate::law) fn a_nan_slope_times_a_zero_cotangent_is_nan<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let [nan, half, zero] = [f64::NAN, 0.5, 0.0].map(T::from_f64);
    // Two units, the second of them NaN; the row has no cotangent at all.
    let (unit, none) = ([half, nan], [zero; 2]);
    let want = |gates: usize| [zero, nan].repeat(gates);
    let check = |name: &str, got: &[T], gates: usize| same(&Block::matrix(name, 2), got, &want(gates));
    let mut verdicts = Vec::new();
    let of = |cell: Cell, gates: &[T]| {
        let kept = Kept { cell, states: [&unit, &unit], gates, d_last: &none };
        let back = kept.backward(ctx);
        (kept.d_biases(&back), back)
    };
    for activation in [oracle::Activation::Tanh, oracle::Activation::Sigmoid, oracle::Activation::Relu] {
        let mut d = none;
        ctx.backend.activation_backward(activation.kernel(), MatRef::new(&unit, 1, 2), MatMut::new(&mut d, 1, 2));
        let ([d_pre, _], _) = of(Cell::Elman(activation), &[]);
        verdicts.extend([check("dense d of 0 at 1/2 NaN", &d, 1), check("elman d_pre of 0 at 1/2 NaN", &d_pre, 1)]);
    }
    let ([d_pre, _], back) = of(Cell::Lstm, &unit.repeat(4));
    verdicts.extend([check("lstm d_pre of 0", &d_pre, 4), check("lstm d_c_prev of 0", &back.d_c0, 1)]);
    let ([d_pre, d_hh], _) = of(Cell::Gru(Reset::After), &unit.repeat(4));
    verdicts.extend([check("gru d_pre of 0", &d_pre, 3), check("gru d_aux of 0", &d_hh[4..], 1)]);
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
        verdicts.push(ensure(seen, || format!("{}: x is NaN, d_w_ih is finite", cell.name())));
    }
    all(verdicts)
}

/// One NaN in `x[t, n]`, then one in `d_y[t, n]`.
pub(in crate::law) fn nan_reaches_all_it_must_and_nothing_else<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
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
    // Which way a NaN takes through a cell of somebody's own, only its equation knows: the reference tells.
    let reference = matches!(problem.cell, Cell::Own(_)).then_some(Context { backend: &Plain, ..*ctx });
    let of_reference = reference.map(|plain| plain.rig().forward(&poisoned).y);
    let reached = |s: usize, forward: bool| forward == (s >= t) || s == t;
    let ahead = problem.direction == Direction::Forward;
    let y_is_right = |i: usize| {
        let (s, m) = (i / hidden / batch, i / hidden % batch);
        let hit = m == n && reached(s, ahead) && problem.shows(s, m);
        let must = hit && of_reference.as_ref().is_none_or(|y| y[i].is_nan());
        if must { forward.y[i].is_nan() } else { hit || forward.y[i].same(clean.y[i]) }
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
    let of_reference = reference.map(|plain| run(&plain, &seeded));
    let dead = |s: usize, m: usize| relu_is_off(&problem, &clean.y, s, m);
    let d_x_is_right = |i: usize| {
        let (s, m) = (i / input / batch, i / input % batch);
        let hit = m == n && reached(s, !ahead) && problem.live(s, m);
        // Backward of relu multiplies by 0 or 1: a unit that is off lets a NaN through as 0 · NaN = NaN.
        let must = hit && !dead(s, m) && of_reference.as_ref().is_none_or(|back| back.d_x[i].is_nan());
        if must { back.d_x[i].is_nan() } else { hit || back.d_x[i].same(clean.d_x[i]) }
    };
    if let Some(i) = (0..clean.d_x.len()).find(|&i| !d_x_is_right(i)) {
        let place = Block::sequence("d_x", &problem, input).describe(i);
        return Err(fail(format!(
            "d_y is NaN at t={t}, row {n}: {place} is {:?}, without it {:?}",
            back.d_x[i], clean.d_x[i]
        )));
    }
    let must = |i: usize| of_reference.as_ref().map_or(i == 0 && !dead(t, n), |back| back.d_params[i].is_nan());
    let weights_are_right = (0..back.d_params.len()).all(|i| !must(i) || back.d_params[i].is_nan());
    all([
        Ok(Evidence::facts(clean.y.len() + clean.d_x.len())),
        ensure(weights_are_right, || "d_y is NaN but d_w_ih is not".into()),
    ])
}

/// Whether a relu network has no unit on at this step: a backend may then take `0 · NaN` as the 0 of a unit that is off.
fn relu_is_off<T: Real>(problem: &Problem<T>, y: &[T], s: usize, m: usize) -> bool {
    let hidden = problem.dims.hidden;
    let relu = problem.cell == crate::oracle::Cell::Elman(crate::oracle::Activation::Relu);
    relu && y[(s * problem.dims.batch + m) * hidden..][..hidden].contains(&T::ZERO)
}
