//! `h = φ(W_ih x + W_hh h₋₁ + b)`: the Elman network with any function and with masks.

use super::Nonlinearity;
use super::noise::{Noise, zoned};
use crate::equations::{Equations, Unit};
use crate::form::{Form, Slot, Stage};
use crate::number::Number;

/// An Elman network with options. Without a mask and with tanh, relu, σ or the identity it is [`Elman`](crate::Elman), whose kernels a
/// backend knows: use that one.
///
/// `∂h/∂h₋₁ = φ′ W_hh`; zoneout adds `m` on the diagonal, a path on which a gradient neither vanishes nor grows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct ElmanVariant {
    /// `φ`.
    pub activation: Nonlinearity,
    /// The limit of what `φ` is applied to, with a derivative of 0 beyond it, ONNX' `clip`; `None` limits nothing.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub clip: Option<f64>,
    /// What masks do.
    pub noise: Noise,
}

impl Default for ElmanVariant {
    fn default() -> Self {
        Self { activation: Nonlinearity::Tanh, clip: None, noise: Noise::None }
    }
}

impl Equations for ElmanVariant {
    fn form(&self) -> Form {
        let stage = Stage::new(["h"]);
        let stage = match self.noise {
            Noise::None | Noise::State => stage,
            Noise::Zoneout => stage.reads([Slot::Old(0), Slot::Mask(0)]),
            Noise::Candidate => stage.reads([Slot::Mask(0)]),
        };
        self.noise.masks(Form::new("elman").stage(stage))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage < self.noise.stages() {
            let [h, mask] = u.reads();
            u.write([mask * h]);
            return;
        }
        let [pre] = u.pre();
        let y = self.activation.limited(u, 0, pre, self.clip);
        match self.noise {
            Noise::None | Noise::State => {
                u.write([y]);
            }
            Noise::Zoneout => {
                let [old, mask] = u.reads();
                u.write([zoned(mask, old, y)]);
            }
            Noise::Candidate => {
                let [mask] = u.reads();
                u.write([mask * y]);
            }
        }
    }
}
