//! `eˣ`, `tanh x` and `σ(x) = 1/(1 + e⁻ˣ)`, one element at a time, free of
//! branches so that loops over them vectorise; `√x`, which is an instruction;
//! the logarithms, sine and cosine lie in files of their own.
//!
//! The first three reduce `x = n·ln2 + r`, `|r| ≤ ln2/2`, with the rounding error of
//! `r` carried along, and write `eˣ = 2ⁿ(1 + s + lo)` where `s` is
//! `r + r²·q(r)` rounded and `lo` what the roundings left over. Numerator and
//! denominator of tanh and sigmoid then are unevaluated sums of two numbers,
//! and one correction of the quotient by its remainder brings the result
//! within a little more than half an ULP.
//!
//! NaN gives NaN; infinities give the limits; nothing overflows on the way.

use core::marker::PhantomData;

pub use super::logarithm::{LN_1P_F32_ULP, LN_1P_F64_ULP, LN_F32_ULP, LN_F64_ULP, Ln, Ln1p, ln, ln_1p};
pub use super::trigonometry::{COS_F32_ULP, COS_F64_ULP, Cos, SIN_F32_ULP, SIN_F64_ULP, Sin, cos, sin};

use super::isa::Simd;
use super::pointwise::{Pointwise, pointwise};
use super::real::Real;

/// Most that [`exp`] differs from `eˣ` over all f32, in ULP of the result
/// (measured over all 2³² inputs: 0.79, among the subnormal results).
pub const EXP_F32_ULP: f64 = 1.0;
/// Most that [`tanh`] differs from tanh over all f32, in ULP of the result
/// (measured over all 2³² inputs: 0.77).
pub const TANH_F32_ULP: f64 = 1.0;
/// Most that [`sigmoid`] differs from σ over all f32, in ULP of the result
/// (measured over all 2³² inputs: 0.79, among the subnormal results).
pub const SIGMOID_F32_ULP: f64 = 1.0;
/// The bound for [`exp`] on f64, in ULP of the result (240 000 samples: 0.61).
pub const EXP_F64_ULP: f64 = 1.0;
/// The bound for [`tanh`] on f64, in ULP of the result (240 000 samples: 0.71).
pub const TANH_F64_ULP: f64 = 1.0;
/// The bound for [`sigmoid`] on f64, in ULP of the result (240 000 samples: 0.61).
pub const SIGMOID_F64_ULP: f64 = 1.0;

/// [`sqrt`] is correctly rounded, f32 and f64, as IEEE 754 says.
pub const SQRT_ULP: f64 = 0.5;

/// `eˣ = 2ⁿ·(1 + s + lo)`, `h = 1 + s` rounded; `lo` is what the roundings of
/// `r` and `s` left over.
struct Exponential<T> {
    n: T,
    s: T,
    lo: T,
    h: T,
}

/// Cody and Waite's reduction with ln 2 in two parts, the second one applied to
/// the result: `e^(r − n·LN2_LO) = (1 + s)(1 − n·LN2_LO)` up to its square.
/// `x` must lie between `EXP_UNDERFLOWS` and `EXP_OVERFLOWS` (or be NaN).
#[inline(always)]
fn exponential<T: Real>(x: T) -> Exponential<T> {
    let n = x.mul_add(T::LOG2_E, T::ROUND) - T::ROUND;
    let r = n.mul_add(-T::LN2_HI, x); // exact
    let r2 = r * r;
    let q = T::exp_tail(r);
    let s = r2.mul_add(q, r);
    let h = T::ONE + s;
    let s_lo = r2.mul_add(q, r - s);
    let lo = (n * -T::LN2_LO).mul_add(h, s_lo);
    Exponential { n, s, lo, h }
}

/// The smaller of two; NaN if `x` is NaN.
#[inline(always)]
pub(super) fn at_most<T: Real>(x: T, limit: T) -> T {
    if x > limit { limit } else { x }
}

/// The larger of two; NaN if `x` is NaN.
#[inline(always)]
pub(super) fn at_least<T: Real>(x: T, limit: T) -> T {
    if x < limit { limit } else { x }
}

/// `(num + num_lo) / (den + den_lo)`: the rounded quotient corrected by the
/// remainder it leaves.
#[inline(always)]
fn quotient<T: Real>(num: T, num_lo: T, den: T, den_lo: T) -> T {
    let inverse = T::ONE / den;
    let q = num * inverse;
    let rest = q.mul_add(-den, num) + q.mul_add(-den_lo, num_lo);
    rest.mul_add(inverse, q)
}

