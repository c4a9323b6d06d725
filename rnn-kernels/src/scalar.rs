//! The numbers the kernels compute with.

use core::fmt::Debug;
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// A real number with everything the kernels will ever ask of one.
///
/// `f32` and `f64` implement it; test number types (dual numbers, exact
/// rationals, …) may, so that the production drivers themselves run on them.
///
/// Accuracy of the transcendental functions of the two built-in types: `f64`
/// is what the crate libm gives (below 1 ULP for `exp`, `ln`, `sin` and `cos`, see
/// [`sigmoid`](Scalar::sigmoid) and [`tanh`](Scalar::tanh) for the two
/// activations); `f32` is computed in `f64` and rounded once, so it is
/// correctly rounded except where the `f64` result lies within its own error of
/// a rounding boundary. Roots are correctly rounded, by the instruction of the
/// machine with the feature `std` and by libm without. No feature of this crate
/// changes a bit of them, but for the sign and payload of a NaN.
pub trait Scalar:
    Copy
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// 0, the additive identity.
    const ZERO: Self;
    /// 1, the multiplicative identity.
    const ONE: Self;
    /// The distance from 1 to the next larger number, 2u.
    const EPSILON: Self;
    /// The nearest number to `value`.
    fn from_f64(value: f64) -> Self;
    /// The nearest `f64`.
    fn to_f64(self) -> f64;
    /// `eˣ`.
    fn exp(self) -> Self;
    /// `ln x`.
    fn ln(self) -> Self;
    /// `ln (1 + x)`, accurate near 0.
    fn ln_1p(self) -> Self;
    /// `sin x`, odd; NaN at infinities.
    fn sin(self) -> Self;
    /// `cos x`, even; NaN at infinities.
    fn cos(self) -> Self;
    /// `√x`, the nearest number to it; NaN below 0, `√−0 = −0`.
    fn sqrt(self) -> Self;
    /// `|x|`.
    fn abs(self) -> Self;
    /// `tanh x`, odd.
    fn tanh(self) -> Self;
    /// `σ(x) = 1 / (1 + e⁻ˣ)`, without overflow at either end.
    fn sigmoid(self) -> Self;
    /// The larger of two numbers; NaN if either is NaN.
    fn max(self, other: Self) -> Self;
    /// Whether this is not a number.
    fn is_nan(self) -> bool;
    /// Whether this is neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

/// `σ(x)`: `1 / (1 + e⁻ˣ)` for `x ≥ 0` and `eˣ / (1 + eˣ)` below, so that the
/// exponential never overflows and the far negative tail keeps its relative
/// accuracy down to the subnormals.
fn sigmoid_f64(x: f64) -> f64 {
    let e = libm::exp(-libm::fabs(x));
    let above = 1.0 / (1.0 + e);
    if x >= 0.0 {
        above
    } else if x < 0.0 {
        e / (1.0 + e)
    } else {
        x // NaN
    }
}

macro_rules! float_methods {
    ($t:ty, $sqrt:path) => {
        const ZERO: Self = 0.0;
        const ONE: Self = 1.0;
        const EPSILON: Self = <$t>::EPSILON;
        #[inline]
        fn max(self, other: Self) -> Self {
            // `other` wins if it is larger or NaN; `self` if it is NaN itself.
            if other > self || other.is_nan() { other } else { self }
        }
        #[inline]
        fn is_nan(self) -> bool {
            <$t>::is_nan(self)
        }
        #[inline]
        fn is_finite(self) -> bool {
            <$t>::is_finite(self)
        }
        #[inline]
        fn abs(self) -> Self {
            <$t>::abs(self)
        }
        #[inline]
        fn sqrt(self) -> Self {
            // An instruction: a call of libm in a loop keeps all of it from being vectorised.
            #[cfg(feature = "std")]
            {
                <$t>::sqrt(self)
            }
            #[cfg(not(feature = "std"))]
            {
                $sqrt(self)
            }
        }
    };
}

impl Scalar for f64 {
    float_methods!(f64, libm::sqrt);
    #[inline]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline]
    fn to_f64(self) -> f64 {
        self
    }
    fn exp(self) -> Self {
        libm::exp(self)
    }
    fn ln(self) -> Self {
        libm::log(self)
    }
    fn ln_1p(self) -> Self {
        libm::log1p(self)
    }
    fn sin(self) -> Self {
        libm::sin(self)
    }
    fn cos(self) -> Self {
        libm::cos(self)
    }
    fn tanh(self) -> Self {
        libm::tanh(self)
    }
    fn sigmoid(self) -> Self {
        sigmoid_f64(self)
    }
}

