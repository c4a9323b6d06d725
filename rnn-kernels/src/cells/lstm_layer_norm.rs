//! `i, f, g, o = LN(W_ih x) + LN(W_hh h₋₁) + b`, `c̃ = f c₋₁ + i g`, `h = o tanh(LN(c̃))`: Ba, Kiros & Hinton 2016.

use super::layer_norm::{self, LayerNorm};
use crate::equations::{Equations, Unit};
use crate::form::{Form, Name, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;
use alloc::vec::Vec;

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

/// What the norms of the gates are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Normed {
    /// `a = LN(W_ih x; α₁, β₁) + LN(W_hh h₋₁; α₂, β₂) [+ b]`, each over all `4H` numbers of a row together: the paper, PyTorch, TensorFlow
    /// Addons. Vectors `layernorm_i_weight`, `layernorm_i_bias`, `layernorm_h_weight`, `layernorm_h_bias`, each `[4H]`.
    #[default]
    Products,
    /// `a = LN(W_ih x + W_hh h₋₁; α₁, β₁) [+ b]`, each gate by itself over its `H` numbers: `LayerNormBasicLSTMCell` of TensorFlow 1, with
    /// [`Carried::Normalised`], no bias and `ε = 10⁻¹²`; its gates are `i j f o`, and its `forget_bias` is added to `β₁` of `f`.
    /// Vectors `layernorm_weight`, `layernorm_bias`, each `[4H]`.
    Gates,
}

/// An LSTM with layer norms inside, rows `i f g o`.
///
/// ```text
/// a = norms of W_ih x and W_hh h₋₁: see Normed               LN(v; α, β) = α ⊙ (v − mean v) / √(var v + ε) + β
/// c̃ = σ(f) ⊙ c₋₁ + σ(i) ⊙ tanh(g)                            h = σ(o) ⊙ tanh(LN(c̃; α₃, β₃))
/// ```
/// The variance is the biased one. Vectors: those of [`Normed`]; `layernorm_c_weight`, `layernorm_c_bias [H]`; with a bias `bias [4H]`.
///
/// From a state of 0 the variance of `W_hh h₋₁` alone is 0 and the slope of its norm `1/√ε`, 316 with the default. Gates neither saturate
/// nor vanish with the scale of the weights, which is what the norms are for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct LstmLayerNorm {
    /// What the norms of the gates are of.
    pub normed: Normed,
    /// The state of the next step.
    pub carried: Carried,
    /// Whether there is a bias beside those of the norms: in the paper and TensorFlow Addons, not in PyTorch and TensorFlow 1.
    pub bias: bool,
    /// `ε`: 10⁻⁵ in PyTorch, 10⁻³ in TensorFlow Addons, 10⁻¹² in TensorFlow 1.
    pub epsilon: f64,
}

impl Default for LstmLayerNorm {
    fn default() -> Self {
        Self { normed: Normed::Products, carried: Carried::Raw, bias: true, epsilon: 1e-5 }
    }
}

const H: usize = 0;
const C: usize = 1;
const GATES: Width = Width::times(4);

// Values: what is normalised and the four numbers of each norm, `a`, the output gate, four of the norm of `c̃`, and `c̃` where it is no
// state.
impl LstmLayerNorm {
    /// How many vectors are normalised for the gates.
    const fn normed(self) -> usize {
        match self.normed {
            Normed::Products => 2,
            Normed::Gates => 1,
        }
    }

    fn norm_of_gates(self) -> LayerNorm {
        let parts = if self.normed == Normed::Products { Width::ONE } else { Width::Fixed(4) };
        LayerNorm { of: (0..self.normed()).map(Slot::Value).collect(), width: GATES, parts, first: self.normed() }
    }

    /// Where `a` lies.
    const fn sum(self) -> usize {
        5 * self.normed()
    }

    fn output(self) -> Slot {
        Slot::Value(self.sum() + 1)
    }

    fn norm_of_state(self) -> LayerNorm {
        LayerNorm { of: vec![self.new_c()], width: Width::Hidden, parts: Width::ONE, first: self.sum() + 2 }
    }

    /// Where `c̃` lies.
    fn new_c(self) -> Slot {
        if self.carried == Carried::Raw { Slot::New(C) } else { Slot::Value(self.sum() + 6) }
    }

