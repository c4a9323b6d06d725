//! The pullback of one stage of a step on some rows: kernels of this backend for the cells it knows, the program for any other.

use core::ops::Range;

use rnn_kernels::program::{Operands, Place, Runner, Settled};
use rnn_kernels::{Accum, Direction, GruReset, Home, Input, Known, MatRef, SeqRef, Slot, Spec, Steps};

use super::lanes::Vectors;
use super::pass;
use super::weights::Weights;
use crate::number::Number;
use crate::passes::units::Units;
use crate::pointwise::activate_backward;
use crate::simd::Simd;
use crate::simd::columns::columns;
use crate::simd::gates::{add, gru_after, gru_before, lstm};
use crate::threads::{Tile, Tiles, Tiling};

/// The cotangents of states: slot `k % 2` holds those before step `k` of the pass.
pub const STATES: usize = 0;
/// Of pre-activations, all steps.
pub const PRE: usize = 1;
/// Of values.
pub const VALUES: usize = 2;
/// Of vectors, a sum for each row, so that the number of threads changes no bit: of some steps, and of all.
pub const VECTORS: usize = 3;
/// Of the input that is read unit by unit, all steps.
pub const INPUT: usize = 4;
/// The groups of the scratch.
pub const GROUPS: usize = 5;

/// What all steps of a pass back have in common.
#[derive(Clone, Copy, Debug)]
pub struct Pullback<'a, T> {
    pub simd: Simd,
    pub spec: &'a Spec<T>,
    pub weights: Weights<'a, T>,
    pub params: &'a [T],
    pub x: Input<'a, T>,
    pub masks: &'a [SeqRef<'a, T>],
    pub reserve: &'a [T],
    pub direction: Direction,
    pub steps: usize,
    /// How forward cut the reserve.
    pub kept: Tiling<'a, { pass::GROUPS }>,
    /// Who shares the products of a step, if a single row is shared out.
    pub units: Option<Units<'a>>,
    /// The kernels of the cell, if it was compiled.
    pub compiled: Option<&'a [BackwardUnits<T>]>,
}

/// The pullback of the units of stage `s` of a compiled cell: `(pullback, s, at, first, tiles, (from, to))`.
pub type BackwardUnits<T> = fn(&Pullback<'_, T>, usize, At, usize, &mut Tiles<'_, T, GROUPS>, (usize, usize));

/// Where a step finds its cotangents.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// The time.
    pub t: usize,
    /// The slot of the cotangents of new states.
    pub after: usize,
    /// The slot of those of old states.
    pub before: usize,
}

impl At {
    /// Where the cotangent of a slot lies.
    ///
    /// # Panics
    /// For a mask, which has none.
    pub fn tile(self, slot: Slot) -> Tile {
        match slot {
            Slot::Old(k) => Tile { group: STATES, at: k, slot: self.before },
            Slot::New(k) => Tile { group: STATES, at: k, slot: self.after },
            Slot::Value(v) => Tile { group: VALUES, at: v, slot: 0 },
            Slot::X => Tile { group: INPUT, at: 0, slot: self.t },
            Slot::Mask(_) => unreachable!("a mask has no cotangent"),
        }
    }
}

