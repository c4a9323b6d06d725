//! `x̂ = x + e, |e| ≤ error`: the oracle's value `x` beside a bound on how far any correct backend's `x̂` may be from it.
//!
//! With `|â| ≤ |a| + e_a` and the model of the [parent module](super):
//!
//! ```text
//! a + b         e_a + e_b                                  + u |â + b̂|
//! a b           |a| e_b + |b| e_a + e_a e_b                + u |â| |b̂| + η
//! a / b         (e_a + |a/b| e_b) / (|b| − e_b)            + u |â / b̂| + η
//! Σ t + Σ a b   Σ e_t + Σ (|a| e_b + |b| e_a + e_a e_b)    + γ_n (Σ|t̂| + Σ|â||b̂|) + K η
//! σ(a)          min(|σ′(a)| e + M₂ e², e/4)                + A ulp(|σ| + …) + η      M₂ = max|σ″|/2 = √3/36
//! tanh a        min(|tanh′ a| e + M₂ e², e)                + A ulp(|tanh| + …) + η   M₂ = max|tanh″|/2 = 2√3/9
//! e^a           e^a (e^e − 1)                              + A ulp(…) + η
//! ln a          −ln(1 − e/a)                               + A ulp(…) + η
//! sin a         min(|cos a| e + e²/2, e, 1 + |sin a|)        + A ulp(|sin| + …) + η
//! cos a         min(|sin a| e + e²/2, e, 1 + |cos a|)        + A ulp(|cos| + …) + η
//! √a            e/√a                                       + u (…)
//! max(a, 0)     e                                            exact
//! blend         the larger of those of (1 − z) n + z h and n + z (h − n)
//! ```
//!
//! *The sum.* Adding `n` summands takes `n − 1` additions in any order, so a summand passes through at most that many, and a
//! product through one rounding more: `n` with products, `n − 1` without. FMA leaves one out, starting from 0 is exact, a
//! bias added before or after is a summand like the others. Hence `γ_n` independent of order and blocking, `n` = the number
//! of summands. The `K` underflows of products are added, not multiplied.
//!
//! *Activations.* Taylor with remainder: `|s(a+e) − s(a)| ≤ |s′(a)| |e| + max|s″|/2 e²`; also the Lipschitz constant, which is
//! the better one for large `e`. The declared ulps count at the point where the backend evaluates: `|s| +` the first part.
//! Sine and cosine turn by at most 1 and stay between −1 and 1.
//! `σ″ = σ(1−σ)(1−2σ)` is largest at `σ = (3 ± √3)/6`: `√3/18`. `tanh″ = −2 t (1 − t²)` at `t = 1/√3`: `4√3/9`.
//!
//! *Arrangements.* One formula may be rounded in several ways that are all usual, `(1 − z) n + z h` and `n + z (h − n)`. They
//! have one value and different errors: the second rounds `h − n`, which need not be small where the result is. Each is
//! evaluated as it stands, and the bound is the largest of theirs ([`Bounded::widest`]). A fused multiply-add leaves a rounding out.
//!
//! *Quotient.* `|â/b̂ − a/b| = |a e_b ∓ b e_a| / (|b| |b̂|)`. *Logarithm, root:* the worst case is `â = a − e`;
//! `|√â − √a| = |e|/(√â + √a)`. The exact function value of a constant stays a constant: a constant has no error.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Precision;
use crate::number::Number;

/// A value with a bound on a backend's error in it; a constant is exact.
#[derive(Clone, Copy, Debug)]
pub struct Bounded<'p, S = f64> {
    /// What the oracle computes.
    pub value: S,
    /// How far a correct backend may be from it.
    pub error: f64,
    pub(super) precision: Option<&'p Precision>,
    /// Terms of the longest sum on the way here; 0 if nothing was rounded.
    pub(super) terms: usize,
}

/// `max|σ″|/2 = √3/36`, rounded up.
const SIGMOID_CURVATURE: f64 = 0.048_113;
/// `max|tanh″|/2 = 2√3/9`, rounded up.
const TANH_CURVATURE: f64 = 0.384_901;

impl<'p, S: Number> Bounded<'p, S> {
    /// A value the backend has to within `error`.
    #[inline]
    pub fn new(value: S, error: f64, precision: &'p Precision) -> Self {
        Self { value, error, precision: Some(precision), terms: 0 }
    }

    /// A value the backend has exactly: one of its own inputs.
    #[inline]
    pub fn exact(value: f64, precision: &'p Precision) -> Self {
        Self::new(S::from_f64(value), 0.0, precision)
    }

    /// All of `values`, exactly.
    pub fn lift(values: &[f64], precision: &'p Precision) -> Vec<Self> {
        values.iter().map(|&v| Self::exact(v, precision)).collect()
    }

