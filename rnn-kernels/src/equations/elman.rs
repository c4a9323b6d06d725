//! `h = σ(W_ih x + W_hh h₋₁ + b)`: Elman 1990.

use super::{Equations, Unit};
use crate::activation::Activation;
use crate::form::{Form, Stage};
use crate::number::Number;

/// An Elman network with any activation; PyTorch's `RNN` knows tanh and relu.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elman {
    /// `σ`.
    pub activation: Activation,
}

impl Equations for Elman {
    fn form(&self) -> Form {
        Form::new("elman").stage(Stage::new(["h"]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let [h] = u.pre();
        let [h] = u.keep([self.activation.of(h)]);
        u.write([h]);
    }
}
