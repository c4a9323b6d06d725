//! The weights of a layer in a buffer of their own: biases added up, vectors as far as they settle what a program does, matrices cut
//! into panels.
//!
//! `[biases of all pre-activations | what vectors settle, of each stage | panels of each term of each group | for training: transposed
//! panels of each segment]`. Both lists of panels are in the order in which a pass walks over them, so that what is left of the buffer
//! is all it must remember.

use core::ops::Range;

use rnn_kernels::program::{Operands, Place, Runner, Settled};
use rnn_kernels::{Accum, Cell, Group, MatMut, Plan, Segment, Spec, StagePlan, Use};

use super::lanes::Vectors;
use crate::faer::Faer;
use crate::number::Number;
use crate::simd::Simd;
use crate::simd::product::pack::{pack_panels, pack_panels_by_depth, packed_len, panel_len};
use crate::simd::vector::line_len;
use crate::threads::Workers;

/// What [`pack`] left in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, T> {
    /// What every pre-activation begins with.
    pub bias: &'a [T],
    /// What vectors settle for forward, stage after stage.
    settled_forward: &'a [T],
    /// What they settle for backward; empty after [`Use::Infer`].
    settled_backward: &'a [T],
    /// The panels of all terms of all groups.
    pub terms: &'a [T],
    /// The transposed panels of all segments, in the order of [`segments`]; empty after [`Use::Infer`].
    pub transposed: &'a [T],
}

/// All segments in the order of backward: stage after stage from the last one what earlier stages wrote, then old states, then
/// the input.
pub fn segments(plan: &Plan) -> impl Iterator<Item = &Segment> {
    plan.stages.iter().rev().flat_map(|stage| &stage.inner).chain(&plan.old).chain(&plan.input)
}

/// The elements of the panels of all terms.
pub fn terms_len<T: Number>(plan: &Plan) -> usize {
    let of =
        |group: &Group| group.terms.iter().map(|term| packed_len::<T>(group.cols.len(), term.depth)).sum::<usize>();
    plan.groups.iter().map(of).sum()
}

/// The two parts of the program of a stage: [`Cell::settled_forward`] or [`Cell::settled_backward`].
type Parts = fn(&Cell, usize) -> Option<&Settled>;

/// How many elements the vectors of the first `stages` stages settle.
fn settled_len<T>(spec: &Spec<T>, parts: Parts, stages: usize) -> usize {
    let of = |s: usize| parts(spec.cell(), s).map_or(0, Settled::count) * spec.plan().stages[s].width;
    (0..stages).map(of).sum()
}

/// How many vectors settle forward, and, for training, backward.
fn settled_lens<T>(spec: &Spec<T>, usage: Use) -> [usize; 2] {
    let stages = spec.plan().stages.len();
    let backward = if usage == Use::Train { settled_len(spec, Cell::settled_backward, stages) } else { 0 };
    [settled_len(spec, Cell::settled_forward, stages), backward]
}

/// The elements that [`pack`] writes.
pub fn len<T: Number>(spec: &Spec<T>, usage: Use) -> usize {
    let plan = spec.plan();
    let transposed = segments(plan).map(|segment| packed_len::<T>(segment.depth, segment.cols.len()));
    plan.pre
        + settled_lens(spec, usage).iter().sum::<usize>()
        + terms_len::<T>(plan)
        + if usage == Use::Train { transposed.sum() } else { 0 }
}

impl<'a, T: Number> Weights<'a, T> {
    /// The weights as [`pack`] left them for [`Use::Infer`], `len` being their [`len`].
    ///
    /// # Panics
    /// If the buffer is shorter.
    pub fn for_inference(spec: &Spec<T>, buffer: &'a [T], len: usize) -> Self {
        Self::of(spec, Use::Infer, &buffer[..len])
    }

    /// The weights as [`pack`] left them in `buffer`.
    ///
    /// # Panics
    /// If the buffer is shorter than [`len`].
    pub fn new(spec: &Spec<T>, buffer: &'a [T]) -> Self {
        Self::of(spec, Use::Train, buffer)
    }

    fn of(spec: &Spec<T>, usage: Use, buffer: &'a [T]) -> Self {
        let [forward, backward] = settled_lens(spec, usage);
        let (bias, rest) = buffer.split_at(spec.plan().pre);
        let (settled_forward, rest) = rest.split_at(forward);
        let (settled_backward, rest) = rest.split_at(backward);
        let terms = if usage == Use::Infer { rest.len() } else { terms_len::<T>(spec.plan()) };
        let (terms, transposed) = rest.split_at(terms);
        Self { bias, settled_forward, settled_backward, terms, transposed }
    }

    /// What the vectors of stage `s`, and of those after it, settle for forward.
    pub fn settled_forward(&self, spec: &Spec<T>, s: usize) -> &'a [T] {
        &self.settled_forward[settled_len(spec, Cell::settled_forward, s)..]
    }

    /// What they settle for backward; only where weights are packed for training.
    pub fn settled_backward(&self, spec: &Spec<T>, s: usize) -> &'a [T] {
        &self.settled_backward[settled_len(spec, Cell::settled_backward, s)..]
    }
}