    /// `n`: the terms of the longest sum on the way here, a rounding on its own counting as a sum of one; 0 if nothing
    /// was rounded.
    #[must_use]
    pub fn terms(self) -> usize {
        self.terms
    }

    #[inline]
    fn magnitude(self) -> f64 {
        self.value.value().abs()
    }

    /// The largest `|x̂|`.
    #[inline]
    fn reach(self) -> f64 {
        self.magnitude() + self.error
    }

    /// How far the error of the argument takes a sine or cosine of this value and slope: no second derivative is beyond 1.
    fn turned(self, value: f64, slope: f64) -> f64 {
        let e = self.error;
        (slope.abs() * e + e * e / 2.0).min(e).min(1.0 + value.abs())
    }

    /// `value` after inputs alone contribute `propagated`, `n` roundings act on `size`, and `k` products may underflow.
    #[inline]
    fn rounded(self, value: S, propagated: f64, n: usize, size: f64, k: f64) -> Self {
        let rounding = self.precision.map_or(0.0, |p| p.gamma(n) * size + k * p.eta);
        Self { value, error: propagated + rounding, terms: self.terms.max(n), ..self }
    }

    /// An elementary function of declared accuracy.
    fn function(self, value: S, propagated: f64, ulps: impl Fn(&Precision) -> f64) -> Self {
        let reach = value.value().abs() + propagated;
        let own = self.precision.map_or(0.0, |p| ulps(p) * p.ulp(reach) + p.eta);
        Self { value, error: propagated + own, terms: self.terms.max(1), ..self }
    }

    #[inline]
    fn join(self, other: Self) -> Self {
        Self { precision: self.precision.or(other.precision), terms: self.terms.max(other.terms), ..self }
    }

    /// `Π f`: one product, in any order. A factor's error meets the other factors' reach; `k` factors take `k − 1`
    /// roundings; an underflow is amplified at most by the factors larger than 1.
    pub fn product(factors: &[Self]) -> Self {
        let mut all = Self::from_f64(1.0);
        let (mut exact, mut propagated, mut amplified) = (1.0, 0.0, 1.0);
        for f in factors {
            propagated = propagated * f.reach() + exact * f.error;
            exact *= f.magnitude();
            amplified *= f.reach().max(1.0);
            all = Self { value: all.value * f.value, ..all.join(*f) };
        }
        let n = factors.len().saturating_sub(1);
        let underflows = factors.iter().skip(1).map(|_| amplified).sum();
        all.rounded(all.value, propagated, n, exact + propagated, underflows)
    }

    /// One value in several arrangements: that of the first, which a backend may have with the error of any.
    #[must_use]
    pub fn widest<const N: usize>(first: Self, others: [Self; N]) -> Self {
        // f64::max would turn a NaN into a number, so it is kept out.
        let wider = |all: Self, other: Self| Self {
            error: if all.error >= other.error { all.error } else { other.error },
            ..all.join(other)
        };
        others.into_iter().fold(first, wider)
    }
}

impl<S: Number> Add for Bounded<'_, S> {
    type Output = Self;
    #[inline]
    fn add(self, b: Self) -> Self {
        let value = self.value + b.value;
        let propagated = self.error + b.error;
        let size = value.value().abs() + propagated;
        self.join(b).rounded(value, propagated, 1, size, 0.0)
    }
}

impl<S: Number> Sub for Bounded<'_, S> {
    type Output = Self;
    #[inline]
    fn sub(self, b: Self) -> Self {
        self + -b
    }
}

impl<S: Number> Mul for Bounded<'_, S> {
    type Output = Self;
    #[inline]
    fn mul(self, b: Self) -> Self {
        Self::product(&[self, b])
    }
}

impl<S: Number> Div for Bounded<'_, S> {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let value = self.value / b.value;
        let quotient = value.value().abs();
        let nearest = b.magnitude() - b.error;
        let propagated = if nearest > 0.0 { (self.error + quotient * b.error) / nearest } else { f64::INFINITY };
        self.join(b).rounded(value, propagated, 1, quotient + propagated, 1.0)
    }
}

