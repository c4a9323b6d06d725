//! `d_s_t = (∂s_{t+1}/∂s_t)ᵀ d_s_{t+1} + d_y_{t−1}` with a bound on how far a correct backend may be from it.

use super::{B, States, Widths, ends, exact, lift, order};
use crate::bound::{Derived, Expanded, Precision, Saved, parameter_gradients};
use crate::case::{Problem, X};
use crate::drive::Before;
use crate::number::Number;
use crate::oracle::{Dims, Params, Row};
use crate::real::Real;
use rnn_kernels::Accum;

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
        let d_y = d_y.as_ref().filter(|_| problem.shows(t, n));
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
            // What is clipped is the cotangent of the old state before anything joins it.
            let (within, after) = if problem.clip.is_none() { (join, None) } else { (None, join) };
            let back = derived.pullback(problem.dims, &params, lines[tn].saved(), &[&d_h[..], &d_c].concat(), within);
            if is_dense {
                for (d_x, &more) in d_x[tn * input..][..input].iter_mut().zip(&back.d_x) {
                    // Under Add what was there is one more summand.
                    let there = (problem.d_x_accum == Accum::Add).then(|| Expanded::given(*d_x));
                    *d_x = there.map_or(more, |there| there + more).bounded();
                }
            }
            let clipped = problem.clip.map(|clip| {
                let clip = exact::<T>(precision, clip);
                let min = |a: B<'p, T>, b: B<'p, T>| -Number::max(-a, -b);
                back.d_old.iter().map(|&d| min(Number::max(d, -clip), clip)).collect::<Vec<_>>()
            });
            let (before_h, before_c) = clipped.as_ref().unwrap_or(&back.d_old).split_at(hidden);
            (d_h, d_c) = (add(before_h.to_vec(), after), before_c.to_vec());
            pulled.push((tn, back));
        }
        d_h = record(&mut trace, ends(problem).0, d_h);
        d_h0.extend(d_h);
        d_c0.extend(d_c);
    }
    let live: Vec<_> = pulled.iter().map(|(tn, back)| (lines[*tn].saved(), back)).collect();
    let before = problem.oracle_params_of(&lift(precision, &before.d_params));
    let d_params = parameter_gradients(&before, &live);
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
