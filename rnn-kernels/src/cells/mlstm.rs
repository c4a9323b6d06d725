//! `C = f C₋₁ + i k vᵀ`, `n = f n₋₁ + i k`, `h = Cᵀ q / max(|nᵀ q|, e^−m)` with exponential gates: Beck et al. 2024.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;
use alloc::vec::Vec;

/// An mLSTM: heads of `D` units, each with a matrix `[D, D]` as its state (rows are keys, columns values); `D` divides `H`.
///
/// ```text
/// i, f = W_if x + b_if [H / D]        q, k, v, o = W_qkvo x + b_qkvo [H]
/// m = max(ln σ(f) + m₋₁, i)           i′ = exp(i − m)                      f′ = exp(ln σ(f) + m₋₁ − m)
/// C = f′ C₋₁ + i′ k vᵀ / √D           n = f′ n₋₁ + i′ k / √D
/// h = σ(o) ⊙ Cᵀ q / (max(|nᵀ q|, e^−m) + 10⁻⁶)
/// ```
/// States `h C n m`; rows of `weight_ih`: `i f`, then `q k v` and, with an output gate, `o`. The paper has the output gate; published
/// blocks gate after a norm and a projection instead. No product reads a state: the recurrence is linear, `∂C/∂C₋₁ = f′`. `m` keeps
/// both gates at most 1; `h` depends on its value by the 10⁻⁶ alone. Kinks lie where `|nᵀ q| = e^−m` and where both arguments of `m`
/// are equal. Where both gates shut so far that `m < −88`, `e^−m` overflows f32: `h` is 0 there, as it nearly is, and has no gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Mlstm {
    /// `D`.
    pub head: usize,
    /// Whether there is an output gate.
    pub output_gate: bool,
}

impl Default for Mlstm {
    fn default() -> Self {
        Self { head: 64, output_gate: true }
    }
}

const H: usize = 0;
const MATRIX: usize = 1;
const N: usize = 2;
const M: usize = 3;
/// What is added to a divisor.
const EPSILON: f64 = 1e-6;

// A number of each head.
const INPUT: Slot = Slot::Value(0);
const FORGET: Slot = Slot::Value(1);
const FLOOR: Slot = Slot::Value(2);
const DIVISOR: Slot = Slot::Value(3);
// A number of each unit.
const WRITTEN_KEY: Slot = Slot::Value(4);
const VALUE: Slot = Slot::Value(5);
const QUERY: Slot = Slot::Value(6);
const NORM: Slot = Slot::Value(7);
const OUTPUT: Slot = Slot::Value(8);
// A number of each element of the matrix: `C ⊙ q`, or `C ⊙ q` without an output gate.
const READ: usize = 8;

impl Equations for Mlstm {
    fn form(&self) -> Form {
        let (heads, matrix) = (Width::over(self.head), Width::times(self.head));
        let (one, row) = (Width::ONE, Width::Fixed(self.head));
        let mut values = vec![heads; 4];
        values.extend([Width::Hidden; 4]);
        let mut units = Stage::new(["q", "k", "v", "i", "f"]);
        let mut writes = vec![Slot::New(N), WRITTEN_KEY, VALUE, QUERY, NORM];
        if self.output_gate {
            units = Stage::new(["q", "k", "v", "o", "i", "f"]);
            writes.push(OUTPUT);
            values.push(Width::Hidden);
        }
        values.push(matrix);
        let (read, own) = (Slot::Value(READ + usize::from(self.output_gate)), units.gates.len() - 2);
        let gates = Stage::new(["i", "f"]).width(heads).products([Product::new(0, Slot::X)]).reads([Slot::Old(M)]);
        let of_heads = [(INPUT, own), (FORGET, own + 1)].map(|(v, gate)| Product::spread(v, one).into_gates([gate]));
        let [input, forget] = of_heads;
        let units = units.products([Product::new(0, Slot::X).into_gates((0..own).collect::<Vec<_>>()), input, forget]);
        let state = Stage::new(["f", "k", "v", "q"]).width(matrix).reads([Slot::Old(MATRIX)]).products([
            Product::spread(FORGET, one).into_gates([0]),
            Product::spread(WRITTEN_KEY, one).into_gates([1]),
            Product::spread(VALUE, row).into_gates([2]),
            Product::spread(QUERY, one).into_gates([3]),
        ]);
        let divisor =
            Stage::new(["s"]).width(heads).products([Product::sum(NORM, one)]).reads([FLOOR]).writes([DIVISOR]);
        let output = Stage::new(["c", "d"]);
        let output =
            output.products([Product::sum(read, row).into_gates([0]), Product::spread(DIVISOR, one).into_gates([1])]);
        let form = Form::new("mlstm").without_matrices().matrix("weight_ih", Some("bias_ih")).values(values);
        form.states_of([("h", Width::Hidden), ("C", matrix), ("n", Width::Hidden), ("m", heads)])
            .stage(gates.writes([Slot::New(M), INPUT, FORGET, FLOOR]))
            .stage(units.reads([Slot::Old(N)]).writes(writes))
            .stage(state.writes([Slot::New(MATRIX), read]))
            .stage(divisor)
            .stage(output.reads(if self.output_gate { vec![OUTPUT] } else { vec![] }))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match stage {
            0 => {
                let ([i, f], [m]) = (u.pre(), u.reads());
                let kept = f.ln_sigmoid() + m;
                let m = u.write_at(0, kept.max(i));
                u.write_at(1, (i - m).exp());
                u.write_at(2, (kept - m).exp());
                u.write_at(3, (-m).exp());
            }
            1 => {
                let ([q, k, v, i, f], [n]) = if self.output_gate {
                    let [q, k, v, o, i, f] = u.pre();
                    let o = u.keep_at(3, o.sigmoid());
                    u.write_at(5, o);
                    ([q, k, v, i, f], u.reads())
                } else {
                    (u.pre(), u.reads())
                };
                #[allow(clippy::cast_precision_loss)] // a width is far below 2^53
                let written = u.write_at(1, i * k * S::constant(1.0 / libm::sqrt(self.head as f64)));
                let n = u.write_at(0, f * n + written);
                u.write_at(2, v);
                u.write_at(3, q);
                u.write_at(4, n * q);
            }
            2 => {
                let ([f, k, v, q], [c]) = (u.pre(), u.reads());
                let c = u.write_at(0, f * c + k * v);
                u.write_at(1, c * q);
            }
            3 => {
                let ([s], [floor]) = (u.pre(), u.reads());
                u.write([s.abs().max(floor) + S::constant(EPSILON)]);
            }
            _ => {
                let [c, divisor] = u.pre();
                let read = c / divisor;
                if self.output_gate {
                    let [o] = u.reads();
                    u.write_at(H, o * read);
                } else {
                    u.write_at(H, read);
                }
            }
        }
    }
}
