//! `z = σ(…)`, `n = φ(…)`, `h = z ⊙ h₋₁ + (1 − z) ⊙ n`: Ravanelli et al. 2018.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Slot, Stage};
use crate::number::Number;

/// A light GRU, rows `z n`: no reset gate, a rectifier in place of tanh. Made for speech; without the normalisation of the paper a
/// rectified recurrence has no bound, so start from small or orthogonal weights. The normalisation over a batch is not part of the
/// cell.
///
/// `∂h/∂h₋₁ = diag(z) + …`; the derivative of the rectifier at 0 is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct LiGru {
    /// The function of `n`.
    pub candidate: Nonlinearity,
}

impl Default for LiGru {
    fn default() -> Self {
        Self { candidate: Nonlinearity::Relu }
    }
}

impl Equations for LiGru {
    fn form(&self) -> Form {
        Form::new("li_gru").stage(Stage::new(["z", "n"]).reads([Slot::Old(0)]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([z, n], [h]) = (u.pre(), u.reads());
        let (z, n) = (u.keep_at(0, z.sigmoid()), self.candidate.kept(u, 1, n));
        u.write([z * h + (S::one() - z) * n]);
    }
}
