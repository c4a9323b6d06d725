//! What the oracle expects of a run, with bounds: step by step from the backend's own states, or all the way.

use crate::bound::{Bounded, Precision, Pullback, Saved, pullback, weight_gradients};
use crate::case::{Problem, X, biases};
use crate::drive::{Before, Reserve};
use crate::number::Number;
use crate::oracle::{Cell, Dims, Params, step};
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

/// What forward leaves, as the oracle sees it. Arrays as in [`Reserve`]; `gates` of Elman is `h` after each step.
#[derive(Clone, Debug)]
pub struct States<'p, T: Real> {
    /// `[T, N, H]`, 0 beyond a row's length.
    pub y: Vec<B<'p, T>>,
    /// `[T+1, N, H]`.
    pub h: Vec<B<'p, T>>,
    /// `[T+1, N, H]`; empty unless the cell is an LSTM.
    pub c: Vec<B<'p, T>>,
    /// `[T, N, G·H]`.
    pub gates: Vec<B<'p, T>>,
    /// `[T, N, H]`; empty unless the cell is a GRU.
    pub aux: Vec<B<'p, T>>,
    x: Vec<B<'p, T>>,
}

impl<T: Real> States<'_, T> {
    /// Steps `from..to` of a problem of these sizes, as if only they had been run.
    #[must_use]
    pub fn window(&self, problem: &Problem<T>, from: usize, to: usize) -> Self {
        let Dims { batch, input, hidden, .. } = problem.dims;
        let cut = |v: &Vec<_>, more: usize, width: usize| {
            v.get(from * batch * width..(to + more) * batch * width).unwrap_or_default().to_vec()
        };
        Self {
            y: cut(&self.y, 0, hidden),
            h: cut(&self.h, 1, hidden),
            c: cut(&self.c, 1, hidden),
            gates: cut(&self.gates, 0, problem.cell.gates() * hidden),
            aux: cut(&self.aux, 0, hidden),
            x: cut(&self.x, 0, input),
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
    let Dims { steps, batch, input, hidden } = problem.dims;
    let (cell, gate_rows) = (problem.cell, problem.cell.gates() * hidden);
    let params: Params<B<'p, T>> = problem.oracle_params(|p| exact(precision, p));
    let zero = B::<T>::from_f64(0.0);
    let c_width = if cell.has_c() { hidden } else { 0 };
    let aux_width = if matches!(cell, Cell::Gru(_)) { hidden } else { 0 };
    let mut all = States {
        y: vec![zero; steps * batch * hidden],
        h: vec![zero; (steps + 1) * batch * hidden],
        c: vec![zero; (steps + 1) * batch * c_width],
        gates: vec![zero; steps * batch * gate_rows],
        aux: vec![zero; steps * batch * aux_width],
        x,
    };
    let put =
        |to: &mut [B<'p, T>], at: usize, from: &[B<'p, T>]| to[at * from.len()..][..from.len()].copy_from_slice(from);
    let (initial, _) = ends(problem);
    for n in 0..batch {
        for (to, from, width) in [(&mut all.h, &problem.h0, hidden), (&mut all.c, &problem.c0, c_width)] {
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
            let h_prev = previous(&all.h, rebase.map(Reserve::h), hidden);
            let c_prev = previous(&all.c, rebase.map(Reserve::c), c_width);
            if problem.live(t, n) {
                let new = step(cell, problem.dims, &params, &all.x[tn * input..][..input], &h_prev, &c_prev);
                put(&mut all.y, tn, &new.h);
                put(&mut all.h, dst, &new.h);
                put(&mut all.c, dst, &new.c);
                put(&mut all.gates, tn, &new.gates);
                put(&mut all.aux, tn, &new.aux);
            } else {
                put(&mut all.h, dst, &h_prev);
                put(&mut all.c, dst, &c_prev);
                if let Cell::Elman(_) = cell {
                    put(&mut all.gates, tn, &h_prev);
                }
            }
        }
    }
    all
}

/// The backend's own reserve, exactly.
pub fn saved<'p, T: Real>(precision: &'p Precision, problem: &Problem<T>, reserve: &Reserve<T>) -> States<'p, T> {
    let Dims { steps, batch, hidden, .. } = problem.dims;
    let h = lift(precision, reserve.h());
    let gates = if let Cell::Elman(_) = problem.cell {
        let first = problem.direction.to_slot(0) * batch * hidden;
        h[first..first + steps * batch * hidden].to_vec()
    } else {
        lift(precision, reserve.gates())
    };
    let x = lift(precision, &problem.dense_x_or_zero());
    States { y: vec![], h, c: lift(precision, reserve.c()), gates, aux: lift(precision, reserve.aux()), x }
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
    /// `[N, H]`; empty unless the cell is an LSTM.
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
    let (cell, gate_rows) = (problem.cell, problem.cell.gates() * hidden);
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
    let row = |from: &Option<Vec<T>>, n: usize| match from {
        Some(from) => lift(precision, &from[n * hidden..][..hidden]),
        None => vec![zero; hidden],
    };

    let mut trace = vec![zero; (steps + 1) * batch * hidden];
    let is_dense = matches!(problem.x, X::Dense(_));
    let mut d_x = if is_dense { vec![zero; steps * batch * input] } else { vec![] };
    if problem.d_x_accum == Accum::Add {
        d_x = lift(precision, &before.d_x);
    }
    let (mut d_h0, mut d_c0) = (Vec::new(), Vec::new());
    let mut pulled: Vec<(usize, usize, usize, Pullback<B<'p, T>>)> = Vec::new();
    let at = |from: &'_ [B<'p, T>], place: usize, width: usize| {
        from.get(place * width..(place + 1) * width).map(<[_]>::to_vec)
    };
    for n in 0..batch {
        let mut d_h = row(&problem.d_h_n, n);
        let mut d_c = if cell.has_c() { row(&problem.d_c_n, n) } else { vec![] };
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
            let (t, from, to) = order(problem, k);
            d_h = record(&mut trace, to, d_h);
            let join = (k > 0).then(|| joins(order(problem, k - 1).0, n)).flatten();
            if !problem.live(t, n) {
                d_h = add(d_h, join);
                continue;
            }
            let tn = t * batch + n;
            let [h_prev, c_prev, c] = [
                at(&states.h, from * batch + n, hidden).unwrap_or_default(),
                at(&states.c, from * batch + n, hidden).unwrap_or_default(),
                at(&states.c, to * batch + n, hidden).unwrap_or_default(),
            ];
            let saved = Saved {
                x: &states.x[tn * input..][..input],
                h_prev: &h_prev,
                c_prev: &c_prev,
                c: &c,
                gates: &states.gates[tn * gate_rows..][..gate_rows],
                aux: if states.aux.is_empty() { &[] } else { &states.aux[tn * hidden..][..hidden] },
            };
            let back = pullback(cell, problem.dims, &params, saved, &d_h, &d_c, join);
            if is_dense {
                for (c, d_x) in d_x[tn * input..][..input].iter_mut().enumerate() {
                    // Under Add what was there is one more summand.
                    let there = (problem.d_x_accum == Accum::Add).then_some(*d_x);
                    *d_x = B::<T>::dot(there, (0..gate_rows).map(|j| (back.d_pre[j], params.w_ih[j * input + c])));
                }
            }
            (d_h, d_c) = (back.d_h_prev.clone(), back.d_c_prev.clone());
            pulled.push((t, n, from, back));
        }
        d_h = record(&mut trace, ends(problem).0, d_h);
        d_h0.extend(d_h);
        d_c0.extend(d_c);
    }

    // The windows that weight gradients are sums over, as `weight_gradients` wants them.
    let steps: Vec<_> = pulled
        .iter()
        .map(|(t, n, from, back)| {
            let tn = t * batch + n;
            let saved = Saved {
                x: &states.x[tn * input..][..input],
                h_prev: &states.h[(from * batch + n) * hidden..][..hidden],
                c_prev: &[],
                c: &[],
                gates: &[],
                aux: if states.aux.is_empty() { &[] } else { &states.aux[tn * hidden..][..hidden] },
            };
            (saved, back)
        })
        .collect();
    let flat = lift(precision, &before.d_params);
    let before = Params::from_flat(cell, problem.dims, biases(problem.bias), &flat);
    let d_params = weight_gradients(cell, problem.dims, &before, &steps).to_flat();
    Adjoint { trace, d_x, d_h0, d_c0, d_params }
}

impl<T: Real> Problem<T> {
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
