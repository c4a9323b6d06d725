//! `z = σ(W_z x)`, `h = (1 − z) ⊙ h₋₁ + z ⊙ g(W_n x)`: Feng et al. 2024.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage};
use crate::number::Number;

/// The function of a candidate that sees no state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Candidate {
    /// `g(a) = a + ½`, and `σ(a)` below 0: never negative, as the form in logarithms needs it.
    #[default]
    Positive,
    /// `g(a) = a`: the plain form of the paper.
    Identity,
}

impl Candidate {
    #[inline(always)]
    pub(super) fn of<S: Number>(self, a: S) -> S {
        match self {
            Self::Positive => a.relu() + a.min(S::constant(0.0)).sigmoid(),
            Self::Identity => a,
        }
    }
}

/// A minimal GRU, rows `n z`: its gates see the input alone, so that a step is linear in the state. `z` multiplies the *new* value,
/// the opposite of a GRU.
///
/// `∂h/∂h₋₁ = diag(1 − z)`: no product of matrices along time, gradients vanish as fast as gates forget and never explode. The
/// published code has no biases: [`Bias::None`](crate::Bias::None).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct MinGru {
    /// The function of the candidate.
    pub candidate: Candidate,
}

impl Equations for MinGru {
    fn form(&self) -> Form {
        let form = Form::new("min_gru").without_matrices().matrix("weight_ih", Some("bias_ih"));
        form.stage(Stage::new(["n", "z"]).products([Product::new(0, Slot::X)]).reads([Slot::Old(0)]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([n, z], [h]) = (u.pre(), u.reads());
        let z = u.keep_at(1, z.sigmoid());
        u.write([(S::one() - z) * h + z * self.candidate.of(n)]);
    }
}
