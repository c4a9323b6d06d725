//! One step of a single row on several threads: each computes some of the units of a stage, with their products.
//!
//! For the cells that this backend knows, whose operands it can name; a program runs on the calling thread.

use rnn_kernels::{Activation, GruReset, Known, MatMut, MatRef, Slot};

use super::pass::{GROUPS, Pass, sum, term};
use super::weights::next;
use crate::number::Number;
use crate::passes::slots::Slots;
use crate::passes::units::Units;
use crate::pointwise::{activate, gates_of_mut};
use crate::simd::gates::{gru_after, gru_before, lstm};
use crate::simd::product::pack::from_column;
use crate::simd::product::{Start, Term};
use crate::threads::Tiles;

/// One step of row 0 of a block that has no other.
pub fn step<T: Number>(pass: &Pass<'_, T>, units: Units<'_>, at: Slots, tiles: &mut Tiles<'_, T, GROUPS>) {
    let (simd, plan) = (pass.simd, pass.plan());
    let pre = |s: usize| pass.pre(plan.stages[s].home, plan.stages[s].cols.start, at);
    let (tile, width) = (|slot| pass.tile(slot, at), plan.stages[0].width);
    let (old, new) = (tile(Slot::Old(0)), tile(Slot::New(0)));
    match pass.spec.cell().known() {
        Some(Known::Elman(activation)) => {
            let (pre, col) = pre(0);
            if pre == new {
                let ([h_prev], [mut h]) = tiles.apart([old], [new], 0, 1);
                units.share([h.row_mut(0)], |first, [h]| {
                    pass.gate(0, 0, first, h, at.t, h_prev);
                    activate(simd, activation, h);
                });
            } else {
                let ([h_prev], [mut pre, mut h]) = tiles.apart([old], [pre, new], 0, 1);
                units.share([&mut pre.row_mut(0)[col..][..width], h.row_mut(0)], |first, [pre, h]| {
                    pass.gate(0, 0, first, pre, at.t, h_prev);
                    h.copy_from_slice(pre);
                    activate(simd, activation, h);
                });
            }
        }
        Some(Known::Lstm) => {
            let (pre, col) = pre(0);
            let writes = [pre, new, tile(Slot::New(1))];
            let ([h_prev, c_prev], [mut pre, mut h, mut c]) = tiles.apart([old, tile(Slot::Old(1))], writes, 0, 1);
            let [i, f, g, o] = gates_of_mut(&mut pre.row_mut(0)[col..][..4 * width]);
            units.share([i, f, g, o, c.row_mut(0), h.row_mut(0)], |first, [i, f, g, o, c, h]| {
                let mut gates = [i, f, g, o];
                for (gate, pre) in gates.iter_mut().enumerate() {
                    pass.gate(0, gate, first, pre, at.t, h_prev);
                }
                let c_prev = &c_prev.row(0)[first..][..c.len()];
                lstm::forward(simd, lstm::Forward { gates, c_prev, c, h });
            });
        }
        Some(Known::Gru(GruReset::After)) => {
            let (pre, col) = pre(0);
            let ([h_prev], [mut pre, mut h]) = tiles.apart([old], [pre, new], 0, 1);
            let (gates, aux) = pre.row_mut(0)[col..][..4 * width].split_at_mut(3 * width);
            let [r, z, n] = gates_of_mut(gates);
            units.share([r, z, n, aux, h.row_mut(0)], |first, [r, z, n, aux, h]| {
                let mut gates = [r, z, n];
                for (gate, pre) in gates.iter_mut().enumerate() {
                    pass.gate(0, gate, first, pre, at.t, h_prev);
                }
                pass.gate(0, 3, first, aux, at.t, h_prev);
                let h_prev = &h_prev.row(0)[first..][..h.len()];
                gru_after::forward(simd, gru_after::Forward { gates, aux, h_prev, h });
            });
        }
        Some(Known::Gru(GruReset::Before)) => {
            let value = tile(Slot::Value(0));
            let (r, col) = pre(0);
            let ([h_prev], [mut r, mut scaled]) = tiles.apart([old], [r, value], 0, 1);
            units.share([&mut r.row_mut(0)[col..][..width], scaled.row_mut(0)], |first, [r, scaled]| {
                pass.gate(0, 0, first, r, at.t, h_prev);
                gru_before::scale(simd, r, &h_prev.row(0)[first..][..scaled.len()], scaled);
            });
            let (gates, col) = pre(1);
            let ([h_prev, scaled], [mut gates, mut h]) = tiles.apart([old, value], [gates, new], 0, 1);
            let (z, n) = gates.row_mut(0)[col..][..2 * width].split_at_mut(width);
            units.share([z, n, h.row_mut(0)], |first, [z, n, h]| {
                pass.gate(1, 0, first, z, at.t, h_prev);
                pass.gate(1, 1, first, n, at.t, scaled);
                activate(simd, Activation::Sigmoid, z);
                let h_prev = &h_prev.row(0)[first..][..h.len()];
                gru_before::blend(simd, gru_before::Blend { z, n, h_prev, h });
            });
        }
        known => unreachable!("{known:?} shares no units"),
    }
}

impl<T: Number> Pass<'_, T> {
    /// Some units of a gate of a stage, those from `first` on, of row 0; `v` is what its product other than that with the input reads.
    fn gate(&self, s: usize, gate: usize, first: usize, pre: &mut [T], t: usize, v: MatRef<'_, T>) {
        let stage = &self.plan().stages[s];
        let column = stage.cols.start + gate * stage.width + first;
        let mut panels = self.weights.terms;
        for group in &self.plan().groups {
            if !group.cols.contains(&column) {
                for term in &group.terms {
                    next(&mut panels, group.cols.len(), term.depth);
                }
                continue;
            }
            let from = column - group.cols.start;
            let mut start = Start::Bias(&self.weights.bias[column..][..pre.len()]);
            let mut terms = [Term { a: &[], a_stride: 0, depth: 0, panels: &[] }; 2];
            let mut count = 0;
            for of in &group.terms {
                let panels = next(&mut panels, group.cols.len(), of.depth);
                if of.of == Slot::X && self.ahead {
                    start = Start::C;
                    continue;
                }
                let a = match (of.of, self.x(t, 0, 1)) {
                    (Slot::X, None) => {
                        self.some_columns(group, from, panels, t, 0, pre);
                        start = Start::C;
                        continue;
                    }
                    (Slot::X, Some(x)) => x,
                    _ => v,
                };
                if of.depth > 0 {
                    terms[count] = term(a, from_column(panels, of.depth, from));
                    count += 1;
                }
            }
            let len = pre.len();
            return sum(self.simd, MatMut::new(pre, 1, len), start, &terms[..count]);
        }
        unreachable!("every gate has a product")
    }
}
