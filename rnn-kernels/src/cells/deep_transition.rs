//! `z₁ = φ(W_ih x + W_hh h₋₁ + b)`, `z_k = φ(W_k z_{k−1} + b_k [+ W_hh,k h₋₁ [+ W_ih,k x]])`, `h = z_L`: Pascanu et al. 2014.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Matrix, Name, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::format;
use alloc::vec;

/// What the later layers of a deep transition see beside the layer before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Shortcuts {
    /// Nothing: DT-RNN.
    #[default]
    None,
    /// The state before the step.
    State,
    /// The state before the step and the input: DT(S)-RNN, as the parameter counts of the paper have it.
    StateAndInput,
}

/// An Elman network whose step from state to state is a network of several layers.
///
/// Its Jacobian is a product of `L` matrices a step, so gradients vanish or explode `L` times as fast; a shortcut leaves a path of one.
/// Rows of `weight_ih` and `weight_hh` are those of all layers that see the input or the state, first layer first; `weight_k` and
/// `bias_k` belong to layer `k`, counted from 2. One layer is an Elman network; 0 is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct DeepTransition {
    /// `L`.
    pub layers: usize,
    /// What later layers see.
    pub shortcuts: Shortcuts,
    /// `φ`.
    pub activation: Nonlinearity,
}

impl Default for DeepTransition {
    fn default() -> Self {
        Self { layers: 2, shortcuts: Shortcuts::StateAndInput, activation: Nonlinearity::Tanh }
    }
}

impl Equations for DeepTransition {
    fn form(&self) -> Form {
        let (x, h) = (Product::new(0, Slot::X), Product::new(1, Slot::Old(0)));
        let mut form = Form::new("deep_transition").values(vec![Width::Hidden; self.layers.saturating_sub(1)]);
        for layer in 0..self.layers {
            let mut products = match (layer, self.shortcuts) {
                (0, _) | (_, Shortcuts::StateAndInput) => vec![x.clone(), h.clone()],
                (_, Shortcuts::State) => vec![h.clone()],
                (_, Shortcuts::None) => vec![],
            };
            if layer > 0 {
                let of_layer = |what| Name::Owned(format!("{what}_{}", layer + 1));
                products.push(Product::new(form.matrices.len(), Slot::Value(layer - 1)));
                form.matrices.push(Matrix { name: of_layer("weight"), bias: Some(of_layer("bias")) });
            }
            let writes = if layer + 1 == self.layers { Slot::New(0) } else { Slot::Value(layer) };
            form = form.stage(Stage::new(["z"]).products(products).writes([writes]));
        }
        form
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let [z] = u.pre();
        let z = self.activation.kept(u, 0, z);
        u.write([z]);
    }
}
