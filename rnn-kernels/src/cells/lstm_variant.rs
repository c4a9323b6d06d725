//! `c = f ⊙ c₋₁ + i ⊙ g`, `h = W_hr (o ⊙ φ(c))`: the LSTM with its options.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// Where the forget gate comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Forget {
    /// A gate of its own, rows `i f g o`: Gers et al. 2000.
    #[default]
    Learned,
    /// `f = 1 − i`, rows `i g o`: Greff et al. 2015 (CIFG); ONNX' `input_forget`.
    Coupled,
    /// `f = 1`, rows `i g o`: Hochreiter & Schmidhuber 1997, one cell to a block.
    One,
}

/// Limits, each with a derivative of 0 beyond it. `None` limits nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields, default))]
pub struct Clips {
    /// Of what each gate's function is applied to, peepholes included: ONNX' `clip`.
    pub pre_activations: Option<f64>,
    /// Of `c`, which goes on clipped: TensorFlow's `cell_clip`, cuDNN's clip of the state.
    pub state: Option<f64>,
    /// Of the projected `h`: TensorFlow's `proj_clip`. Without a projection, of `h`.
    pub output: Option<f64>,
}

/// A long short-term memory with options.
///
/// ```text
/// i = σ(W_i x + R_i h₋₁ + b_i [+ p_i ⊙ c₋₁])     f = σ(W_f x + R_f h₋₁ + b_f [+ p_f ⊙ c₋₁]), 1 − i or 1
/// g = tanh(W_g x + R_g h₋₁ + b_g)                o = σ(W_o x + R_o h₋₁ + b_o [+ p_o ⊙ c])
/// c = f ⊙ c₋₁ + i ⊙ g                            h = o ⊙ tanh(c), or W_hr (o ⊙ tanh(c)) of width P
/// ```
/// With default options it is [`Lstm`](crate::Lstm), whose kernels a backend knows: use that one. Parameters are PyTorch's; with
/// peepholes also `peephole_i`, `peephole_f` where the gate is learned, and `peephole_o`; with a projection `weight_hr [P, H]`.
///
/// `∂c/∂c₋₁ = f` along the carousel, plus what flows through `h₋₁` and peepholes. With `f = 1` it never vanishes, and `c` can grow
/// without bound: clip it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct LstmVariant {
    /// Where the forget gate comes from.
    pub forget: Forget,
    /// Whether gates see the state of their own unit; the output gate sees the new one.
    pub peepholes: bool,
    /// Whether `h` is a product of width `P`: Sak et al. 2014, PyTorch's `proj_size`.
    pub projection: bool,
    /// Limits.
    pub clip: Clips,
    /// The function of `i`, `f` and `o`.
    pub gate: Nonlinearity,
    /// The function of `g`.
    pub candidate: Nonlinearity,
    /// The function of `c` in `h`.
    pub state: Nonlinearity,
}

impl Default for LstmVariant {
    fn default() -> Self {
        let (gate, tanh) = (Nonlinearity::Sigmoid, Nonlinearity::Tanh);
        let (forget, clip) = (Forget::Learned, Clips::default());
        Self { forget, peepholes: false, projection: false, clip, gate, candidate: tanh, state: tanh }
    }
}

const H: usize = 0;
const C: usize = 1;

/// `x` between `−limit` and `limit`.
#[inline(always)]
fn limited<S: Number>(limit: Option<f64>, x: S) -> S {
    match limit {
        None => x,
        Some(limit) => x.clamp(limit),
    }
}

impl LstmVariant {
    /// A gate: its function of its limited pre-activation and what it sees of the state.
    #[inline(always)]
    fn gate<S: Number>(&self, u: &mut Unit<'_, S>, j: usize, phi: Nonlinearity, pre: S, peep: Option<(S, S)>) -> S {
        let pre = match peep {
            None => pre,
            Some((p, c)) => pre + p * c,
        };
        match self.clip.pre_activations {
            None => phi.kept(u, j, pre),
            // The pre-activation stays: the derivative of the limit follows from nothing else.
            Some(limit) => phi.of(pre.clamp(limit)),
        }
    }
}

impl Equations for LstmVariant {
    fn form(&self) -> Form {
        let mut form = Form::new("lstm").states(["h", "c"]);
        let gates = match self.forget {
            Forget::Learned => Stage::new(["i", "f", "g", "o"]),
            Forget::Coupled | Forget::One => Stage::new(["i", "g", "o"]),
        };
        let mut gates = gates.reads([Slot::Old(C)]);
        if self.peepholes {
            form = form.vector("peephole_i");
            if self.forget == Forget::Learned {
                form = form.vector("peephole_f");
            }
            form = form.vector("peephole_o");
            gates.vectors = (0..form.vectors.len()).collect();
        }
        if !self.projection {
            return form.stage(gates.writes([Slot::New(H), Slot::New(C)]));
        }
        form.states[H].1 = Width::Output;
        let form = form.matrix("weight_hr", None).values(vec![Width::Hidden]);
        let projection = Stage::new(["h"]).width(Width::Output).products([Product::new(2, Slot::Value(0))]);
        form.stage(gates.writes([Slot::Value(0), Slot::New(C)])).stage(projection)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 1 {
            let [h] = u.pre();
            match self.clip.output {
                None => {
                    let h = u.keep([h]);
                    u.write(h);
                }
                limit => {
                    u.write([limited(limit, h)]);
                }
            }
            return;
        }
        let learned = self.forget == Forget::Learned;
        let ([i, f, g, o], [old]) = if learned {
            (u.pre(), u.reads())
        } else {
            let ([i, g, o], reads) = (u.pre(), u.reads());
            ([i, i, g, o], reads)
        };
        let peepholes = match (self.peepholes, learned) {
            (false, _) => None,
            (true, true) => Some(u.vectors::<3>()),
            (true, false) => {
                let [p_i, p_o] = u.vectors();
                Some([p_i, p_i, p_o])
            }
        };
        let peep = |of: usize, c: S| peepholes.map(|p| (p[of], c));
        let i = self.gate(u, 0, self.gate, i, peep(0, old));
        let f = match self.forget {
            Forget::Learned => self.gate(u, 1, self.gate, f, peep(1, old)),
            Forget::Coupled => S::one() - i,
            Forget::One => S::one(),
        };
        let (g_at, o_at) = if learned { (2, 3) } else { (1, 2) };
        let g = self.gate(u, g_at, self.candidate, g, None);
        let kept = if self.forget == Forget::One { old } else { f * old };
        let c = u.write_at(C, limited(self.clip.state, kept + i * g));
        let o = self.gate(u, o_at, self.gate, o, peep(2, c));
        let h = o * self.state.of(c);
        u.write_at(H, if self.projection { h } else { limited(self.clip.output, h) });
    }
}
