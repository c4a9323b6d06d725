//! `m · 2ᵉ`: numbers whose exponent has room of its own, so that no product of probabilities underflows.

use crate::scalar::Scalar;
use core::ops::Range;

/// `m · 2ᵉ`, `m` in `[1, 2)`, or 0, or NaN; `e` is a whole number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide {
    pub m: f64,
    pub e: f64,
}

/// `2⁵²`: what is added to a whole number to have it in the low bits.
const WHOLE: f64 = 4_503_599_627_370_496.0;
/// The exponent of 0, below those of all other numbers.
const NOTHING: f64 = -1e305;

impl Wide {
    pub const ZERO: Self = Self { m: 0.0, e: NOTHING };
    pub const ONE: Self = Self { m: 1.0, e: 0.0 };

    /// `m · 2ᵉ` with `m` a normal number, 0 or NaN.
    #[inline(always)]
    pub fn normal(m: f64, e: f64) -> Self {
        let bits = m.to_bits();
        let exponent = f64::from_bits((bits >> 52) | WHOLE.to_bits()) - WHOLE - 1023.0;
        let fraction = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 1.0_f64.to_bits());
        if m > 0.0 { Self { m: fraction, e: e + exponent } } else { Self { m, e: NOTHING } }
    }

    /// `eˣ` of a number that is not above 0; `near` is that exponential as an `f64`.
    pub fn exp(x: f64, near: f64) -> Self {
        // Far from where it underflows.
        if near > 1e-300 || near.is_nan() {
            return Self::normal(near, 0.0);
        }
        if x < -1e15 {
            // Its fraction is below what a rounding of x changes.
            return if x == f64::NEG_INFINITY {
                Self::ZERO
            } else {
                Self { m: 1.0, e: larger(x * core::f64::consts::LOG2_E, -1e290) }
            };
        }
        // x = n ln 2 + r, with ln 2 in two parts.
        let n = (x * core::f64::consts::LOG2_E + 1.5 * WHOLE) - 1.5 * WHOLE;
        let r = (x - n * 0.693_147_180_369_123_8) - n * 1.908_214_929_270_587_7e-10;
        Self::normal(Scalar::exp(r), n)
    }

    #[inline(always)]
    pub fn times(self, by: Self) -> Self {
        Self::normal(self.m * by.m, self.e + by.e)
    }

    /// Not normalised: `m` is below the sum of theirs.
    #[inline(always)]
    pub fn sum(x: [Self; 3]) -> Self {
        let e = larger(larger(x[0].e, x[1].e), x[2].e);
        let m =
            x[0].m * power_of_two(x[0].e - e) + x[1].m * power_of_two(x[1].e - e) + x[2].m * power_of_two(x[2].e - e);
        Self { m, e }
    }

    /// `self / by` as an `f64`, subnormal ones too, for a quotient of at most about 1.
    pub fn over(self, by: Self) -> f64 {
        let d = self.e - by.e;
        let first = larger(d, -1000.0);
        self.m / by.m * power_of_two(first) * power_of_two(d - first)
    }

    /// Its logarithm; `−∞` of 0.
    pub fn ln(self) -> f64 {
        if self.m == 0.0 {
            f64::NEG_INFINITY
        } else if self.e > -1000.0 {
            Scalar::ln(self.m * power_of_two(self.e))
        } else {
            self.e * core::f64::consts::LN_2 + Scalar::ln(self.m)
        }
    }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// `2ᵈ` of a whole number below 1024; 0 where that is not normal.
#[inline(always)]
fn power_of_two(d: f64) -> f64 {
    f64::from_bits((larger(d, -1023.0) + 1023.0 + WHOLE).to_bits() << 52)
}

/// Numbers with their exponents, each in an array of its own, so that loops over them are vectors.
#[derive(Debug)]
pub(super) struct Wides<'w> {
    m: &'w mut [f64],
    e: &'w mut [f64],
}

/// Some of them, to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    m: &'a [f64],
    e: &'a [f64],
}

impl<'w> Wides<'w> {
    pub fn split(workspace: &mut &'w mut [f64], len: usize) -> Self {
        Self { m: take(workspace, len), e: take(workspace, len) }
    }

    #[inline(always)]
    pub fn get(&self, i: usize) -> Wide {
        Wide { m: self.m[i], e: self.e[i] }
    }

    #[inline(always)]
    pub fn set(&mut self, i: usize, to: Wide) {
        (self.m[i], self.e[i]) = (to.m, to.e);
    }

    pub fn fill(&mut self, to: Wide) {
        self.m.fill(to.m);
        self.e.fill(to.e);
    }

