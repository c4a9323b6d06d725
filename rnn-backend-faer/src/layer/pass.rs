//! What all steps of a pass have in common, and the products of one.

use rnn_kernels::{Direction, Group, Home, Input, MatMut, MatRef, Plan, SeqRef, Slot, Spec, Steps};

use super::weights::{Weights, next};
use crate::number::Number;
use crate::passes::block;
use crate::passes::reading::Reading;
use crate::passes::slots::{Kept, Slots};
use crate::passes::units::Units;
use crate::simd::Simd;
use crate::simd::product::pack::{from_column, panel_lines};
use crate::simd::product::{Start, Sum, Term, sum_of_products};
use crate::simd::vector::line_len;
use crate::threads::{Tile, Tiles, Workers};

/// The states of a pass: `T + 1` slots, or two that take turns.
pub const STATES: usize = 0;
/// Its pre-activations.
pub const GATES: usize = 1;
/// What stages leave for later ones.
pub const VALUES: usize = 2;
/// The groups of its buffer.
pub const GROUPS: usize = 3;

/// A pass as all blocks of rows see it.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a, T> {
    pub simd: Simd,
    pub spec: &'a Spec<T>,
    pub weights: Weights<'a, T>,
    pub params: &'a [T],
    pub x: Input<'a, T>,
    pub masks: &'a [SeqRef<'a, T>],
    pub direction: Direction,
    pub steps: Steps<'a>,
    pub step_count: usize,
    pub kept: Kept,
    /// Whether biases and products with the input are there already: see [`ahead`].
    pub ahead: bool,
    /// Who shares the units of a step, if a single row is shared out.
    pub units: Option<Units<'a>>,
    /// The kernels of the cell, if it was compiled.
    pub compiled: Option<&'a [ForwardUnits<T>]>,
}

/// The units of stage `s` of a compiled cell: `(pass, s, at, first, tiles, (from, to))`, rows `from..to` of a block whose first row is
/// `first` of the batch.
pub type ForwardUnits<T> = fn(&Pass<'_, T>, usize, Slots, usize, &mut Tiles<'_, T, GROUPS>, (usize, usize));

/// The threads that share the units of a single row, if the pass is one for that.
pub fn shared_units<'a, T: Number>(
    workers: &'a Workers,
    spec: &Spec<T>,
    steps: usize,
    rows: usize,
) -> Option<Units<'a>> {
    if rows != 1 || !workers.meet_often() || spec.cell().known().is_none() {
        return None;
    }
    let [_, through_states] = work(spec.plan());
    Units::of::<T>(workers, through_states, spec.plan().stages[0].width, steps, rows)
}

fn reading<T>(plan: &Plan) -> Reading {
    Reading::of(plan.input.iter().map(|segment| segment.weights.len()).sum::<usize>() * size_of::<T>())
}

/// For how many steps at once a pass that keeps nothing may compute the products with `x`. Threads meet twice for each window.
pub fn steps_ahead<T>(workers: &Workers, plan: &Plan, steps: usize, rows: usize) -> usize {
    let longer = if workers.most_threads() > 1 { LONGER } else { 1 };
    if steps <= 1 || rows == 0 { 1 } else { (longer * reading::<T>(plan).at_once).div_ceil(rows).min(steps) }
}

/// By how much windows are longer where threads meet after them.
const LONGER: usize = 4;

/// Whether the products with `x` are better computed for many steps at once, with `block` rows a thread.
pub fn worth_ahead<T>(plan: &Plan, x: Input<'_, T>, block: usize) -> bool
where
    T: Number,
{
    let flat = matches!(x, Input::Dense(x) if x.flat().is_some());
    flat && x.steps() >= 2 && !plan.input.is_empty() && block <= reading::<T>(plan).few
}

/// Multiply-adds of a step and row, with the input and without.
pub fn work(plan: &Plan) -> [usize; 2] {
    let input: usize = plan.input.iter().map(|segment| segment.weights.len()).sum();
    let old = plan.old.iter().chain(plan.stages.iter().flat_map(|stage| &stage.inner));
    let old = old.map(|segment| segment.weights.len()).sum::<usize>();
    [input + old, old]
}

/// Biases and products with `x` of some columns for all steps of `x`; `pre` `[T · N, cols]`.
pub fn ahead<T: Number>(
    simd: Simd,
    workers: &Workers,
    weights: Weights<'_, T>,
    x: MatRef<'_, T>,
    (group, panels): (&Group, &[T]),
    pre: MatMut<'_, T>,
) {
    let [rows, cols] = pre.shape();
    let share = block(workers, rows, rows * x.cols() * cols);
    workers.by_rows(rows, share, [pre], |from, [pre]| {
        let term = term(x.rows_range(from, from + pre.rows()), panels);
        sum(simd, pre, Start::Bias(&weights.bias[group.cols.clone()]), &[term]);
    });
}

/// The groups that the input is multiplied into, each with the panels for that.
pub fn with_input<'a, T: Number>(
    plan: &'a Plan,
    weights: Weights<'a, T>,
) -> impl Iterator<Item = (&'a Group, &'a [T])> {
    let mut panels = weights.terms;
    plan.groups.iter().filter_map(move |group| {
        let mut of_input = None;
        for term in &group.terms {
            let panels = next(&mut panels, group.cols.len(), term.depth);
            if term.of == Slot::X {
                of_input = Some((group, panels));
            }
        }
        of_input
    })
}

