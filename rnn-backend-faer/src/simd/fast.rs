//! `σ(x) = 1/(1 + e⁻ˣ)` and `tanh x` with one division and no correction of its result: [`Accuracy::Fast`](super::Accuracy).
//!
//! As in [`math`](super::math), `x = n·ln2 + r`, and NaN gives NaN, infinities give the limits, nothing overflows on the way. What
//! the roundings leave over is not carried along: a few of them, of half an ulp each, stay in the result.

use super::Real;
use super::math::{Function, at_least, at_most};

/// Most that [`sigmoid`] differs from σ over all f32, in ULP of the result (measured over all 2³² inputs: 2.447).
pub const SIGMOID_F32_ULP: f64 = 2.5;
/// Most that [`tanh`] differs from tanh over all f32, in ULP of the result (measured over all 2³² inputs: 2.472).
pub const TANH_F32_ULP: f64 = 2.5;
/// The bound for [`sigmoid`] on f64, in ULP of the result (10.8 million samples: 2.433).
pub const SIGMOID_F64_ULP: f64 = 2.5;
/// The bound for [`tanh`] on f64, in ULP of the result (10.8 million samples: 2.247).
pub const TANH_F64_ULP: f64 = 2.5;

/// `σ(x) = S/(S + S e⁻ˣ)`, `S e⁻ˣ = s + s·r·q(r)` with `s = S·2ⁿ`: `S` is a power of two that keeps `s` from overflowing where
/// the result is subnormal, and `S + s` is exact where neither is much larger than the other.
#[inline(always)]
pub fn sigmoid<T: Real>(x: T) -> T {
    let x = at_least(at_most(x, T::SIGMOID_SATURATES), T::EXP_UNDERFLOWS);
    let shift = T::ROUND + T::FAST_SCALE_EXPONENT;
    let sum = x.mul_add(-T::LOG2_E, shift);
    let n = sum - shift;
    let r = n.mul_add(-T::LN2_LO, n.mul_add(-T::LN2_HI, -x));
    let s = T::power_of_two_of(sum);
    T::FAST_SCALE / (s * r).mul_add(T::expm1_quotient(r), s + T::FAST_SCALE)
}

/// `tanh x = m/(m + 1)`, `m = (e^{2|x|} − 1)/2 = (2ⁿ − 1)/2 + 2ⁿ·(e^{2r} − 1)/2`, with the sign of x: odd in every bit, and relatively
/// accurate down to the subnormals.
#[inline(always)]
pub fn tanh<T: Real>(x: T) -> T {
    let a = at_most(x.abs(), T::TANH_SATURATES);
    let sum = a.mul_add(T::LOG2_E + T::LOG2_E, T::ROUND);
    let n = sum - T::ROUND;
    let w = T::half_expm1(n.mul_add(-T::HALF * T::LN2_HI, a), n);
    let s = T::power_of_two_of(sum);
    // The rounding of m is in numerator and denominator, and cancels where both are large.
    let m = s.mul_add(w, s.mul_add(T::HALF, -T::HALF));
    (m / (m + T::ONE)).copysign(x)
}

/// [`tanh`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Tanh;
/// [`sigmoid`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid;

impl Function for Tanh {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        tanh(x)
    }
}

impl Function for Sigmoid {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        sigmoid(x)
    }
}
