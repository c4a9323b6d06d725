//! `i, f, o = σ(…)`, `g = tanh(…)`, `c = f ⊙ c₋₁ + i ⊙ g`, `h = o ⊙ tanh(c)`: Hochreiter & Schmidhuber 1997, Gers et al. 2000.

use super::{Equations, Unit};
use crate::form::{Form, Slot, Stage};
use crate::number::Number;

/// A long short-term memory, rows `i f g o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lstm;

const H: usize = 0;
const C: usize = 1;

impl Equations for Lstm {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "g", "o"]);
        Form::new("lstm").states(["h", "c"]).stage(gates.reads([Slot::Old(C)]).writes([Slot::New(H), Slot::New(C)]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([i, f, g, o], [c]) = (u.pre(), u.reads());
        let [i, f, g, o] = u.keep([i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()]);
        let c = u.write_at(C, f * c + i * g);
        u.write_at(H, o * c.tanh());
    }
}