impl<S: Number> Neg for Bounded<'_, S> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl<S: Number> Number for Bounded<'_, S> {
    #[inline]
    fn from_f64(value: f64) -> Self {
        Self { value: S::from_f64(value), error: 0.0, precision: None, terms: 0 }
    }
    #[inline]
    fn value(self) -> f64 {
        self.value.value()
    }
    #[inline]
    fn detach(self) -> Self {
        Self { value: self.value.detach(), ..self }
    }
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.function(value, value.value() * self.error.exp_m1(), |p| p.exp_ulp)
    }
    fn ln(self) -> Self {
        // f64::max would turn a NaN into a number, so it is kept out.
        let ratio = self.error / self.magnitude();
        let propagated = if ratio >= 1.0 { f64::INFINITY } else { -(-ratio).ln_1p() };
        self.function(self.value.ln(), propagated, |p| p.ln_ulp)
    }
    fn ln_1p(self) -> Self {
        let ratio = self.error / (1.0 + self.value.value()).abs();
        let propagated = if ratio >= 1.0 { f64::INFINITY } else { -(-ratio).ln_1p() };
        self.function(self.value.ln_1p(), propagated, |p| p.ln_ulp)
    }
    fn sin(self) -> Self {
        let (value, slope) = (self.value.sin(), self.value.cos().value());
        self.function(value, self.turned(value.value(), slope), |p| p.sin_ulp)
    }
    fn cos(self) -> Self {
        let (value, slope) = (self.value.cos(), self.value.sin().value());
        self.function(value, self.turned(value.value(), slope), |p| p.sin_ulp)
    }
    fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        let root = value.value();
        let propagated = if self.error == 0.0 { 0.0 } else { self.error / root };
        self.rounded(value, propagated, 1, root + propagated, 0.0)
    }
    fn tanh(self) -> Self {
        let twice = 2.0 * self.value.value();
        let slope = 4.0 * Number::sigmoid(twice) * Number::sigmoid(-twice);
        let e = self.error;
        let propagated = (slope * e + TANH_CURVATURE * e * e).min(e);
        self.function(self.value.tanh(), propagated, |p| p.tanh_ulp)
    }
    fn sigmoid(self) -> Self {
        let a = self.value.value();
        let slope = Number::sigmoid(a) * Number::sigmoid(-a);
        let e = self.error;
        let propagated = (slope * e + SIGMOID_CURVATURE * e * e).min(e / 4.0);
        self.function(self.value.sigmoid(), propagated, |p| p.sigmoid_ulp)
    }
    fn blend(z: Self, n: Self, h: Self) -> Self {
        let apart = Self::dot([], [(Self::from_f64(1.0) - z, n), (z, h)]);
        Self::widest(apart, [n + z * (h - n)])
    }
    fn abs(self) -> Self {
        Self { value: self.value.abs(), ..self }
    }
    fn relu(self) -> Self {
        Self { value: self.value.relu(), ..self }
    }
    fn max(self, other: Self) -> Self {
        // |max(â, b̂) − max(a, b)| ≤ max(e_a, e_b)
        let error = if self.error >= other.error { self.error } else { other.error };
        Self { value: self.value.max(other.value), error, ..self.join(other) }
    }
    fn dot(terms: impl IntoIterator<Item = Self>, pairs: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let mut sum = Self::from_f64(0.0);
        let (mut propagated, mut size, mut summands, mut products) = (0.0, 0.0, 0, 0);
        for t in terms {
            sum = Self { value: sum.value + t.value, ..sum.join(t) };
            propagated += t.error;
            size += t.reach();
            summands += 1;
        }
        for (a, b) in pairs {
            sum = Self { value: sum.value + a.value * b.value, ..sum.join(a).join(b) };
            propagated += a.magnitude() * b.error + b.reach() * a.error;
            size += a.reach() * b.reach();
            summands += 1;
            products += 1;
        }
        let roundings = if products > 0 { summands } else { summands.max(1) - 1 };
        sum.rounded(sum.value, propagated, roundings, size, f64::from(products))
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is what is tested")]
mod tests {
    use super::*;
    use crate::bound::Expanded;

    fn within(got: f32, want: Bounded<'_>) -> f64 {
        let error = (f64::from(got) - want.value).abs();
        assert!(error <= want.error, "got {got:e}, want {want:?}");
        if want.error > 0.0 { error / want.error } else { 0.0 }
    }

    /// Readable, sign-changing, never a short binary fraction.
    fn wave(i: usize) -> f32 {
        (i as f32 * 12.9898).sin()
    }

    #[test]
    fn every_order_of_a_dot_product_is_within_the_bound_and_the_bound_is_not_vacuous() {
        let precision = Precision::f32(1.0, 1.0);
        let mut largest = 0.0f64;
        for (n, start) in [1, 2, 3, 8, 33, 200].into_iter().flat_map(|n| (0..50).map(move |s| (n, s))) {
            let at = |i: usize| (wave(i + 300 * start), wave(i + 300 * start + 20_000));
            let (a, b): (Vec<f32>, Vec<f32>) = (0..n).map(at).unzip();
            let lift = |v: &f32| Bounded::exact(f64::from(*v), &precision);
            let bias = 0.3f32;
            let want = Bounded::dot([lift(&bias)], a.iter().map(lift).zip(b.iter().map(lift)));
            let product = |i: usize| a[i] * b[i];
            let sums = [
                (0..n).fold(bias, |s, i| s + product(i)),
                (0..n).rev().map(product).sum::<f32>() + bias,
                (0..n).fold(0.0, |s, i| a[i].mul_add(b[i], s)) + bias,
                (0..4).map(|lane| (lane..n).step_by(4).map(product).sum::<f32>()).sum::<f32>() + bias,
            ];
            for got in sums {
                largest = largest.max(within(got, want));
            }
        }
        assert!(largest > 0.1, "ratio {largest}");
    }

    #[test]
    fn both_arrangements_of_a_mean_are_within_its_bound_and_that_of_one_alone_would_refuse_the_other() {
        let precision = Precision::f32(1.0, 1.0);
        let lift = |v: f32| Bounded::exact(f64::from(v), &precision);
        let mut refused = 0;
        for i in 0..5000 {
            // A small state that the gate keeps, beside a large candidate.
            let (z, n, h) = (1.0 - wave(i).abs() / 64.0, wave(i + 7), wave(i + 31) / 64.0);
            let want = Bounded::blend(lift(z), lift(n), lift(h));
            within((1.0 - z) * n + z * h, want);
            within(n + z * (h - n), want);
            within(z.mul_add(h - n, n), want);
            let alone = Bounded::dot([], [(Bounded::from_f64(1.0) - lift(z), lift(n)), (lift(z), lift(h))]);
            refused += usize::from((f64::from(n + z * (h - n)) - alone.value).abs() > alone.error);
        }
        assert!(refused > 100, "{refused}");
    }

    #[test]
    fn functions_of_uncertain_arguments_stay_within_their_bounds() {
        let precision = Precision::f32(1.0, 1.0);
        for i in 0..2000 {
            let (x, e) = (8.0 * f64::from(wave(i)), 10f64.powi(-(i as i32 % 9)));
            let a = Bounded::new(x, e, &precision);
            for sign in [-1.0, -0.5, 0.0, 0.3, 1.0] {
                let moved = x + sign * e;
                within(moved.tanh() as f32, a.tanh());
                within(Number::sigmoid(moved) as f32, a.sigmoid());
                within(moved.exp() as f32, a.exp());
                within(moved.sin() as f32, a.sin());
                within(moved.cos() as f32, a.cos());
                within(moved.max(0.0) as f32, a.relu() + Bounded::from_f64(0.0));
                if x > e {
                    within(moved.ln() as f32, a.ln());
                    within(moved.ln_1p() as f32, a.ln_1p());
                    within(moved.sqrt() as f32, a.sqrt());
                    within((1.7 / moved) as f32, Bounded::exact(1.7, &precision) / a);
                }
                let (s, t) = (Number::sigmoid(moved) as f32, moved.tanh() as f32);
                let [of_s, of_t] = [a.sigmoid(), a.tanh()].map(Expanded::given);
                let (of_s, of_t) = (of_s.sigmoid_slope().bounded(), of_t.tanh_slope().bounded());
                within(s * (1.0 - s), of_s);
                within(s - s * s, of_s);
                within((1.0 - t) * (1.0 + t), of_t);
                within(1.0 - t * t, of_t);
            }
        }
    }

    #[test]
    fn every_order_of_a_product_is_within_the_bound_even_where_it_underflows() {
        let precision = Precision::f32(1.0, 1.0);
        for scale in [1.0f32, 1e-10, 1e-14, 1e-20] {
            for i in 0..200 {
                let f = [wave(i) * scale, wave(i + 7) * scale, wave(i + 31) * scale, 1e9];
                let want = Bounded::product(&f.map(|v| Bounded::exact(f64::from(v), &precision)));
                within(f[0] * f[1] * f[2] * f[3], want);
                within(f[3] * f[2] * f[1] * f[0], want);
                within((f[0] * f[1]) * (f[2] * f[3]), want);
            }
        }
    }

    #[test]
    fn the_curvatures_are_the_maxima_of_the_second_derivatives() {
        assert!((0.0..1e-5).contains(&(SIGMOID_CURVATURE / (3f64.sqrt() / 36.0) - 1.0)));
        assert!((0.0..1e-5).contains(&(TANH_CURVATURE / (2.0 * 3f64.sqrt() / 9.0) - 1.0)));
    }

    #[test]
    fn the_longest_sum_on_the_way_to_an_element_is_known() {
        let precision = Precision::f32(1.0, 1.0);
        let a = |v| Bounded::<f64>::exact(v, &precision);
        let sum = |n: usize| Bounded::dot([a(0.5)], (0..n).map(|i| (a(0.25), a(i as f64))));
        assert_eq!(a(0.5).terms(), 0);
        assert_eq!(a(0.5).tanh().terms(), 1);
        assert_eq!(sum(4).terms(), 5);
        assert_eq!((sum(4).sigmoid() * sum(9)).terms(), 10);
        assert_eq!(Bounded::dot([sum(7)], []).terms(), 8);
    }
}
