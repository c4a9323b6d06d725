//! Integers modulo the prime `p = 2⁶¹ − 1`: a field in which nothing is ever rounded and nothing grows.
//!
//! The dyadic rationals go into it by a homomorphism (2 has an inverse), so a computation of sums, products and quotients gives the
//! residue of its exact value, whatever its order. Two different polynomials of degree `d` agree at a random point with a
//! chance of at most `d/p` (Schwartz 1980, Zippel 1979): equal residues are as good as equal formulas.
//!
//! The activations are linear, `σ(x) = 1/2 + x/4` and `tanh x = x`, the first terms of the real ones: `σ(−x) = 1 − σ(x)` and
//! `tanh x = 2 σ(2x) − 1` hold, hence every form of `σ′ = σ (1 − σ)` and `tanh′ = 1 − tanh²` is the same polynomial.

use super::Number;
use crate::bound::Precision;
use crate::real::{PerType, Real};
use rnn_kernels::Scalar;
use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

const P: u64 = (1 << 61) - 1;

/// A residue modulo `2⁶¹ − 1`, or no number: what scratch holds before it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modular(u64);

const NAN: Modular = Modular(u64::MAX);

impl Modular {
    /// The residue of a whole number.
    #[must_use]
    pub fn new(n: u64) -> Self {
        Self(n % P)
    }

    fn with(self, b: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        if self.0 >= P || b.0 >= P { NAN } else { Self(f(self.0, b.0)) }
    }

    /// `self⁻¹ = self^(p−2)` (Fermat); 0 has none.
    fn inverse(self) -> Self {
        if self.0 == 0 {
            return NAN;
        }
        let (mut power, mut base, mut n) = (Self(1), self, P - 2);
        while n > 0 {
            power = if n % 2 == 1 { power * base } else { power };
            base = base * base;
            n /= 2;
        }
        power
    }
}

#[allow(clippy::cast_possible_truncation)] // below p
fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(P)) as u64
}

impl Add for Modular {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        self.with(b, |a, b| (a + b) % P)
    }
}
impl Sub for Modular {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        self.with(b, |a, b| (a + (P - b)) % P)
    }
}
impl Mul for Modular {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        self.with(b, times)
    }
}
impl Div for Modular {
    type Output = Self;
    #[allow(clippy::suspicious_arithmetic_impl)] // division is multiplication by the inverse
    fn div(self, b: Self) -> Self {
        self * b.inverse()
    }
}
impl Neg for Modular {
    type Output = Self;
    fn neg(self) -> Self {
        Self(0) - self
    }
}
impl AddAssign for Modular {
    fn add_assign(&mut self, b: Self) {
        *self = *self + b;
    }
}
impl SubAssign for Modular {
    fn sub_assign(&mut self, b: Self) {
        *self = *self - b;
    }
}
impl MulAssign for Modular {
    fn mul_assign(&mut self, b: Self) {
        *self = *self * b;
    }
}

/// Residues have no order that arithmetic respects; this one is that of their representatives, and no number has none.
impl PartialOrd for Modular {
    fn partial_cmp(&self, b: &Self) -> Option<Ordering> {
        (self.0 < P && b.0 < P).then(|| self.0.cmp(&b.0))
    }
}

/// `m 2^e` as a residue: `2⁶¹ = 1`, so the power of two is a shift by `e mod 61`.
fn residue(value: f64) -> Modular {
    if !value.is_finite() {
        return NAN;
    }
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52) & 0x7ff);
    let (m, e) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent as i64 - 1075) };
    let magnitude = Modular::new(m) * Modular::new(1 << e.rem_euclid(61));
    if value < 0.0 { -magnitude } else { magnitude }
}

/// The representative of least magnitude; only for printing, as an f64 has too few digits for it.
fn representative(v: Modular) -> f64 {
    match v.0 {
        n if n >= P => f64::NAN,
        n if n > P / 2 => -((P - n) as f64),
        n => n as f64,
    }
}

