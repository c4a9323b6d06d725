//! `x = hi + lo` with `|lo| ≤ ulp(hi)/2`: about 31 digits out of two f64.
//!
//! Sums and products are error-free transformations (Dekker 1971; Knuth, TAOCP 2, 4.2.2; Hida, Li, Bailey 2001); relative error
//! of `+ − × ÷ √` is a few 2⁻¹⁰⁴. `e^x − 1` is a Taylor series after argument reduction; `tanh` and `σ` follow from it
//! without cancellation. `sin` and `cos` are Taylor series after subtracting a multiple of π/2 of 212 bits; beyond `2⁴⁰` they are
//! those of f64. Below about 2⁻⁹⁶⁰ the low part underflows and the accuracy falls to that of f64.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Number;

/// The unevaluated sum of two f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoubleDouble {
    hi: f64,
    lo: f64,
}

/// ln 2 (computed to 80 digits and split).
const LN_2: DoubleDouble = DoubleDouble { hi: std::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };

/// π/2 in four parts (computed to 80 digits and split).
const HALF_PI: [f64; 4] =
    [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17, -1.497_384_904_859_169_8e-33, 5.562_271_104_316_826e-50];

/// `a + b = s + e` exactly.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let bb = s - a;
    (s, (a - (s - bb)) + (b - bb))
}

/// `a · b = p + e` exactly, unless it underflows.
#[inline]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    (p, a.mul_add(b, -p))
}

impl DoubleDouble {
    /// `hi + lo`, normalised.
    #[inline]
    pub fn new(hi: f64, lo: f64) -> Self {
        let (hi, lo) = two_sum(hi, lo);
        Self::normalise(hi, lo)
    }

    /// Requires `|hi| ≥ |lo|`. An infinite or NaN `hi` stands alone, or its error term would turn ∞ into NaN.
    #[inline]
    fn normalise(hi: f64, lo: f64) -> Self {
        let sum = hi + lo;
        if sum.is_finite() {
            let lo = lo - (sum - hi);
            Self { hi: sum, lo }
        } else {
            Self { hi, lo: 0.0 }
        }
    }

    /// `[hi, lo]`: the number is their sum, `hi` the f64 nearest to it.
    pub fn parts(self) -> [f64; 2] {
        [self.hi, self.lo]
    }

    /// `e^x · 2^power` for `|x| ≤ 1000`, where neither `e^x` itself nor its low part need be a normal number.
    pub fn exp_scaled(self, power: i32) -> Self {
        // e^x = 2^k (1 + (e^r − 1)), r = x − k ln 2, |r| ≤ 0.35
        let k = (self.hi / LN_2.hi).round();
        let r = self - LN_2 * Self::from_f64(k);
        #[expect(clippy::cast_possible_truncation, reason = "|k| ≤ 1443")]
        let k = k as i32;
        (Self::from_f64(1.0) + r.exp_m1_small()).scale(k + power)
    }

    fn scale(self, k: i32) -> Self {
        // In two halves: 2^k itself may not be representable.
        let (first, second) = (2f64.powi(k / 2), 2f64.powi(k - k / 2));
        Self { hi: self.hi * first * second, lo: self.lo * first * second }
    }

    /// `e^x − 1` for `|x| ≤ 0.5`, relative error about 1e-30 down to `x = 0`.
    fn exp_m1_small(self) -> Self {
        // x + x²/2 + …: below 1e-40 the first term is exact to 40 digits, and x/2⁹ could leave the normal range.
        if self.hi.abs() < 1e-40 {
            return self;
        }
        // r = x/2⁹, |r| < 1e-3: the Taylor term r¹¹/11! is 1e-37 of r. Then nine times e^{2r} − 1 = (e^r − 1)(e^r + 1).
        let r = self.scale(-9);
        let one = Self::from_f64(1.0);
        let mut series = one;
        for n in (2..=11).rev() {
            series = one + series * r / Self::from_f64(f64::from(n));
        }
        let mut e = r * series;
        for _ in 0..9 {
            e = e + e + e * e;
        }
        e
    }

    /// `sin x` and `cos x`.
    fn sin_cos(self) -> [Self; 2] {
        if self.hi.abs().is_nan() || self.hi.abs() > 2f64.powi(40) {
            // An infinity has neither, and beyond a product of π/2 would not be exact for long.
            let [sine, cosine] = [self.hi.sin(), self.hi.cos()].map(Self::from_f64);
            return [sine, cosine];
        }
        let quarter = (self.hi / HALF_PI[0]).round();
        let r = HALF_PI.into_iter().fold(self, |r, part| r - Self::from_f64(part) * Self::from_f64(quarter));
        // |r| ≤ 0.79: the term r³¹/31! is 1e-37 of r.
        let (one, square) = (Self::from_f64(1.0), r * r);
        let series = |first: u32| {
            let ratio = |n: u32| square / Self::from_f64(f64::from((n + 1) * (n + 2)));
            (first..30).step_by(2).rev().fold(one, |sum, n| one - sum * ratio(n))
        };
        let (sine, cosine) = (r * series(1), series(0));
        match quarter.rem_euclid(4.0) {
            0.0 => [sine, cosine],
            1.0 => [cosine, -sine],
            2.0 => [-sine, -cosine],
            _ => [-cosine, sine],
        }
    }

