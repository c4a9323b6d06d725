//! `λ = γ + (1 − γ) ⊙ σ(W_f x + b_f)`, `h = λ e^{iθ} ⊙ h₋₁ + (1 − λ) ⊙ silu(W_c x + b_c)`: Qin et al. 2023.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage};
use crate::number::Number;

/// Whether the state turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Phase {
    /// `θ = 0`: a real state `h`, rows `f c`.
    #[default]
    None,
    /// By a vector `theta [H]` (`θ`) at each step: states `h_re`, the output, and `h_im`, rows `f c_re c_im`.
    Learned,
}

/// The recurrence of a hierarchically gated network, rows `f c`, vector `lower_bound [H]` (`γ`).
///
/// ```text
/// re = λ ⊙ (cos θ ⊙ re₋₁ − sin θ ⊙ im₋₁) + (1 − λ) ⊙ silu(W_re x + b_re)
/// im = λ ⊙ (sin θ ⊙ re₋₁ + cos θ ⊙ im₋₁) + (1 − λ) ⊙ silu(W_im x + b_im)
/// ```
/// `γ` keeps upper layers from forgetting at once; the paper makes it grow from layer to layer, 0 in the first. It is a parameter
/// like any other here, and nothing keeps it between 0 and 1. `∂h/∂h₋₁ = diag(λ e^{iθ})`. The norm and the output gate of the paper's
/// layer act after the recurrence and are not part of the cell; where the state is complex they read both parts, while the output here
/// is the real one and the other is the second state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Hgrn {
    /// Whether the state turns.
    pub phase: Phase,
}

impl Equations for Hgrn {
    fn form(&self) -> Form {
        let form = Form::new("hgrn").without_matrices().matrix("weight_ih", Some("bias_ih")).vector("lower_bound");
        match self.phase {
            Phase::None => {
                let gates = Stage::new(["f", "c"]).products([Product::new(0, Slot::X)]);
                form.stage(gates.reads([Slot::Old(0)]).vectors([0]))
            }
            Phase::Learned => {
                let gates = Stage::new(["f", "c_re", "c_im"]).products([Product::new(0, Slot::X)]);
                let gates = gates.reads([Slot::Old(0), Slot::Old(1)]).vectors([0, 1]);
                form.states(["h_re", "h_im"]).vector("theta").stage(gates.writes([Slot::New(0), Slot::New(1)]))
            }
        }
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        match self.phase {
            Phase::None => {
                let ([f, c], [h], [gamma]) = (u.pre(), u.reads(), u.vectors());
                let f = u.keep_at(0, f.sigmoid());
                let lambda = gamma + (S::one() - gamma) * f;
                u.write([lambda * h + (S::one() - lambda) * (c * c.sigmoid())]);
            }
            Phase::Learned => {
                let ([f, c_re, c_im], [re, im], [gamma, theta]) = (u.pre(), u.reads(), u.vectors());
                let f = u.keep_at(0, f.sigmoid());
                let lambda = gamma + (S::one() - gamma) * f;
                let (a, b) = (lambda * theta.cos(), lambda * theta.sin());
                let part = |c: S| (S::one() - lambda) * (c * c.sigmoid());
                u.write([a * re - b * im + part(c_re), b * re + a * im + part(c_im)]);
            }
        }
    }
}
