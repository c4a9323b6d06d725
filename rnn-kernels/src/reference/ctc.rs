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
    ctc_with(loss, |x| {
        let largest = x.iter().fold(f64::NEG_INFINITY, |largest, &x| Scalar::max(largest, x));
        let mut sum = 0.0;
        for x in x {
            *x = Scalar::exp(*x - largest);
            sum += *x;
        }
        [largest, sum]
    });
}

/// [`ctc`] with `x[k] = exp(x[k] − max x)` of a backend's own, which returns the maximum and the sum.
///
/// # Panics
/// On a wrong shape or label, before any write.
#[inline(always)]
pub fn ctc_with<T: Scalar>(loss: Ctc<'_, T>, mut exps: impl FnMut(&mut [f64]) -> [f64; 2]) {
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
            paths.read(step, a, &mut exps);
            paths.forward(step);
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
                paths.backward(step);
            }
            step -= 1;
            paths.gradient(step, all, d, scale.to_f64());
        }
    }
}

/// The paths of one row.
///
/// Places have two more beside them, which are 0, so that no place is a special one; `α` has a row in front of the first step, from which
/// a path can only go to the first two places.
struct Paths<'w> {
    labels: &'w [u32],
    v: usize,
    /// `eᵃ⁻ᵐᵃˣ`, `[T, V]`, and their sums, `[T]`.
    exps: &'w mut [f64],
    sums: &'w mut [f64],
    /// 1 where a path may leave out the place before, else 0: `[S + 2]`, two more behind.
    skips: &'w mut [f64],
    /// `α`, `[T + 1, S + 2]`, two more in front.
    alpha: Wides<'w>,
    /// `β` of the step at hand, `[S]`.
    beta: Wides<'w>,
    /// The probabilities of a step by place, then `p β` of it, `[T, S + 2]`, two more behind.
    at_place: Wides<'w>,
    /// `Σ_s α β` by class, `[V]`.
    at_class: Wides<'w>,
}

impl<'w> Paths<'w> {
    #[inline(always)]
    fn new(labels: &'w [u32], [steps, v]: [usize; 2], mut workspace: &'w mut [f64]) -> Self {
        let places = 2 * labels.len() + 1;
        let room = &mut workspace;
        let (exps, sums, skips) = (take(room, steps * v), take(room, steps), take(room, places + 2));
        for (s, skip) in skips.iter_mut().enumerate() {
            let between = s % 2 == 1 && (3..places).contains(&s) && labels[s / 2] != labels[s / 2 - 1];
            *skip = if between { 1.0 } else { 0.0 };
        }
        let mut of = |len: usize| Wides::split(room, len);
        let (mut alpha, beta) = (of((steps + 1) * (places + 2)), of(places));
        let (mut at_place, at_class) = (of(steps * (places + 2)), of(v));
        for row in 0..=steps {
            (0..2).for_each(|s| alpha.set(row * (places + 2) + s, Wide::ZERO));
        }
        (2..places + 2).for_each(|s| alpha.set(s, if s == 2 { Wide::ONE } else { Wide::ZERO }));
        for row in 0..steps {
            (places..places + 2).for_each(|s| at_place.set(row * (places + 2) + s, Wide::ZERO));
        }
        Self { labels, v, exps, sums, skips, alpha, beta, at_place, at_class }
    }

    fn places(&self) -> usize {
        self.skips.len() - 2
    }

    /// Where `α` of place 0 stands after so many steps.
    fn row(&self, steps: usize) -> usize {
        steps * (self.places() + 2) + 2
    }

    fn class(&self, s: usize) -> usize {
        if s.is_multiple_of(2) { BLANK as usize } else { self.labels[s / 2] as usize }
    }

    /// Takes in the outputs of a step: `p_t[s]`.
    #[inline(always)]
    fn read<T: Scalar>(&mut self, step: usize, a: &[T], exps: &mut impl FnMut(&mut [f64]) -> [f64; 2]) {
        let x = &mut self.exps[step * self.v..(step + 1) * self.v];
        x.iter_mut().zip(a).for_each(|(x, a)| *x = a.to_f64());
        let [largest, sum] = exps(x);
        self.sums[step] = sum;
        let share = Wide::normal(1.0 / sum, 0.0);
        let of = |k: usize| Wide::exp(a[k].to_f64() - largest, x[k]).times(share);
        let first = step * self.skips.len();
        let blank = of(BLANK as usize);
        for s in (0..self.skips.len() - 2).step_by(2) {
            self.at_place.set(first + s, blank);
        }
        for (i, &label) in self.labels.iter().enumerate() {
            self.at_place.set(first + 2 * i + 1, of(label as usize));
        }
    }

    /// `α` of a step that was taken in.
    #[inline(always)]
    fn forward(&mut self, step: usize) {
        let (places, first, at) = (self.places(), self.row(step), self.row(step + 1));
        let (before, mut now) = self.alpha.split_mut(at, places);
        let [skip, next, stay] = [first - 2, first - 1, first].map(|from| before.from(from));
        now.set_sums([stay, next, skip], self.skips);
        let here = step * (places + 2);
        now.multiply(self.at_place.part(here..here + places));
    }

    /// `p(l | a)` after so many steps.
    fn all(&self, steps: usize) -> Wide {
        let end = self.row(steps) + self.places();
        // With no labels there is one place, and the other is one of the two in front, 0.
        Wide::sum([self.alpha.get(end - 1), self.alpha.get(end - 2), Wide::ZERO])
    }

    /// `β` of the last step: 1 where a path may end.
    fn end(&mut self) {
        let places = self.places();
        self.beta.fill(Wide::ZERO);
        (places.saturating_sub(2)..places).for_each(|s| self.beta.set(s, Wide::ONE));
        self.at_class.fill(Wide::ZERO);
    }

    /// `β` of the step in front of one whose `β` is at hand; the probabilities of that one are used up.
    #[inline(always)]
    fn backward(&mut self, step: usize) {
        let (places, here) = (self.places(), step * self.skips.len());
        self.at_place.split_mut(here, places).1.multiply(self.beta.part(0..places));
        let stay = self.at_place.part(here..here + places + 2);
        self.beta.set_sums([stay, stay.from(1), stay.from(2)], &self.skips[2..]);
    }

    /// `d[k] = scale · (softmax(a)[k] − Σ_{s of k} α β / p(l | a))` of a step whose `β` is at hand.
    #[inline(always)]
    fn gradient<T: Scalar>(&mut self, step: usize, all: Wide, d: &mut [T], scale: f64) {
        let first = self.row(step + 1);
        for s in 0..self.places() {
            let (k, [alpha, beta]) = (self.class(s), [self.alpha.get(first + s), self.beta.get(s)]);
            let here = Wide { m: alpha.m * beta.m, e: alpha.e + beta.e };
            let sum = Wide::sum([self.at_class.get(k), here, Wide::ZERO]);
            self.at_class.set(k, sum);
        }
        if all.m == 0.0 || all.m.is_nan() {
            return d.fill(T::from_f64(f64::NAN));
        }
        let sum = self.sums[step];
        let exps = &self.exps[step * self.v..(step + 1) * self.v];
        // Most classes are no label of the row.
        for (d, exp) in d.iter_mut().zip(exps) {
            *d = T::from_f64(scale * (exp / sum));
        }
        for s in 0..self.places() {
            let k = self.class(s);
            let share = self.at_class.get(k);
            self.at_class.set(k, Wide::ZERO);
            // Once for each class: a label may stand at several places.
            if share.m > 0.0 {
                d[k] = T::from_f64(scale * (exps[k] / sum - share.over(all)));
            }
        }
    }
}
