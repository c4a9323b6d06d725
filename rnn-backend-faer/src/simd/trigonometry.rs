//! `sin x` and `cos x`, one element at a time, free of branches so that loops over them vectorise; of every number, however large.
//!
//! A table says how many quarter turns a number is (`turns.rs`). The nearest whole number of them is left out, without rounding; what
//! stays, `|g| ≤ ½` and what its roundings left over, is an angle `r + lo`, `|r| ≤ π/4`, by a product with π/2. Then
//!
//! ```text
//! sin(r + lo) = r + (r·z·s(z) + lo·(1 − z/2))      cos(r + lo) = 1 − z/2 + (z²·c(z) − r·lo)      z = r²
//! ```
//!
//! with polynomials `s` and `c` fitted on `0 ≤ z ≤ (π/4)²` (`tools/coefficients.py`), and one of the two with a sign is the result: a
//! little more than half an ULP. The reduction costs as much as the rest, and is shared where both are taken of one number.
//!
//! `sin` is odd in every bit and `cos` even; `sin ±0 = ±0`, `cos 0 = 1`, infinities and NaN give NaN.

use super::math::Function;
use super::real::Real;

/// Most that [`sin`] differs from `sin x` over all f32, in ULP of the result (measured over the 2³¹ inputs that are not negative: 0.80; the sign is taken off before).
pub const SIN_F32_ULP: f64 = 1.0;
/// Most that [`cos`] differs from `cos x` over all f32, in ULP of the result (measured over the 2³¹ inputs that are not negative: 0.80; the sign is taken off before).
pub const COS_F32_ULP: f64 = 1.0;
/// The bound for [`sin`] on f64, in ULP of the result (300 000 samples and the nearest to multiples of π/2: 0.76).
pub const SIN_F64_ULP: f64 = 1.0;
/// The bound for [`cos`] on f64, in ULP of the result (300 000 samples and the nearest to multiples of π/2: 0.73).
pub const COS_F64_ULP: f64 = 1.0;

/// `|x| = n·π/2 + r + lo` but for whole turns, `n` from −8 to 16.
struct Angle<T> {
    n: T,
    r: T,
    lo: T,
}

/// `a + b` and what the sum rounds off, whichever is larger (Knuth).
#[inline(always)]
fn sum<T: Real>(a: T, b: T) -> (T, T) {
    let s = a + b;
    let of_b = s - a;
    (s, (a - (s - of_b)) + (b - of_b))
}

#[inline(always)]
fn angle<T: Real>(x: T) -> Angle<T> {
    let (m, [c0, c1, c2, c3]) = x.quarter_turns();
    // Of the first product only what is left of multiples of 16 counts.
    let t = m * c0;
    let t_lo = m.mul_add(c0, -t);
    let t = t - ((t + T::SIXTEENS) - T::SIXTEENS);
    // The second one is cut at a multiple of the last place of 8: what is left is exact, and sums down to f are, too.
    let u = m.mul_add(c1, T::TWELVE) - T::TWELVE;
    let u_lo = m.mul_add(c1, -u);
    let n = ((t + u) + t_lo + T::ROUND) - T::ROUND;
    let f = ((t - n) + u) + t_lo;
    let v = m * c2;
    let v_lo = m.mul_add(c2, -v);
    let (w, w_lo) = sum(u_lo, v);
    // f is a multiple of the last place of w, so what this rounds off is found as if f were the larger one (Rump, Ogita, Oishi 2008).
    let h = f + w;
    let h_lo = (f - h) + w;
    let rest = h_lo + (w_lo + m.mul_add(c3, v_lo));
    let g = h + rest;
    let g_lo = (h - g) + rest;
    let r = g * T::HALF_PI_HI;
    let lo = g.mul_add(T::HALF_PI_HI, -r) + g.mul_add(T::HALF_PI_LO, g_lo * T::HALF_PI_HI);
    Angle { n, r, lo }
}

/// The sine of `n` quarter turns and an angle.
#[inline(always)]
fn sine<T: Real>(n: T, r: T, lo: T) -> T {
    let z = r * r;
    let half = T::HALF * z;
    let sine = r + (r * z).mul_add(T::sin_tail(z), lo * (T::ONE - half));
    let w = T::ONE - half;
    // What z rounds off counts where its half is a quarter.
    let below = r.mul_add(lo, T::HALF * r.mul_add(r, -z));
    let cosine = w + (((T::ONE - w) - half) + (z * z).mul_add(T::cos_tail(z), -below));
    let (odd, back) = n.last_bits();
    let y = T::choose(odd, cosine, sine);
    T::choose(back, -y, y)
}

/// `sin x`.
#[inline(always)]
pub fn sin<T: Real>(x: T) -> T {
    let Angle { n, r, lo } = angle(x);
    let y = sine(n, r, lo);
    let y = T::choose(x < T::ZERO, -y, y);
    let y = T::choose(x.abs() < T::SINE_IS_LINEAR, x, y);
    if x.abs() < -T::NEG_INFINITY { y } else { T::QUIET_NAN }
}

/// `cos x`, the sine of a quarter turn more.
#[inline(always)]
pub fn cos<T: Real>(x: T) -> T {
    let Angle { n, r, lo } = angle(x);
    let y = sine(n + T::ONE, r, lo);
    if x.abs() < -T::NEG_INFINITY { y } else { T::QUIET_NAN }
}

/// [`sin`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Sin;
/// [`cos`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Cos;

impl Function for Sin {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        sin(x)
    }
}

impl Function for Cos {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        cos(x)
    }
}
