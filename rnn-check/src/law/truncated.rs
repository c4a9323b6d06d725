//! Truncated BPTT: after every `k₁` steps a gradient goes back `k₂` steps and no further (Williams and Peng 1990,
//! BPTT(k₂; k₁)). The oracle cuts the tape there: a state carried into a window is a value, not a function of the past.

use super::block::Block;
use super::{Context, Stop, Verdict, all, within};
use crate::bound::Bounded;
use crate::case::{Case, Problem};
use crate::drive::Before;
use crate::number::{Number, Tape, Var};
use crate::oracle::expected::{B, adjoint, states};
use crate::oracle::{self, Dims};
use crate::real::Real;
use rnn_kernels::{Accum, Direction};

/// One update, in steps as they are processed: back from `end` to `start`, outputs from `new` on count.
#[derive(Clone, Copy, Debug)]
struct Update {
    start: usize,
    new: usize,
    end: usize,
    is_last: bool,
}

impl Update {
    /// The updates of a sequence of `steps` steps.
    fn all(steps: usize, k1: usize, k2: usize) -> Vec<Self> {
        (0..steps)
            .step_by(k1)
            .map(|first| {
                let end = (first + k1).min(steps);
                let start = end.saturating_sub(k2);
                Self { start, new: first.max(start), end, is_last: end == steps }
            })
            .collect()
    }

    /// The window in time order.
    fn window(self, direction: Direction, steps: usize) -> (usize, usize) {
        match direction {
            Direction::Forward => (self.start, self.end),
            Direction::Reverse => (steps - self.end, steps - self.start),
        }
    }

    /// The problem of this update: outputs that do not count have no cotangent, the final state only in the last one.
    fn problem<T: Real>(self, whole: &Problem<T>) -> Problem<T> {
        let Dims { steps, batch, hidden, .. } = whole.dims;
        let (from, to) = self.window(whole.direction, steps);
        let mut part = whole.window(from, to);
        for k in self.start..self.new {
            let t = whole.direction.step(k, steps) - from;
            if let Some(d_y) = &mut part.d_y {
                d_y[t * batch * hidden..(t + 1) * batch * hidden].fill(T::ZERO);
            }
        }
        if !self.is_last {
            (part.d_h_n, part.d_c_n) = (None, None);
        }
        Problem { d_x_accum: Accum::Add, ..part }
    }
}

