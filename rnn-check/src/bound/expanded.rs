//! `Σ Π x`: a number as a sum of products of numbers that a backend has, so that one bound holds for every arrangement of it.
//!
//! A backend may add in any order, distribute a factor over a sum or take one out. Whatever it does, each summand of the
//! expanded sum passes through at most one rounding for each of its multiplications and one for each further summand, so
//!
//! ```text
//! |x̂ − x| ≤ propagated + γ_n Σ|Π x̂| + k η          n = summands − 1 + multiplications of one summand
//!
//!             summands      multiplications       Σ|Π x̂|        propagated
//! x           1             0                     |x| + e       e
//! a + b       sum           the larger            sum           e_a + e_b
//! a · b       product       sum + 1               product       |a| e_b + |b| e_a + e_a e_b
//! a / b       those of a    those of a, + 2       s_a / |b̂|     as for Bounded
//! f(a)        1             0                     |f| + e       as for Bounded, of the bounded a
//! ```
//!
//! with `e` the error of what is given and `k` the underflows of products, each as large as the other factors make it. A constant that
//! f32 has not exactly counts as one rounding more.
//!
//! *Slopes.* `s (1 − s)` and `s − s²`, `(1 − t)(1 + t)` and `1 − t²`: three roundings of `|s| + s²` and of `1 + t²` cover all of them.

use super::{Bounded, Precision};
use crate::number::Number;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A sum of products.
#[derive(Clone, Copy, Debug)]
pub struct Expanded<'p, S = f64> {
    value: S,
    propagated: f64,
    size: f64,
    summands: usize,
    multiplications: usize,
    underflows: f64,
    precision: Option<&'p Precision>,
    /// Terms of the longest sum behind what is given.
    longest: usize,
}

impl<'p, S: Number> Expanded<'p, S> {
    /// A number that the backend has, with the error that is known of it.
    #[inline]
    #[must_use]
    pub fn given(x: Bounded<'p, S>) -> Self {
        Self {
            value: x.value,
            propagated: x.error,
            size: x.value.value().abs() + x.error,
            summands: 1,
            multiplications: 0,
            underflows: 0.0,
            precision: x.precision,
            longest: x.terms(),
        }
    }

    /// `Σ a b`; nothing of nothing.
    #[must_use]
    pub fn products(pairs: impl Iterator<Item = (Bounded<'p, S>, Bounded<'p, S>)>) -> Option<Self> {
        let mut sum = Self::from_f64(0.0);
        sum.summands = 0;
        for (a, b) in pairs {
            let (x, y) = (a.value.value().abs(), b.value.value().abs());
            sum.value = sum.value + a.value * b.value;
            sum.propagated += x * b.error + y * a.error + a.error * b.error;
            sum.size += (x + a.error) * (y + b.error);
            sum.summands += 1;
            sum.precision = sum.precision.or(a.precision).or(b.precision);
            sum.longest = sum.longest.max(a.terms).max(b.terms);
        }
        (sum.multiplications, sum.underflows) = (1, sum.summands as f64);
        (sum.summands > 0).then_some(sum)
    }

    /// The value and the bound of every arrangement.
    #[inline]
    #[must_use]
    pub fn bounded(self) -> Bounded<'p, S> {
        let n = self.summands.saturating_sub(1).saturating_add(self.multiplications);
        let rounding = match self.precision {
            Some(p) if n > 0 => p.gamma(n) * self.size + self.underflows * p.eta,
            _ => 0.0,
        };
        let terms = self.longest.max(n);
        Bounded { value: self.value, error: self.propagated + rounding, precision: self.precision, terms }
    }

    #[inline]
    fn of(self, f: impl Fn(Bounded<'p, S>) -> Bounded<'p, S>) -> Self {
        Self::given(f(self.bounded()))
    }

    /// A slope that takes three roundings of `size` from what is given.
    fn slope(self, value: S, propagated: f64, size: f64) -> Self {
        Self { value, propagated, size, summands: 2, multiplications: 2, underflows: 1.0, ..self }
    }

    /// `σ′` from `s = σ(·)`.
    #[must_use]
    pub fn sigmoid_slope(self) -> Self {
        let s = Self::given(self.bounded());
        let (one, e, reach) = (S::from_f64(1.0), s.propagated, s.size);
        let bend = (one - s.value - s.value).value().abs();
        s.slope(s.value * (one - s.value), bend * e + e * e, reach + reach * reach)
    }

    /// `tanh′` from `t = tanh(·)`.
    #[must_use]
    pub fn tanh_slope(self) -> Self {
        let t = Self::given(self.bounded());
        let (one, e, reach) = (S::from_f64(1.0), t.propagated, t.size);
        let propagated = 2.0 * t.value.value().abs() * e + e * e;
        t.slope((one - t.value) * (one + t.value), propagated, 1.0 + reach * reach)
    }

    /// 1 where `self > other`, else 0; either one where that cannot be told.
    #[must_use]
    pub fn exceeds(self, other: Self) -> Self {
        let (a, b) = (self.bounded(), other.bounded());
        let (difference, error) = ((a.value - b.value).value(), a.error + b.error);
        let value = if difference > 0.0 { 1.0 } else { 0.0 };
        let unsure = error > 0.0 && difference.abs() <= error;
        let answer = Bounded { value: S::from_f64(value), error: if unsure { 1.0 } else { 0.0 }, ..a };
        Self::given(answer)
    }
}

