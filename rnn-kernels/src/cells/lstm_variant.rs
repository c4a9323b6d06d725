//! `c = f ⊙ c₋₁ + i ⊙ g`, `h = W_hr (o ⊙ φ(c))`: the LSTM with its options.

use super::Nonlinearity;
use super::noise::{Noise, zoned};
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
    /// Of what each gate's function is applied to, peepholes included: ONNX' `clip` as ONNX Runtime computes it.
    pub pre_activations: Option<f64>,
    /// Of what the function of `c` is applied to, while `c` itself goes on as it is: with `pre_activations`, ONNX' `clip` as its text has it.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub shown: Option<f64>,
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
    /// What masks do; those of `h` are as wide as a projection makes it.
    pub noise: Noise,
}

impl Default for LstmVariant {
    fn default() -> Self {
        let (gate, tanh) = (Nonlinearity::Sigmoid, Nonlinearity::Tanh);
        let (forget, clip) = (Forget::Learned, Clips::default());
        let noise = Noise::None;
        Self { forget, peepholes: false, projection: false, clip, gate, candidate: tanh, state: tanh, noise }
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
        phi.limited(u, j, pre, self.clip.pre_activations)
    }

    /// `c₋₁`, and of the masks that of `c` or of the candidate, and with no projection that of `h` with `h₋₁`.
    #[inline(always)]
    fn reads<S: Number>(&self, u: &mut Unit<'_, S>) -> (S, Option<S>, Option<[S; 2]>) {
        match (self.noise, self.projection) {
            (Noise::None | Noise::State, _) => {
                let [c] = u.reads();
                (c, None, None)
            }
            (Noise::Candidate, _) | (Noise::Zoneout, true) => {
                let [c, mask] = u.reads();
                (c, Some(mask), None)
            }
            (Noise::Zoneout, false) => {
                let [c, mask, of_h, h] = u.reads();
                (c, Some(mask), Some([of_h, h]))
            }
        }
    }

    /// The last stage of a cell with a projection: its limit, its mask.
    #[inline(always)]
    fn project<S: Number>(&self, u: &mut Unit<'_, S>) {
        let [h] = u.pre();
        match (self.clip.output, self.noise) {
            (limit, Noise::Zoneout) => {
                let [mask, old] = u.reads();
                u.write([zoned(mask, old, limited(limit, h))]);
            }
            (None, _) => {
                let h = u.keep([h]);
                u.write(h);
            }
            (limit, _) => {
                u.write([limited(limit, h)]);
            }
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
        let of_h = [Slot::Mask(0), Slot::Old(H)];
        match (self.noise, self.projection) {
            (Noise::None | Noise::State, _) => {}
            (Noise::Candidate, _) => gates.reads.push(Slot::Mask(0)),
            (Noise::Zoneout, true) => gates.reads.push(Slot::Mask(1)),
            (Noise::Zoneout, false) => gates.reads.extend([&[Slot::Mask(1)], &of_h[..]].concat()),
        }
        if !self.projection {
            let form = form.stage(gates.writes([Slot::New(H), Slot::New(C)]));
            return self.noise.masks(form);
        }
        form.states[H].1 = Width::Output;
        let form = form.matrix("weight_hr", None).values(vec![Width::Hidden]);
        let mut projection = Stage::new(["h"]).width(Width::Output).products([Product::new(2, Slot::Value(0))]);
        if self.noise == Noise::Zoneout {
            projection.reads = of_h.into();
        }
        let form = form.stage(gates.writes([Slot::Value(0), Slot::New(C)])).stage(projection);
        self.noise.masks(form)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        let Some(stage) = stage.checked_sub(self.noise.stages()) else {
            let [h, mask] = u.reads();
            u.write([mask * h]);
            return;
        };
        if stage == 1 {
            return self.project(u);
        }
        let learned = self.forget == Forget::Learned;
        let [i, f, g, o] = if learned {
            u.pre()
        } else {
            let [i, g, o] = u.pre();
            [i, i, g, o]
        };
        let (old, mask, of_h) = self.reads(u);
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
        let g = match (self.noise, mask) {
            (Noise::Candidate, Some(mask)) => mask * g,
            _ => g,
        };
        let kept = if self.forget == Forget::One { old } else { f * old };
        let c = limited(self.clip.state, kept + i * g);
        let c = match (self.noise, mask) {
            (Noise::Zoneout, Some(mask)) => {
                u.write_at(C, zoned(mask, old, c));
                c
            }
            _ => u.write_at(C, c),
        };
        let o = self.gate(u, o_at, self.gate, o, peep(2, c));
        let h = o * self.state.of(limited(self.clip.shown, c));
        let h = if self.projection { h } else { limited(self.clip.output, h) };
        u.write_at(
            H,
            match of_h {
                None => h,
                Some([mask, old]) => zoned(mask, old, h),
            },
        );
    }
}
