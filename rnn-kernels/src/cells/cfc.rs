//! `h = f₁ ⊙ (1 − τ) + τ ⊙ f₂`, `τ = σ(t_a Δt + t_b)`, all of a network of `(x, h₋₁)`: Hasani et al. 2022.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Matrix, Name, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::format;
use alloc::vec;

/// How the state follows from the backbone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CfcMode {
    /// `h = f₁ ⊙ (1 − τ) + τ ⊙ f₂`, rows `ff1 ff2 time_a time_b`.
    #[default]
    Gated,
    /// `h = f₁ + τ ⊙ f₂`, the same rows.
    NoGate,
    /// `h = A − A ⊙ e^{−Δt (|w| + |f|)} ⊙ f`, row `ff1`, vectors `w_tau` and `a` of width `P`.
    Pure,
}

/// Where the time since the step before comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Elapsed {
    /// `Δt = 1`.
    #[default]
    One,
    /// A mask of the run, `[P]` for each row and step; it has no gradient.
    Given,
}

/// A closed-form continuous-time network: `H` units of the backbone, `P` of the state.
///
/// ```text
/// u₁ = φ(W_ih x + W_hh h₋₁ + b)     u_k = φ(W_k u_{k−1} + b_k)     φ(a) = 1.7159 tanh(0.666 a)
/// f₁ = tanh(W_1 u_L + b_1)     f₂ = tanh(W_2 u_L + b_2)     τ = σ((W_a u_L + b_a) Δt + W_b u_L + b_b)
/// ```
/// Made for steps at irregular times: `Δt` moves the gate between two answers. `τ` is PyTorch ncps'; TensorFlow ncps has `−t_a`.
/// No layer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Cfc {
    /// `L`, layers of the backbone.
    pub layers: usize,
    /// How the state follows from it.
    pub mode: CfcMode,
    /// Where `Δt` comes from.
    pub elapsed: Elapsed,
}

impl Default for Cfc {
    fn default() -> Self {
        Self { layers: 1, mode: CfcMode::Gated, elapsed: Elapsed::One }
    }
}

impl Equations for Cfc {
    fn form(&self) -> Form {
        let mut form = Form::new("cfc").without_matrices().values(vec![Width::Hidden; self.layers]);
        form.states[0].1 = Width::Output;
        form = form.matrix("weight_ih", Some("bias_ih")).matrix("weight_hh", None);
        for layer in 0..self.layers {
            let products = if layer == 0 {
                vec![Product::new(0, Slot::X), Product::new(1, Slot::Old(0))]
            } else {
                let of_layer = |what| Name::Owned(format!("{what}_{}", layer + 1));
                form.matrices.push(Matrix { name: of_layer("weight"), bias: Some(of_layer("bias")) });
                vec![Product::new(form.matrices.len() - 1, Slot::Value(layer - 1))]
            };
            form = form.stage(Stage::new(["u"]).products(products).writes([Slot::Value(layer)]));
        }
        let mut form = form.matrix("weight_out", Some("bias_out"));
        // Without a layer there is no such value, which is an error of the form.
        let last = Product::new(form.matrices.len() - 1, Slot::Value(self.layers.wrapping_sub(1)));
        let mut output = if self.mode == CfcMode::Pure {
            form.vectors = ["w_tau", "a"].map(|name| (Name::Borrowed(name), Width::Output)).into();
            Stage::new(["ff1"]).vectors([0, 1])
        } else {
            Stage::new(["ff1", "ff2", "time_a", "time_b"])
        };
        if self.elapsed == Elapsed::Given {
            form.masks.push((Name::Borrowed("elapsed"), Width::Output));
            output = output.reads([Slot::Mask(0)]);
        }
        form.stage(output.width(Width::Output).products([last]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage < self.layers {
            let [pre] = u.pre();
            u.write([S::constant(1.7159) * (S::constant(0.666) * pre).tanh()]);
            return;
        }
        let elapsed = match self.elapsed {
            Elapsed::One => None,
            Elapsed::Given => {
                let [elapsed] = u.reads();
                Some(elapsed)
            }
        };
        let timed = |v: S| elapsed.map_or(v, |elapsed| v * elapsed);
        if self.mode == CfcMode::Pure {
            let ([f], [w, a]) = (u.pre(), u.vectors());
            u.write([a - a * (-timed(w.abs() + f.abs())).exp() * f]);
            return;
        }
        let [f1, f2, time_a, time_b] = u.pre();
        let (f1, f2) = (u.keep_at(0, f1.tanh()), u.keep_at(1, f2.tanh()));
        let tau = (timed(time_a) + time_b).sigmoid();
        u.write([match self.mode {
            CfcMode::NoGate => f1 + tau * f2,
            _ => f1 * (S::one() - tau) + tau * f2,
        }]);
    }
}
