//! `y = σ(x)` and `σ′` as a function of `y`: the nonlinearities.

use crate::number::Number;
use crate::scalar::Scalar;

/// An elementwise nonlinearity whose derivative follows from its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Activation {
    /// `tanh x`; `σ′ = (1 − y)(1 + y)`.
    #[default]
    Tanh,
    /// `max(0, x)`, NaN stays NaN; `σ′ = 1` where `y > 0`, else 0.
    Relu,
    /// `1 / (1 + e⁻ˣ)`; `σ′ = y (1 − y)`.
    Sigmoid,
    /// `x`; `σ′ = 1`.
    Identity,
}

impl Activation {
    /// `y = σ(x)`.
    #[inline]
    #[must_use]
    pub fn apply<T: Scalar>(self, x: T) -> T {
        match self {
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.max(T::ZERO),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Identity => x,
        }
    }

    /// `y = σ(x)` in an equation.
    #[inline(always)]
    #[must_use]
    pub fn of<S: Number>(self, x: S) -> S {
        match self {
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.relu(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Identity => x,
        }
    }

    /// `σ′` at the point whose image is `y`; NaN at NaN. At the kink of `relu` it is 0.
    #[inline]
    #[must_use]
    pub fn slope<T: Scalar>(self, y: T) -> T {
        match self {
            Activation::Tanh => (T::ONE - y) * (T::ONE + y),
            Activation::Relu if y.is_nan() => y,
            Activation::Relu if y > T::ZERO => T::ONE,
            Activation::Relu => T::ZERO,
            Activation::Sigmoid => y * (T::ONE - y),
            Activation::Identity => T::ONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Activation;

    #[test]
    fn relu_and_its_slope_do_not_swallow_nan() {
        assert!(Activation::Relu.apply(f32::NAN).is_nan());
        assert!(Activation::Relu.slope(f32::NAN).is_nan());
        assert_eq!(Activation::Relu.apply(-2.0_f64), 0.0);
        assert_eq!(Activation::Relu.slope(0.0_f64), 0.0);
        assert_eq!(Activation::Relu.slope(3.0_f64), 1.0);
    }
}