impl<S: Number> Add for Expanded<'_, S> {
    type Output = Self;
    #[inline]
    fn add(self, b: Self) -> Self {
        Self {
            value: self.value + b.value,
            propagated: self.propagated + b.propagated,
            size: self.size + b.size,
            summands: self.summands.saturating_add(b.summands),
            multiplications: self.multiplications.max(b.multiplications),
            underflows: self.underflows + b.underflows,
            precision: self.precision.or(b.precision),
            longest: self.longest.max(b.longest),
        }
    }
}

impl<S: Number> Sub for Expanded<'_, S> {
    type Output = Self;
    #[inline]
    fn sub(self, b: Self) -> Self {
        self + -b
    }
}

impl<S: Number> Neg for Expanded<'_, S> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl<S: Number> Mul for Expanded<'_, S> {
    type Output = Self;
    #[inline]
    fn mul(self, b: Self) -> Self {
        let (x, y) = (self.value.value().abs(), b.value.value().abs());
        Self {
            value: self.value * b.value,
            propagated: x * b.propagated + y * self.propagated + self.propagated * b.propagated,
            size: self.size * b.size,
            summands: self.summands.saturating_mul(b.summands),
            multiplications: self.multiplications.saturating_add(b.multiplications).saturating_add(1),
            underflows: self.underflows * b.size + b.underflows * self.size + 1.0,
            precision: self.precision.or(b.precision),
            longest: self.longest.max(b.longest),
        }
    }
}

impl<S: Number> Div for Expanded<'_, S> {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let b = b.bounded();
        let value = self.value / b.value;
        let nearest = b.value.value().abs() - b.error;
        let by = |v: f64| if nearest > 0.0 { v / nearest } else { f64::INFINITY };
        Self {
            value,
            propagated: by(self.propagated + value.value().abs() * b.error),
            size: by(self.size),
            multiplications: self.multiplications.saturating_add(2),
            underflows: by(self.underflows) + 1.0,
            precision: self.precision.or(b.precision),
            longest: self.longest.max(b.terms()),
            ..self
        }
    }
}

