//! `s_{t+1} = step(x_t, s_t)` with a bound on how far a correct backend may be from it.

use super::{B, Widths, ends, exact, lift, order};
use crate::bound::{Expanded, Precision};
use crate::case::Problem;
use crate::drive::Reserve;
use crate::number::Number;
use crate::oracle::{Cell, Dims, Params, Step, step};
use crate::real::Real;

/// What forward leaves, as the oracle sees it. Arrays as in [`Reserve`].
#[derive(Clone, Debug)]
pub struct States<'p, T: Real> {
    /// `[T, N, H]`, 0 where a row shows no state.
    pub y: Vec<B<'p, T>>,
    /// `[T+1, N, H]`.
    pub h: Vec<B<'p, T>>,
    /// `[T+1, N, R]`, every state but `h`.
    pub c: Vec<B<'p, T>>,
    /// `[T, N, K]`.
    pub gates: Vec<B<'p, T>>,
    /// `[T, N, V]`.
    pub values: Vec<B<'p, T>>,
    pub(super) x: Vec<B<'p, T>>,
    pub(super) masks: Vec<B<'p, T>>,
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
    let expanded = matches!(problem.cell, Cell::Own(_)).then(|| params.map(Expanded::given));
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
                let new = match &expanded {
                    None => step(problem.cell, problem.dims, &params, x, &h_prev, &c_prev, masks),
                    Some(params) => step_of_any_arrangement(problem, params, [x, &h_prev, &c_prev, masks]),
                };
                put(&mut all.y, tn, &new.h);
                put(&mut all.h, dst, &new.h);
                put(&mut all.c, dst, &new.c);
                put(&mut all.gates, tn, &new.gates);
                put(&mut all.values, tn, &new.values);
            } else {
                if problem.shows(t, n) {
                    put(&mut all.y, tn, &h_prev);
                }
                put(&mut all.h, dst, &h_prev);
                put(&mut all.c, dst, &c_prev);
            }
        }
    }
    all
}

/// One step of one row of a cell that is interpreted: the equations that the oracle has say how their sums go; of any other, every
/// arrangement is bounded.
fn step_of_any_arrangement<'p, T: Real>(
    problem: &Problem<T>,
    params: &Params<Expanded<'p, T::Wide>>,
    given: [&[B<'p, T>]; 4],
) -> Step<B<'p, T>> {
    let [x, h, c, masks] = given.map(|v| v.iter().map(|&v| Expanded::given(v)).collect::<Vec<_>>());
    let new = step(problem.cell, problem.dims, params, &x, &h, &c, &masks);
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

impl<T: Real> Problem<T> {
    /// `[T, N, M]`, 0 at steps that are not a row's own.
    fn live_masks(&self) -> Vec<T> {
        let width = self.cell.masks(self.dims.hidden);
        let mut masks = self.masks.clone();
        for (at, row) in masks.chunks_mut(width.max(1)).enumerate() {
            if !self.live(at / self.dims.batch, at % self.dims.batch) {
                row.fill(T::ZERO);
            }
        }
        masks
    }

    /// [`dense_x`](Self::dense_x) with 0 at steps that are not a row's own, where nothing may matter.
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
