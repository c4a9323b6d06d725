//! `α_t[s] = p_t[s] (α_{t−1}[s] + α_{t−1}[s−1] + α_{t−1}[s−2])`, `β_t[s] = Σ_{s'} p_{t+1}[s'] β_{t+1}[s']`: sums over all paths that read
//! some labels, from their beginnings and from their ends.
//!
//! Places `s` are the labels with a blank around each; a path stays, goes on by one, or leaves out a blank between two labels that differ.
//! A product of a thousand probabilities is no `f64`, so numbers have an exponent of their own: nothing underflows, and unlike sums of
//! logarithms none of it loses more than a rounding a step.

use super::wide::{Wide, Wides, take};
use crate::ctc::{BLANK, Ctc};
use crate::scalar::Scalar;

/// The loss and its gradient; see [`Ctc`].
///
/// Computed in `f64` whatever the number type of the logits. Overwrites `loss` and `d_logits`.
///
/// # Panics
/// On a wrong shape or label, before any write.
pub fn ctc<T: Scalar>(loss: Ctc<'_, T>) {
    ctc_with(loss, |x, largest| {
        let mut sum = 0.0;
        for x in x {
            *x = Scalar::exp(*x - largest);
            sum += *x;
        }
        sum
    });
}

/// [`ctc`] with `x[k] = exp(x[k] − largest)`, which returns their sum, of a backend's own.
///
/// # Panics
/// On a wrong shape or label, before any write.
pub fn ctc_with<T: Scalar>(loss: Ctc<'_, T>, mut exp_sum: impl FnMut(&mut [f64], f64) -> f64) {
    let [steps, rows, v] = loss.check();
    let Ctc { logits, mut labels, counts, live, loss, mut d_logits, scale, workspace } = loss;
    for (n, &count) in counts.iter().enumerate() {
        let (own, rest) = labels.split_at(count);
        labels = rest;
        let mut paths = Paths::new(own, [steps, v], workspace);
        let is_live = |t: usize| live.is_none_or(|live| live[t * rows + n]);
        let mut step = 0;
        for t in (0..steps).filter(|&t| is_live(t)) {
            let a = logits.row(t * rows + n);
            paths.read(step, a, &mut exp_sum);
            paths.forward(step, a);
            step += 1;
        }
        let all = paths.all(step);
        loss[n] = T::from_f64(-all.ln());
        let Some(d_logits) = &mut d_logits else { continue };
        paths.end();
        let last = step;
        for t in (0..steps).rev() {
            let d = d_logits.row_mut(t * rows + n);
            if !is_live(t) {
                d.fill(T::ZERO);
                continue;
            }
            if step < last {
                paths.backward();
            }
            step -= 1;
            paths.gradient(step, all, d, scale.to_f64());
            paths.probabilities(step, logits.row(t * rows + n));
        }
    }
}

/// The paths of one row.
struct Paths<'w> {
    labels: &'w [u32],
    v: usize,
    /// `eᵃ⁻ᵐᵃˣ`, `[T, V]`, and their sums, `[T]`.
    exps: &'w mut [f64],
    sums: &'w mut [f64],
    /// 1 where a path may leave out the place before, `[S]`, else 0.
    skips: &'w mut [f64],
    /// `α`, `[T, S]`.
    alpha: Wides<'w>,
    /// `β` of the step behind the one at hand, then of that, `[S]`.
    beta: Wides<'w>,
    /// The probabilities of a step by place, then `p β` of it, `[S]`.
    at_place: Wides<'w>,
    /// `Σ_s α β` by class, `[V]`.
    at_class: Wides<'w>,
}

impl<'w> Paths<'w> {
    fn new(labels: &'w [u32], [steps, v]: [usize; 2], mut workspace: &'w mut [f64]) -> Self {
        let places = 2 * labels.len() + 1;
        let room = &mut workspace;
        let (exps, sums, skips) = (take(room, steps * v), take(room, steps), take(room, places));
        for (s, skip) in skips.iter_mut().enumerate() {
            let between = s % 2 == 1 && s >= 3 && labels[s / 2] != labels[s / 2 - 1];
            *skip = if between { 1.0 } else { 0.0 };
        }
        let mut of = |len: usize| Wides::split(room, len);
        let (alpha, beta, at_place, at_class) = (of(steps * places), of(places), of(places), of(v));
        Self { labels, v, exps, sums, skips, alpha, beta, at_place, at_class }
    }

    fn places(&self) -> usize {
        self.skips.len()
    }

    fn class(&self, s: usize) -> usize {
        if s.is_multiple_of(2) { BLANK as usize } else { self.labels[s / 2] as usize }
    }