#[allow(clippy::cast_possible_truncation)] // rounding to f32 is what these functions are for
impl Scalar for f32 {
    float_methods!(f32, libm::sqrtf);
    #[inline]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn exp(self) -> Self {
        libm::exp(f64::from(self)) as f32
    }
    fn ln(self) -> Self {
        libm::log(f64::from(self)) as f32
    }
    fn ln_1p(self) -> Self {
        libm::log1p(f64::from(self)) as f32
    }
    fn sin(self) -> Self {
        libm::sin(f64::from(self)) as f32
    }
    fn cos(self) -> Self {
        libm::cos(f64::from(self)) as f32
    }
    fn tanh(self) -> Self {
        libm::tanh(f64::from(self)) as f32
    }
    fn sigmoid(self) -> Self {
        sigmoid_f64(f64::from(self)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::Scalar;

    #[test]
    fn max_propagates_nan_from_either_side() {
        assert!(Scalar::max(f32::NAN, 1.0).is_nan());
        assert!(Scalar::max(1.0, f32::NAN).is_nan());
        assert_eq!(Scalar::max(-1.0_f64, 2.0), 2.0);
        assert_eq!(Scalar::max(2.0_f64, -1.0), 2.0);
    }

    #[test]
    fn the_root_of_a_square_is_its_number() {
        for root in [0.0, 0.5, 1.0, 3.0, 1025.0] {
            assert_eq!(Scalar::sqrt(root * root), root);
            #[allow(clippy::cast_possible_truncation)] // exact
            let root = root as f32;
            assert_eq!(Scalar::sqrt(root * root), root);
        }
        assert!(Scalar::sqrt(-1.0_f32).is_nan() && Scalar::sqrt(-1.0_f64).is_nan());
    }

    /// Every pattern of sign, exponent and the first and last bits of a mantissa: subnormals, zeros, infinities and NaN are among them.
    #[test]
    fn roots_have_the_bits_of_libm() {
        let same = |of: &dyn core::fmt::Debug, [found, expected]: [u64; 2], nan: [bool; 2]| {
            assert!(
                nan == [true, true] || nan == [false, false] && found == expected,
                "√{of:?}: {found:x} ≠ {expected:x}"
            );
        };
        for (high, low) in (0..1_u32 << 15).flat_map(|high| [0, 1, 0x1555, 0xffff, 0x1_fffe].map(|low| (high, low))) {
            let x = f32::from_bits(high << 17 | low);
            let (found, expected) = (Scalar::sqrt(x), libm::sqrtf(x));
            same(&x, [found.to_bits().into(), expected.to_bits().into()], [found.is_nan(), expected.is_nan()]);
            let x = f64::from_bits(u64::from(high) << 49 | u64::from(low) << 31 | u64::from(low));
            let (found, expected) = (Scalar::sqrt(x), libm::sqrt(x));
            same(&x, [found.to_bits(), expected.to_bits()], [found.is_nan(), expected.is_nan()]);
        }
        for x in [0.0_f64, -0.0, f64::INFINITY] {
            assert_eq!(Scalar::sqrt(x).to_bits(), x.to_bits());
        }
        assert!(Scalar::sqrt(f32::NEG_INFINITY).is_nan() && Scalar::sqrt(f64::NAN).is_nan());
    }

    #[test]
    fn sine_is_odd_and_cosine_even_and_infinities_have_neither() {
        assert_eq!(Scalar::sin(-0.0_f32).to_bits(), (-0.0_f32).to_bits());
        assert_eq!(Scalar::sin(0.0_f64).to_bits(), 0.0_f64.to_bits());
        assert_eq!((Scalar::cos(0.0_f32), Scalar::cos(-0.0_f64)), (1.0, 1.0));
        for x in [1e-300, 0.5, 3.0, 1e22, 1e300] {
            assert_eq!((Scalar::sin(-x), Scalar::cos(-x)), (-Scalar::sin(x), Scalar::cos(x)));
        }
        // The sine of 10²², which takes more of π than a number has (Ng 1992).
        assert_eq!(Scalar::sin(1e22), -0.852_200_849_767_188_8);
        for x in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert!(Scalar::sin(x).is_nan() && Scalar::cos(x).is_nan());
        }
    }

    #[test]
    fn sigmoid_is_exact_at_zero_and_saturates_without_nan() {
        assert_eq!(Scalar::sigmoid(0.0_f32), 0.5);
        assert_eq!(Scalar::sigmoid(-0.0_f64), 0.5);
        assert_eq!(Scalar::sigmoid(1e9_f64), 1.0);
        assert_eq!(Scalar::sigmoid(f64::INFINITY), 1.0);
        assert_eq!(Scalar::sigmoid(f32::NEG_INFINITY), 0.0);
        assert!(Scalar::sigmoid(f64::NAN).is_nan());
        // σ(−700) = e⁻⁷⁰⁰ to first order: the tail is not flushed.
        assert!((Scalar::sigmoid(-700.0_f64) / libm::exp(-700.0) - 1.0).abs() < 1e-15);
    }
}
