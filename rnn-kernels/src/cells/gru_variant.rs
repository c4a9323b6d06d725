//! `r, z = φ(…)`, `n = ψ(…)`, `h = (1 − z) ⊙ n + z ⊙ h₋₁`: the GRU with functions of one's choice.

use super::Nonlinearity;
use super::noise::{Noise, zoned};
use crate::equations::{Equations, Gru, GruReset, Unit};
use crate::form::{Form, Slot};
use crate::number::Number;
use alloc::vec;

/// A gated recurrent unit, rows `r z n`, PyTorch's parameters. With default functions it is [`Gru`], whose kernels a backend knows:
/// use that one. ONNX' `GRU` with `activations` and `clip`.
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
    /// The limit of what each function is applied to, with a derivative of 0 beyond it; `None` limits nothing.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub clip: Option<f64>,
    /// What masks do; with [`Noise::State`] both products with `h₋₁` and `r ⊙ h₋₁` see the masked one, the update does not.
    pub noise: Noise,
}

impl Default for GruVariant {
    fn default() -> Self {
        let (gate, candidate) = (Nonlinearity::Sigmoid, Nonlinearity::Tanh);
        Self { reset: GruReset::After, gate, candidate, clip: None, noise: Noise::None }
    }
}

impl GruVariant {
    /// The new state, masked as the noise says.
    #[inline(always)]
    fn update<S: Number>(&self, u: &mut Unit<'_, S>, z: S, n: S) {
        let one = S::one();
        match self.noise {
            Noise::None | Noise::State => {
                let [h] = u.reads();
                u.write([(one - z) * n + z * h]);
            }
            Noise::Zoneout => {
                let [h, mask] = u.reads();
                u.write([zoned(mask, h, (one - z) * n + z * h)]);
            }
            Noise::Candidate => {
                let [h, mask] = u.reads();
                u.write([(one - z) * (mask * n) + z * h]);
            }
        }
    }
}

impl Equations for GruVariant {
    fn form(&self) -> Form {
        let mut form = self.noise.masks(Gru { reset: self.reset }.form());
        match (self.noise, self.reset) {
            (Noise::None, _) | (Noise::State, GruReset::After) => {}
            // The reset gate scales what its matrix sees.
            (Noise::State, GruReset::Before) => form.stages[1].reads = vec![Slot::Value(1)],
            (Noise::Zoneout | Noise::Candidate, _) => {
                form.stages.last_mut().expect("a stage of gates").reads.push(Slot::Mask(0));
            }
        }
        form
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        let Some(stage) = stage.checked_sub(self.noise.stages()) else {
            let [h, mask] = u.reads();
            u.write([mask * h]);
            return;
        };
        match (self.reset, stage) {
            (GruReset::After, _) => {
                let [r, z, n, aux] = u.pre();
                let (r, z) = (self.gate.limited(u, 0, r, self.clip), self.gate.limited(u, 1, z, self.clip));
                // The derivative of a function that is not kept needs n before r ⊙ aux is added, which stays in its place.
                let n = self.candidate.limited(u, 2, n + r * aux, self.clip);
                self.update(u, z, n);
            }
            (GruReset::Before, 0) => {
                let ([r], [h]) = (u.pre(), u.reads());
                let r = self.gate.limited(u, 0, r, self.clip);
                u.write([r * h]);
            }
            (GruReset::Before, _) => {
                let [z, n] = u.pre();
                let (z, n) = (self.gate.limited(u, 0, z, self.clip), self.candidate.limited(u, 1, n, self.clip));
                self.update(u, z, n);
            }
        }
    }
}
