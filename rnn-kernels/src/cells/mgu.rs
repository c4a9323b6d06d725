//! `f = σ(…)`, `n = tanh(W_n x + U_n (f ⊙ h₋₁))`, `h = (1 − f) ⊙ h₋₁ + f ⊙ n`: Zhou et al. 2016.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// Where the forget gate acts on the state that the candidate sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum MguReset {
    /// `U_n (f ⊙ h₋₁)`: the paper, pytorch-kaldi.
    #[default]
    Before,
    /// `f ⊙ (U_n h₋₁ + b_hn)`: Flax.
    After,
    /// `U_n h₋₁`: Flax' `reset_gate=False`.
    None,
}

/// Which of the two the forget gate multiplies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Update {
    /// `h = (1 − f) ⊙ h₋₁ + f ⊙ n`: the paper.
    #[default]
    New,
    /// `h = f ⊙ h₋₁ + (1 − f) ⊙ n`: pytorch-kaldi and Flax.
    Old,
}

/// A minimal gated unit, rows `f n`: a GRU with one gate for both of its tasks, two thirds of its parameters. Three published codes
/// are three functions; the options name them.
///
/// `f` acts twice, so its gradient is a sum of two paths, and `∂h/∂h₋₁` has three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Mgu {
    /// Where the gate acts on the state that the candidate sees.
    pub reset: MguReset,
    /// What it multiplies in the new state.
    pub update: Update,
}

impl Mgu {
    #[inline(always)]
    fn mix<S: Number>(&self, f: S, n: S, h: S) -> S {
        match self.update {
            Update::New => (S::one() - f) * h + f * n,
            Update::Old => (S::one() - f) * n + f * h,
        }
    }
}

impl Equations for Mgu {
    fn form(&self) -> Form {
        let (x, h) = (Product::new(0, Slot::X), Product::new(1, Slot::Old(0)));
        let form = Form::new("mgu");
        match self.reset {
            MguReset::None => form.stage(Stage::new(["f", "n"]).reads([Slot::Old(0)])),
            MguReset::After => {
                let gates = Stage::new(["f", "n", "aux"]).products([x.into_gates([0, 1]), h.into_gates([0, 2])]);
                form.stage(gates.reads([Slot::Old(0)]))
            }
            MguReset::Before => {
                // f ⊙ h for the product, and f itself, which the second stage needs again.
                let forget = Stage::new(["f"]).reads([Slot::Old(0)]).writes([Slot::Value(0), Slot::Value(1)]);
                let candidate = Stage::new(["n"]).products([x, Product::new(1, Slot::Value(0))]);
                let form = form.values(vec![Width::Hidden; 2]).stage(forget);
                form.stage(candidate.reads([Slot::Old(0), Slot::Value(1)]))
            }
        }
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match (self.reset, stage) {
            (MguReset::None, _) => {
                let ([f, n], [h]) = (u.pre(), u.reads());
                let [f, n] = u.keep([f.sigmoid(), n.tanh()]);
                u.write([self.mix(f, n, h)]);
            }
            (MguReset::After, _) => {
                let ([f, n, aux], [h]) = (u.pre(), u.reads());
                let f = u.keep_at(0, f.sigmoid());
                let n = u.keep_at(1, (n + f * aux).tanh());
                u.write([self.mix(f, n, h)]);
            }
            (MguReset::Before, 0) => {
                let ([f], [h]) = (u.pre(), u.reads());
                let [f] = u.keep([f.sigmoid()]);
                u.write([f * h, f]);
            }
            (MguReset::Before, _) => {
                let ([n], [h, f]) = (u.pre(), u.reads());
                let [n] = u.keep([n.tanh()]);
                u.write([self.mix(f, n, h)]);
            }
        }
    }
}