impl<'a, T: Number> Pullback<'a, T> {
    /// Rows of a tile of the reserve; `first` is a row of the batch.
    fn rows(&self, tile: Tile, first: usize, rows: usize) -> MatRef<'a, T> {
        let (start, width) = self.kept.place(tile);
        MatRef::new(&self.reserve[start + first * width..][..rows * width], rows, width)
    }

    fn place(&self, slot: Slot, t: usize) -> Tile {
        match slot {
            Slot::Old(k) => Tile { group: pass::STATES, at: k, slot: self.direction.from_slot(t) },
            Slot::New(k) => Tile { group: pass::STATES, at: k, slot: self.direction.to_slot(t) },
            Slot::Value(v) => Tile { group: pass::VALUES, at: v, slot: t },
            Slot::X | Slot::Mask(_) => unreachable!("the input and masks lie in no buffer of a pass"),
        }
    }

    /// Rows of what a stage read or wrote.
    pub fn saved(&self, slot: Slot, t: usize, first: usize, rows: usize) -> MatRef<'a, T> {
        match (slot, self.x) {
            (Slot::X, Input::Dense(x)) => x.at(t).rows_range(first, first + rows),
            (Slot::Mask(m), _) => self.masks[m].at(t).rows_range(first, first + rows),
            _ => self.rows(self.place(slot, t), first, rows),
        }
    }

    /// Rows of what a stage kept.
    pub fn gates(&self, s: usize, t: usize, first: usize, rows: usize) -> MatRef<'a, T> {
        let stage = &self.spec.plan().stages[s];
        match stage.home {
            Home::Gates(col) => {
                let gates = self.rows(Tile { group: pass::GATES, at: 0, slot: t }, first, rows);
                gates.cols_range(col, col + stage.gates * stage.width)
            }
            Home::Written(slot, _) => self.saved(slot, t, first, rows),
        }
    }

    /// A state or a value that products read, over all steps.
    pub fn all_steps(&self, slot: Slot) -> SeqRef<'a, T> {
        let start = |t| self.kept.place(self.place(slot, t)).0;
        let start = if self.steps == 0 { 0 } else { start(0).min(start(self.steps - 1)) };
        SeqRef::new(&self.reserve[start..], self.steps, self.kept.rows(), self.spec.slot_width(slot))
    }

    /// Where the cotangent of a vector begins among those of all.
    pub fn vector_start(&self, vector: &Range<usize>) -> usize {
        self.spec.plan().vectors.iter().take_while(|other| *other != vector).map(Range::len).sum()
    }

    /// The pullback of stage `s`: rows `from..to` of a block whose first row is `first` of the batch.
    pub fn units(&self, s: usize, at: At, first: usize, tiles: &mut Tiles<'_, T, GROUPS>, (from, to): (usize, usize)) {
        let (simd, stage, rows) = (self.simd, &self.spec.plan().stages[s], to - from);
        let (pre, cols) = (Tile { group: PRE, at: 0, slot: at.t }, stage.cols.clone());
        let saved = |slot| self.saved(slot, at.t, first + from, rows);
        let gates = self.gates(s, at.t, first + from, rows);
        match (self.spec.cell().known(), s) {
            (Some(Known::Elman(activation)), _) => {
                let ([d_h], [mut d_pre]) = tiles.apart([at.tile(Slot::New(0))], [pre], from, to);
                for n in 0..rows {
                    activate_backward(simd, activation, gates.row(n), d_h.row(n), &mut d_pre.row_mut(n)[cols.clone()]);
                }
            }
            (Some(Known::Lstm), _) => {
                let d_after = [at.tile(Slot::New(0)), at.tile(Slot::New(1))];
                let ([d_h, d_c], [mut d_pre, mut d_c_prev]) =
                    tiles.apart(d_after, [pre, at.tile(Slot::Old(1))], from, to);
                let (c_prev, c) = (saved(Slot::Old(1)), saved(Slot::New(1)));
                for n in 0..rows {
                    let row = lstm::Backward {
                        gates: gates.row(n),
                        c_prev: c_prev.row(n),
                        c: c.row(n),
                        d_h: d_h.row(n),
                        d_c: d_c.row(n),
                        d_c_prev: d_c_prev.row_mut(n),
                        d_pre: &mut d_pre.row_mut(n)[cols.clone()],
                    };
                    lstm::backward(simd, row);
                }
            }
            (Some(Known::Gru(GruReset::After)), _) => {
                let ([d_h], [mut d_pre, mut d_h_prev]) =
                    tiles.apart([at.tile(Slot::New(0))], [pre, at.tile(Slot::Old(0))], from, to);
                let h_prev = saved(Slot::Old(0));
                for n in 0..rows {
                    let (kept, aux) = gates.row(n).split_at(3 * stage.width);
                    let (d_pre, d_aux) = d_pre.row_mut(n)[cols.clone()].split_at_mut(3 * stage.width);
                    let (h_prev, d_h, d_h_prev) = (h_prev.row(n), d_h.row(n), d_h_prev.row_mut(n));
                    gru_after::backward(
                        simd,
                        gru_after::Backward { gates: kept, aux, h_prev, d_h, d_pre, d_aux, d_h_prev },
                    );
                }
            }
            (Some(Known::Gru(GruReset::Before)), 0) => {
                let ([d_aux], [mut d_pre, mut d_h_prev]) =
                    tiles.apart([at.tile(Slot::Value(0))], [pre, at.tile(Slot::Old(0))], from, to);
                let h_prev = saved(Slot::Old(0));
                for n in 0..rows {
                    let row = gru_before::ResetGrad {
                        r: gates.row(n),
                        h_prev: h_prev.row(n),
                        d_aux: d_aux.row(n),
                        d_pre_r: &mut d_pre.row_mut(n)[cols.clone()],
                        d_h_prev: d_h_prev.row_mut(n),
                    };
                    gru_before::reset_backward(simd, row);
                }
            }
            (Some(Known::Gru(GruReset::Before)), _) => {
                let ([d_h], [mut d_pre, mut d_h_prev]) =
                    tiles.apart([at.tile(Slot::New(0))], [pre, at.tile(Slot::Old(0))], from, to);
                let h_prev = saved(Slot::Old(0));
                for row in 0..rows {
                    let (z, n) = gates.row(row).split_at(stage.width);
                    let (d_pre_z, d_pre_n) = d_pre.row_mut(row)[cols.clone()].split_at_mut(stage.width);
                    let (h_prev, d_h, d_h_prev) = (h_prev.row(row), d_h.row(row), d_h_prev.row_mut(row));
                    gru_before::blend_backward(
                        simd,
                        gru_before::BlendGrad { z, n, h_prev, d_h, d_pre_z, d_pre_n, d_h_prev },
                    );
                }
            }
            _ => {
                if let Some(kernels) = self.compiled {
                    return kernels[s](self, s, at, first, tiles, (from, to));
                }
                let (cell, settled) = (self.spec.cell(), self.weights.settled_backward(self.spec, s));
                let program = cell.settled_backward(s).map_or(cell.backward(s), Settled::each);
                for n in from..to {
                    Vectors(simd).run(program, &mut Row { pullback: self, s, at, first, n, tiles, settled });
                }
            }
        }
    }

    /// All biases from one sum over time and rows; no bias, no work. `sums` is scratch, as long as a row of `d_pre`.
    pub fn biases(&self, d_params: &mut [T], steps: Steps<'_>, d_pre: SeqRef<'_, T>, sums: &mut [T]) {
        let groups = &self.spec.plan().groups;
        if groups.iter().all(|group| group.terms.iter().all(|term| term.bias.is_none())) {
            return;
        }
        let sums = &mut sums[..d_pre.cols()];
        sums.fill(T::default());
        columns(self.simd, sums, steps, d_pre);
        for group in groups {
            for bias in group.terms.iter().filter_map(|term| term.bias.clone()) {
                add(self.simd, &mut d_params[bias], &sums[group.cols.clone()]);
            }
        }
    }
}

