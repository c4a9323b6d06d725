//! `f32` and `f64`: the number types a backend is checked in, and the wider one that judges each.

use crate::bound::Precision;
use crate::number::{DoubleDouble, Number};
use rnn_kernels::Scalar;

/// A figure for each number type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerType {
    /// In f32.
    pub f32: f64,
    /// In f64.
    pub f64: f64,
}

/// A binary format a backend computes in.
pub trait Real: Scalar {
    /// What the oracle computes in: f64 for f32, double-double for f64.
    type Wide: Number;
    /// `"f32"` or `"f64"`.
    const NAME: &'static str;
    /// A factor that takes numbers of order one to where their products underflow.
    const TINY: f64;
    /// A value no computation produces, put where nothing may be written. It is a NaN, so that reading it shows too.
    const CANARY: Self;
    /// The bit pattern.
    fn bits(self) -> u64;
    /// The neighbour above.
    #[must_use]
    fn above(self) -> Self;
    /// The neighbour below.
    #[must_use]
    fn below(self) -> Self;
    /// `self · b + c`, rounded once.
    #[must_use]
    fn fma(self, b: Self, c: Self) -> Self;
    /// The format, with the accuracy a backend claims for its activations.
    fn precision(sigmoid_ulp: PerType, tanh_ulp: PerType) -> Precision;

    /// Equal bits; all zeros are equal, and all NaN.
    fn same(self, other: Self) -> bool {
        self.bits() == other.bits() || self == other || (self.is_nan() && other.is_nan())
    }
}

impl Real for f32 {
    type Wide = f64;
    const NAME: &'static str = "f32";
    const TINY: f64 = 7.3e-40; // 2⁻¹³⁰
    const CANARY: Self = f32::from_bits(0x7fc0_dead);
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
    fn above(self) -> Self {
        self.next_up()
    }
    fn below(self) -> Self {
        self.next_down()
    }
    fn fma(self, b: Self, c: Self) -> Self {
        self.mul_add(b, c)
    }
    fn precision(sigmoid_ulp: PerType, tanh_ulp: PerType) -> Precision {
        Precision::f32(sigmoid_ulp.f32, tanh_ulp.f32)
    }
}

impl Real for f64 {
    type Wide = DoubleDouble;
    const NAME: &'static str = "f64";
    const TINY: f64 = 8.7e-311; // 2⁻¹⁰³⁰
    const CANARY: Self = f64::from_bits(0x7ff8_dead_dead_dead);
    fn bits(self) -> u64 {
        self.to_bits()
    }
    fn above(self) -> Self {
        self.next_up()
    }
    fn below(self) -> Self {
        self.next_down()
    }
    fn fma(self, b: Self, c: Self) -> Self {
        self.mul_add(b, c)
    }
    fn precision(sigmoid_ulp: PerType, tanh_ulp: PerType) -> Precision {
        Precision::f64(sigmoid_ulp.f64, tanh_ulp.f64)
    }
}
