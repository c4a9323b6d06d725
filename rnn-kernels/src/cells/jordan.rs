//! `s = φ(W_ih x + W_ch c₋₁ + b)`, `y = ψ(W_sy s + b_y)`, `c = α c₋₁ + y`: Jordan 1986.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// A network whose memory is its output: hidden units see context units, which add up outputs with decay `α`.
///
/// With `α = 0` the context is the last output, and the recurrence runs from output to hidden units alone: weaker than an Elman
/// network, since the output must carry everything that is to be remembered. The first state is `y [P]`, the second `c [P]`; hidden
/// units are recomputed at each step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Jordan {
    /// `α`.
    pub decay: f64,
    /// `φ`.
    pub activation: Nonlinearity,
    /// `ψ`.
    pub output: Nonlinearity,
}

impl Default for Jordan {
    fn default() -> Self {
        Self { decay: 0.5, activation: Nonlinearity::Tanh, output: Nonlinearity::Identity }
    }
}

impl Equations for Jordan {
    fn form(&self) -> Form {
        let mut form = Form::new("jordan").states(["y", "c"]).without_matrices().values(vec![Width::Hidden]);
        form.states.iter_mut().for_each(|state| state.1 = Width::Output);
        let form = form.matrix("weight_ih", Some("bias_ih")).matrix("weight_ch", None);
        let form = form.matrix("weight_sy", Some("bias_y"));
        let hidden = Stage::new(["s"]).products([Product::new(0, Slot::X), Product::new(1, Slot::Old(1))]);
        let output = Stage::new(["y"]).width(Width::Output).products([Product::new(2, Slot::Value(0))]);
        let output = output.reads([Slot::Old(1)]).writes([Slot::New(0), Slot::New(1)]);
        form.stage(hidden.writes([Slot::Value(0)])).stage(output)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            let [s] = u.pre();
            let s = self.activation.kept(u, 0, s);
            u.write([s]);
        } else {
            let ([y], [c]) = (u.pre(), u.reads());
            let y = self.output.kept(u, 0, y);
            let y = u.write_at(0, y);
            u.write_at(1, S::constant(self.decay) * c + y);
        }
    }
}