    /// `e^x − 1`
    fn exp_m1(self) -> Self {
        if self.hi.abs() <= 0.5 { self.exp_m1_small() } else { self.exp() - Self::from_f64(1.0) }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    #[inline]
    fn add(self, b: Self) -> Self {
        let (s, e) = two_sum(self.hi, b.hi);
        let (t, f) = two_sum(self.lo, b.lo);
        let upper = Self::normalise(s, e + t);
        Self::normalise(upper.hi, upper.lo + f)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    #[inline]
    fn sub(self, b: Self) -> Self {
        self + -b
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    #[inline]
    fn mul(self, b: Self) -> Self {
        let (p, e) = two_product(self.hi, b.hi);
        Self::normalise(p, e + (self.hi * b.lo + self.lo * b.hi))
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let first = self.hi / b.hi;
        if !first.is_finite() || b.hi.is_infinite() {
            return Self { hi: first, lo: 0.0 };
        }
        // Long division, three digits in base 2⁵³.
        let rest = self - b * Self::from_f64(first);
        let second = rest.hi / b.hi;
        let rest = rest - b * Self::from_f64(second);
        Self::new(first, second) + Self::from_f64(rest.hi / b.hi)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }
}

impl Number for DoubleDouble {
    #[inline]
    fn from_f64(value: f64) -> Self {
        Self { hi: value, lo: 0.0 }
    }
    #[inline]
    fn value(self) -> f64 {
        self.hi + self.lo
    }
    #[inline]
    fn detach(self) -> Self {
        self
    }
    fn exp(self) -> Self {
        let limit = self.hi.clamp(-746.0, 710.0);
        if limit != self.hi {
            return Self::from_f64(self.hi.exp()); // 0, ∞ or NaN
        }
        self.exp_scaled(0)
    }
    fn ln(self) -> Self {
        let mut y = Self::from_f64(self.hi.ln());
        if y.hi.is_finite() {
            // Newton on e^y = x; each step doubles the digits.
            for _ in 0..2 {
                y = y + (self * (-y).exp() - Self::from_f64(1.0));
            }
        }
        y
    }
    fn sin(self) -> Self {
        let [sine, _] = self.sin_cos();
        sine
    }
    fn cos(self) -> Self {
        let [_, cosine] = self.sin_cos();
        cosine
    }
    fn sqrt(self) -> Self {
        let root = Self::from_f64(self.hi.sqrt());
        if root.hi > 0.0 && root.hi.is_finite() {
            // One Newton step from a root good to 53 bits.
            root + (self - root * root) / (root + root)
        } else {
            root
        }
    }
    fn tanh(self) -> Self {
        // tanh x = (e^{2x} − 1) / (e^{2x} + 1), odd; beyond 40 it is 1 to 34 digits.
        if self.hi < 0.0 {
            return -(-self).tanh();
        }
        if self.hi > 40.0 {
            return Self::from_f64(1.0);
        }
        let e = (self + self).exp_m1();
        e / (e + Self::from_f64(2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Agreement to `digits` relative to `want`.
    fn assert_close(got: DoubleDouble, want: DoubleDouble, tolerance: f64) {
        let error = (got - want).value().abs();
        assert!(error <= tolerance * want.value().abs(), "got {got:?}, want {want:?}, error {error:e}");
    }

    /// `(x, e^x, tanh x, σ(x))`, each split from its value to 80 digits (Python's `decimal`).
    #[rustfmt::skip]
    const TABLE: [(f64, [(f64, f64); 3]); 6] = [
        (1.25, [(3.4903429574618414, -4.604261945372796e-17), (0.8482836399575129, 1.7099441972242e-17), (0.7772998611746912, -3.978306200575455e-17)]),
        (-0.6875, [(0.5028315779709409, 4.689686142116619e-17), (-0.5963735554792423, -2.7705962641614684e-17), (0.334589441253186, -1.9243494749778743e-17)]),
        (0.0009765625, [(1.0009770394924165, 8.141755997634129e-17), (0.0009765621895592603, -4.341379977097105e-20), (0.5002441406055974, 3.885780568331452e-17)]),
        (20.5, [(799902177.4755054, 5.468433516540899e-08), (1.0, -3.1257643786699776e-18), (0.9999999987498471, 5.289791728846523e-18)]),
        (-300.25, [(4.009422364622857e-131, -9.421845746665655e-148), (-1.0, 0.0), (4.009422364622857e-131, -9.421845746665655e-148)]),
        (0.34375, [(1.4102260349257107, -4.1758810273684196e-17), (0.330821117493628, -1.702416173170034e-17), (0.5851011542032312, 8.042664048860037e-18)]),
    ];

    #[test]
    fn exp_tanh_and_sigmoid_agree_with_eighty_digit_values() {
        for (x, want) in TABLE {
            let x = DoubleDouble::from_f64(x);
            for (got, (hi, lo)) in [x.exp(), x.tanh(), x.sigmoid()].into_iter().zip(want) {
                // exp carries k times the error of the two-part ln 2: 1e-30 at x = 300.
                assert_close(got, DoubleDouble::new(hi, lo), 2e-30);
            }
        }
    }

    /// `(x, sin x, cos x)`, each split from its value to 80 digits (mpmath); the fourth is the f64 nearest to π, the last one to π/2.
    #[rustfmt::skip]
    const TURNS: [(f64, [(f64, f64); 2]); 7] = [
        (1.25, [(0.9489846193555862, 1.3508965656504773e-17), (0.3153223623952687, -8.38166872079122e-18)]),
        (-0.6875, [(-0.6346070800152693, 3.4568582392624965e-17), (0.7728349461524715, 4.231014921891023e-17)]),
        (20.5, [(0.9968297942787993, -5.1500577974843045e-18), (-0.07956356727854007, 5.480309034514453e-18)]),
        (std::f64::consts::PI, [(1.2246467991473532e-16, -2.99476980971834e-33), (-1.0, 7.498798913309288e-33)]),
        (1000000.5, [(0.141954699000744, -2.184367841909782e-18), (0.9898731552232378, -5.5249748385267264e-17)]),
        (549755813888.25, [(-0.8965513625576709, -1.24771590268966e-17), (0.44293978630958836, -2.722314263212553e-17)]),
        (std::f64::consts::FRAC_PI_2, [(1.0, -1.874699728327322e-33), (6.123233995736766e-17, -1.4973849048591698e-33)]),
    ];

    #[test]
    fn sine_and_cosine_agree_with_eighty_digit_values() {
        for (x, want) in TURNS {
            for sign in [1.0, -1.0] {
                let x = DoubleDouble::from_f64(sign * x);
                let [sine, cosine] = want.map(|(hi, lo)| DoubleDouble::new(hi, lo));
                assert_close(x.sin(), sine * DoubleDouble::from_f64(sign), 1e-30);
                assert_close(x.cos(), cosine, 1e-30);
            }
        }
        // Of both parts of a number: sin(x + y) by the theorem.
        let (x, y) = (DoubleDouble::from_f64(7.3), DoubleDouble::from_f64(3e-17));
        assert_close((x + y).sin(), x.sin() * y.cos() + x.cos() * y.sin(), 1e-30);
    }

    #[test]
    fn arithmetic_undoes_itself_to_thirty_digits() {
        let third = DoubleDouble::from_f64(1.0) / DoubleDouble::from_f64(3.0);
        let x = DoubleDouble::from_f64(1.7) * third + DoubleDouble::from_f64(1e-9);
        assert_close(x / third * third, x, 1e-31);
        assert_close(x.sqrt() * x.sqrt(), x, 1e-31);
        assert_close(x + third - third, x, 1e-31);
        assert_close(x.exp().ln(), x, 1e-31);
        assert_close(x.ln().exp(), x, 1e-31);
        assert_close(x.ln_1p().exp_m1(), x, 1e-31);
    }

    #[test]
    fn tanh_keeps_its_digits_near_zero() {
        // tanh x = x − x³/3 + …; the next term is 1e-42 relative.
        let x = DoubleDouble::from_f64(2f64.powi(-36));
        let want = x - x * x * x / DoubleDouble::from_f64(3.0)
            + x * x * x * x * x * DoubleDouble::from_f64(2.0) / DoubleDouble::from_f64(15.0);
        assert_close(x.tanh(), want, 1e-30);
    }

    #[test]
    fn infinities_and_nan_behave_as_in_f64() {
        let [inf, nan, one] = [f64::INFINITY, f64::NAN, 1.0].map(DoubleDouble::from_f64);
        assert_eq!((inf + one).value(), f64::INFINITY);
        assert_eq!((one / inf).value(), 0.0);
        assert_eq!((-inf).exp().value(), 0.0);
        assert_eq!(inf.exp().value(), f64::INFINITY);
        assert_eq!((-inf).tanh().value(), -1.0);
        assert_eq!((-inf).sigmoid().value(), 0.0);
        assert_eq!(inf.sigmoid().value(), 1.0);
        assert!((inf - inf).value().is_nan());
        assert!([inf, -inf, nan].into_iter().all(|x| x.sin().value().is_nan() && x.cos().value().is_nan()));
        assert!(nan.tanh().value().is_nan() && nan.exp().value().is_nan() && nan.ln().value().is_nan());
        assert_eq!(DoubleDouble::from_f64(0.0).sqrt().value(), 0.0);
        assert_eq!(DoubleDouble::from_f64(0.0).ln().value(), f64::NEG_INFINITY);
    }
}
