//! How far a correct backend may be from the oracle: the standard model, written as a number type.
//!
//! **Model.** A backend computes in a binary format with unit roundoff `u` and smallest subnormal `η₀`, rounding to nearest:
//! `fl(a ∘ b) = (a ∘ b)(1 + δ) + ε`, `|δ| ≤ u`, with `|ε| ≤ η₀/2` for products and quotients and `ε = 0` for sums
//! (Higham 2002, §2.2 and §2.8). Nothing overflows. It may add in any order, with or without FMA, in any wider format inside.
//! Activations are within a declared number of ulps.
//!
//! **What is exact.** The inputs of a step: the backend's own previous state, gates, parameters. So bounds of one step never
//! grow with time.
//!
//! **Slack, once.** Two things are not in the formulas: the oracle's own roundings (f64 for f32 backends, double-double for
//! f64: each at most 2⁻²⁷ of the backend's, elementary functions included) and the roundings of the bound's arithmetic (2⁻⁵³
//! relative each, at most 2²⁰ in a row). Both are covered by working with `u (1 + 2⁻²⁰)` instead of `u`. The double-double
//! oracle underflows where a f64 backend does, by at most `5 η₀/2` a product (two cross terms, their sum, the error term and
//! the leading product), so `η = 4 η₀` stands for `η₀/2` everywhere.

mod bounded;
mod comparator;
mod expanded;
mod pullback;
mod recurrence;
mod size;
mod unit;

pub use bounded::Bounded;
pub(crate) use comparator::deviations;
pub use comparator::{Comparison, Worst, compare};
pub use expanded::Expanded;
pub use pullback::{Derived, Live, Pullback, Saved, parameter_gradients};
pub use recurrence::recurrence;
pub use size::{Size, Sizes, Tally};

/// `γ_n = n u / (1 − n u)`: `n` roundings one after another, `|Π(1 + δ_i)^{±1} − 1| ≤ γ_n` (Higham 2002, lemma 3.1).
/// Infinite where `n u ≥ 1`.
pub fn gamma(n: usize, u: f64) -> f64 {
    let nu = n as f64 * u;
    if nu < 1.0 { nu / (1.0 - nu) } else { f64::INFINITY }
}

/// The format a backend computes in, and the accuracy it declares for its elementary functions.
///
/// `A` ulp: `|computed − f(x)| ≤ A · ulp(f(x))`, where `ulp(a)` is the gap between the numbers next to `a` on the side
/// of larger magnitude, and no less than the smallest subnormal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Unit roundoff with the slack above.
    u: f64,
    /// Underflow per product, with the slack above.
    eta: f64,
    /// Smallest subnormal.
    smallest: f64,
    /// Largest finite number.
    pub largest: f64,
    /// Declared for σ.
    pub sigmoid_ulp: f64,
    /// Declared for tanh.
    pub tanh_ulp: f64,
    /// Declared for `e^x`.
    pub exp_ulp: f64,
    /// Declared for `ln` and `ln(1 + x)`.
    pub ln_ulp: f64,
    /// Declared for `sin` and `cos`.
    pub sin_ulp: f64,
}

impl Precision {
    /// IEEE binary32: `u = 2⁻²⁴`, `η₀ = 2⁻¹⁴⁹`. `exp`, `ln`, `sin` and `cos` are taken to be within 2 ulp until set otherwise.
    pub fn f32(sigmoid_ulp: f64, tanh_ulp: f64) -> Self {
        let (u, smallest) = (2f64.powi(-24), 2f64.powi(-149));
        Self::new(u, smallest, f64::from(f32::MAX), sigmoid_ulp, tanh_ulp)
    }

    /// IEEE binary64: `u = 2⁻⁵³`, `η₀ = 2⁻¹⁰⁷⁴`. `exp`, `ln`, `sin` and `cos` are taken to be within 2 ulp until set otherwise.
    pub fn f64(sigmoid_ulp: f64, tanh_ulp: f64) -> Self {
        let (u, smallest) = (2f64.powi(-53), f64::from_bits(1));
        Self::new(u, smallest, f64::MAX, sigmoid_ulp, tanh_ulp)
    }

    fn new(u: f64, smallest: f64, largest: f64, sigmoid_ulp: f64, tanh_ulp: f64) -> Self {
        let (u, eta) = (u * (1.0 + 2f64.powi(-20)), 4.0 * smallest);
        let (exp_ulp, ln_ulp, sin_ulp) = (2.0, 2.0, 2.0);
        Self { u, eta, smallest, largest, sigmoid_ulp, tanh_ulp, exp_ulp, ln_ulp, sin_ulp }
    }

    /// `γ_n` of this format.
    pub fn gamma(&self, n: usize) -> f64 {
        gamma(n, self.u)
    }

    /// `ulp(a)`: twice the unit roundoff times the power of two at or below `|a|`.
    pub fn ulp(&self, a: f64) -> f64 {
        let power = f64::from_bits(a.abs().to_bits() & f64::INFINITY.to_bits());
        (2.0 * self.u * power).max(self.smallest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulp_is_the_gap_to_the_next_number() {
        let precision = Precision::f32(1.0, 1.0);
        for a in [1.0f32, 1.5, 1.999_999_9, 2.0, 0.1, 3e-39, 1e-45, 0.0, 7e30] {
            let gap = f64::from(f32::from_bits(a.to_bits() + 1)) - f64::from(a);
            let ratio = precision.ulp(f64::from(-a)) / gap;
            assert!((1.0..1.0 + 2f64.powi(-19)).contains(&ratio), "{a}: {ratio}");
        }
    }

    #[test]
    fn gamma_is_nothing_for_no_rounding_and_infinite_beyond_its_range() {
        assert_eq!(gamma(0, 0.25), 0.0);
        assert_eq!(gamma(1, 0.25), 1.0 / 3.0);
        assert_eq!(gamma(4, 0.25), f64::INFINITY);
    }
}