    /// `a`, from roots and what is left without a mean.
    #[inline(always)]
    fn scaled<S: Number>(self, u: &mut Unit<'_, S>) -> S {
        let one = |root: S, v: S, weight: S, bias: S| weight * (root * v) + bias;
        match (self.normed, self.bias) {
            (Normed::Products, with_bias) => {
                let ([r_x, r_h], [x, h]) = (u.pre(), u.reads());
                let ([w_x, b_x, w_h, b_h], bias) = if with_bias {
                    let [w_x, b_x, w_h, b_h, bias] = u.vectors();
                    ([w_x, b_x, w_h, b_h], Some(bias))
                } else {
                    (u.vectors(), None)
                };
                let sum = one(r_x, x, w_x, b_x) + one(r_h, h, w_h, b_h);
                bias.map_or(sum, |bias| sum + bias)
            }
            (Normed::Gates, true) => {
                let ([r], [v], [weight, beta, bias]) = (u.pre(), u.reads(), u.vectors());
                one(r, v, weight, beta) + bias
            }
            (Normed::Gates, false) => {
                let ([r], [v], [weight, beta]) = (u.pre(), u.reads(), u.vectors());
                one(r, v, weight, beta)
            }
        }
    }
}

impl Equations for LstmLayerNorm {
    fn form(&self) -> Form {
        let (count, of_gates, of_state) = (self.normed(), self.norm_of_gates(), self.norm_of_state());
        let mut form = Form::new("lstm_layer_norm").states(["h", "c"]).without_matrices();
        form = form.matrix("weight_ih", None).matrix("weight_hh", None);
        let names = match self.normed {
            Normed::Products => {
                &["layernorm_i_weight", "layernorm_i_bias", "layernorm_h_weight", "layernorm_h_bias"][..]
            }
            Normed::Gates => &["layernorm_weight", "layernorm_bias"],
        };
        for &name in names {
            form = form.vector_of(name, GATES);
        }
        form = form.vector("layernorm_c_weight").vector("layernorm_c_bias");
        let mut scaled: Vec<_> = (0..2 * count).collect();
        let (mut values, mut writes) = (vec![GATES; count], vec![Slot::New(H)]);
        if self.bias {
            form = form.vector_of("bias", GATES);
            scaled.push(2 * count + 2);
        }
        values.extend(of_gates.values());
        values.extend([GATES, Width::Hidden]);
        values.extend(of_state.values());
        if self.carried == Carried::Normalised {
            values.push(Width::Hidden);
            writes.push(Slot::New(C));
        }
        let names = ["x", "h"].map(Name::Borrowed);
        let wide = || Stage { gates: names[..count].into(), ..Stage::new([]) }.width(GATES);
        // Both products go into a gate each, or into the only one.
        let products =
            [Product::new(0, Slot::X).into_gates([0]), Product::new(1, Slot::Old(H)).into_gates([count - 1])];
        let root = |k: usize| Product::spread(of_gates.factor(k), Width::ONE).into_gates([k]);
        let sum = wide().products((0..count).map(root).collect::<Vec<_>>()).vectors(scaled);
        let sum = sum.writes([Slot::Value(self.sum())]);
        let gates = Stage::new(["i", "f", "g", "o"]).products([Product::spread(Slot::Value(self.sum()), Width::ONE)]);
        let output = Stage::new(["r"]).products([Product::spread(of_state.factor(0), Width::ONE)]);
        let output = output.vectors([2 * count, 2 * count + 1]);
        form.stages.push(wide().products(products).writes(of_gates.of.clone()));
        form.stages.extend(of_gates.stages());
        form.stages.push(sum.reads((0..count).map(|k| of_gates.centred(k)).collect::<Vec<_>>()));
        form.stages.push(gates.reads([Slot::Old(C)]).writes([self.new_c(), self.output()]));
        form.stages.extend(of_state.stages());
        form.stages.push(output.reads([of_state.centred(0), self.output()]).writes(writes));
        form.values(values)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match (stage, self.normed) {
            (0, Normed::Products) => {
                let products: [S; 2] = u.pre();
                u.write(products);
            }
            (0, Normed::Gates) => {
                let sum: [S; 1] = u.pre();
                let sum = u.keep(sum);
                u.write(sum);
            }
            (1..=3, Normed::Products) => layer_norm::unit::<2, S>(stage - 1, self.epsilon, u),
            (1..=3, Normed::Gates) => layer_norm::unit::<1, S>(stage - 1, self.epsilon, u),
            (4, _) => {
                let sum = self.scaled(u);
                u.write([sum]);
            }
            (5, _) => {
                let ([i, f, g, o], [c]) = (u.pre(), u.reads());
                let [i, f, g, o] = u.keep([i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()]);
                u.write([f * c + i * g, o]);
            }
            (6..=8, _) => layer_norm::unit::<1, S>(stage - 6, self.epsilon, u),
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
