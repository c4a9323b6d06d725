//! `P_t = J_t P_{t−1} + ∂F_t/∂θ`: gradients forward in time, with no tape and no way back.
//!
//! ```text
//! s_t = F_t(θ, s_{t−1})       one step of one row, s = h c, all its states
//! J_t = ∂F_t/∂s_{t−1}         P_t = ∂s_t/∂θ, and P_0 is the identity on the initial states, 0 elsewhere
//! ∂L/∂θ = Σ_t d_y_tᵀ P_t[h] + d_h_nᵀ P_T[h] + d_c_nᵀ P_T[c]
//! θ = params | x of every step | h0 | c0
//! ```
//! Real-time recurrent learning: Williams, Zipser 1989. Backpropagation through time is the same chain rule multiplied from the
//! other end. A mistake in the order of steps, in what a row that has ended hands on, or in a sum over time shows as a difference
//! of the two. A step costs `O(S²·|θ|)` for `S` states of a row: it is for small sizes.

use super::{Dims, Direction, Params, Run, step};
use crate::derivative::jvp;
use crate::number::{Dual, Number};
use rnn_kernels::Held;

/// What a loss hands to the results of a [`Run`].
#[derive(Clone, Copy, Debug)]
pub struct Cotangents<'a, S> {
    /// `[T, N, H]`; not read where `y` is 0 since a row shows no state.
    pub d_y: &'a [S],
    /// `[N, H]`
    pub d_h_n: &'a [S],
    /// `[N, R]`
    pub d_c_n: &'a [S],
}

/// `∂L/∂·` of everything a [`Run`] reads but its masks.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<S> {
    /// As the parameters: a sum over rows.
    pub params: Vec<S>,
    /// `[T, N, C]`; 0 at steps that are not a row's own.
    pub x: Vec<S>,
    /// `[N, H]`
    pub h0: Vec<S>,
    /// `[N, R]`
    pub c0: Vec<S>,
}

/// `∂L/∂θ = Σ_t d_y_tᵀ P_t[h] + d_h_nᵀ P_T[h] + d_c_nᵀ P_T[c]` for
/// `L = ⟨d_y, y⟩ + ⟨d_h_n, h_n⟩ + ⟨d_c_n, c_n⟩`, carried forward in time.
///
/// Each row takes its own valid steps, in reverse from the last of them; one that has ended keeps its states and their `P`.
/// Williams, Zipser 1989, "A learning algorithm for continually running fully recurrent neural networks".
///
/// # Panics
/// If a slice has another length than `dims` says, or a row is longer than `T`.
pub fn rtrl<S: Number>(run: Run<'_, S>, up: Cotangents<'_, S>) -> Gradient<S> {
    let Dims { steps, batch, input, hidden } = run.dims;
    let rest = run.cell.rest(hidden);
    assert_eq!(run.x.len(), steps * batch * input, "x is [T, N, C]");
    assert_eq!(run.masks.len(), steps * batch * run.cell.masks(hidden), "masks are [T, N, M]");
    assert_eq!((run.h0.len(), run.c0.len()), (batch * hidden, batch * rest), "h0 is [N, H], c0 [N, R]");
    assert_eq!(up.d_y.len(), steps * batch * hidden, "d_y is [T, N, H]");
    assert_eq!((up.d_h_n.len(), up.d_c_n.len()), (run.h0.len(), run.c0.len()), "d_h_n is [N, H], d_c_n [N, R]");
    if let Some(lengths) = run.lengths {
        assert!(lengths.len() == batch && lengths.iter().all(|&len| len <= steps), "lengths {lengths:?}, T = {steps}");
    }

    let zero = S::from_f64(0.0);
    let mut sum =
        Gradient { params: vec![zero; run.params.flat().len()], x: vec![zero; run.x.len()], h0: vec![], c0: vec![] };
    for n in 0..batch {
        let d = of_row(run, up, n);
        let (d_params, d) = d.split_at(sum.params.len());
        let (d_x, d) = d.split_at(steps * input);
        let (d_h0, d_c0) = d.split_at(hidden);
        sum.params.iter_mut().zip(d_params).for_each(|(sum, &d)| *sum = *sum + d);
        for t in 0..steps {
            sum.x[(t * batch + n) * input..][..input].copy_from_slice(&d_x[t * input..][..input]);
        }
        sum.h0.extend(d_h0);
        sum.c0.extend(d_c0);
    }
    sum
}

