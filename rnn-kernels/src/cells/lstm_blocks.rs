//! `c = c₋₁ + i_b ⊙ g(W_c x + U_c h₋₁)`, `h = o_b ⊙ h(c)`: memory cell blocks, Hochreiter & Schmidhuber 1997.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// A long short-term memory of blocks: the memory cells of a block share one input gate and one output gate, and there is no forget gate.
///
/// ```text
/// i = σ(W_i x + U_i h₋₁ + b_i) [H / S]     o = σ(W_o x + U_o h₋₁ + b_o) [H / S]     g = φ(W_g x + U_g h₋₁ + b_g) [H]
/// c = c₋₁ + i_b ⊙ g                        h = o_b ⊙ ψ(c)                           i_b, o_b: those of a cell's block
/// ```
/// Rows `i`, `o`, then `g`: `2 H / S + H`; the cells of a block are neighbours, and `S` divides `H`. With blocks of one cell it computes
/// what [`LstmVariant`](super::LstmVariant) with [`Forget::One`](super::Forget::One) does, whose rows are `i g o`.
///
/// `∂c/∂c₋₁ = 1` along the carousel, so that a gradient never vanishes there, and `c` can grow without bound. Gradients are those of the
/// equations; the paper cuts them where they would leave a block through its gates and inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct LstmBlocks {
    /// `S`, the memory cells of a block.
    pub size: usize,
    /// `φ`; the paper's is `4 σ(x) − 2`.
    pub candidate: Nonlinearity,
    /// `ψ`; the paper's is `2 σ(x) − 1`.
    pub state: Nonlinearity,
}

impl Default for LstmBlocks {
    fn default() -> Self {
        // 2 σ(x) − 1 = tanh(x / 2)
        let between = |scale| Nonlinearity::ScaledTanh { scale, rate: 0.5 };
        Self { size: 2, candidate: between(2.0), state: between(1.0) }
    }
}

const H: usize = 0;
const C: usize = 1;
const INPUT: Slot = Slot::Value(0);
const OUTPUT: Slot = Slot::Value(1);

impl Equations for LstmBlocks {
    fn form(&self) -> Form {
        let blocks = Width::over(self.size);
        let gates = Stage::new(["i", "o"]).width(blocks).writes([INPUT, OUTPUT]);
        let cells = Stage::new(["g", "i", "o"]).reads([Slot::Old(C)]).writes([Slot::New(H), Slot::New(C)]);
        let cells = cells.products([
            Product::new(0, Slot::X).into_gates([0]),
            Product::new(1, Slot::Old(H)).into_gates([0]),
            Product::spread(INPUT, Width::ONE).into_gates([1]),
            Product::spread(OUTPUT, Width::ONE).into_gates([2]),
        ]);
        Form::new("lstm_blocks").states(["h", "c"]).values(vec![blocks; 2]).stage(gates).stage(cells)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            let [i, o] = u.pre();
            let gates = u.keep([i.sigmoid(), o.sigmoid()]);
            u.write(gates);
            return;
        }
        let ([g, i, o], [c]) = (u.pre(), u.reads());
        let g = self.candidate.kept(u, 0, g);
        let c = u.write_at(C, c + i * g);
        u.write_at(H, o * self.state.of(c));
    }
}