/// The front of some panels, and what is left of them.
pub fn next<'a, T: Number>(panels: &mut &'a [T], cols: usize, depth: usize) -> &'a [T] {
    let (front, rest) = panels.split_at(packed_len::<T>(cols, depth));
    *panels = rest;
    front
}

/// Writes the weights for a purpose into `buffer`.
///
/// # Panics
/// If the buffer is shorter than [`len`], or the parameters are.
pub fn pack<T: Number>(backend: &Faer, spec: &Spec<T>, usage: Use, params: &[T], buffer: &mut [T]) {
    let (plan, workers) = (spec.plan(), &backend.workers);
    let (bias, rest) = buffer.split_at_mut(plan.pre);
    let [forward, backward] = settled_lens(spec, usage);
    let (forward, rest) = rest.split_at_mut(forward);
    let (backward, mut rest) = rest.split_at_mut(backward);
    settle(backend.simd, spec, Cell::settled_forward, params, forward);
    if usage == Use::Train {
        settle(backend.simd, spec, Cell::settled_backward, params, backward);
    }
    for group in &plan.groups {
        let sum = &mut bias[group.cols.clone()];
        let mut biases = group.terms.iter().filter_map(|term| term.bias.clone());
        match biases.next() {
            None => sum.fill(T::default()),
            Some(first) => sum.copy_from_slice(&params[first]),
        }
        for bias in biases {
            sum.iter_mut().zip(&params[bias]).for_each(|(sum, &b)| *sum += b);
        }
    }
    let mut piece = |cols, depth| {
        let (piece, tail) = core::mem::take(&mut rest).split_at_mut(packed_len::<T>(cols, depth));
        rest = tail;
        piece
    };
    for group in &plan.groups {
        for term in &group.terms {
            let (w, cols, depth) = (&params[term.weights.clone()], group.cols.len(), term.depth);
            in_blocks(workers, depth, piece(cols, depth), |from, panels| {
                let some = (cols - from).min(columns::<T>(panels, depth));
                pack_panels(&w[from * depth..], some, depth, depth, panels);
            });
        }
    }
    if usage == Use::Train {
        for segment in segments(plan) {
            let (w, cols, depth) = (&params[segment.weights.clone()], segment.depth, segment.cols.len());
            in_blocks(workers, depth, piece(cols, depth), |from, panels| {
                let some = (cols - from).min(columns::<T>(panels, depth));
                pack_panels_by_depth(&w[from..], some, depth, cols, panels);
            });
        }
    }
}

/// Writes what the vectors of all stages settle.
fn settle<T: Number>(simd: Simd, spec: &Spec<T>, parts: Parts, params: &[T], mut settled: &mut [T]) {
    for (s, stage) in spec.plan().stages.iter().enumerate() {
        if let Some(parts) = parts(spec.cell(), s) {
            let (of_stage, rest) = core::mem::take(&mut settled).split_at_mut(parts.count() * stage.width);
            settled = rest;
            Vectors(simd).run(parts.once(), &mut OfVectors { stage, params, settled: of_stage });
        }
    }
}

/// The vectors of a stage, and what they settle.
struct OfVectors<'a, T> {
    stage: &'a StagePlan,
    params: &'a [T],
    settled: &'a mut [T],
}

impl<T: Number> Operands<T> for OfVectors<'_, T> {
    fn width(&self) -> usize {
        self.stage.width
    }

    fn load(&self, place: Place, units: Range<usize>) -> &[T] {
        let Place::Vector(j) = place else { unreachable!("vectors alone settle it") };
        &self.params[self.stage.vectors[j].clone()][units]
    }

    fn store(&mut self, place: Place, units: Range<usize>) -> Option<(Accum, &mut [T])> {
        let Place::Write(j) = place else { unreachable!("what is settled is written") };
        Some((Accum::Replace, &mut self.settled[j * self.stage.width..][units]))
    }
}

/// How many columns some panels of a depth have.
fn columns<T: Number>(panels: &[T], depth: usize) -> usize {
    panels.len() / panel_len::<T>(depth).max(1) * line_len::<T>()
}

/// Elements of a matrix from which its panels are shared out to threads.
const WORTH_SHARING: usize = 32_768;

/// Calls `task(first column, panels)` for blocks of the panels of a matrix of some depth, on any thread.
fn in_blocks<T: Number>(workers: &Workers, depth: usize, panels: &mut [T], task: impl Fn(usize, &mut [T]) + Sync) {
    let len = panel_len::<T>(depth);
    if len == 0 || panels.is_empty() {
        return;
    }
    let number = panels.len() / len;
    let block = workers.block(number, panels.len() >= WORTH_SHARING);
    workers.by_rows(number, block, [MatMut::new(panels, number, len)], |first, [panels]| {
        task(first * line_len::<T>(), panels.storage().0);
    });
}
