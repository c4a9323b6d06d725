//! Linear recurrences `h_t = a_t ⊙ h_{t−1} + b_t` and their pullback, one step after another or in chunks of time.

mod chunked;
mod scan;
mod sequential;

use rnn_kernels::{Direction, LinearBackward, LinearForward, Scalar, SeqMut, SeqRef};

use crate::faer::Faer;
use crate::number::Number;
use crate::simd::recurrence::{Backward, Forward, Link};
pub use scan::Scan;

/// `h_t = a_t h_{t−1} + b_t`; overwrites `h`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Number>(faer: &Faer, run: LinearForward<'_, T>) {
    let [steps, rows, width] = run.check();
    let LinearForward { direction, a, b, initial, mut h } = run;
    put(initial, width, &mut h, direction.initial_slot(steps));
    if steps == 0 {
        return;
    }
    let (first, initial) = (direction.step(0, steps), direction.initial_slot(steps));
    // The first step finds the state before it where it writes its own.
    for n in 0..rows {
        let mut row = h.row_mut(n);
        for j in 0..width {
            row.row_mut(direction.to_slot(first))[j] = row.rb().at(initial, j);
        }
    }
    let written = direction.to_slot(0);
    walk(faer, Forward, direction, [a, b], [h.slice(written, written + steps)]);
}

/// `g_t = d_h_t + a_{t+1} g_{t+1}`, `d_b_t = g_t`, `d_a_t = g_t h_{t−1}`, `d_initial = a_1 g_1`; overwrites all three.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Number>(faer: &Faer, run: LinearBackward<'_, T>) {
    let [steps, rows, width] = run.check();
    let LinearBackward { direction, a, h, d_h, d_last, d_a, mut d_b, d_initial } = run;
    let order = match direction {
        Direction::Forward => Direction::Reverse,
        Direction::Reverse => Direction::Forward,
    };
    if steps > 0 {
        put(d_last, width, &mut d_b, order.step(0, steps));
        let read = direction.from_slot(0);
        walk(faer, Backward, order, [a, h.slice(read, read + steps), d_h], [d_a, d_b.rb_mut()]);
    }
    let Some(d_initial) = d_initial else { return };
    for (n, row) in d_initial.chunks_exact_mut(width.max(1)).enumerate().take(rows) {
        for (j, d) in row.iter_mut().enumerate() {
            *d = match (steps.checked_sub(1), d_last) {
                (Some(last), _) => {
                    let t = order.step(last, steps);
                    a.at(t).at(n, j) * d_b.rb().at(t).at(n, j)
                }
                (None, Some(d_last)) => d_last[n * width + j],
                (None, None) => <T as Scalar>::ZERO,
            };
        }
    }
}

/// A state, or zero, into one slot.
fn put<T: Number>(state: Option<&[T]>, width: usize, slots: &mut SeqMut<'_, T>, slot: usize) {
    let mut step = slots.at_mut(slot);
    for n in 0..step.rows() {
        match state {
            Some(state) => step.row_mut(n).copy_from_slice(&state[n * width..][..width]),
            None => step.row_mut(n).fill(<T as Scalar>::ZERO),
        }
    }
}

/// All steps, in the order of time; the last result of the first of them holds the state before it.
fn walk<T: Number, K: Link<T, R, W>, const R: usize, const W: usize>(
    faer: &Faer,
    link: K,
    order: Direction,
    read: [SeqRef<'_, T>; R],
    write: [SeqMut<'_, T>; W],
) {
    match faer.scan {
        Scan::Sequential => sequential::walk(faer, link, order, read, write),
        Scan::Chunked => chunked::walk(faer, link, order, read, write),
    }
}

/// Whether the rows of a step lie one after another, so that they are one row.
fn is_one_row(rows: usize, cols: usize, row_stride: usize) -> bool {
    rows <= 1 || row_stride == cols
}

/// All rows of all sequences as one, `[T, 1, N·W]`, if they lie one after another in each.
fn as_one_row<T: Number, const R: usize, const W: usize>(
    read: &[SeqRef<'_, T>; R],
    write: &[SeqMut<'_, T>; W],
) -> bool {
    read.iter().all(|s| is_one_row(s.rows(), s.cols(), s.strides().1))
        && write.iter().all(|s| is_one_row(s.rows(), s.cols(), s.strides().1))
}

/// The same elements with each step cut into `rows` rows of `cols` units, one after another, and any rest left out.
fn regrouped<'a, T>(sequence: SeqRef<'a, T>, rows: usize, cols: usize) -> SeqRef<'a, T> {
    SeqRef::with_strides(sequence.storage(), [sequence.steps(), rows, cols], sequence.strides().0, cols)
}

/// As [`regrouped`], to write.
fn regrouped_mut<'a, T>(sequence: SeqMut<'a, T>, rows: usize, cols: usize) -> SeqMut<'a, T> {
    let ([steps, ..], (step_stride, _)) = (sequence.shape(), sequence.strides());
    SeqMut::with_strides(sequence.into_storage(), [steps, rows, cols], step_stride, cols)
}
