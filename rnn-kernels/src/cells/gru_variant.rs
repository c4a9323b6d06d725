//! `r, z = φ(…)`, `n = ψ(…)`, `h = (1 − z) ⊙ n + z ⊙ h₋₁`: the GRU with functions of one's choice.

use super::Nonlinearity;
use crate::equations::{Equations, Gru, GruReset, Unit};
use crate::form::Form;
use crate::number::Number;

/// A gated recurrent unit, rows `r z n`, PyTorch's parameters. With default functions it is [`Gru`], whose kernels a backend knows:
/// use that one. ONNX' `GRU` with `activations`.
///
/// `∂h/∂h₋₁` has `z` on its diagonal beside what flows through the gates. With a function that is not bounded by 1 as `ψ`, the state
/// is a convex mixture of unbounded candidates and can grow with the input.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct GruVariant {
    /// Where the reset gate acts.
    pub reset: GruReset,
    /// The function of `r` and `z`.
    pub gate: Nonlinearity,
    /// The function of `n`.
    pub candidate: Nonlinearity,
}

impl Default for GruVariant {
    fn default() -> Self {
        Self { reset: GruReset::After, gate: Nonlinearity::Sigmoid, candidate: Nonlinearity::Tanh }
    }
}

impl Equations for GruVariant {
    fn form(&self) -> Form {
        Gru { reset: self.reset }.form()
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match (self.reset, stage) {
            (GruReset::After, _) => {
                let ([r, z, n, aux], [h]) = (u.pre(), u.reads());
                let (r, z) = (self.gate.kept(u, 0, r), self.gate.kept(u, 1, z));
                // The derivative of a function that is not kept needs n before r ⊙ aux is added, which stays in its place.
                let n = self.candidate.kept(u, 2, n + r * aux);
                u.write([(S::one() - z) * n + z * h]);
            }
            (GruReset::Before, 0) => {
                let ([r], [h]) = (u.pre(), u.reads());
                let r = self.gate.kept(u, 0, r);
                u.write([r * h]);
            }
            (GruReset::Before, _) => {
                let ([z, n], [h]) = (u.pre(), u.reads());
                let (z, n) = (self.gate.kept(u, 0, z), self.candidate.kept(u, 1, n));
                u.write([(S::one() - z) * n + z * h]);
            }
        }
    }
}
