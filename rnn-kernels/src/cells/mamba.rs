//! `s = exp(Δ A) ⊙ s₋₁ + Δ B u`, `h = (C s + D u) ⊙ silu(z)`: Gu & Dao 2023, the selective scan.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// A selective state space: `N` states of each of `H` channels, whose step, input and output depend on the input.
///
/// ```text
/// δ, u, z = W_δuz x + b_δuz [H]        B, C = W_BC x + b_BC [N]
/// Δ = ln(1 + e^δ)                      s[d, n] = exp(−Δ[d] e^A_log[d, n]) s₋₁[d, n] + Δ[d] B[n] u[d]
/// y = Σ_n C[n] s[·, n] + D ⊙ u         h = y ⊙ z σ(z)
/// ```
/// States `h s`; rows of `weight_ih`: `δ u z`, then `B C`; vectors `A_log [H N]`, `D [H]`. The decay is that of a zero-order hold, the input
/// enters by Euler's rule, as in published code; the paper's formula for it is another one. `∂s/∂s₋₁ = exp(Δ A) ≤ 1`. In the published
/// block a convolution stands between `x` and `u`, and `δ` comes through a narrow matrix: both are of the layers around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Mamba {
    /// `N`.
    pub states: usize,
}

impl Default for Mamba {
    fn default() -> Self {
        Self { states: 16 }
    }
}

const STATE: usize = 1;

// A number of each channel.
const STEP: Slot = Slot::Value(0);
const STEPPED: Slot = Slot::Value(1);
const U: Slot = Slot::Value(2);
const GATE: Slot = Slot::Value(3);
// A number of each state.
const B: Slot = Slot::Value(4);
const C: Slot = Slot::Value(5);
// Of each state of each channel.
const READ: Slot = Slot::Value(6);

impl Equations for Mamba {
    fn form(&self) -> Form {
        let (states, all, one) = (Width::Fixed(self.states), Width::times(self.states), Width::ONE);
        let mut values = vec![Width::Hidden; 4];
        values.extend([states, states, all]);
        let channels = Stage::new(["delta", "u", "z"]).products([Product::new(0, Slot::X)]);
        let matrices = Stage::new(["B", "C"]).width(states).products([Product::new(0, Slot::X)]);
        let scan = Stage::new(["delta", "u", "B", "C"]).width(all).reads([Slot::Old(STATE)]).vectors([0]).products([
            Product::spread(STEP, one).into_gates([0]),
            Product::spread(STEPPED, one).into_gates([1]),
            Product::spread(B, states).into_gates([2]),
            Product::spread(C, states).into_gates([3]),
        ]);
        let output = Stage::new(["y"]).products([Product::sum(READ, one)]).reads([U, GATE]).vectors([1]);
        let form = Form::new("mamba").states_of([("h", Width::Hidden), ("s", all)]).values(values).without_matrices();
        form.matrix("weight_ih", Some("bias_ih"))
            .vector_of("A_log", all)
            .vector("D")
            .stage(channels.writes([STEP, STEPPED, U, GATE]))
            .stage(matrices.writes([B, C]))
            .stage(scan.writes([Slot::New(STATE), READ]))
            .stage(output)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match stage {
            0 => {
                let [delta, input, z] = u.pre();
                let step = u.write_at(0, -(-delta).ln_sigmoid());
                u.write_at(1, step * input);
                u.write_at(2, input);
                u.write_at(3, z * z.sigmoid());
            }
            1 => {
                let both: [S; 2] = u.pre();
                u.write(both);
            }
            2 => {
                let ([delta, input, b, c], [s], [a_log]) = (u.pre(), u.reads(), u.vectors());
                let s = u.write_at(0, (-(delta * a_log.exp())).exp() * s + input * b);
                u.write_at(1, c * s);
            }
            _ => {
                let ([y], [input, gate], [d]) = (u.pre(), u.reads(), u.vectors());
                u.write([(y + d * input) * gate]);
            }
        }
    }
}
