//! `a + ȧ ε` with `ε² = 0`: arithmetic on it is exact forward differentiation.
//!
//! `f(a + ȧ ε) = f(a) + f′(a) ȧ ε`. Nothing is subtracted, so the tangent is as accurate as the value.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Number, rules};

/// `value + tangent · ε`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<S = f64> {
    /// The value.
    pub value: S,
    /// Its derivative along the chosen direction.
    pub tangent: S,
}

impl<S: Number> Dual<S> {
    /// The variable `value`, moving with velocity `tangent`.
    #[inline]
    pub fn new(value: S, tangent: S) -> Self {
        Self { value, tangent }
    }

    #[inline]
    fn chain(self, (value, slope): (S, S)) -> Self {
        Self::new(value, slope * self.tangent)
    }
}

impl<S: Number> Add for Dual<S> {
    type Output = Self;
    #[inline]
    fn add(self, b: Self) -> Self {
        Self::new(self.value + b.value, self.tangent + b.tangent)
    }
}

impl<S: Number> Sub for Dual<S> {
    type Output = Self;
    #[inline]
    fn sub(self, b: Self) -> Self {
        Self::new(self.value - b.value, self.tangent - b.tangent)
    }
}

impl<S: Number> Mul for Dual<S> {
    type Output = Self;
    #[inline]
    fn mul(self, b: Self) -> Self {
        Self::new(self.value * b.value, self.tangent * b.value + self.value * b.tangent)
    }
}

impl<S: Number> Div for Dual<S> {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let quotient = self.value / b.value;
        Self::new(quotient, (self.tangent - quotient * b.tangent) / b.value)
    }
}

impl<S: Number> Neg for Dual<S> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self::new(-self.value, -self.tangent)
    }
}

impl<S: Number> Number for Dual<S> {
    #[inline]
    fn from_f64(value: f64) -> Self {
        Self::new(S::from_f64(value), S::from_f64(0.0))
    }
    #[inline]
    fn value(self) -> f64 {
        self.value.value()
    }
    #[inline]
    fn detach(self) -> Self {
        Self::new(self.value.detach(), S::from_f64(0.0))
    }
    fn exp(self) -> Self {
        self.chain(rules::exp(self.value))
    }
    fn ln(self) -> Self {
        self.chain(rules::ln(self.value))
    }
    fn ln_1p(self) -> Self {
        self.chain(rules::ln_1p(self.value))
    }
    fn sin(self) -> Self {
        self.chain(rules::sin(self.value))
    }
    fn cos(self) -> Self {
        self.chain(rules::cos(self.value))
    }
    fn sqrt(self) -> Self {
        self.chain(rules::sqrt(self.value))
    }
    fn tanh(self) -> Self {
        self.chain(rules::tanh(self.value))
    }
    fn sigmoid(self) -> Self {
        self.chain(rules::sigmoid(self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_of_polynomials_has_its_textbook_derivative() {
        // f = x² / (1 + x), f′ = (x² + 2x) / (1 + x)²; at 3: 9/4 and 15/16, all exact in binary.
        let x = Dual::new(3.0, 1.0);
        let f = x * x / (Dual::from_f64(1.0) + x);
        assert_eq!(f, Dual::new(2.25, 0.9375));
    }

    #[test]
    fn detach_keeps_the_value_and_drops_the_tangent() {
        assert_eq!(Dual::new(3.0, 1.0).detach(), Dual::new(3.0, 0.0));
    }

    #[test]
    fn a_dual_of_duals_gives_the_second_derivative() {
        let x = Dual::new(Dual::new(2.0, 1.0), Dual::new(1.0, 0.0));
        assert_eq!((x * x * x).tangent.tangent, 12.0);
    }
}
