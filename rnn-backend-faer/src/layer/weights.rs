//! The weights of a layer in a buffer of their own: biases added up, matrices cut into panels.
//!
//! `[biases of all pre-activations | panels of each term of each group | for training: transposed panels of each segment]`. Both
//! lists are in the order in which a pass walks over them, so that what is left of the buffer is all it must remember.

use rnn_kernels::{Group, MatMut, Plan, Segment, Spec, Use};

use crate::number::Number;
use crate::simd::product::pack::{pack_panels, pack_panels_by_depth, packed_len, panel_len};
use crate::simd::vector::line_len;
use crate::threads::Workers;

/// What [`pack`] left in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, T> {
    /// What every pre-activation begins with.
    pub bias: &'a [T],
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

fn terms_len<T: Number>(plan: &Plan) -> usize {
    let of =
        |group: &Group| group.terms.iter().map(|term| packed_len::<T>(group.cols.len(), term.depth)).sum::<usize>();
    plan.groups.iter().map(of).sum()
}

/// The elements that [`pack`] writes.
pub fn len<T: Number>(spec: &Spec<T>, usage: Use) -> usize {
    let plan = spec.plan();
    let transposed = segments(plan).map(|segment| packed_len::<T>(segment.depth, segment.cols.len()));
    plan.pre + terms_len::<T>(plan) + if usage == Use::Train { transposed.sum() } else { 0 }
}

impl<'a, T: Number> Weights<'a, T> {
    /// The weights as [`pack`] left them for [`Use::Infer`], `len` being their [`len`].
    ///
    /// # Panics
    /// If the buffer is shorter.
    pub fn for_inference(plan: &Plan, buffer: &'a [T], len: usize) -> Self {
        let (bias, terms) = buffer[..len].split_at(plan.pre);
        Self { bias, terms, transposed: &[] }
    }

    /// The weights as [`pack`] left them in `buffer`.
    ///
    /// # Panics
    /// If the buffer is shorter than [`len`].
    pub fn new(plan: &Plan, buffer: &'a [T]) -> Self {
        let (bias, rest) = buffer.split_at(plan.pre);
        let (terms, transposed) = rest.split_at(terms_len::<T>(plan));
        Self { bias, terms, transposed }
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
pub fn pack<T: Number>(workers: &Workers, spec: &Spec<T>, usage: Use, params: &[T], buffer: &mut [T]) {
    let plan = spec.plan();
    let (bias, mut rest) = buffer.split_at_mut(plan.pre);
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
