//! `λ = γ + (1 − γ) ⊙ σ(W_f x + b_f)`, `h = λ ⊙ h₋₁ + (1 − λ) ⊙ silu(W_c x + b_c)`: Qin et al. 2023, the real form.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage};
use crate::number::Number;

/// The recurrence of a hierarchically gated network, rows `f c`, vector `lower_bound [H]` (`γ`).
///
/// `γ` keeps upper layers from forgetting at once; the paper makes it grow from layer to layer, 0 in the first. It is a parameter
/// like any other here, and nothing keeps it between 0 and 1. `∂h/∂h₋₁ = diag(λ)`. The norm and the output gate of the paper's layer
/// act after the recurrence and are not part of the cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Hgrn {}

impl Equations for Hgrn {
    fn form(&self) -> Form {
        let form = Form::new("hgrn").without_matrices().matrix("weight_ih", Some("bias_ih")).vector("lower_bound");
        form.stage(Stage::new(["f", "c"]).products([Product::new(0, Slot::X)]).reads([Slot::Old(0)]).vectors([0]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([f, c], [h], [gamma]) = (u.pre(), u.reads(), u.vectors());
        let f = u.keep_at(0, f.sigmoid());
        let lambda = gamma + (S::one() - gamma) * f;
        u.write([lambda * h + (S::one() - lambda) * (c * c.sigmoid())]);
    }
}
