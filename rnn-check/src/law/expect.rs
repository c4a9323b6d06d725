//! What the oracle expects of a run, with bounds: step by step from the backend's own states, or all the way.

use crate::bound::{Bounded, Derived, Expanded, Precision, Saved, parameter_gradients};
use crate::case::{Problem, X};
use crate::drive::{Before, Reserve};
use crate::number::Number;
use crate::oracle::{Cell, Dims, Params, Row, Step, step};
use crate::real::Real;
use rnn_kernels::Accum;

/// A number of the oracle with a bound on the backend's error in it.
pub type B<'p, T> = Bounded<'p, <T as Real>::Wide>;

/// `v`, which the backend has exactly.
pub fn exact<'p, T: Real>(precision: &'p Precision, v: T) -> B<'p, T> {
    B::<T>::exact(v.to_f64(), precision)
}

/// All of `v`, exactly.
pub fn lift<'p, T: Real>(precision: &'p Precision, v: &[T]) -> Vec<B<'p, T>> {
    v.iter().map(|&v| exact(precision, v)).collect()
}

/// What forward leaves, as the oracle sees it. Arrays as in [`Reserve`].
#[derive(Clone, Debug)]
pub struct States<'p, T: Real> {
    /// `[T, N, H]`, 0 beyond a row's length.
    pub y: Vec<B<'p, T>>,
    /// `[T+1, N, H]`.
    pub h: Vec<B<'p, T>>,
    /// `[T+1, N, R]`, every state but `h`.
    pub c: Vec<B<'p, T>>,
    /// `[T, N, K]`.
    pub gates: Vec<B<'p, T>>,
    /// `[T, N, V]`.
    pub values: Vec<B<'p, T>>,
    x: Vec<B<'p, T>>,
    masks: Vec<B<'p, T>>,
}

/// The widths of a row: `H`, `R`, `K`, `V` and that of all masks.
#[derive(Clone, Copy, Debug)]
struct Widths {
    h: usize,
    c: usize,
    gates: usize,
    values: usize,
    masks: usize,
}

impl Widths {
    fn of<T>(problem: &Problem<T>) -> Self {
        let (cell, h) = (problem.cell, problem.dims.hidden);
        let width = |units: usize| units * h;
        Self {
            h,
            c: width(cell.others()),
            gates: width(cell.kept()),
            values: width(cell.values()),
            masks: width(cell.masks()),
        }
    }
}

impl<T: Real> States<'_, T> {
    /// Steps `from..to` of a problem of these sizes, as if only they had been run.
    #[must_use]
    pub fn window(&self, problem: &Problem<T>, from: usize, to: usize) -> Self {
        let (Dims { batch, input, .. }, width) = (problem.dims, Widths::of(problem));
        let cut = |v: &Vec<_>, more: usize, width: usize| {
            v.get(from * batch * width..(to + more) * batch * width).unwrap_or_default().to_vec()
        };
        Self {
            y: cut(&self.y, 0, width.h),
            h: cut(&self.h, 1, width.h),
            c: cut(&self.c, 1, width.c),
            gates: cut(&self.gates, 0, width.gates),
            values: cut(&self.values, 0, width.values),
            x: cut(&self.x, 0, input),
            masks: cut(&self.masks, 0, width.masks),
        }
    }
}

/// The step processed as number `k`, the slot it reads and the slot it writes.
fn order<T>(problem: &Problem<T>, k: usize) -> (usize, usize, usize) {
    let t = problem.direction.step(k, problem.dims.steps);
    (t, problem.direction.from_slot(t), problem.direction.to_slot(t))
}

/// The slot of the initial state and that of the final one.
pub fn ends<T>(problem: &Problem<T>) -> (usize, usize) {
    let steps = problem.dims.steps;
    (problem.direction.initial_slot(steps), problem.direction.final_slot(steps))
}

/// The oracle's forward pass. With a reserve every step starts from the backend's own previous state, and errors never
/// add up over time; without one they do.
pub fn states<'p, T: Real>(
    precision: &'p Precision,
    problem: &Problem<T>,
    rebase: Option<&Reserve<T>>,
) -> States<'p, T> {
    states_of(precision, problem, lift(precision, &problem.dense_x_or_zero()), rebase)
}

