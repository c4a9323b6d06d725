//! `h = f′ ⊙ h₋₁ + i′ ⊙ g(W_n x)` with `f′ = σ(f) / (σ(f) + σ(i))`, `i′ = 1 − f′`: Feng et al. 2024.

use super::Candidate;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage};
use crate::number::Number;

/// A minimal LSTM, rows `n f i`: gates see the input alone and are normalised to a sum of 1; there is no output gate and no second
/// state.
///
/// `f′ = σ(ln σ(f) − ln σ(i))`, which is not 0/0 where both gates are shut. `∂h/∂h₋₁ = diag(f′)`. The published code has no biases:
/// [`Bias::None`](crate::Bias::None).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct MinLstm {
    /// The function of the candidate.
    pub candidate: Candidate,
}

impl Equations for MinLstm {
    fn form(&self) -> Form {
        let form = Form::new("min_lstm").without_matrices().matrix("weight_ih", Some("bias_ih"));
        form.stage(Stage::new(["n", "f", "i"]).products([Product::new(0, Slot::X)]).reads([Slot::Old(0)]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([n, f, i], [h]) = (u.pre(), u.reads());
        let d = f.ln_sigmoid() - i.ln_sigmoid();
        u.write([d.sigmoid() * h + (-d).sigmoid() * self.candidate.of(n)]);
    }
}
