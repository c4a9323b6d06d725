//! `+ − × ÷ exp ln sin cos tanh σ …`: what an equation may do with a number.

use crate::scalar::Scalar;
use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// A value that a reserve holds for backward, or that a stage writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// What stands in the place of pre-activation `j`.
    Kept(usize),
    /// What the stage writes as its `j`-th.
    Written(usize),
}

/// What the equation of a cell computes with: real numbers, derivatives, bounds, or a description of itself.
///
/// There is no comparison, so that every equation is straight-line code: it is traced once and stands for every input. The
/// provided methods are compositions of the required ones.
///
/// Every [`Scalar`] is one, with the functions it has. Accuracy is that of the number: a backend declares its own.
pub trait Number:
    Copy + Debug + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The nearest number to `value`; it has no derivative.
    fn constant(value: f64) -> Self;
    /// `eˣ`.
    fn exp(self) -> Self;
    /// `ln x`.
    fn ln(self) -> Self;
    /// `ln (1 + x)`, accurate near 0.
    fn ln_1p(self) -> Self;
    /// `sin x`.
    fn sin(self) -> Self;
    /// `cos x`.
    fn cos(self) -> Self;
    /// `√x`.
    fn sqrt(self) -> Self;
    /// `|x|`; its derivative at 0 is 1.
    fn abs(self) -> Self;
    /// `tanh x`.
    fn tanh(self) -> Self;
    /// `σ(x) = 1 / (1 + e⁻ˣ)`.
    fn sigmoid(self) -> Self;
    /// The larger of two numbers, NaN if either is; where they are equal the derivative is that of `other`.
    fn max(self, other: Self) -> Self;

    /// The value from here on is the one that backward finds at this place, and derivatives begin anew there.
    ///
    /// `found` is what lay at the place before: of use to a number on which an equation is run once more, over results that are
    /// there already. [`Unit`](crate::Unit) calls it; an equation does not.
    #[inline(always)]
    #[must_use]
    fn cut(self, _place: Cut, _found: Self) -> Self {
        self
    }

    /// 1.
    #[inline(always)]
    #[must_use]
    fn one() -> Self {
        Self::constant(1.0)
    }
    /// `max(x, 0)`; its derivative at 0 is 0.
    #[inline(always)]
    #[must_use]
    fn relu(self) -> Self {
        self.max(Self::constant(0.0))
    }
    /// The smaller of two numbers, NaN if either is.
    #[inline(always)]
    #[must_use]
    fn min(self, other: Self) -> Self {
        -(-self).max(-other)
    }
    /// `x` between `−limit` and `limit`; its derivative is 0 beyond them.
    #[inline(always)]
    #[must_use]
    fn clamp(self, limit: f64) -> Self {
        self.max(Self::constant(-limit)).min(Self::constant(limit))
    }
    /// `ln σ(x) = min(x, 0) − ln(1 + e^−|x|)`, without overflow.
    #[inline(always)]
    #[must_use]
    fn ln_sigmoid(self) -> Self {
        self.min(Self::constant(0.0)) - (-self.abs()).exp().ln_1p()
    }
}

impl<T: Scalar> Number for T {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        T::from_f64(value)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        Scalar::exp(self)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        Scalar::ln(self)
    }
    #[inline(always)]
    fn ln_1p(self) -> Self {
        Scalar::ln_1p(self)
    }
    #[inline(always)]
    fn sin(self) -> Self {
        Scalar::sin(self)
    }
    #[inline(always)]
    fn cos(self) -> Self {
        Scalar::cos(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Scalar::sqrt(self)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Scalar::abs(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        Scalar::tanh(self)
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Scalar::sigmoid(self)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Scalar::max(self, other)
    }
}