impl<S: Number> Number for Expanded<'_, S> {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "whether a number survives it is the question")]
    fn from_f64(value: f64) -> Self {
        let exact = f64::from(value as f32) == value;
        let constant = Self::given(Bounded::from_f64(value));
        Self { multiplications: usize::from(!exact), ..constant }
    }
    fn value(self) -> f64 {
        self.value.value()
    }
    fn detach(self) -> Self {
        Self { value: self.value.detach(), ..self }
    }
    fn stored(self) -> Self {
        Self::given(self.bounded())
    }
    fn exp(self) -> Self {
        self.of(Bounded::exp)
    }
    fn ln(self) -> Self {
        self.of(Bounded::ln)
    }
    fn ln_1p(self) -> Self {
        self.of(Bounded::ln_1p)
    }
    fn sin(self) -> Self {
        self.of(Bounded::sin)
    }
    fn cos(self) -> Self {
        self.of(Bounded::cos)
    }
    fn sqrt(self) -> Self {
        self.of(Bounded::sqrt)
    }
    fn tanh(self) -> Self {
        self.of(Bounded::tanh)
    }
    fn sigmoid(self) -> Self {
        self.of(Bounded::sigmoid)
    }
    fn abs(self) -> Self {
        self.of(Number::abs)
    }
    fn relu(self) -> Self {
        self.of(Number::relu)
    }
    fn max(self, other: Self) -> Self {
        let other = other.bounded();
        self.of(|a| Number::max(a, other))
    }
    fn dot(terms: impl IntoIterator<Item = Self>, pairs: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let all = terms.into_iter().chain(pairs.into_iter().map(|(a, b)| a * b));
        all.reduce(Self::add).unwrap_or_else(|| Self::from_f64(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readable, sign-changing, never a short binary fraction.
    fn wave(i: usize) -> f32 {
        (i as f32 * 12.9898).sin()
    }

    #[test]
    fn every_arrangement_of_a_sum_of_products_is_within_its_bound_and_uses_some_of_it() {
        let precision = Precision::f32(1.0, 1.0);
        let lift = |v: f32| Expanded::<f64>::given(Bounded::exact(f64::from(v), &precision));
        let one = Expanded::from_f64(1.0);
        let mut largest = 0.0f64;
        for i in 0..20_000 {
            let (z, n, h, d) = (wave(i).abs(), wave(i + 7), wave(i + 31), wave(i + 57));
            let [bz, bn, bh, bd] = [z, n, h, d].map(lift);
            let mean = ((one - bz) * bn + bz * bh).bounded();
            let share = (bd * (one - bz) * bn.tanh_slope()).bounded();
            let across = (bd * bh - bd * bn).bounded();
            let slope = 1.0 - n * n;
            for (got, want) in [
                ((1.0 - z) * n + z * h, mean),
                (n + z * (h - n), mean),
                (z.mul_add(h - n, n), mean),
                (n - z * n + z * h, mean),
                (d * (1.0 - z) * slope, share),
                ((d - d * z) * slope, share),
                ((d - d * z) - (d - d * z) * (n * n), share),
                (d * (1.0 - z) * ((1.0 - n) * (1.0 + n)), share),
                (d * (h - n), across),
                (d * h - d * n, across),
            ] {
                let error = (f64::from(got) - want.value).abs();
                assert!(error <= want.error, "{i}: got {got:e}, want {want:?}");
                largest = largest.max(error / want.error);
            }
        }
        assert!(largest > 0.25, "{largest}");
    }

    #[test]
    fn a_sum_of_products_has_the_bound_of_a_dot_product() {
        let precision = Precision::f32(1.0, 1.0);
        let exact = |i: usize| Bounded::<f64>::exact(f64::from(wave(i)), &precision);
        let pairs = || (0..9).map(|i| (exact(i), exact(i + 40)));
        let want = Bounded::dot([exact(99)], pairs());
        let terms = pairs().map(|(a, b)| (Expanded::given(a), Expanded::given(b)));
        let got = Expanded::dot([Expanded::given(exact(99))], terms).bounded();
        let sum = Expanded::products(pairs()).expect("nine pairs") + Expanded::given(exact(99));
        assert!((sum.bounded().error / want.error - 1.0).abs() < 1e-14);
        // The bounds are added up in another order.
        assert!((got.error / want.error - 1.0).abs() < 1e-14, "{got:?} {want:?}");
    }

    #[test]
    fn a_constant_that_f32_lacks_counts_as_a_rounding() {
        let precision = Precision::f32(1.0, 1.0);
        let one = Expanded::<f64>::given(Bounded::exact(1.0, &precision));
        let tenth = (one * Expanded::from_f64(0.1)).bounded();
        // One rounding of the constant and one of the product.
        let (error, two) = ((f64::from(0.1f32) - 0.1).abs(), 2.0 * 0.1 * 2f64.powi(-24));
        assert!(error <= tenth.error && (tenth.error / two - 1.0).abs() < 1e-5);
        assert!((one * Expanded::from_f64(0.125)).bounded().error < tenth.error);
    }

    #[test]
    fn a_comparison_that_errors_decide_may_be_either_answer() {
        let precision = Precision::f32(1.0, 1.0);
        let of = |value: f64, error: f64| Expanded::<f64>::given(Bounded::new(value, error, &precision));
        let answer = |a: Expanded<'_>, b: Expanded<'_>| {
            let step = a.exceeds(b).bounded();
            (step.value, step.error)
        };
        assert_eq!(answer(of(1.0, 0.0), of(0.0, 0.0)), (1.0, 0.0));
        assert_eq!(answer(of(0.0, 0.0), of(0.0, 0.0)), (0.0, 0.0));
        assert_eq!(answer(of(0.25, 0.5), of(0.0, 0.0)), (1.0, 1.0));
    }
}
