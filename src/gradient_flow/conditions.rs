//! `‖∂h_t/∂h_k‖ ≤ (γ σ_max)^{t−k}`: when the gradients of an Elman network must vanish, and when they may explode.

use super::{Estimate, largest_singular_value, spectral_radius};
use crate::error::Result;
use rnn_kernels::{Activation, MatRef, Scalar};
use std::fmt;

/// `γ = sup |σ′|`: 1 for tanh, relu and the identity, ¼ for the sigmoid.
#[must_use]
pub fn largest_slope(activation: Activation) -> f64 {
    match activation {
        Activation::Tanh | Activation::Relu | Activation::Identity => 1.0,
        Activation::Sigmoid => 0.25,
    }
}

/// The conditions of Pascanu, Mikolov & Bengio 2013, §2, for one recurrent matrix.
///
/// Each step back multiplies `∂L/∂h` by `diag(σ′) W_hh`, whose norm is at most `γ σ_max`. So `σ_max < 1/γ` is
/// *sufficient* for vanishing and `σ_max > 1/γ` is *necessary* for exploding; neither says anything of the other side.
/// Without a nonlinearity the product is `W_hhᵐ` itself and the spectral radius decides.
///
/// They are about `h_t = σ(W_hh h_{t−1} + …)`. A gated cell has a second path, its cell state or its carried `h`,
/// and these conditions do not hold for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// `σ`.
    pub activation: Activation,
    /// `σ_max(W_hh)`.
    pub largest_singular_value: Estimate,
    /// `ρ(W_hh)`.
    pub spectral_radius: Estimate,
}

/// What the conditions say. `Display` says it in plain words.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// `γ σ_max < 1`: gradients vanish at least as fast as `factorᵐ` over `m` steps.
    Vanishes {
        /// `γ σ_max`.
        factor: f64,
    },
    /// `γ σ_max = 1` within the error of the estimate: gradients cannot grow; they may or may not shrink.
    Bounded {
        /// `γ σ_max`.
        factor: f64,
    },
    /// `γ σ_max > 1` with a nonlinearity: gradients may explode or vanish, depending on the states.
    MayExplode {
        /// `γ σ_max`.
        factor: f64,
    },
    /// Linear, `ρ < 1 ≤ σ_max`: gradients may grow for a while and vanish like `radiusᵐ` in the end.
    LinearVanishes {
        /// `ρ`.
        radius: f64,
    },
    /// Linear, `ρ = 1` within the error of the estimate: neither exponentially small nor exponentially large.
    LinearCritical {
        /// `ρ`.
        radius: f64,
    },
    /// Linear, `ρ > 1`: gradients explode like `radiusᵐ`, except along directions that avoid the leading eigenvectors.
    LinearExplodes {
        /// `ρ`.
        radius: f64,
    },
}

impl Conditions {
    /// Measures `w_hh [H, H]`.
    ///
    /// # Errors
    /// If it is not square or an element is not finite.
    pub fn of<T: Scalar>(w_hh: MatRef<'_, T>, activation: Activation) -> Result<Self> {
        Ok(Self {
            activation,
            largest_singular_value: largest_singular_value(w_hh)?,
            spectral_radius: spectral_radius(w_hh)?,
        })
    }

    /// What follows for the gradients.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let gamma = largest_slope(self.activation);
        let factor = gamma * self.largest_singular_value.value;
        let radius = self.spectral_radius.value;
        let linear = self.activation == Activation::Identity;
        match (side(factor, gamma * self.largest_singular_value.error), side(radius, self.spectral_radius.error)) {
            (Side::Below, _) => Verdict::Vanishes { factor },
            (_, Side::Below) if linear => Verdict::LinearVanishes { radius },
            (_, Side::Above) if linear => Verdict::LinearExplodes { radius },
            (Side::Above, Side::At) if linear => Verdict::LinearCritical { radius },
            (Side::At, _) => Verdict::Bounded { factor },
            (Side::Above, _) => Verdict::MayExplode { factor },
        }
    }
}

enum Side {
    Below,
    At,
    Above,
}

/// Where `x ± error` lies with respect to 1; a millionth counts as rounding of the weights.
fn side(x: f64, error: f64) -> Side {
    let slack = error.max(1e-6);
    match x {
        x if x < 1.0 - slack => Side::Below,
        x if x > 1.0 + slack => Side::Above,
        _ => Side::At,
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Vanishes { factor } => write!(
                f,
                "gradients vanish: γ·σ_max = {factor:.3} < 1, so every step back shrinks them at least by that factor"
            ),
            Verdict::Bounded { factor } => {
                write!(f, "gradients cannot explode: γ·σ_max = {factor:.3} = 1, so no step back lengthens them")
            }
            Verdict::MayExplode { factor } => write!(
                f,
                "gradients may explode or vanish: γ·σ_max = {factor:.3} > 1, which explosion needs but does not cause"
            ),
            Verdict::LinearVanishes { radius } => write!(
                f,
                "gradients vanish in the end: linear with ρ = {radius:.3} < 1, though σ_max ≥ 1 lets them grow at first"
            ),
            Verdict::LinearCritical { radius } => {
                write!(
                    f,
                    "gradients last: linear with ρ = {radius:.3} = 1, neither vanishing nor exploding exponentially"
                )
            }
            Verdict::LinearExplodes { radius } => {
                write!(f, "gradients explode: linear with ρ = {radius:.3} > 1, and so by that factor a step in the end")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Conditions, Verdict};
    use rnn_kernels::{Activation, MatRef};

    fn verdict(w: [f64; 4], activation: Activation) -> Verdict {
        Conditions::of(MatRef::new(&w, 2, 2), activation).unwrap().verdict()
    }

    #[test]
    fn a_small_matrix_vanishes_whatever_the_activation() {
        for activation in [Activation::Tanh, Activation::Relu, Activation::Sigmoid, Activation::Identity] {
            assert!(matches!(verdict([0.9, 0.0, 0.0, 0.5], activation), Verdict::Vanishes { .. }));
        }
    }

    #[test]
    fn the_sigmoid_vanishes_up_to_four() {
        assert!(matches!(verdict([3.9, 0.0, 0.0, 0.0], Activation::Sigmoid), Verdict::Vanishes { .. }));
        assert!(matches!(verdict([4.0, 0.0, 0.0, 0.0], Activation::Sigmoid), Verdict::Bounded { .. }));
        assert!(matches!(verdict([4.1, 0.0, 0.0, 0.0], Activation::Sigmoid), Verdict::MayExplode { .. }));
    }

    #[test]
    fn without_a_nonlinearity_the_spectral_radius_decides() {
        let linear = |w| verdict(w, Activation::Identity);
        assert!(matches!(linear([0.5, 3.0, 0.0, 0.5]), Verdict::LinearVanishes { .. }));
        assert!(matches!(linear([1.0, 3.0, 0.0, 0.5]), Verdict::LinearCritical { .. }));
        assert!(matches!(linear([1.0, 0.0, 0.0, -1.0]), Verdict::Bounded { .. }));
        assert!(matches!(linear([1.1, 0.0, 0.0, 0.5]), Verdict::LinearExplodes { .. }));
        assert!(matches!(verdict([0.5, 3.0, 0.0, 0.5], Activation::Tanh), Verdict::MayExplode { .. }));
    }

    #[test]
    fn the_verdict_is_said_in_plain_words() {
        let said = verdict([0.5, 0.0, 0.0, 0.25], Activation::Tanh).to_string();
        assert!(said.starts_with("gradients vanish: γ·σ_max = 0.500 < 1"), "{said}");
    }
}
