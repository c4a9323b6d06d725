//! `i, f = σ(pre + p ⊙ c₋₁)`, `g = tanh(pre)`, `c = f ⊙ c₋₁ + i ⊙ g`, `o = σ(pre + p ⊙ c)`, `h = o ⊙ tanh(c)`: Gers & Schmidhuber 2000.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Slot, Stage};
use crate::number::Number;

/// A long short-term memory whose gates see the state of their own unit, rows `i f g o`, vectors `p_i p_f p_o [H]`. The output gate
/// sees the new state. For precise timing, where the other gates must know what a shut output gate hides. ONNX' `LSTM` with `P`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LstmPeephole;

const H: usize = 0;
const C: usize = 1;

impl Equations for LstmPeephole {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "g", "o"]).reads([Slot::Old(C)]).vectors([0, 1, 2]);
        let form = Form::new("lstm_peephole").states(["h", "c"]);
        let form = form.vector("peephole_i").vector("peephole_f").vector("peephole_o");
        form.stage(gates.writes([Slot::New(H), Slot::New(C)]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([i, f, g, o], [c], [p_i, p_f, p_o]) = (u.pre(), u.reads(), u.vectors());
        let i = u.keep_at(0, (i + p_i * c).sigmoid());
        let f = u.keep_at(1, (f + p_f * c).sigmoid());
        let g = u.keep_at(2, g.tanh());
        let c = u.write_at(C, f * c + i * g);
        let o = u.keep_at(3, (o + p_o * c).sigmoid());
        u.write_at(H, o * c.tanh());
    }
}