impl Scalar for Modular {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const EPSILON: Self = Self(0);
    fn from_f64(value: f64) -> Self {
        residue(value)
    }
    fn to_f64(self) -> f64 {
        representative(self)
    }
    fn exp(self) -> Self {
        NAN
    }
    fn ln(self) -> Self {
        NAN
    }
    fn ln_1p(self) -> Self {
        NAN
    }
    fn sin(self) -> Self {
        NAN
    }
    fn cos(self) -> Self {
        NAN
    }
    fn sqrt(self) -> Self {
        NAN
    }
    fn abs(self) -> Self {
        self
    }
    fn tanh(self) -> Self {
        self * Self(1)
    }
    fn sigmoid(self) -> Self {
        residue(0.5) + residue(0.25) * self
    }
    fn max(self, other: Self) -> Self {
        self.with(other, u64::max)
    }
    fn is_nan(self) -> bool {
        self.0 >= P
    }
    fn is_finite(self) -> bool {
        self.0 < P
    }
}

impl Number for Modular {
    fn from_f64(value: f64) -> Self {
        residue(value)
    }
    fn value(self) -> f64 {
        representative(self)
    }
    fn detach(self) -> Self {
        self
    }
    fn exp(self) -> Self {
        NAN
    }
    fn ln(self) -> Self {
        NAN
    }
    fn sin(self) -> Self {
        NAN
    }
    fn cos(self) -> Self {
        NAN
    }
    fn sqrt(self) -> Self {
        NAN
    }
    fn tanh(self) -> Self {
        Scalar::tanh(self)
    }
    fn sigmoid(self) -> Self {
        Scalar::sigmoid(self)
    }
}

impl Real for Modular {
    type Wide = Self;
    const NAME: &'static str = "modulo 2⁶¹ − 1";
    const TINY: f64 = 1.0;
    const CANARY: Self = Self(u64::MAX - 1);
    fn bits(self) -> u64 {
        self.0
    }
    fn above(self) -> Self {
        self
    }
    fn below(self) -> Self {
        self
    }
    fn fma(self, b: Self, c: Self) -> Self {
        self * b + c
    }
    /// Nothing is rounded, so nothing is compared within a bound; the format is a placeholder.
    fn precision(sigmoid_ulp: PerType, tanh_ulp: PerType) -> Precision {
        f64::precision(sigmoid_ulp, tanh_ulp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Stream;

    #[test]
    fn it_is_a_field() {
        let mut stream = Stream::new(1, 2);
        for _ in 0..1000 {
            let [a, b, c] = [(); 3].map(|()| Modular::new(stream.next()));
            assert_eq!((a + b) * c, a * c + b * c);
            assert_eq!((a - b) + b, a);
            assert_eq!(a / b * b, a);
            assert_eq!(-a + a, Modular::ZERO);
        }
        assert_eq!(Modular::new(P), Modular::ZERO);
    }

    #[test]
    fn dyadic_rationals_go_into_it_exactly() {
        let mut stream = Stream::new(3, 4);
        for _ in 0..1000 {
            // 26 bits each: sum and product are exact in f64 too.
            let mut dyadic = || {
                let digits = (stream.signed() * 2f64.powi(26)).round();
                digits * [2f64.powi(-40), 2f64.powi(-33), 2f64.powi(-21)][stream.below(3)]
            };
            let (a, b) = (dyadic(), dyadic());
            assert_eq!(residue(a) * residue(b), residue(a * b));
            assert_eq!(residue(1.5 * a) - residue(0.5 * a), residue(a));
        }
        assert_eq!(residue(0.5) * Modular::new(2), Modular::ONE);
        assert_eq!(residue(5e-324) / residue(5e-324), Modular::ONE);
        assert_eq!(residue(-3.0).to_f64(), -3.0);
    }

    #[test]
    fn the_activations_obey_the_identities_of_the_real_ones() {
        let mut stream = Stream::new(5, 6);
        let one = Modular::ONE;
        for _ in 0..100 {
            let x = Modular::new(stream.next());
            let (s, t) = (Scalar::sigmoid(x), Scalar::tanh(x));
            assert_eq!(Scalar::sigmoid(-x), one - s);
            assert_eq!(Scalar::sigmoid(x + x) + Scalar::sigmoid(x + x) - one, t);
        }
    }

    #[test]
    fn what_is_no_number_spreads() {
        let one = Modular::ONE;
        for lost in [Modular::CANARY, residue(f64::NAN), one / Modular::ZERO] {
            assert!(lost.is_nan() && (one + lost).is_nan() && (lost * Modular::ZERO).is_nan());
            assert!(Scalar::tanh(lost).is_nan() && Scalar::sigmoid(lost).is_nan() && Scalar::max(one, lost).is_nan());
        }
    }
}