/// `∂L/∂θ` of row `n` alone, `θ = params | x [T, C] | h0 [H] | c0 [R]`.
fn of_row<S: Number>(run: Run<'_, S>, up: Cotangents<'_, S>, n: usize) -> Vec<S> {
    let Dims { steps, batch, input, hidden } = run.dims;
    let part = |of: &[S], at: usize, width: usize| of[at * width..(at + 1) * width].to_vec();
    let states = |h: &[S], c: &[S]| [part(h, n, hidden), part(c, n, run.cell.rest(hidden))].concat();
    let mut s = states(run.h0, run.c0);
    let (params, initial) = (run.params.flat().len(), run.params.flat().len() + steps * input);

    // Column k is ∂s/∂θ_k.
    let mut p: Vec<Vec<S>> = (0..initial).map(|_| vec![S::from_f64(0.0); s.len()]).collect();
    p.extend((0..s.len()).map(|k| unit(s.len(), k)));
    let mut d = vec![S::from_f64(0.0); p.len()];
    let add = |d: &mut [S], cotangent: &[S], p: &[Vec<S>]| {
        for (d, column) in d.iter_mut().zip(p) {
            *d = S::dot([*d], cotangent.iter().copied().zip(column.iter().copied()));
        }
    };

    let end = run.lengths.map_or(steps, |lengths| lengths[n]);
    for k in 0..end {
        let t = match run.direction {
            Direction::Forward => k,
            Direction::Reverse => end - 1 - k,
        };
        let hole = run.holes.filter(|(skipped, _)| skipped[t * batch + n]);
        if let Some((_, held)) = hole {
            if held == Held::Repeat {
                add(&mut d, &part(up.d_y, t * batch + n, hidden), &p);
            }
            continue;
        }
        let local = Local::new(run, t, n, &s);
        // What step t reads of θ directly: every parameter, and its own input.
        let direct = |k: usize| match k {
            k if k < params => Some(&local.by_params[k]),
            k if k < initial && (k - params) / input == t => Some(&local.by_x[(k - params) % input]),
            _ => None,
        };
        p = p.iter().enumerate().map(|(k, column)| local.carry(column, direct(k))).collect();
        s = local.s;
        add(&mut d, &part(up.d_y, t * batch + n, hidden), &p);
    }
    add(&mut d, &states(up.d_h_n, up.d_c_n), &p);
    d
}

/// One step of one row, and its derivatives; column `k` of each is `∂s/∂(what it is by)_k`.
struct Local<S> {
    s: Vec<S>,
    by_params: Vec<Vec<S>>,
    by_x: Vec<Vec<S>>,
    by_states: Vec<Vec<S>>,
}

impl<S: Number> Local<S> {
    /// One run of the step on dual numbers for each column.
    fn new(run: Run<'_, S>, t: usize, n: usize, s: &[S]) -> Self {
        let Run { cell, dims, params, .. } = run;
        let (at, masks) = (t * dims.batch + n, cell.masks(dims.hidden));
        let (x, masks) = (&run.x[at * dims.input..][..dims.input], &run.masks[at * masks..][..masks]);
        let masks: Vec<Dual<S>> = masks.iter().map(|&m| Dual::new(m, S::from_f64(0.0))).collect();
        let f = |v: &[Dual<S>]| {
            let (flat, v) = v.split_at(params.flat().len());
            let (x, s) = v.split_at(dims.input);
            let (h, c) = s.split_at(dims.hidden);
            let new = step(cell, dims, &Params::from_flat(cell, dims, params.biases, flat), x, h, c, &masks);
            [new.h, new.c].concat()
        };
        let v = [params.flat(), x, s].concat();
        let mut by_params: Vec<Vec<S>> = (0..v.len()).map(|k| jvp(&v, &unit(v.len(), k), f).1).collect();
        let mut by_x = by_params.split_off(params.flat().len());
        let by_states = by_x.split_off(dims.input);
        let (s, _) = jvp(&v, &vec![S::from_f64(0.0); v.len()], f);
        Self { s, by_params, by_x, by_states }
    }

    /// `J p + ∂F/∂θ_k`, a column.
    fn carry(&self, p: &[S], direct: Option<&Vec<S>>) -> Vec<S> {
        let row = |i: usize| self.by_states.iter().map(move |column| column[i]).zip(p.iter().copied());
        (0..self.s.len()).map(|i| S::dot(direct.map(|column| column[i]), row(i))).collect()
    }
}

/// `e_k`
fn unit<S: Number>(len: usize, k: usize) -> Vec<S> {
    (0..len).map(|i| S::from_f64(if i == k { 1.0 } else { 0.0 })).collect()
}