/// One row of a stage, for the program of its pullback.
struct Row<'r, 'a, 't, T> {
    pullback: &'r Pullback<'a, T>,
    s: usize,
    at: At,
    first: usize,
    n: usize,
    tiles: &'r mut Tiles<'t, T, GROUPS>,
    /// What the vectors of the stage settle.
    settled: &'a [T],
}

impl<T: Number> Operands<T> for Row<'_, '_, '_, T> {
    fn width(&self) -> usize {
        self.pullback.spec.plan().stages[self.s].width
    }

    fn load(&self, place: Place, units: Range<usize>) -> &[T] {
        let Self { pullback, s, at, first, n, .. } = *self;
        let stage = &pullback.spec.plan().stages[s];
        match place {
            Place::Kept(j) => &pullback.gates(s, at.t, first + n, 1).row(0)[j * stage.width..][units],
            Place::Read(j) => &pullback.saved(stage.reads[j], at.t, first + n, 1).row(0)[units],
            Place::Write(j) => &pullback.saved(stage.writes[j], at.t, first + n, 1).row(0)[units],
            Place::Vector(j) => match stage.vectors.get(j) {
                Some(vector) => &pullback.params[vector.clone()][units],
                None => &self.settled[(j - stage.vectors.len()) * stage.width..][units],
            },
            Place::Cotangent(j) => &self.tiles.at(at.tile(stage.writes[j]), n, n + 1).row(0)[units],
            Place::Pre(_) => unreachable!("a pullback reads what is kept"),
        }
    }

    fn store(&mut self, place: Place, units: Range<usize>) -> Option<(Accum, &mut [T])> {
        let Self { pullback, s, at, n, .. } = *self;
        let plan = pullback.spec.plan();
        let stage = &plan.stages[s];
        let (tile, col, accum) = match place {
            Place::Pre(j) => {
                (Tile { group: PRE, at: 0, slot: at.t }, stage.cols.start + j * stage.width, Accum::Replace)
            }
            Place::Read(j) if matches!(stage.reads[j], Slot::Mask(_)) => return None,
            Place::Read(j) => (at.tile(stage.reads[j]), 0, stage.d_reads[j]),
            Place::Vector(j) => {
                (Tile { group: VECTORS, at: 0, slot: 0 }, pullback.vector_start(&stage.vectors[j]), Accum::Add)
            }
            _ => unreachable!("a pullback stores cotangents of operands"),
        };
        Some((accum, &mut self.tiles.at_mut(tile, n, n + 1).storage().0[col..][units]))
    }
}
