//! `ln x` and `ln(1 + x)`, one element at a time, free of branches so that loops over them vectorise.
//!
//! Both write the number as `2ᵏ(1 + f)` with `√½ ≤ 1 + f < √2`, and `s = f/(2 + f)`, so that `ln(1 + f) = 2 artanh s`. Since
//! `2s = f − f²/2 + s·f²/2`, that is
//!
//! ```text
//! ln(1 + f) = f − f²/2 + s (f²/2 + z p(z))      z = s²      z p(z) = 2 (artanh(s)/s − 1)
//! ```
//!
//! with a polynomial `p` fitted on `0 ≤ z ≤ (3 − 2√2)²` (`tools/coefficients.py`). The last term is at most a nineteenth of the
//! logarithm, so its roundings count little. `k·ln 2 + f − f²/2` is summed with all that the roundings leave over
//! (`k·LN2_HI` and `f²/2` by fused multiply-adds, the two sums by subtracting, each time from the larger operand: Dekker), and
//! that goes into the last sum together with the last term: a little more than half an ULP.
//!
//! `ln(1 + x)` rounds `1 + x` and carries what that leaves over, so it is as accurate near 0 as anywhere.
//!
//! Beyond the domain as IEEE 754 says: `ln ±0 = ln_1p(−1) = −∞`, NaN below, `ln ∞ = ∞`, `ln 1 = +0`, `ln_1p(±0) = ±0`, NaN gives NaN.

use super::math::{Function, at_most};
use super::real::Real;

/// Most that [`ln`] differs from `ln x` over all f32, in ULP of the result (measured over all 2³² inputs: 0.67).
pub const LN_F32_ULP: f64 = 1.0;
/// The bound for [`ln_1p`] on f32, in ULP of the result (samples of every exponent: 0.58).
pub const LN_1P_F32_ULP: f64 = 1.0;
/// The bound for [`ln`] on f64, in ULP of the result (240 000 samples: 0.61).
pub const LN_F64_ULP: f64 = 1.0;
/// The bound for [`ln_1p`] on f64, in ULP of the result (285 000 samples: 0.64).
pub const LN_1P_F64_ULP: f64 = 1.0;

/// `ln x`; subnormal numbers are scaled first.
#[inline(always)]
pub fn ln<T: Real>(x: T) -> T {
    let subnormal = x < T::MIN_NORMAL;
    let normal = if subnormal { x * T::SUBNORMAL_SCALE } else { x };
    let (k, m) = normal.exponent_and_mantissa();
    let k = if subnormal { k - T::SUBNORMAL_EXPONENT } else { k };
    within_domain(x, T::ZERO, of_reduced(k, m - T::ONE, T::ZERO))
}

/// `ln(1 + x)`, relatively accurate down to the subnormals.
#[inline(always)]
pub fn ln_1p<T: Real>(x: T) -> T {
    let u = T::ONE + x;
    let rest = if x.abs() < T::ONE { (T::ONE - u) + x } else { (x - u) + T::ONE };
    let (k, m) = u.exponent_and_mantissa();
    // Beyond the largest exponents the rest is nothing, whatever it is scaled by.
    let rest = rest * T::power_of_two(-at_most(k, T::MAX_EXPONENT - T::ONE));
    // m − 1 is 0 or not below half an ulp of m, which is the most that the rest may be: what the sum rounds off is exact.
    let (f, whole) = ((m - T::ONE) + rest, m - T::ONE);
    let y = within_domain(x, -T::ONE, of_reduced(k, f, (whole - f) + rest));
    if x == T::ZERO { x } else { y }
}

/// `k·ln 2 + ln(1 + f + f_lo)`, `|f_lo|` at most half an ulp of `f`.
#[inline(always)]
fn of_reduced<T: Real>(k: T, f: T, f_lo: T) -> T {
    let s = f / (T::ONE + T::ONE + f);
    let z = s * s;
    let half = T::HALF * f;
    let square = half * f;
    let square_lo = half.mul_add(f, -square);
    let tail = s * z.mul_add(T::ln_tail(z), square);
    // The slope at f: 1/(1 + f) = (1 − s)/(1 + s) = (1 − s)²/(1 − z), and 1/(1 − z) is 1 + z but for a thousandth.
    let slope = (T::ONE - s) * (T::ONE - s) * (T::ONE + z);
    let a = k * T::LN2_HI;
    let a_lo = k.mul_add(T::LN2_HI, -a);
    // |a| is 0 or above 0.69, |f| below 0.42, f²/2 below 0.09 and below |f|.
    let v = a + f;
    let v_lo = (a - v) + f;
    let w = v - square;
    let w_lo = (v - w) - square;
    let small = f_lo.mul_add(slope, tail) - square_lo;
    w + ((w_lo + v_lo) + (k.mul_add(T::LN2_LO, a_lo) + small))
}

/// `y` above `pole`, −∞ there, NaN below; ∞ and NaN stay what they are.
#[inline(always)]
fn within_domain<T: Real>(x: T, pole: T, y: T) -> T {
    let y = if x < -T::NEG_INFINITY { y } else { x };
    let y = if x == pole { T::NEG_INFINITY } else { y };
    if x < pole { T::QUIET_NAN } else { y }
}

/// [`ln`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Ln;
/// [`ln_1p`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Ln1p;

impl Function for Ln {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        ln(x)
    }
}

impl Function for Ln1p {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        ln_1p(x)
    }
}
