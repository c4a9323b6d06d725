//! One trait for every kind of number the oracle's equations run on.
//!
//! | type | carries | used for |
//! |---|---|---|
//! | `f64` | a value | everyday oracle of f32 backends |
//! | [`DoubleDouble`] | a value of about 31 digits | oracle of f64 backends, and of the oracle |
//! | [`Dual`] | value and tangent | exact forward derivatives (JVP) |
//! | [`Var`] | value and a place on a [`Tape`] | exact reverse derivatives (VJP) |
//! | [`Modular`] | a residue modulo a prime | the drivers themselves, without rounding |
//! | [`Bounded`](crate::bound::Bounded) | value and a bound on a backend's error | tolerances |
//!
//! `Dual<S>`, `Var<S>` and `Bounded<S>` hold any other number `S`, so a gradient in `DoubleDouble` is `Var<DoubleDouble>`.

mod double_double;
mod dual;
mod modular;
mod rules;
mod tape;

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

pub use double_double::DoubleDouble;
pub use dual::Dual;
pub use modular::Modular;
pub use tape::{Adjoints, Tape, Var};

/// What the forward equations need of a number, and nothing else.
///
/// Decisions (`max`, `relu`, …) are taken on [`value`](Number::value), so that every instance takes the same branch.
pub trait Number:
    Copy + Debug + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The constant `value`: exact, without derivative.
    fn from_f64(value: f64) -> Self;

    /// The nearest f64.
    fn value(self) -> f64;

    /// The same value without its derivative: the edge of a window of truncated BPTT.
    fn detach(self) -> Self;

    /// The value from here on is the one that memory holds: what stands for it in sums is that, and no longer what it was made of.
    #[must_use]
    fn stored(self) -> Self {
        self
    }

    /// `e^x`
    fn exp(self) -> Self;

    /// `ln x`
    fn ln(self) -> Self;

    /// `ln(1 + x)`
    fn ln_1p(self) -> Self {
        (Self::from_f64(1.0) + self).ln()
    }

    /// `sin x`
    fn sin(self) -> Self;

    /// `cos x`
    fn cos(self) -> Self;

    /// `√x`
    fn sqrt(self) -> Self;

    /// `tanh x`
    fn tanh(self) -> Self;

    /// `σ(x) = 1 / (1 + e^−x)`, with the exponential of `−|x|` only, so that nothing overflows.
    fn sigmoid(self) -> Self {
        let one = Self::from_f64(1.0);
        if self.value() < 0.0 {
            let e = self.exp();
            e / (one + e)
        } else {
            one / (one + (-self).exp())
        }
    }

    /// `(1 − z) n + z h`: the mean of `n` and `h` with the weights `1 − z` and `z`.
    fn blend(z: Self, n: Self, h: Self) -> Self {
        Self::dot([], [(Self::from_f64(1.0) - z, n), (z, h)])
    }

    /// `|x|`; the derivative at 0 is 1.
    fn abs(self) -> Self {
        if self.value() < 0.0 { -self } else { self }
    }

    /// `max(x, 0)`; NaN stays NaN, the derivative at 0 is 0.
    fn relu(self) -> Self {
        if self.value() <= 0.0 { Self::from_f64(0.0) } else { self }
    }

    /// The larger of two; NaN if either is.
    fn max(self, other: Self) -> Self {
        if self.value() > other.value() || self.value().is_nan() { self } else { other }
    }

    /// `Σ terms + Σ a·b`: *one* sum, in no particular order.
    ///
    /// The equations say which summands belong together, because a backend may add them in any order;
    /// [`Bounded`](crate::bound::Bounded) needs to know.
    fn dot(terms: impl IntoIterator<Item = Self>, pairs: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let sum = terms.into_iter().fold(Self::from_f64(0.0), Self::add);
        pairs.into_iter().fold(sum, |sum, (a, b)| sum + a * b)
    }
}

impl Number for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
    fn value(self) -> f64 {
        self
    }
    fn detach(self) -> Self {
        self
    }
    fn exp(self) -> Self {
        f64::exp(self)
    }
    fn ln(self) -> Self {
        f64::ln(self)
    }
    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }
    fn sin(self) -> Self {
        f64::sin(self)
    }
    fn cos(self) -> Self {
        f64::cos(self)
    }
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    fn tanh(self) -> Self {
        f64::tanh(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn sigmoid_is_finite_and_in_range_for_huge_arguments() {
        assert_eq!(Number::sigmoid(1e4), 1.0);
        assert_eq!(Number::sigmoid(-1e4), 0.0);
        assert_eq!(Number::sigmoid(0.0), 0.5);
        assert!(Number::sigmoid(f64::NAN).is_nan());
    }

    #[test]
    fn relu_and_max_keep_nan() {
        assert!(Number::relu(f64::NAN).is_nan());
        assert!(Number::max(f64::NAN, 1.0).is_nan());
        assert!(Number::max(1.0, f64::NAN).is_nan());
        assert_eq!(Number::max(-1.0, 2.0), 2.0);
        assert_eq!(Number::max(2.0, -1.0), 2.0);
        assert_eq!(Number::relu(-3.0), 0.0);
        assert_eq!(Number::relu(3.0), 3.0);
    }
}
