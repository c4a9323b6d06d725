//! `a + ȧ ε`: a number of the drivers themselves that carries its derivative along one direction.

use rnn_kernels::Scalar;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// A number and its derivative along one direction, so that the drivers themselves are differentiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Dual(pub f64, pub f64);

macro_rules! assign {
    ($($trait:ident $method:ident $op:tt),+) => {$(
        impl $trait for Dual {
            fn $method(&mut self, b: Self) {
                *self = *self $op b;
            }
        }
    )+};
}
assign!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *);

impl Add for Dual {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        Dual(self.0 + b.0, self.1 + b.1)
    }
}
impl Sub for Dual {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        Dual(self.0 - b.0, self.1 - b.1)
    }
}
impl Mul for Dual {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        Dual(self.0 * b.0, self.1 * b.0 + self.0 * b.1)
    }
}
impl Div for Dual {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        Dual(self.0 / b.0, (self.1 * b.0 - self.0 * b.1) / (b.0 * b.0))
    }
}
impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Dual(-self.0, -self.1)
    }
}
impl Scalar for Dual {
    const ZERO: Self = Dual(0.0, 0.0);
    const ONE: Self = Dual(1.0, 0.0);
    const EPSILON: Self = Dual(f64::EPSILON, 0.0);
    fn from_f64(value: f64) -> Self {
        Dual(value, 0.0)
    }
    fn to_f64(self) -> f64 {
        self.0
    }
    fn exp(self) -> Self {
        Dual(Scalar::exp(self.0), self.1 * Scalar::exp(self.0))
    }
    fn ln(self) -> Self {
        Dual(Scalar::ln(self.0), self.1 / self.0)
    }
    fn ln_1p(self) -> Self {
        Dual(Scalar::ln_1p(self.0), self.1 / (1.0 + self.0))
    }
    fn sin(self) -> Self {
        Dual(Scalar::sin(self.0), self.1 * Scalar::cos(self.0))
    }
    fn cos(self) -> Self {
        Dual(Scalar::cos(self.0), -self.1 * Scalar::sin(self.0))
    }
    fn sqrt(self) -> Self {
        Dual(Scalar::sqrt(self.0), self.1 / (2.0 * Scalar::sqrt(self.0)))
    }
    fn abs(self) -> Self {
        if self.0 < 0.0 { -self } else { self }
    }
    fn tanh(self) -> Self {
        Dual(Scalar::tanh(self.0), self.1 / self.0.cosh().powi(2))
    }
    fn sigmoid(self) -> Self {
        let s = Scalar::sigmoid(self.0);
        Dual(s, self.1 * s * (1.0 - s))
    }
    fn max(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }
    fn is_nan(self) -> bool {
        self.0.is_nan()
    }
    fn is_finite(self) -> bool {
        self.0.is_finite()
    }
}