/// `eˣ`; 0 at −∞, ∞ where it overflows, subnormals rounded once.
#[inline(always)]
pub fn exp<T: Real>(x: T) -> T {
    let e = exponential(at_least(at_most(x, T::EXP_OVERFLOWS), T::EXP_UNDERFLOWS));
    let normal = at_least(at_most(e.n, T::MAX_EXPONENT), T::MIN_EXPONENT);
    // The part of the exponent beyond the normal range goes first, so that
    // only the last product can round or overflow.
    let mantissa = e.h + ((e.s - (e.h - T::ONE)) + e.lo);
    mantissa * T::power_of_two(e.n - normal) * T::power_of_two(normal)
}

/// `tanh x = (e^{2|x|} − 1)/(e^{2|x|} + 1)` with the sign of x: odd in every
/// bit, and relatively accurate down to the subnormals.
#[inline(always)]
pub fn tanh<T: Real>(x: T) -> T {
    let a = at_most(x.abs(), T::TANH_SATURATES);
    let e = exponential(a + a);
    let scale = T::power_of_two(e.n);
    let s = scale * e.s;
    // scale − 1 is 0 or at least |s|, and scale + 1 is larger than |s|: what
    // the two sums round off is found exactly by subtracting (Dekker). Where
    // scale + 1 itself rounds, `below` must round with it.
    let above = scale + T::ONE;
    let below = above - (T::ONE + T::ONE);
    let num = below + s;
    let den = above + s;
    let num_lo = scale.mul_add(e.lo, s - (num - below));
    let den_lo = scale.mul_add(e.lo, s - (den - above));
    quotient(num, num_lo, den, den_lo).copysign(x)
}

/// `σ(x) = 1/(1 + e⁻ˣ)`, relatively accurate down to the subnormals;
/// `σ(0) = 1/2` exactly.
///
/// Numerator and denominator are scaled by `SCALE`, a power of two that keeps
/// `e⁻ˣ` from overflowing where the result is subnormal: nothing needs a branch
/// on the sign, and only the last product can round there.
#[inline(always)]
pub fn sigmoid<T: Real>(x: T) -> T {
    let e = exponential(at_least(at_most(-x, -T::EXP_UNDERFLOWS), -T::SIGMOID_SATURATES));
    let power = T::power_of_two(e.n + T::SCALE_EXPONENT);
    let h_lo = (e.s - (e.h - T::ONE)) + e.lo;
    // SCALE·(1 + e⁻ˣ) in two parts: the larger summand first, what the sum
    // rounds off is found exactly (Dekker).
    let scaled = power * e.h;
    let larger = at_least(scaled, T::SCALE);
    let smaller = at_most(scaled, T::SCALE);
    let den = larger + smaller;
    let den_lo = power.mul_add(h_lo, smaller - (den - larger));
    let inverse = T::ONE / den;
    let rest = inverse.mul_add(-den_lo, inverse.mul_add(-den, T::ONE));
    rest.mul_add(inverse, inverse) * T::SCALE
}

/// `√x`; NaN below 0, `√−0 = −0`.
#[inline(always)]
pub fn sqrt<T: Real>(x: T) -> T {
    x.sqrt()
}

/// A function of one number, as a type, for loops over slices.
pub trait Function {
    /// `f(x)`.
    fn of<T: Real>(x: T) -> T;
}

/// [`exp`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Exp;
/// [`tanh`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Tanh;
/// [`sigmoid`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid;
/// [`sqrt`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Sqrt;

impl Function for Exp {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        exp(x)
    }
}

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

impl Function for Sqrt {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        sqrt(x)
    }
}

/// `x[j] = f(x[j])`, in place.
pub fn map<T: Real, F: Function>(simd: Simd, _: F, x: &mut [T]) {
    struct Of<F>(PhantomData<F>);
    impl<T: Real, F: Function> Pointwise<T, 0, 1> for Of<F> {
        #[inline(always)]
        fn element(&self, []: [T; 0], [x]: [T; 1]) -> [T; 1] {
            [F::of(x)]
        }
    }
    pointwise(simd, Of(PhantomData::<F>), [], [x]);
}