/// The gradients `d_params d_x d_h0 d_c0` of one update, from a tape on which the state at `start` is a constant (the given
/// initial state if `start` is 0).
fn on_a_tape<T: Real>(whole: &Problem<T>, update: Update) -> Vec<T::Wide> {
    let Dims { steps, batch, input, hidden } = whole.dims;
    let tape = Tape::new();
    let leaf = |v: &[T]| v.iter().map(|v| tape.leaf(T::Wide::from_f64(v.to_f64()))).collect::<Vec<_>>();
    let rest = whole.rest();
    let masks: Vec<_> = leaf(&whole.masks);
    let mask_width = whole.cell.masks(hidden);
    let or_zero = |v: &Option<Vec<T>>, len| v.clone().unwrap_or_else(|| vec![T::ZERO; len]);
    let (flat, x) = (leaf(&whole.params), leaf(&whole.dense_x()));
    let (h0, c0) = (leaf(&or_zero(&whole.h0, batch * hidden)), leaf(&or_zero(&whole.c0, batch * rest)));
    let params = whole.oracle_params_of(&flat);
    let (mut h, mut c) = (h0.clone(), c0.clone());
    let mut seeds: Vec<(Var<'_, T::Wide>, T::Wide)> = Vec::new();
    let wide = |v: T| T::Wide::from_f64(v.to_f64());
    for k in 0..update.end {
        if k == update.start && k > 0 {
            h.iter_mut().chain(&mut c).for_each(|s| *s = s.detach());
        }
        let t = whole.direction.step(k, steps);
        for n in (0..batch).filter(|&n| whole.shows(t, n)) {
            let (at, row) = (t * batch + n, n * hidden..(n + 1) * hidden);
            if whole.live(t, n) {
                let c_row = n * rest..(n + 1) * rest;
                let (x, masks) = (&x[at * input..][..input], &masks[at * mask_width..][..mask_width]);
                let new = oracle::step(whole.cell, whole.dims, &params, x, &h[row.clone()], &c[c_row.clone()], masks);
                h[row.clone()].copy_from_slice(&new.h);
                c[c_row].copy_from_slice(&new.c);
            }
            if let (true, Some(d_y)) = (k >= update.new, &whole.d_y) {
                seeds.extend(h[row].iter().zip(&d_y[at * hidden..][..hidden]).map(|(&h, &d)| (h, wide(d))));
            }
        }
    }
    if update.is_last {
        for (s, d) in [(&h, &whole.d_h_n), (&c, &whole.d_c_n)] {
            seeds.extend(s.iter().zip(d.iter().flatten()).map(|(&s, &d)| (s, wide(d))));
        }
    }
    let adjoints = tape.adjoints(seeds);
    [flat, x, h0, c0].concat().into_iter().map(|v| adjoints.of(v)).collect()
}

/// Windows of any length at any offset, overlapping or with gaps, ragged rows: what each update adds to the backend's
/// gradients is what the cut tape gives.
pub(super) fn truncated_windows_follow_a_cut_tape<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = Case { d_x: Accum::Replace, ..case.tame().at_most(5, 3, 4, 4) };
    let whole = case.problem::<T>();
    let Dims { steps, batch, input, hidden } = whole.dims;
    if steps < 2 {
        return Err(Stop::Skip("there is nothing to cut"));
    }
    let (k1, k2) = (1 + case.pick(steps - 1), 1 + case.pick(7 * steps) / 7);
    let forward = ctx.rig().forward(&whole);
    let along = states(ctx.precision, &whole, None);
    let mut held = whole.zeros();
    let mut verdicts = Vec::new();
    for update in Update::all(steps, k1, k2) {
        let part = update.problem(&whole);
        let (from, to) = update.window(whole.direction, steps);
        let range = if held.d_x.is_empty() { 0..0 } else { from * batch * input..to * batch * input };
        let before = Before { d_params: held.d_params.clone(), d_x: held.d_x[range.clone()].to_vec() };
        let back = ctx.rig().backward_window(&part, &forward.reserve, from, &before);
        let bounds = adjoint(ctx.precision, &part, &along.window(&whole, from, to), None, &before);
        let exact = on_a_tape(&whole, update);
        let (params, rest) = exact.split_at(whole.params.len());
        let (x, rest) = rest.split_at(steps * batch * input);
        let (h, c) = rest.split_at(batch * hidden);
        // The tape's value on top of what the buffer held, with the bound of the same sum.
        let onto = |held: &[T], v: &[T::Wide], bounds: &[B<'_, T>]| -> Vec<Bounded<'_, T::Wide>> {
            let held = held.iter().map(|v| T::Wide::from_f64(v.to_f64()));
            let sums = held.zip(v).zip(bounds);
            sums.map(|((held, &v), b)| Bounded::new(held + v, b.error, ctx.precision)).collect()
        };
        let [no_h, no_c] = whole.state_lens().map(|len| vec![T::ZERO; len]);
        let d_x = onto(&before.d_x, &x[range.clone()], &bounds.d_x);
        let d_params = onto(&before.d_params, params, &bounds.d_params);
        let window = format!("steps {from}..{to} of k1 = {k1}, k2 = {k2}: ");
        let named = |name: &str| format!("{window}{name}");
        verdicts.extend([
            within(ctx.precision, &Block::params(&named("d_params"), &whole), &back.d_params, &d_params),
            within(ctx.precision, &Block::sequence(&named("d_x"), &part, input), &back.d_x, &d_x),
        ]);
        if update.start == 0 {
            let (d_h0, d_c0) = (onto(&no_h, h, &bounds.d_h0), onto(&no_c, c, &bounds.d_c0));
            verdicts.extend([
                within(ctx.precision, &Block::matrix(&named("d_h0"), hidden), &back.d_h0, &d_h0),
                within(ctx.precision, &Block::matrix(&named("d_c0"), whole.rest()), &back.d_c0, &d_c0),
            ]);
        }
        held.d_x[range].copy_from_slice(&back.d_x);
        held.d_params = back.d_params;
    }
    all(verdicts)
}

#[cfg(test)]
mod tests {
    use super::Update;

    #[test]
    fn updates_cover_every_output_once_and_go_back_k2_steps() {
        let updates = |k1, k2| Update::all(5, k1, k2).iter().map(|u| (u.start, u.new, u.end)).collect::<Vec<_>>();
        assert_eq!(updates(2, 3), [(0, 0, 2), (1, 2, 4), (2, 4, 5)]);
        assert_eq!(updates(5, 5), [(0, 0, 5)]);
        // k2 < k1: outputs further back are not reached.
        assert_eq!(updates(3, 1), [(2, 2, 3), (4, 4, 5)]);
        assert!(Update::all(5, 2, 3)[2].is_last && !Update::all(5, 2, 3)[1].is_last);
    }
}
