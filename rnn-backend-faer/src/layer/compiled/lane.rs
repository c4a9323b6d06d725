//! A lane of this backend's vectors, for forward.

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::simd::{Real, math};

/// A number with the functions of this backend.
#[derive(Clone, Copy, Debug)]
pub struct Lane<T>(pub T);

macro_rules! operator {
    ($($Op:ident $op:ident),+) => {$(
        impl<T: Real> $Op for Lane<T> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, b: Self) -> Self {
                Lane(self.0.$op(b.0))
            }
        }
    )+};
}
operator!(Add add, Sub sub, Mul mul, Div div);

impl<T: Real> Neg for Lane<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Lane(-self.0)
    }
}

impl<T: Real> rnn_kernels::Number for Lane<T> {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Lane(T::rounded(value))
    }
    #[inline(always)]
    fn exp(self) -> Self {
        Lane(math::exp(self.0))
    }
    #[inline(always)]
    fn ln(self) -> Self {
        Lane(math::ln(self.0))
    }
    #[inline(always)]
    fn ln_1p(self) -> Self {
        Lane(math::ln_1p(self.0))
    }
    #[inline(always)]
    fn sin(self) -> Self {
        Lane(math::sin(self.0))
    }
    #[inline(always)]
    fn cos(self) -> Self {
        Lane(math::cos(self.0))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Lane(math::sqrt(self.0))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Lane(Real::abs(self.0))
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        Lane(math::tanh(self.0))
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Lane(math::sigmoid(self.0))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Lane(larger(self.0, b.0))
    }
}

/// The larger of two, NaN if either is.
#[inline(always)]
pub fn larger<T: Real>(a: T, b: T) -> T {
    T::choose((b > a) | b.is_nan(), b, a)
}
