//! `x̂ = Σ x̂_i`, added in any order: a number whose bound holds however a backend arranges its sums.
//!
//! [`Bounded`] knows that of a dot product. A derivative, however, is a sum over the uses of a variable, which a tape
//! meets one after the other and a backend adds as its passes come. So this number adds lazily: it keeps the summands'
//! errors, the sum of their magnitudes and their count, and only where the sum is used is it charged with
//! `γ_{n−1} Σ|x̂_i|`, which covers every order and every grouping of `n` summands (Higham 2002, §4.2).
//!
//! *Slopes.* A backend forms `σ′ = s (1 − s)` and `tanh′ = 1 − t²` from the value it stored, which may be off by the `A`
//! ulp it declares, and rounds at most three times: it errs by `A ulp(1) + γ₃ (1 + 1)` at most, `(A + 6) u`, even where the
//! slope itself is tiny. The tape forms `σ(x) σ(−x)` and `4 σ(2x) σ(−2x)` instead, whose relative error is small; so
//! each σ here is charged with `(A + 6) u`, absolute, which gives each slope as much: `ε (σ(x) + σ(−x)) = ε`.

use rnn_check::bound::{Bounded, Precision};
use rnn_check::number::Number;
use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Copy, Debug)]
pub struct AnyOrder<'p, S> {
    /// The sum, with the errors of its summands.
    sum: Bounded<'p, S>,
    /// `Σ|x̂_i|`.
    size: f64,
    summands: usize,
    precision: Option<&'p Precision>,
}

impl<'p, S: Number> AnyOrder<'p, S> {
    /// A number the backend has exactly.
    pub fn exact(value: f64, precision: &'p Precision) -> Self {
        Self::one(Bounded::exact(value, precision), Some(precision))
    }

    fn one(sum: Bounded<'p, S>, precision: Option<&'p Precision>) -> Self {
        let size = sum.value.value().abs() + sum.error;
        // Adding an exact 0 rounds nothing. Written so that a NaN is a summand.
        Self { sum, size, summands: if size == 0.0 { 0 } else { 1 }, precision }
    }

    /// The sum, added up.
    pub fn added(self) -> Bounded<'p, S> {
        let mut sum = self.sum;
        if let (Some(precision), 2..) = (self.precision, self.summands) {
            sum.error += precision.gamma(self.summands - 1) * self.size;
        }
        sum
    }

    fn of(self, f: impl FnOnce(Bounded<'p, S>) -> Bounded<'p, S>) -> Self {
        Self::one(f(self.added()), self.precision)
    }

    fn with(self, other: Self, f: impl FnOnce(Bounded<'p, S>, Bounded<'p, S>) -> Bounded<'p, S>) -> Self {
        Self::one(f(self.added(), other.added()), self.precision.or(other.precision))
    }
}

impl<S: Number> Add for AnyOrder<'_, S> {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        let mut sum = if self.precision.is_some() { self.sum } else { b.sum };
        sum.value = self.sum.value + b.sum.value;
        sum.error = self.sum.error + b.sum.error;
        let (size, summands) = (self.size + b.size, self.summands + b.summands);
        Self { sum, size, summands, precision: self.precision.or(b.precision) }
    }
}

impl<S: Number> Sub for AnyOrder<'_, S> {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        self + -b
    }
}

impl<S: Number> Mul for AnyOrder<'_, S> {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        self.with(b, |a, b| a * b)
    }
}

impl<S: Number> Div for AnyOrder<'_, S> {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        self.with(b, |a, b| a / b)
    }
}

impl<S: Number> Neg for AnyOrder<'_, S> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { sum: -self.sum, ..self }
    }
}

impl<S: Number> Number for AnyOrder<'_, S> {
    fn from_f64(value: f64) -> Self {
        Self::one(Bounded::from_f64(value), None)
    }
    fn value(self) -> f64 {
        self.sum.value()
    }
    fn detach(self) -> Self {
        self
    }
    fn exp(self) -> Self {
        self.of(Number::exp)
    }
    fn ln(self) -> Self {
        self.of(Number::ln)
    }
    fn ln_1p(self) -> Self {
        self.of(Number::ln_1p)
    }
    fn sin(self) -> Self {
        self.of(Number::sin)
    }
    fn cos(self) -> Self {
        self.of(Number::cos)
    }
    fn sqrt(self) -> Self {
        self.of(Number::sqrt)
    }
    fn tanh(self) -> Self {
        self.of(Number::tanh)
    }
    fn sigmoid(self) -> Self {
        let slope = |p: &Precision| (p.sigmoid_ulp.max(p.tanh_ulp) + 6.0) * p.gamma(1);
        let charge = self.precision.map_or(0.0, slope);
        self.of(|x| {
            let mut s = x.sigmoid();
            s.error += charge;
            s
        })
    }
    fn dot(terms: impl IntoIterator<Item = Self>, pairs: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let (mut precision, mut flat) = (None, (Vec::new(), Vec::new()));
        for term in terms {
            precision = precision.or(term.precision);
            flat.0.push(term.added());
        }
        for (a, b) in pairs {
            precision = precision.or(a.precision).or(b.precision);
            flat.1.push((a.added(), b.added()));
        }
        Self::one(Bounded::dot(flat.0, flat.1), precision)
    }
}

#[test]
fn every_order_and_grouping_of_a_sum_of_products_is_within_its_bound() {
    let precision = Precision::f64(1.0, 1.0);
    let mut rng = recurrent::rng::Rng::seed(1);
    let mut largest = 0.0_f64;
    for n in [2, 3, 8, 40] {
        for _ in 0..200 {
            let pairs: Vec<_> = (0..n).map(|_| (rng.normal(), rng.normal())).collect();
            let product = |&(a, b): &(f64, f64)| {
                let exact = |v| AnyOrder::<rnn_check::number::DoubleDouble>::exact(v, &precision);
                exact(a) * exact(b)
            };
            let want = pairs.iter().map(product).fold(AnyOrder::from_f64(0.0), Add::add).added();
            let forwards: f64 = pairs.iter().map(|(a, b)| a * b).sum();
            let backwards: f64 = pairs.iter().rev().map(|(a, b)| a * b).sum();
            let grouped: f64 = pairs.chunks(3).map(|part| part.iter().map(|(a, b)| a * b).sum::<f64>()).sum();
            for got in [forwards, backwards, grouped] {
                let off = (rnn_check::number::DoubleDouble::from_f64(got) - want.value).value().abs();
                assert!(off <= want.error, "{n} summands: {off:e} of {:e}", want.error);
                largest = largest.max(off / want.error);
            }
        }
    }
    assert!(largest > 0.05, "the bound is vacuous: {largest}");
}
