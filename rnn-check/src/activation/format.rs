//! How the error of a result is measured in f32 and in f64.

use super::Extent;
use super::Function;
use super::exact::{self, Scaled, Settled};
use super::inputs::{self, Run};
use super::magnitude::Magnitudes;

/// A number type whose activations can be swept: f32 or f64.
pub trait Format: Magnitudes {
    /// From this error on, in ulp, [`Exact`](Self::Exact) does not decide whether a result is correctly rounded.
    #[doc(hidden)]
    const DOUBT: f64;
    /// An exact value, or near enough to it.
    #[doc(hidden)]
    type Exact: Copy;
    /// `f(a)` and `f(−a)` for `a ≥ 0` in ascending order.
    #[doc(hidden)]
    fn exact(function: Function, a: &[Self], of_plus: &mut Vec<Self::Exact>, of_minus: &mut Vec<Self::Exact>);
    /// The error of `got` in ulp, as far as `exact` knows.
    #[doc(hidden)]
    fn error(got: Self, exact: Self::Exact) -> f64;
    /// The error of `got` where it is at least [`DOUBT`](Self::DOUBT), as exactly as it takes.
    #[doc(hidden)]
    fn settle(function: Function, x: Self, got: Self, exact: Self::Exact) -> Settled;
    /// The error of `got` in ulp, as exactly as it takes to say whether it is above ½.
    #[doc(hidden)]
    fn ulps(function: Function, x: Self, got: Self, exact: Self::Exact) -> f64 {
        let error = Self::error(got, exact);
        if error >= Self::DOUBT { Self::settle(function, x, got, exact).error } else { error }
    }
    /// How far beyond ½ ulp the rounding of an f64 may be that is itself within 4 ulp of the exact value.
    #[doc(hidden)]
    fn double_rounding(exact: Self::Exact) -> f64;
    /// What to look at.
    #[doc(hidden)]
    fn runs(extent: Extent) -> Vec<Run>;
}

/// `1/ulp(value)` of f32; `|value| < 2`.
#[inline(always)]
fn inverse_ulp_f32(value: f64) -> f64 {
    // Biased exponents: ulp is 2^(e − 23), e no less than −126.
    let exponent = ((value.to_bits() >> 52) & 0x7ff).max(1023 - 126);
    f64::from_bits((2 * 1023 + 23 - exponent) << 52)
}

impl Format for f32 {
    // 2⁻²⁰ is sixteen times what the f64 value is uncertain by.
    const DOUBT: f64 = 0.5 - 1.0 / (1u64 << 20) as f64;
    type Exact = f64;

    fn exact(function: Function, a: &[f32], of_plus: &mut Vec<f64>, of_minus: &mut Vec<f64>) {
        exact::in_f64(function, a, of_plus, of_minus);
    }
    #[inline(always)]
    fn error(got: f32, exact: f64) -> f64 {
        (f64::from(got) - exact).abs() * inverse_ulp_f32(exact)
    }
    fn settle(function: Function, x: f32, got: f32, exact: f64) -> Settled {
        let error = Self::error(got, exact);
        // Within 2⁻⁴⁴ of a power of two the exact value may have another ulp than its f64.
        let beside_a_power = (exact.to_bits() + (1 << 8)) & ((1 << 52) - 1) < (1 << 9);
        if error > 0.5 + (0.5 - Self::DOUBT) && !beside_a_power {
            return Settled { error, excess: error - 0.5, decided: true };
        }
        exact::in_double_double(function, f64::from(x)).judge(f64::from(got), 24, f64::from(f32::from_bits(1)))
    }
    fn double_rounding(exact: f64) -> f64 {
        4.0 * (exact.abs() * f64::EPSILON) * inverse_ulp_f32(exact)
    }
    fn runs(extent: Extent) -> Vec<Run> {
        inputs::of_f32(extent)
    }
}

impl Format for f64 {
    // The error's own roundings are far below this.
    const DOUBT: f64 = 0.5 - 1.0 / (1u64 << 40) as f64;
    type Exact = Scaled;

    fn exact(function: Function, a: &[f64], of_plus: &mut Vec<Scaled>, of_minus: &mut Vec<Scaled>) {
        of_plus.clear();
        of_minus.clear();
        of_plus.extend(a.iter().map(|&a| exact::in_double_double(function, a)));
        match function {
            Function::Sigmoid => of_minus.extend(a.iter().map(|&a| exact::in_double_double(function, -a))),
            Function::Tanh => of_minus.extend(of_plus.iter().map(|y| y.negated())),
        }
    }
    fn error(got: f64, exact: Scaled) -> f64 {
        exact.judge(got, 53, f64::from_bits(1)).error
    }
    fn settle(_: Function, _: f64, got: f64, exact: Scaled) -> Settled {
        exact.judge(got, 53, f64::from_bits(1))
    }
    fn double_rounding(_: Scaled) -> f64 {
        0.0
    }
    fn runs(extent: Extent) -> Vec<Run> {
        inputs::of_f64(extent)
    }
}