/// The same with an input `[T, N, C]` that carries errors of its own: the layer below computed it.
pub fn states_of<'p, T: Real>(
    precision: &'p Precision,
    problem: &Problem<T>,
    x: Vec<B<'p, T>>,
    rebase: Option<&Reserve<T>>,
) -> States<'p, T> {
    let (Dims { steps, batch, input, .. }, width) = (problem.dims, Widths::of(problem));
    let params: Params<B<'p, T>> = problem.oracle_params(|p| exact(precision, p));
    let masks = lift(precision, &problem.live_masks());
    let zero = B::<T>::from_f64(0.0);
    let mut all = States {
        y: vec![zero; steps * batch * width.h],
        h: vec![zero; (steps + 1) * batch * width.h],
        c: vec![zero; (steps + 1) * batch * width.c],
        gates: vec![zero; steps * batch * width.gates],
        values: vec![zero; steps * batch * width.values],
        x,
        masks,
    };
    let put =
        |to: &mut [B<'p, T>], at: usize, from: &[B<'p, T>]| to[at * from.len()..][..from.len()].copy_from_slice(from);
    let (initial, _) = ends(problem);
    for n in 0..batch {
        for (to, from, width) in [(&mut all.h, &problem.h0, width.h), (&mut all.c, &problem.c0, width.c)] {
            if let Some(from) = from {
                put(to, initial * batch + n, &lift(precision, &from[n * width..][..width]));
            }
        }
    }
    for k in 0..steps {
        let (t, from, to) = order(problem, k);
        for n in 0..batch {
            let (src, dst, tn) = (from * batch + n, to * batch + n, t * batch + n);
            let previous = |own: &[B<'p, T>], theirs: Option<&[T]>, width: usize| match theirs {
                Some(theirs) => lift(precision, &theirs[src * width..][..width]),
                None => own[src * width..][..width].to_vec(),
            };
            let h_prev = previous(&all.h, rebase.map(Reserve::h), width.h);
            let c_prev = previous(&all.c, rebase.map(Reserve::c), width.c);
            if problem.live(t, n) {
                let x = &all.x[tn * input..][..input];
                let masks = &all.masks[tn * width.masks..][..width.masks];
                let new = bounded_step(problem, &params, x, &h_prev, &c_prev, masks);
                put(&mut all.y, tn, &new.h);
                put(&mut all.h, dst, &new.h);
                put(&mut all.c, dst, &new.c);
                put(&mut all.gates, tn, &new.gates);
                put(&mut all.values, tn, &new.values);
            } else {
                put(&mut all.h, dst, &h_prev);
                put(&mut all.c, dst, &c_prev);
            }
        }
    }
    all
}

/// One step of one row. The equations that the oracle has say how their sums go; of any other cell every arrangement is bounded.
fn bounded_step<'p, T: Real>(
    problem: &Problem<T>,
    params: &Params<B<'p, T>>,
    x: &[B<'p, T>],
    h: &[B<'p, T>],
    c: &[B<'p, T>],
    masks: &[B<'p, T>],
) -> Step<B<'p, T>> {
    let Cell::Own(_) = problem.cell else {
        return step(problem.cell, problem.dims, params, x, h, c, masks);
    };
    let expand = |v: &[B<'p, T>]| v.iter().map(|&v| Expanded::given(v)).collect::<Vec<_>>();
    let params = params.map(Expanded::given);
    let new = step(problem.cell, problem.dims, &params, &expand(x), &expand(h), &expand(c), &expand(masks));
    let bounded = |v: Vec<Expanded<'p, T::Wide>>| v.into_iter().map(Expanded::bounded).collect();
    Step { h: bounded(new.h), c: bounded(new.c), gates: bounded(new.gates), values: bounded(new.values) }
}

/// The backend's own reserve, exactly.
pub fn saved<'p, T: Real>(precision: &'p Precision, problem: &Problem<T>, reserve: &Reserve<T>) -> States<'p, T> {
    let lift = |v: &[T]| lift(precision, v);
    States {
        y: vec![],
        h: lift(reserve.h()),
        c: lift(reserve.c()),
        gates: lift(reserve.gates()),
        values: lift(reserve.values()),
        x: lift(&problem.dense_x_or_zero()),
        masks: lift(&problem.live_masks()),
    }
}

/// What the oracle expects of a backward pass.
#[derive(Clone, Debug)]
pub struct Adjoint<'p, T: Real> {
    /// `[T+1, N, H]`.
    pub trace: Vec<B<'p, T>>,
    /// `[T, N, C]`; empty if the input is one-hot.
    pub d_x: Vec<B<'p, T>>,
    /// `[N, H]`.
    pub d_h0: Vec<B<'p, T>>,
    /// `[N, R]`.
    pub d_c0: Vec<B<'p, T>>,
    /// As the parameters.
    pub d_params: Vec<B<'p, T>>,
}

