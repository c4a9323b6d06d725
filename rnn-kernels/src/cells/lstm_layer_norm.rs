//! `i, f, g, o = LN(W_ih x) + LN(W_hh h₋₁) + b`, `c̃ = f c₋₁ + i g`, `h = o tanh(LN(c̃))`: Ba, Kiros & Hinton 2016.

use super::layer_norm::{self, LayerNorm};
use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// Which state a layer-normalised LSTM hands to the next step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Carried {
    /// `c = c̃`, as the paper writes.
    #[default]
    Raw,
    /// `c = LN(c̃)`, as `LayerNormLSTMCell` of PyTorch and of TensorFlow Addons computes.
    Normalised,
}

/// An LSTM with layer norms inside, rows `i f g o`.
///
/// ```text
/// a = LN(W_ih x; α₁, β₁) + LN(W_hh h₋₁; α₂, β₂) [+ b]        LN(v; α, β) = α ⊙ (v − mean v) / √(var v + ε) + β
/// c̃ = σ(f) ⊙ c₋₁ + σ(i) ⊙ tanh(g)                            h = σ(o) ⊙ tanh(LN(c̃; α₃, β₃))
/// ```
/// Both norms of `a` are over all `4H` numbers of a row together; the variance is the biased one. Vectors: `layernorm_i_weight`,
/// `layernorm_i_bias`, `layernorm_h_weight`, `layernorm_h_bias`, each `[4H]`; `layernorm_c_weight`, `layernorm_c_bias [H]`; and with a
/// bias `bias [4H]`.
///
/// From a state of 0 the variance of `W_hh h₋₁` is 0 and the slope of its norm `1/√ε`, 316 with the default. Gates neither saturate
/// nor vanish with the scale of the weights, which is what the norms are for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct LstmLayerNorm {
    /// The state of the next step.
    pub carried: Carried,
    /// Whether there is a bias beside `β₁` and `β₂`: in the paper and in TensorFlow Addons, not in PyTorch.
    pub bias: bool,
    /// `ε`: 10⁻⁵ in PyTorch, 10⁻³ in TensorFlow Addons.
    pub epsilon: f64,
}

impl Default for LstmLayerNorm {
    fn default() -> Self {
        Self { carried: Carried::Raw, bias: true, epsilon: 1e-5 }
    }
}

const H: usize = 0;
const C: usize = 1;
const GATES: Width = Width::times(4);
// Values: both products and eight of their norm, `a`, the output gate, four of the norm of `c̃`, and `c̃` where it is no state.
const OF_X: Slot = Slot::Value(0);
const OF_H: Slot = Slot::Value(1);
const A: Slot = Slot::Value(10);
const OUTPUT: Slot = Slot::Value(11);
const NEW_C: Slot = Slot::Value(16);

impl LstmLayerNorm {
    fn norm_of_gates() -> LayerNorm {
        LayerNorm { of: vec![OF_X, OF_H], width: GATES, parts: Width::ONE, first: 2 }
    }

    fn norm_of_state(self) -> LayerNorm {
        LayerNorm { of: vec![self.new_c()], width: Width::Hidden, parts: Width::ONE, first: 12 }
    }

    /// Where `c̃` lies.
    fn new_c(self) -> Slot {
        if self.carried == Carried::Raw { Slot::New(C) } else { NEW_C }
    }
}

impl Equations for LstmLayerNorm {
    fn form(&self) -> Form {
        let mut form = Form::new("lstm_layer_norm").states(["h", "c"]).without_matrices();
        form = form.matrix("weight_ih", None).matrix("weight_hh", None);
        for name in ["layernorm_i_weight", "layernorm_i_bias", "layernorm_h_weight", "layernorm_h_bias"] {
            form = form.vector_of(name, GATES);
        }
        form = form.vector("layernorm_c_weight").vector("layernorm_c_bias");
        let (mut scaled, mut values, mut writes) = (vec![0, 1, 2, 3], vec![GATES, GATES], vec![Slot::New(H)]);
        if self.bias {
            form = form.vector_of("bias", GATES);
            scaled.push(6);
        }
        let (of_gates, of_state) = (Self::norm_of_gates(), self.norm_of_state());
        values.extend(of_gates.values());
        values.extend([GATES, Width::Hidden]);
        values.extend(of_state.values());
        if self.carried == Carried::Normalised {
            values.push(Width::Hidden);
            writes.push(Slot::New(C));
        }
        let products = [Product::new(0, Slot::X).into_gates([0]), Product::new(1, Slot::Old(H)).into_gates([1])];
        let roots = [0, 1].map(|k| Product::spread(of_gates.factor(k), Width::ONE).into_gates([k]));
        let sum = Stage::new(["x", "h"]).width(GATES).products(roots).vectors(scaled).writes([A]);
        let gates = Stage::new(["i", "f", "g", "o"]).products([Product::spread(A, Width::ONE)]);
        let output = Stage::new(["r"]).products([Product::spread(of_state.factor(0), Width::ONE)]).vectors([4, 5]);
        form.stages.push(Stage::new(["x", "h"]).width(GATES).products(products).writes([OF_X, OF_H]));
        form.stages.extend(of_gates.stages());
        form.stages.push(sum.reads([of_gates.centred(0), of_gates.centred(1)]));
        form.stages.push(gates.reads([Slot::Old(C)]).writes([self.new_c(), OUTPUT]));
        form.stages.extend(of_state.stages());
        form.stages.push(output.reads([of_state.centred(0), OUTPUT]).writes(writes));
        form.values(values)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match stage {
            0 => {
                let products: [S; 2] = u.pre();
                u.write(products);
            }
            1..=3 => layer_norm::unit::<2, S>(stage - 1, self.epsilon, u),
            4 => {
                let ([r_x, r_h], [x, h]) = (u.pre(), u.reads());
                let ([w_x, b_x, w_h, b_h], bias) = if self.bias {
                    let [w_x, b_x, w_h, b_h, bias] = u.vectors();
                    ([w_x, b_x, w_h, b_h], Some(bias))
                } else {
                    (u.vectors(), None)
                };
                let sum = w_x * (r_x * x) + b_x + (w_h * (r_h * h) + b_h);
                u.write([bias.map_or(sum, |bias| sum + bias)]);
            }
            5 => {
                let ([i, f, g, o], [c]) = (u.pre(), u.reads());
                let [i, f, g, o] = u.keep([i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()]);
                u.write([f * c + i * g, o]);
            }
            6..=8 => layer_norm::unit::<1, S>(stage - 6, self.epsilon, u),
            _ => {
                let ([r], [c, o], [weight, bias]) = (u.pre(), u.reads(), u.vectors());
                let mut c = weight * (r * c) + bias;
                if self.carried == Carried::Normalised {
                    c = u.write_at(C, c);
                }
                u.write_at(H, o * c.tanh());
            }
        }
    }
}
