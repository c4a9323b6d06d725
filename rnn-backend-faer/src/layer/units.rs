//! One stage of a step on some rows, forward: kernels of this backend for the cells it knows, those of a program
//! for the cells it compiled, the program of the equation for any other.

use core::ops::Range;

use rnn_kernels::program::{Operands, Place, Runner, Settled};
use rnn_kernels::{Accum, Activation, GruReset, Known, Slot};

use super::lanes::Vectors;
use super::pass::{GROUPS, Pass};
use crate::number::Number;
use crate::passes::slots::Slots;
use crate::pointwise::{activate, activated, gates_of_mut};
use crate::simd::gates::{gru_after, gru_before, lstm};
use crate::threads::Tiles;

/// The units of stage `s`: rows `rows` of a block whose first row is `first` of the batch.
pub fn forward<T: Number>(
    pass: &Pass<'_, T>,
    s: usize,
    at: Slots,
    first: usize,
    tiles: &mut Tiles<'_, T, GROUPS>,
    (from, to): (usize, usize),
) {
    let (simd, stage) = (pass.simd, &pass.plan().stages[s]);
    let (pre, col) = pass.pre(stage.home, stage.cols.start, at);
    let (width, cols) = (stage.width, col..col + stage.gates * stage.width);
    let tile = |slot| pass.tile(slot, at);
    match (pass.spec.cell().known(), s) {
        (Some(Known::Elman(activation)), _) => {
            let h = tile(Slot::New(0));
            if pre == h {
                let mut h = tiles.at_mut(h, from, to);
                (0..h.rows()).for_each(|n| activate(simd, activation, h.row_mut(n)));
            } else {
                let ([pre], [mut h]) = tiles.apart([pre], [h], from, to);
                (0..h.rows()).for_each(|n| activated(simd, activation, &pre.row(n)[cols.clone()], h.row_mut(n)));
            }
        }
        (Some(Known::Lstm), _) => {
            let writes = [pre, tile(Slot::New(0)), tile(Slot::New(1))];
            let ([c_prev], [mut pre, mut h, mut c]) = tiles.apart([tile(Slot::Old(1))], writes, from, to);
            for n in 0..h.rows() {
                let gates = gates_of_mut(&mut pre.row_mut(n)[cols.clone()]);
                let (c_prev, c, h) = (c_prev.row(n), c.row_mut(n), h.row_mut(n));
                lstm::forward(simd, lstm::Forward { gates, c_prev, c, h });
            }
        }
        (Some(Known::Gru(GruReset::After)), _) => {
            let ([h_prev], [mut pre, mut h]) = tiles.apart([tile(Slot::Old(0))], [pre, tile(Slot::New(0))], from, to);
            for n in 0..h.rows() {
                let (gates, aux) = pre.row_mut(n)[cols.clone()].split_at_mut(3 * width);
                let (gates, h_prev, h) = (gates_of_mut(gates), h_prev.row(n), h.row_mut(n));
                gru_after::forward(simd, gru_after::Forward { gates, aux, h_prev, h });
            }
        }
        (Some(Known::Gru(GruReset::Before)), 0) => {
            let writes = [pre, tile(Slot::Value(0))];
            let ([h_prev], [mut pre, mut scaled]) = tiles.apart([tile(Slot::Old(0))], writes, from, to);
            for n in 0..scaled.rows() {
                let r = &mut pre.row_mut(n)[cols.clone()];
                gru_before::scale(simd, r, h_prev.row(n), scaled.row_mut(n));
            }
        }
        (Some(Known::Gru(GruReset::Before)), _) => {
            let ([h_prev], [mut pre, mut h]) = tiles.apart([tile(Slot::Old(0))], [pre, tile(Slot::New(0))], from, to);
            for n in 0..h.rows() {
                let (z, n_gate) = pre.row_mut(n)[cols.clone()].split_at_mut(width);
                activate(simd, Activation::Sigmoid, z);
                let (h_prev, h) = (h_prev.row(n), h.row_mut(n));
                gru_before::blend(simd, gru_before::Blend { z, n: n_gate, h_prev, h });
            }
        }
        _ => {
            if let Some(kernels) = pass.compiled {
                return kernels[s](pass, s, at, first, tiles, (from, to));
            }
            let (cell, settled) = (pass.spec.cell(), pass.weights.settled_forward(pass.spec, s));
            let program = cell.settled_forward(s).map_or(cell.forward(s), Settled::each);
            for n in from..to {
                Vectors(simd).run(program, &mut Row { pass, s, at, first, n, tiles, width, settled });
            }
        }
    }
}

/// One row of a stage, for a program.
struct Row<'r, 'a, 't, T> {
    pass: &'r Pass<'a, T>,
    s: usize,
    at: Slots,
    first: usize,
    n: usize,
    tiles: &'r mut Tiles<'t, T, GROUPS>,
    width: usize,
    /// What the vectors of the stage settle.
    settled: &'a [T],
}

impl<T: Number> Operands<T> for Row<'_, '_, '_, T> {
    fn width(&self) -> usize {
        self.width
    }

    fn load(&self, place: Place, units: Range<usize>) -> &[T] {
        let (stage, n) = (&self.pass.plan().stages[self.s], self.n);
        match place {
            Place::Pre(j) => {
                let (tile, col) = self.pass.pre(stage.home, stage.cols.start, self.at);
                &self.tiles.at(tile, n, n + 1).row(0)[col + j * self.width..][units]
            }
            Place::Read(j) => match self.pass.outside(stage.reads[j], self.at.t, self.first + n) {
                Some(read) => &read[units],
                None => &self.tiles.at(self.pass.tile(stage.reads[j], self.at), n, n + 1).row(0)[units],
            },
            Place::Vector(j) => match stage.vectors.get(j) {
                Some(vector) => &self.pass.params[vector.clone()][units],
                None => &self.settled[(j - stage.vectors.len()) * self.width..][units],
            },
            _ => unreachable!("forward loads pre-activations, reads and vectors"),
        }
    }

    fn store(&mut self, place: Place, units: Range<usize>) -> Option<(Accum, &mut [T])> {
        let (stage, n) = (&self.pass.plan().stages[self.s], self.n);
        let (tile, col) = match place {
            Place::Pre(j) => {
                let (tile, col) = self.pass.pre(stage.home, stage.cols.start, self.at);
                (tile, col + j * self.width)
            }
            Place::Write(j) => (self.pass.tile(stage.writes[j], self.at), 0),
            _ => unreachable!("forward stores what is kept and written"),
        };
        Some((Accum::Replace, &mut self.tiles.at_mut(tile, n, n + 1).storage().0[col..][units]))
    }
}