/// The oracle's backward pass over `states`. With a trace every step starts from the backend's own `∂L/∂h`.
///
/// `∂L/∂c` is not visible from outside between the steps; it is carried along with its bound.
pub fn adjoint<'p, T: Real>(
    precision: &'p Precision,
    problem: &Problem<T>,
    states: &States<'p, T>,
    rebase: Option<&[T]>,
    before: &Before<T>,
) -> Adjoint<'p, T> {
    let d_y = problem.d_y.as_ref().map(|d_y| lift(precision, d_y));
    adjoint_of(precision, problem, states, d_y, rebase, before)
}

/// The same with a `d_y` `[T, N, H]` that carries errors of its own: the layer above computed it.
pub fn adjoint_of<'p, T: Real>(
    precision: &'p Precision,
    problem: &Problem<T>,
    states: &States<'p, T>,
    d_y: Option<Vec<B<'p, T>>>,
    rebase: Option<&[T]>,
    before: &Before<T>,
) -> Adjoint<'p, T> {
    let Dims { steps, batch, input, hidden } = problem.dims;
    let (width, derived) = (Widths::of(problem), Derived::new(problem.cell));
    let zero = B::<T>::from_f64(0.0);
    let params: Params<B<'p, T>> = problem.oracle_params(|p| exact(precision, p));
    // What joins the cotangent of the slot that step t writes.
    let joins = |t: usize, n: usize| {
        let d_y = d_y.as_ref().filter(|_| problem.live(t, n));
        d_y.map(|d_y| &d_y[(t * batch + n) * hidden..][..hidden])
    };
    let add = |v: Vec<B<'p, T>>, more: Option<&[B<'p, T>]>| match more {
        Some(more) => v.into_iter().zip(more).map(|(a, &b)| B::<T>::dot([a, b], [])).collect(),
        None => v,
    };
    let row = |from: &Option<Vec<T>>, n: usize, width: usize| match from {
        Some(from) => lift(precision, &from[n * width..][..width]),
        None => vec![zero; width],
    };
    let lines: Vec<Line<'p, T>> =
        (0..steps * batch).map(|at| Line::new(problem, states, at / batch, at % batch)).collect();

    let mut trace = vec![zero; (steps + 1) * batch * hidden];
    let is_dense = matches!(problem.x, X::Dense(_));
    let mut d_x = if is_dense { vec![zero; steps * batch * input] } else { vec![] };
    if problem.d_x_accum == Accum::Add {
        d_x = lift(precision, &before.d_x);
    }
    let (mut d_h0, mut d_c0) = (Vec::new(), Vec::new());
    let mut pulled = Vec::new();
    for n in 0..batch {
        let mut d_h = row(&problem.d_h_n, n, hidden);
        let mut d_c = row(&problem.d_c_n, n, width.c);
        if steps > 0 {
            let (t, ..) = order(problem, steps - 1);
            d_h = add(d_h, joins(t, n));
        }
        let record = |trace: &mut Vec<B<'p, T>>, slot: usize, d_h: Vec<B<'p, T>>| {
            let place = (slot * batch + n) * hidden;
            trace[place..place + hidden].copy_from_slice(&d_h);
            rebase.map_or(d_h, |theirs| lift(precision, &theirs[place..place + hidden]))
        };
        for k in (0..steps).rev() {
            let (t, _, to) = order(problem, k);
            d_h = record(&mut trace, to, d_h);
            let join = (k > 0).then(|| joins(order(problem, k - 1).0, n)).flatten();
            if !problem.live(t, n) {
                d_h = add(d_h, join);
                continue;
            }
            let tn = t * batch + n;
            let back = derived.pullback(problem.dims, &params, lines[tn].saved(), &[&d_h[..], &d_c].concat(), join);
            if is_dense {
                for (d_x, &more) in d_x[tn * input..][..input].iter_mut().zip(&back.d_x) {
                    // Under Add what was there is one more summand.
                    let there = (problem.d_x_accum == Accum::Add).then(|| Expanded::given(*d_x));
                    *d_x = there.map_or(more, |there| there + more).bounded();
                }
            }
            (d_h, d_c) = (back.d_old[..hidden].to_vec(), back.d_old[hidden..].to_vec());
            pulled.push((tn, back));
        }
        d_h = record(&mut trace, ends(problem).0, d_h);
        d_h0.extend(d_h);
        d_c0.extend(d_c);
    }
    let live: Vec<_> = pulled.iter().map(|(tn, back)| (lines[*tn].saved(), back)).collect();
    let before = problem.oracle_params_of(&lift(precision, &before.d_params));
    let d_params = parameter_gradients(problem.dims, &before, &live);
    Adjoint { trace, d_x, d_h0, d_c0, d_params }
}