    #[inline(always)]
    pub fn part(&self, range: Range<usize>) -> Part<'_> {
        Part { m: &self.m[range.clone()], e: &self.e[range] }
    }

    /// Those before `at`, to read, and the next so many.
    #[inline(always)]
    pub fn split_mut(&mut self, at: usize, len: usize) -> (Part<'_>, Wides<'_>) {
        let ((m, to_m), (e, to_e)) = (self.m.split_at_mut(at), self.e.split_at_mut(at));
        (Part { m, e }, Wides { m: &mut to_m[..len], e: &mut to_e[..len] })
    }

    /// `self[s] = x₀[s] + x₁[s] + weight[s] x₂[s]`, weights 0 or 1; not normalised.
    #[inline(always)]
    pub fn set_sums(&mut self, x: [Part<'_>; 3], weight: &[f64]) {
        let len = self.m.len();
        let (m, e, weight) = (&mut self.m[..len], &mut self.e[..len], &weight[..len]);
        let [(m0, e0), (m1, e1), (m2, e2)] = x.map(|x| (&x.m[..len], &x.e[..len]));
        for s in 0..len {
            let last = Wide { m: weight[s] * m2[s], e: if weight[s] > 0.0 { e2[s] } else { NOTHING } };
            let sum = Wide::sum([Wide { m: m0[s], e: e0[s] }, Wide { m: m1[s], e: e1[s] }, last]);
            (m[s], e[s]) = (sum.m, sum.e);
        }
    }

    /// `self[s] = self[s] x[s]`, normalised.
    #[inline(always)]
    pub fn multiply(&mut self, x: Part<'_>) {
        let len = self.m.len();
        let (m, e, xm, xe) = (&mut self.m[..len], &mut self.e[..len], &x.m[..len], &x.e[..len]);
        for s in 0..len {
            let product = Wide::normal(m[s] * xm[s], e[s] + xe[s]);
            (m[s], e[s]) = (product.m, product.e);
        }
    }
}

impl Part<'_> {
    #[inline(always)]
    pub fn from(self, first: usize) -> Self {
        Self { m: &self.m[first..], e: &self.e[first..] }
    }
}

/// The first so many numbers of a workspace, which is left with the others.
pub(super) fn take<'w>(workspace: &mut &'w mut [f64], len: usize) -> &'w mut [f64] {
    let (first, rest) = core::mem::take(workspace).split_at_mut(len);
    *workspace = rest;
    first
}

#[cfg(test)]
mod tests {
    use super::{Wide, power_of_two};

    #[test]
    fn a_power_of_two_is_exact_and_too_small_a_one_is_0() {
        assert_eq!([0.0, -1.0, -1022.0, -1023.0, -1e305].map(power_of_two), [1.0, 0.5, f64::MIN_POSITIVE, 0.0, 0.0]);
    }

    #[test]
    fn a_number_keeps_its_value() {
        for x in [1.0, 0.75, 1e-300, 3.5e10] {
            let Wide { m, e } = Wide::normal(x, -2000.0);
            assert!((1.0..2.0).contains(&m));
            assert_eq!(Wide::normal(x, -2000.0).over(Wide { m: 1.0, e: -2000.0 }), x, "{m} {e}");
        }
    }

    #[test]
    fn a_quotient_may_be_subnormal() {
        let smallest = f64::from_bits(1); // 2⁻¹⁰⁷⁴
        assert_eq!(Wide { m: 1.5, e: -1073.0 }.over(Wide::ONE), 3.0 * smallest);
        assert_eq!(Wide { m: 1.0, e: -1040.0 }.over(Wide::ONE), f64::MIN_POSITIVE / 262_144.0);
        assert_eq!(Wide { m: 1.0, e: -1080.0 }.over(Wide::ONE), 0.0);
    }

    #[test]
    fn an_exponential_far_below_the_smallest_number_has_its_logarithm() {
        for x in [-0.5, -300.0, -745.0, -1e4, -1e9, -1e14, -3e200] {
            let found = Wide::exp(x, f64::exp(x)).ln();
            assert!((found - x).abs() <= 4.0 * f64::EPSILON * x.abs(), "{x}: {found}");
        }
        assert_eq!(Wide::exp(f64::NEG_INFINITY, 0.0).ln(), f64::NEG_INFINITY);
        assert!(Wide::exp(f64::NAN, f64::NAN).ln().is_nan());
    }

    #[test]
    fn sums_and_products_leave_the_range_of_f64_and_return() {
        let tiny = Wide::normal(1.5, -5000.0);
        let twice = Wide::sum([tiny, tiny, Wide::ZERO]);
        assert_eq!(twice.times(Wide::normal(1.0, 5000.0)).over(Wide::ONE), 3.0);
        assert_eq!(Wide::sum([Wide::ZERO; 3]).ln(), f64::NEG_INFINITY);
        assert!(Wide::sum([Wide::normal(f64::NAN, 0.0), Wide::ONE, Wide::ZERO]).m.is_nan());
    }
}
