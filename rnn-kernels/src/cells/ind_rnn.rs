//! `h = φ(W_ih x + b + w ⊙ h₋₁)`: Li et al. 2018.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage};
use crate::number::Number;

/// An independently recurrent network: every unit sees its own state alone, through `weight_hh [H]`.
///
/// `∂h_T/∂h_0 = diag(w^T ⊙ Πφ′)`: with a rectifier a gradient neither vanishes nor explodes while `|w| ≤ 2^{1/T}`; the paper clips
/// `w` to that after each update. The derivative of the rectifier at 0 is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct IndRnn {
    /// `φ`.
    pub activation: Nonlinearity,
}

impl Default for IndRnn {
    fn default() -> Self {
        Self { activation: Nonlinearity::Relu }
    }
}

impl Equations for IndRnn {
    fn form(&self) -> Form {
        let form = Form::new("ind_rnn").without_matrices().matrix("weight_ih", Some("bias_ih")).vector("weight_hh");
        form.stage(Stage::new(["h"]).products([Product::new(0, Slot::X)]).reads([Slot::Old(0)]).vectors([0]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([pre], [h], [w]) = (u.pre(), u.reads(), u.vectors());
        let h = self.activation.kept(u, 0, pre + w * h);
        u.write([h]);
    }
}
