//! `h = (1 − a) ⊙ h₋₁ + a ⊙ φ(W_ih x + W_hh h₋₁ + b)`: leaky integration, Jaeger 2001.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Slot, Stage};
use crate::number::Number;

/// What leaks. The three have one name in the literature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Leak {
    /// `h = (1 − a) h₋₁ + a φ(pre)`: echo state networks, TensorFlow Addons' `ESNCell`.
    #[default]
    AfterActivation,
    /// `u = (1 − a) u₋₁ + a pre`, `h = φ(u)`: a leaky integrator before a rate; `u` is a second state.
    BeforeActivation,
    /// `h = (1 − a) h₋₁ + φ(pre)`: what comes in is not scaled.
    StateAlone,
}

/// How fast a unit forgets.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Rate {
    /// `a`, the same for all units.
    Fixed(f64),
    /// `a = σ(leak)` with `leak [H]` among the parameters, so that it stays between 0 and 1.
    Learned,
}

/// An Elman network of leaky units: time constants of `1/a` steps.
///
/// `∂h/∂h₋₁ = (1 − a) I + a φ′ W_hh`: near the identity for small `a`, which is why it remembers longer than an Elman network.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Leaky {
    /// What leaks.
    pub leak: Leak,
    /// How fast.
    pub rate: Rate,
    /// `φ`.
    pub activation: Nonlinearity,
}

impl Default for Leaky {
    fn default() -> Self {
        Self { leak: Leak::AfterActivation, rate: Rate::Learned, activation: Nonlinearity::Tanh }
    }
}

impl Equations for Leaky {
    fn form(&self) -> Form {
        let form = Form::new("leaky");
        let (form, leaking) = match self.leak {
            Leak::BeforeActivation => (form.states(["h", "u"]), 1),
            Leak::AfterActivation | Leak::StateAlone => (form, 0),
        };
        let stage = Stage::new(["pre"]).reads([Slot::Old(leaking)]);
        let stage = stage.writes((0..form.states.len()).map(Slot::New).collect::<alloc::vec::Vec<_>>());
        match self.rate {
            Rate::Fixed(_) => form.stage(stage),
            Rate::Learned => form.vector("leak").stage(stage.vectors([0])),
        }
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([pre], [old]) = (u.pre(), u.reads());
        let rate = match self.rate {
            Rate::Fixed(rate) => S::constant(rate),
            Rate::Learned => {
                let [leak] = u.vectors();
                leak.sigmoid()
            }
        };
        match self.leak {
            Leak::BeforeActivation => {
                let new = u.write_at(1, (S::one() - rate) * old + rate * pre);
                u.write_at(0, self.activation.of(new));
            }
            Leak::AfterActivation => {
                let y = self.activation.kept(u, 0, pre);
                u.write([(S::one() - rate) * old + rate * y]);
            }
            Leak::StateAlone => {
                let y = self.activation.kept(u, 0, pre);
                u.write([(S::one() - rate) * old + y]);
            }
        }
    }
}
