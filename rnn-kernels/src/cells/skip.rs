//! `h = φ(W_ih x + W_hh h₋₁ + W_skip h₋d + b)`: Lin et al. 1996.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Name, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::format;
use alloc::vec::Vec;

/// An Elman network that also sees its state `d` steps ago: a gradient has a path of `τ/d` products instead of `τ`.
///
/// The states are `h` and those of the `d − 1` steps before it. `d = 0` is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Skip {
    /// `d`, from 1.
    pub steps: usize,
    /// `φ`.
    pub activation: Nonlinearity,
}

impl Default for Skip {
    fn default() -> Self {
        Self { steps: 2, activation: Nonlinearity::Tanh }
    }
}

impl Equations for Skip {
    fn form(&self) -> Form {
        let mut form = Form::new("skip");
        form.states.extend((1..self.steps).map(|k| (Name::Owned(format!("h_{k}")), Width::Hidden)));
        let products = [
            Product::new(0, Slot::X),
            Product::new(1, Slot::Old(0)),
            // State d − 1 is h of d steps ago; for d = 0 there is none, which is an error of the form.
            Product::new(2, Slot::Old(self.steps.wrapping_sub(1))),
        ];
        let later = 1..self.steps.max(1);
        let stage = Stage::new(["h"]).products(products);
        let stage = stage.reads(later.clone().map(|k| Slot::Old(k - 1)).collect::<Vec<_>>());
        let stage = stage.writes([0].into_iter().chain(later).map(Slot::New).collect::<Vec<_>>());
        form.matrix("weight_skip", None).stage(stage)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([pre], old) = (u.pre(), u.all_reads());
        let h = self.activation.kept(u, 0, pre);
        u.write_at(0, h);
        for (k, &h) in old.iter().enumerate() {
            u.write_at(k + 1, h);
        }
    }
}
