//! `y = φ(x)`: what a gate may do with its pre-activation.

use crate::equations::Unit;
use crate::number::Number;

/// An elementwise nonlinearity of a gate.
///
/// Derivatives at kinks are PyTorch's: that of the piece for negative `x`, except where a variant says otherwise.
///
/// Accuracy in f32 with σ and tanh within 1 ulp, every other operation rounded once: exact are `Relu`, `Identity` and `HardTanh`; within
/// 0.5 ulp `LeakyRelu`, 1.5 `Softsign`, 2.5 `Softplus`, 3 `Elu` and `ScaledTanh`; within half an ulp of 1, absolutely, `HardSigmoid`,
/// whose terms cancel near its lower end; within an ulp of the sum of the sizes of its terms `Affine`, whose terms cancel likewise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Nonlinearity {
    /// `1 / (1 + e⁻ˣ)`.
    #[default]
    Sigmoid,
    /// `tanh x`.
    Tanh,
    /// `max(0, x)`.
    Relu,
    /// `x`.
    Identity,
    /// `x`, and `slope · x` below 0.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// `x`, and `alpha · (eˣ − 1)` below 0.
    Elu {
        /// What it approaches, negated.
        alpha: f64,
    },
    /// `ln (1 + eˣ)`.
    Softplus,
    /// `x / (1 + |x|)`.
    Softsign,
    /// `slope · x + offset` between 0 and 1: 0.2 and 0.5 in ONNX and Keras 2, 1/6 and 0.5 in Keras 3 and PyTorch. The derivative
    /// at both ends is 0.
    HardSigmoid {
        /// The slope in the middle.
        slope: f64,
        /// The value at 0.
        offset: f64,
    },
    /// `x` between −1 and 1. The derivative at both ends is 0.
    HardTanh,
    /// `scale · tanh(rate · x)`.
    ScaledTanh {
        /// The largest value.
        scale: f64,
        /// The factor of `x`.
        rate: f64,
    },
    /// `scale · x + offset`.
    Affine {
        /// The factor of `x`.
        scale: f64,
        /// The value at 0.
        offset: f64,
    },
}

impl Nonlinearity {
    /// `φ(x)`.
    #[inline(always)]
    #[must_use]
    pub fn of<S: Number>(self, x: S) -> S {
        let zero = S::constant(0.0);
        match self {
            Self::Sigmoid => x.sigmoid(),
            Self::Tanh => x.tanh(),
            Self::Relu => x.relu(),
            Self::Identity => x,
            // The smaller one is x where they are equal.
            Self::LeakyRelu { slope } => x.relu() + S::constant(slope) * zero.min(x),
            Self::Elu { alpha } => {
                // eˣ − 1 = 2t / (1 − t) with t = tanh(x/2), accurate near 0.
                let t = (S::constant(0.5) * zero.min(x)).tanh();
                x.relu() + S::constant(alpha) * ((t + t) / (S::one() - t))
            }
            Self::Softplus => -(-x).ln_sigmoid(),
            Self::Softsign => x / (S::one() + x.abs()),
            Self::HardSigmoid { slope, offset } => {
                (S::constant(slope) * x + S::constant(offset)).max(zero).min(S::one())
            }
            Self::HardTanh => x.clamp(1.0),
            Self::ScaledTanh { scale, rate } => S::constant(scale) * (S::constant(rate) * x).tanh(),
            Self::Affine { scale, offset } => S::constant(scale) * x + S::constant(offset),
        }
    }

    /// Whether `φ′` follows from `φ(x)`, so that the pre-activation need not be kept.
    fn follows_from_output(self) -> bool {
        matches!(self, Self::Sigmoid | Self::Tanh | Self::Relu | Self::Identity)
    }

    /// `φ(x)` of pre-activation `j`: kept in its place where its derivative follows from it. Otherwise the pre-activation stays, and
    /// backward computes `φ` again.
    #[inline(always)]
    pub(super) fn kept<S: Number>(self, u: &mut Unit<'_, S>, j: usize, x: S) -> S {
        let y = self.of(x);
        if self.follows_from_output() { u.keep_at(j, y) } else { y }
    }

    /// `φ` of pre-activation `j` between `−limit` and `limit`. Where there is a limit the pre-activation stays: the derivative of the limit
    /// follows from nothing else.
    #[inline(always)]
    pub(super) fn limited<S: Number>(self, u: &mut Unit<'_, S>, j: usize, x: S, limit: Option<f64>) -> S {
        match limit {
            None => self.kept(u, j, x),
            Some(limit) => self.of(x.clamp(limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Nonlinearity::{
        self, Affine, Elu, HardSigmoid, HardTanh, Identity, LeakyRelu, Relu, ScaledTanh, Sigmoid, Softplus, Softsign,
        Tanh,
    };

    #[test]
    fn each_function_has_the_values_of_its_definition() {
        let check = |f: Nonlinearity, expected: fn(f64) -> f64| {
            for x in [-40.0, -3.5, -1.0, -0.25, -1e-9, 0.0, 1e-9, 0.5, 1.0, 2.75, 40.0] {
                let (found, expected) = (f.of::<f64>(x), expected(x));
                assert!(
                    (found - expected).abs() <= 4e-16 * expected.abs(),
                    "{f:?} of {x}: {found}, expected {expected}"
                );
            }
        };
        check(Sigmoid, |x| 1.0 / (1.0 + libm::exp(-x)));
        check(Tanh, libm::tanh);
        check(Relu, |x| if x > 0.0 { x } else { 0.0 });
        check(Identity, |x| x);
        check(LeakyRelu { slope: 0.125 }, |x| if x > 0.0 { x } else { 0.125 * x });
        check(Elu { alpha: 1.5 }, |x| if x > 0.0 { x } else { 1.5 * libm::expm1(x) });
        check(Softplus, |x| if x > 0.0 { x + libm::log1p(libm::exp(-x)) } else { libm::log1p(libm::exp(x)) });
        check(Softsign, |x| x / (1.0 + x.abs()));
        check(HardSigmoid { slope: 0.25, offset: 0.5 }, |x| (0.25 * x + 0.5).clamp(0.0, 1.0));
        check(HardTanh, |x| x.clamp(-1.0, 1.0));
        check(ScaledTanh { scale: 1.75, rate: 0.5 }, |x| 1.75 * libm::tanh(0.5 * x));
        check(Affine { scale: -1.5, offset: 0.25 }, |x| 0.25 - 1.5 * x);
    }

    #[test]
    fn a_slope_above_one_is_no_larger_of_two_lines() {
        assert_eq!(LeakyRelu { slope: 2.0 }.of::<f64>(-3.0), -6.0);
        assert_eq!(LeakyRelu { slope: 2.0 }.of::<f64>(3.0), 3.0);
    }
}
