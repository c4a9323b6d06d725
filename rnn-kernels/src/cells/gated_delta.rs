//! `S = α S₋₁ + β k (v − (α S₋₁)ᵀ k)ᵀ`, `o = Sᵀ q / √K`: Yang et al. 2024 (gated DeltaNet).

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// A gated delta rule: heads of `V` units, each with a matrix `[K, V]` as its state, corrected at the key of each step; `V` divides `H`.
///
/// ```text
/// a, b = W_ab x + b_ab [H / V]                          q, k = W_qk x + b_qk [H K / V]       v = W_v x + b_v [H]
/// α = exp(−e^A_log · ln(1 + e^(a + dt_bias)))           β = σ(b)
/// q, k ← q / √(Σ q² + 10⁻⁶), k / √(Σ k² + 10⁻⁶)         over each head
/// S̄ = α S₋₁        e = β (v − S̄ᵀ k)        S = S̄ + k eᵀ        h = Sᵀ q / √K
/// ```
/// States `h S`; rows of `weight_ih`: `a b`, then `q k`, then `v`; vectors `A_log`, `dt_bias [H / V]`. The state decays first, and what is
/// corrected is what the decayed state says at `k`. `∂S/∂S₋₁ = α (1 − β k kᵀ)`, which shrinks as long as `β |k|² < 2`: keys of length 1
/// see to that. Convolutions, the norm and the gate of the output stand around the cell in published layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct GatedDelta {
    /// `K`.
    pub key: usize,
    /// `V`.
    pub value: usize,
}

impl Default for GatedDelta {
    fn default() -> Self {
        Self { key: 64, value: 64 }
    }
}

const STATE: usize = 1;
/// What is added to a squared length.
const EPSILON: f64 = 1e-6;

// A number of each head.
const DECAY: Slot = Slot::Value(0);
const RATE: Slot = Slot::Value(1);
const ROOT_Q: Slot = Slot::Value(2);
const ROOT_K: Slot = Slot::Value(3);
// A number of each key.
const Q: Slot = Slot::Value(4);
const SQUARED_Q: Slot = Slot::Value(5);
const K: Slot = Slot::Value(6);
const SQUARED_K: Slot = Slot::Value(7);
const QUERY: Slot = Slot::Value(8);
const KEY: Slot = Slot::Value(9);
// A number of each unit.
const ERROR: Slot = Slot::Value(10);
// A number of each element of the state.
const DECAYED: Slot = Slot::Value(11);
const SAID: Slot = Slot::Value(12);
const READ: Slot = Slot::Value(13);

impl Equations for GatedDelta {
    fn form(&self) -> Form {
        let (heads, keys) = (Width::over(self.value), Width::Scaled { times: self.key, over: self.value });
        let (state, row, one) = (Width::times(self.key), Width::Fixed(self.value), Width::ONE);
        let mut values = vec![heads; 4];
        values.extend([keys; 6]);
        values.extend([Width::Hidden, state, state, state]);
        let to = |product: Product, gate: usize| product.into_gates([gate]);
        let gates = Stage::new(["a", "b"]).width(heads).products([Product::new(0, Slot::X)]).vectors([0, 1]);
        let raw = Stage::new(["q", "k"]).width(keys).products([Product::new(0, Slot::X)]);
        let roots = Stage::new(["q", "k"]).width(heads);
        let roots = roots.products([to(Product::sum(SQUARED_Q, one), 0), to(Product::sum(SQUARED_K, one), 1)]);
        let unit = Stage::new(["q", "k"]).width(keys).reads([Q, K]);
        let unit = unit.products([to(Product::spread(ROOT_Q, one), 0), to(Product::spread(ROOT_K, one), 1)]);
        let decayed = Stage::new(["alpha", "k"]).width(state).reads([Slot::Old(STATE)]);
        let decayed = decayed.products([to(Product::spread(DECAY, one), 0), to(Product::spread(KEY, one), 1)]);
        let error = Stage::new(["v", "said", "beta"]).products([
            to(Product::new(0, Slot::X), 0),
            to(Product::sum(SAID, row), 1),
            to(Product::spread(RATE, one), 2),
        ]);
        let new = Stage::new(["k", "e", "q"]).width(state).reads([DECAYED]).products([
            to(Product::spread(KEY, one), 0),
            to(Product::spread(ERROR, row), 1),
            to(Product::spread(QUERY, one), 2),
        ]);
        let form = Form::new("gated_delta").states_of([("h", Width::Hidden), ("S", state)]).values(values);
        form.without_matrices()
            .matrix("weight_ih", Some("bias_ih"))
            .vector_of("A_log", heads)
            .vector_of("dt_bias", heads)
            .stage(gates.writes([DECAY, RATE]))
            .stage(raw.writes([Q, SQUARED_Q, K, SQUARED_K]))
            .stage(roots.writes([ROOT_Q, ROOT_K]))
            .stage(unit.writes([QUERY, KEY]))
            .stage(decayed.writes([DECAYED, SAID]))
            .stage(error.writes([ERROR]))
            .stage(new.writes([Slot::New(STATE), READ]))
            .stage(Stage::new(["o"]).products([Product::sum(READ, row)]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match stage {
            0 => {
                let ([a, b], [a_log, dt_bias]) = (u.pre(), u.vectors());
                let b = u.keep_at(1, b.sigmoid());
                // ln (1 + eᵛ) = −ln σ(−v)
                u.write([(a_log.exp() * (-(a + dt_bias)).ln_sigmoid()).exp(), b]);
            }
            1 => {
                let [q, k] = u.pre();
                u.write([q, q * q, k, k * k]);
            }
            2 => {
                let squared: [S; 2] = u.pre();
                u.write(squared.map(|v| S::one() / (v + S::constant(EPSILON)).sqrt()));
            }
            3 => {
                let ([root_q, root_k], [q, k]) = (u.pre(), u.reads());
                #[allow(clippy::cast_precision_loss)] // a width is far below 2^53
                u.write([root_q * q * S::constant(1.0 / libm::sqrt(self.key as f64)), root_k * k]);
            }
            4 => {
                let ([alpha, k], [s]) = (u.pre(), u.reads());
                let s = u.write_at(0, alpha * s);
                u.write_at(1, s * k);
            }
            5 => {
                let [v, said, beta] = u.pre();
                u.write([beta * (v - said)]);
            }
            6 => {
                let ([k, e, q], [s]) = (u.pre(), u.reads());
                let s = u.write_at(0, s + k * e);
                u.write_at(1, s * q);
            }
            _ => {
                let o: [S; 1] = u.pre();
                let o = u.keep(o);
                u.write(o);
            }
        }
    }
}