/// What forward left of one row of one step, its states one after another.
struct Line<'p, T: Real> {
    x: Vec<B<'p, T>>,
    old: Vec<B<'p, T>>,
    new: Vec<B<'p, T>>,
    values: Vec<B<'p, T>>,
    masks: Vec<B<'p, T>>,
    gates: Vec<B<'p, T>>,
}

impl<'p, T: Real> Line<'p, T> {
    fn new(problem: &Problem<T>, states: &States<'p, T>, t: usize, n: usize) -> Self {
        let (width, batch) = (Widths::of(problem), problem.dims.batch);
        let row = |of: &[B<'p, T>], place: usize, width: usize| {
            of.get((place * batch + n) * width..(place * batch + n + 1) * width).unwrap_or_default().to_vec()
        };
        let slot = |slot: usize| [row(&states.h, slot, width.h), row(&states.c, slot, width.c)].concat();
        Self {
            x: row(&states.x, t, problem.dims.input),
            old: slot(problem.direction.from_slot(t)),
            new: slot(problem.direction.to_slot(t)),
            values: row(&states.values, t, width.values),
            masks: row(&states.masks, t, width.masks),
            gates: row(&states.gates, t, width.gates),
        }
    }

    fn saved(&self) -> Saved<'_, B<'p, T>> {
        let Self { x, old, new, values, masks, gates } = self;
        Saved { row: Row { x, old, new, values, masks }, gates }
    }
}

impl<T: Real> Problem<T> {
    /// `[T, N, M]`, 0 beyond each row's length.
    fn live_masks(&self) -> Vec<T> {
        let width = self.cell.masks() * self.dims.hidden;
        let mut masks = self.masks.clone();
        for (at, row) in masks.chunks_mut(width.max(1)).enumerate() {
            if !self.live(at / self.dims.batch, at % self.dims.batch) {
                row.fill(T::ZERO);
            }
        }
        masks
    }

    /// [`dense_x`](Self::dense_x) with 0 beyond each row's length, where nothing may matter.
    fn dense_x_or_zero(&self) -> Vec<T> {
        let width = self.dims.batch * self.dims.input;
        let mut x = self.dense_x();
        for (i, x) in x.iter_mut().enumerate() {
            if !self.live(i / width, i % width / self.dims.input) {
                *x = T::ZERO;
            }
        }
        x
    }
}
