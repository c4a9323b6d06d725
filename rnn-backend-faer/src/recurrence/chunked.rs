//! Chunks of time: each is folded into one step, the states between them follow in order, and from its state each runs alone.
//!
//! `s_{k+1} = A_k s_k + B_k`, then `h_t = a_t h_{t−1} + b_t` from `s_k` on. What chunks leave for each other lies where their results
//! will be: the first step has the state that the chunk begins with, the second `A`, the third `B`. So no scratch is needed.

use rnn_kernels::{Direction, SeqMut, SeqRef};

use super::sequential::WORTH_SHARING;
use super::{as_one_row, regrouped, regrouped_mut};
use crate::faer::Faer;
use crate::number::Number;
use crate::simd::recurrence::{Combine, Link, advance, fold};
use crate::threads::Rows;

/// Steps of a chunk. Another number is other bits.
const CHUNK: usize = 128;
/// Elements that a thread folds before it runs them: all their operands and results stay in its second cache.
const AT_ONCE: usize = 1 << 14;

pub(super) fn walk<T: Number, K: Link<T, R, W>, const R: usize, const W: usize>(
    faer: &Faer,
    link: K,
    order: Direction,
    read: [SeqRef<'_, T>; R],
    mut write: [SeqMut<'_, T>; W],
) {
    let [steps, rows, width] = read[0].shape();
    if as_one_row(&read, &write) {
        let units = rows * width;
        let read = read.map(|s| regrouped(s, 1, units));
        return row(faer, link, order, read, write.map(|s| regrouped_mut(s, 1, units)));
    }
    for n in 0..rows {
        let one = read.map(|s| {
            let (data, stride) = s.row(n).storage();
            SeqRef::with_strides(data, [steps, 1, width], stride, width)
        });
        let to = write.each_mut().map(|s| {
            let (data, stride) = s.row_mut(n).storage();
            SeqMut::with_strides(data, [steps, 1, width], stride, width)
        });
        row(faer, link, order, one, to);
    }
}

/// One row.
fn row<T: Number, K: Link<T, R, W>, const R: usize, const W: usize>(
    faer: &Faer,
    link: K,
    order: Direction,
    read: [SeqRef<'_, T>; R],
    mut write: [SeqMut<'_, T>; W],
) {
    let (steps, units) = (read[0].steps(), read[0].cols());
    let chunks = steps / CHUNK;
    if chunks > 1 && units > 0 {
        let threads = if steps * units >= WORTH_SHARING { faer.workers.threads() } else { 1 };
        let at_once = threads * (AT_ONCE / (CHUNK * units)).max(1);
        for from in (0..chunks).step_by(at_once) {
            several(faer, link, order, read, &mut write, from..chunks.min(from + at_once), threads);
        }
    }
    // From what the last chunk handed on; or all there is.
    let rest = if chunks > 1 { chunks * CHUNK } else { 0 };
    let mut write = write.map(Rows::new);
    advance(faer.simd, link, order, rest..steps, read, 0, &mut write);
}

/// Chunks `range` in the order of time.
fn several<T: Number, K: Link<T, R, W>, const R: usize, const W: usize>(
    faer: &Faer,
    link: K,
    order: Direction,
    read: [SeqRef<'_, T>; R],
    write: &mut [SeqMut<'_, T>; W],
    range: core::ops::Range<usize>,
    threads: usize,
) {
    let (steps, units, chunks) = (read[0].steps(), read[0].cols(), range.len());
    let (from, to) = match order {
        Direction::Forward => (range.start * CHUNK, range.end * CHUNK),
        Direction::Reverse => (steps - range.end * CHUNK, steps - range.start * CHUNK),
    };
    // `[128, chunks, units]`: a chunk is a row.
    let rows = read.map(|s| {
        let stride = s.strides().0;
        SeqRef::with_strides(s.slice(from, to).storage(), [CHUNK, chunks, units], stride, CHUNK * stride)
    });
    let rows_of = |write: &mut [SeqMut<'_, T>; W], task: &(dyn Fn(usize, [Rows<'_, T>; W]) + Sync)| {
        let write = write.each_mut().map(|s| {
            let stride = s.strides().0;
            let data = s.rb_mut().slice(from, to).into_storage();
            Rows::new(SeqMut::with_strides(data, [CHUNK, chunks, units], stride, CHUNK * stride))
        });
        faer.workers.by_blocks(chunks, chunks.div_ceil(threads), write, task);
    };
    rows_of(write, &|first, mut write| fold(faer.simd, link, order, rows, first, &mut write));
    // A chunk that is the last one hands nothing on: what follows goes on from its last step.
    let chunks = range.start..range.end.min((steps / CHUNK).saturating_sub(1));
    let room = write[W - 1].row_mut(0).storage();
    Combine { link, order, read, room, chunks, length: CHUNK }.run(faer.simd);
    rows_of(write, &|first, mut write| advance(faer.simd, link, order, 0..CHUNK, rows, first, &mut write));
}