    /// Takes in the outputs of a step.
    fn read<T: Scalar>(&mut self, step: usize, a: &[T], exp_sum: &mut impl FnMut(&mut [f64], f64) -> f64) {
        let x = &mut self.exps[step * self.v..(step + 1) * self.v];
        x.iter_mut().zip(a).for_each(|(x, a)| *x = a.to_f64());
        self.sums[step] = exp_sum(x, largest(a));
    }

    /// `p_t[s]` of a step whose outputs were taken in.
    fn probabilities<T: Scalar>(&mut self, step: usize, a: &[T]) {
        let (largest, share) = (largest(a), 1.0 / self.sums[step]);
        let of = |k: usize, exps: &[f64]| Wide::exp(a[k].to_f64() - largest, exps[k]).times(Wide::normal(share, 0.0));
        let exps = &self.exps[step * self.v..(step + 1) * self.v];
        let blank = of(BLANK as usize, exps);
        for s in (0..self.skips.len()).step_by(2) {
            self.at_place.set(s, blank);
        }
        for (i, &label) in self.labels.iter().enumerate() {
            self.at_place.set(2 * i + 1, of(label as usize, exps));
        }
    }

    /// `α` of a step.
    fn forward<T: Scalar>(&mut self, step: usize, a: &[T]) {
        self.probabilities(step, a);
        let places = self.places();
        let (from, to) = (step.saturating_sub(1) * places, step * places);
        if step == 0 {
            for s in 0..places {
                self.alpha.set(s, if s < 2 { self.at_place.get(s) } else { Wide::ZERO });
            }
            return;
        }
        for s in 0..places {
            let stay = self.alpha.get(from + s);
            let next = if s > 0 { self.alpha.get(from + s - 1) } else { Wide::ZERO };
            let mut skip = if s > 1 { self.alpha.get(from + s - 2) } else { Wide::ZERO };
            if self.skips[s] == 0.0 {
                skip = Wide::ZERO;
            }
            self.alpha.set(to + s, Wide::sum([stay, next, skip]).times(self.at_place.get(s)));
        }
    }

    /// `p(l | a)` after so many steps.
    fn all(&self, steps: usize) -> Wide {
        let places = self.places();
        if steps == 0 {
            return if places == 1 { Wide::ONE } else { Wide::ZERO };
        }
        let end = |s: usize| self.alpha.get((steps - 1) * places + s);
        Wide::sum([end(places - 1), if places > 1 { end(places - 2) } else { Wide::ZERO }, Wide::ZERO])
    }

    /// `β` of the last step: 1 where a path may end.
    fn end(&mut self) {
        let places = self.places();
        self.beta.fill(Wide::ZERO);
        (places.saturating_sub(2)..places).for_each(|s| self.beta.set(s, Wide::ONE));
        self.at_class.fill(Wide::ZERO);
    }

    /// `β` of a step from that of the step behind it, whose probabilities are at hand and are used up.
    fn backward(&mut self) {
        let places = self.places();
        for s in 0..places {
            self.at_place.set(s, self.at_place.get(s).times(self.beta.get(s)));
        }
        for s in 0..places {
            let stay = self.at_place.get(s);
            let next = if s + 1 < places { self.at_place.get(s + 1) } else { Wide::ZERO };
            let may_skip = s + 2 < places && self.skips[s + 2] > 0.0;
            let skip = if may_skip { self.at_place.get(s + 2) } else { Wide::ZERO };
            self.beta.set(s, Wide::sum([stay, next, skip]));
        }
    }

    /// `d[k] = scale · (softmax(a)[k] − Σ_{s of k} α β / p(l | a))` of a step whose `β` is at hand.
    fn gradient<T: Scalar>(&mut self, step: usize, all: Wide, d: &mut [T], scale: f64) {
        let first = step * self.places();
        for s in 0..self.places() {
            let (k, here) = (self.class(s), self.alpha.get(first + s).times(self.beta.get(s)));
            self.at_class.set(k, Wide::sum([self.at_class.get(k), here, Wide::ZERO]));
        }
        let sum = self.sums[step];
        let exps = &self.exps[step * self.v..(step + 1) * self.v];
        for (k, (d, exp)) in d.iter_mut().zip(exps).enumerate() {
            let share = self.at_class.get(k);
            // Most classes are no label of the row.
            let share = if share.m == 0.0 && all.m > 0.0 { 0.0 } else { share.over(all) };
            *d = T::from_f64(scale * (exp / sum - share));
        }
        for s in 0..self.places().min(2) {
            self.at_class.set(self.class(s), Wide::ZERO);
        }
        for i in 1..self.labels.len() {
            self.at_class.set(self.labels[i] as usize, Wide::ZERO);
        }
    }
}

fn largest<T: Scalar>(a: &[T]) -> f64 {
    a.iter().fold(f64::NEG_INFINITY, |largest, a| Scalar::max(largest, a.to_f64()))
}