impl<'a, T: Number> Pass<'a, T> {
    pub fn plan(&self) -> &'a Plan {
        self.spec.plan()
    }

    /// Where a state or a value lies at some step.
    #[inline(always)]
    pub fn tile(&self, slot: Slot, at: Slots) -> Tile {
        match slot {
            Slot::Old(k) => Tile { group: STATES, at: k, slot: at.from },
            Slot::New(k) => Tile { group: STATES, at: k, slot: at.to },
            Slot::Value(v) => Tile { group: VALUES, at: v, slot: self.kept.aux(at.t) },
            Slot::X | Slot::Mask(_) => unreachable!("the input and masks lie in no buffer of a pass"),
        }
    }

    /// Where pre-activations lie, and the first column. A pass that keeps nothing has room for all of them beside the states.
    #[inline(always)]
    pub fn pre(&self, home: Home, first: usize, at: Slots) -> (Tile, usize) {
        let gates = Tile { group: GATES, at: 0, slot: at.gates };
        match (self.kept, home) {
            (Kept::Last { .. }, _) => (gates, first),
            (Kept::All, Home::Gates(first)) => (gates, first),
            (Kept::All, Home::Written(slot, first)) => (self.tile(slot, at), first),
        }
    }

    /// Rows `from..to` of the input of a step; `None` if it is one-hot.
    #[inline(always)]
    pub fn x(&self, t: usize, from: usize, to: usize) -> Option<MatRef<'a, T>> {
        match self.x {
            Input::Dense(x) => Some(x.at(t).rows_range(from, to)),
            _ => None,
        }
    }

    /// What a stage reads of row `n` of the batch where it lies in no buffer of a pass: the input or a mask.
    pub fn outside(&self, slot: Slot, t: usize, n: usize) -> Option<&'a [T]> {
        match (slot, self.x) {
            (Slot::X, Input::Dense(x)) => Some(x.at(t).row(n)),
            (Slot::Mask(m), _) => Some(self.masks[m].at(t).row(n)),
            _ => None,
        }
    }

    /// Rows `from..from + rows` of the batch of the same.
    pub fn rows_outside(&self, slot: Slot, t: usize, from: usize, rows: usize) -> MatRef<'a, T> {
        match (slot, self.x) {
            (Slot::X, Input::Dense(x)) => x.at(t).rows_range(from, from + rows),
            (Slot::Mask(m), _) => self.masks[m].at(t).rows_range(from, from + rows),
            _ => unreachable!(
                "a state or a value lies in the buffer of a pass, and a one-hot input is not read by units"
            ),
        }
    }

    /// `pre = Σ b + Σ W · slot` for a group: rows `from..to` of a block whose first row is `first` of the batch.
    pub fn products(
        &self,
        group: &Group,
        panels: &mut &[T],
        at: Slots,
        first: usize,
        tiles: &mut Tiles<'_, T, GROUPS>,
        (from, to): (usize, usize),
    ) {
        let (pre, col) = self.pre(group.home, group.cols.start, at);
        let cols = group.cols.len();
        let mut start = Start::Bias(&self.weights.bias[group.cols.clone()]);
        let mut with_x = None;
        for of in &group.terms {
            let panels = next(panels, cols, of.depth);
            if of.of != Slot::X {
                if of.depth > 0 {
                    let ([v], [c]) = tiles.apart([self.tile(of.of, at)], [pre], from, to);
                    let (c, term) = (c.cols_range(col, col + cols), term(v, panels));
                    match with_x.take() {
                        Some(x) => sum(self.simd, c, start, &[x, term]),
                        None => sum(self.simd, c, start, &[term]),
                    }
                    start = Start::C;
                }
            } else if self.ahead {
                start = Start::C;
            } else if let Some(x) = self.x(at.t, first + from, first + to) {
                with_x = (of.depth > 0).then(|| term(x, panels));
            } else {
                let mut c = tiles.at_mut(pre, from, to).cols_range(col, col + cols);
                for n in 0..to - from {
                    self.column(group, panels, at.t, first + from + n, c.row_mut(n));
                }
                start = Start::C;
            }
        }
        if with_x.is_some() || matches!(start, Start::Bias(_)) {
            let c = tiles.at_mut(pre, from, to).cols_range(col, col + cols);
            sum(self.simd, c, start, with_x.as_slice());
        }
    }

    /// Biases and the column of a matrix that a one-hot input names.
    fn column(&self, group: &Group, panels: &[T], t: usize, n: usize, pre: &mut [T]) {
        self.some_columns(group, 0, panels, t, n, pre);
    }

    /// As [`column`](Self::column), `pre` being some columns of the group, those from `from` on: the first one of a panel.
    pub fn some_columns(&self, group: &Group, from: usize, panels: &[T], t: usize, n: usize, pre: &mut [T]) {
        let Input::OneHot { index, rows, .. } = self.x else { unreachable!("the input is dense or one-hot") };
        let (depth, line, named) = (self.spec.size().input, line_len::<T>(), index[t * rows + n] as usize);
        pre.copy_from_slice(&self.weights.bias[group.cols.start + from..][..pre.len()]);
        let panels = from_column(panels, depth, from);
        for (pre, panel) in pre.chunks_mut(line).zip(panels.chunks_exact((line * panel_lines(depth)).max(1))) {
            pre.iter_mut().zip(&panel[named * line..]).for_each(|(pre, &w)| *pre += w);
        }
    }
}

pub(super) fn term<'a, T: Number>(a: MatRef<'a, T>, panels: &'a [T]) -> Term<'a, T> {
    let (depth, (a, a_stride)) = (a.cols(), a.storage());
    Term { a, a_stride, depth, panels }
}

pub(super) fn sum<T: Number>(simd: Simd, c: MatMut<'_, T>, start: Start<'_, T>, terms: &[Term<'_, T>]) {
    let [rows, cols] = c.shape();
    if cols > 0 {
        let (c, c_stride) = c.storage();
        sum_of_products(simd, Sum { c, c_stride, rows, cols, start, terms });
    }
}
