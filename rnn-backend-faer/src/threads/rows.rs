//! Rows `from..to` of every step of a sequence: what one thread owns for a whole pass.
//!
//! The rows of one thread are strided over time, so slices cannot express them: the steps of two threads interleave.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ptr::NonNull;

use rnn_kernels::{MatMut, SeqMut};

use super::Workers;

/// A block of rows of a mutable sequence, over all its steps.
#[derive(Debug)]
pub struct Rows<'a, T> {
    /// Element `[0, first row, 0]`.
    base: NonNull<T>,
    steps: usize,
    rows: usize,
    cols: usize,
    step_stride: usize,
    row_stride: usize,
    owner: PhantomData<&'a mut [T]>,
}

// SAFETY: a block is the only way to its elements (see `Rows::block`), so it may go wherever a `&mut [T]` may.
unsafe impl<T: Send> Send for Rows<'_, T> {}
// SAFETY: through `&Rows` only further blocks are made, whose contract keeps them disjoint; those let another thread write
// elements: hence `Send`, too.
unsafe impl<T: Send + Sync> Sync for Rows<'_, T> {}

impl<'a, T> Rows<'a, T> {
    /// All rows of a sequence.
    pub fn new(sequence: SeqMut<'a, T>) -> Self {
        let [steps, rows, cols] = sequence.shape();
        let (step_stride, row_stride) = sequence.strides();
        let base = NonNull::from(sequence.into_storage()).cast();
        Self { base, steps, rows, cols, step_stride, row_stride, owner: PhantomData }
    }

    /// All rows of a matrix, as a sequence of one step.
    pub fn of(matrix: MatMut<'a, T>) -> Self {
        let [rows, cols] = matrix.shape();
        let (data, row_stride) = matrix.storage();
        Self::new(SeqMut::with_strides(data, [1, rows, cols], 0, row_stride))
    }

    /// A sequence of nothing: so many rows without columns.
    pub fn none(rows: usize) -> Self {
        Self::new(SeqMut::new(&mut [], 1, rows, 0))
    }

    /// How many columns; 0 for [`none`](Rows::none).
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Element `[0, 0, 0]`, `[steps, rows, cols]`, and the distances between steps and between rows.
    pub(super) fn places(&mut self) -> (NonNull<T>, [usize; 3], (usize, usize)) {
        (self.base, [self.steps, self.rows, self.cols], (self.step_stride, self.row_stride))
    }

    /// Rows `from..to` of this block.
    ///
    /// # Safety
    /// `from <= to <=` the rows, and as long as the result is alive nothing else may use these rows of the sequence.
    unsafe fn block(&self, from: usize, to: usize) -> Rows<'_, T> {
        // In `wrapping` arithmetic, since an empty sequence has no element to point at; `len` of such a block is 0.
        let base = NonNull::new(self.base.as_ptr().wrapping_add(from * self.row_stride)).unwrap_or(self.base);
        Rows { base, rows: to - from, owner: PhantomData, ..*self }
    }

    /// Where rows `from..to` of step `t` begin and how many elements they span, gaps between them included.
    #[track_caller]
    fn span(&self, t: usize, from: usize, to: usize) -> (NonNull<T>, usize) {
        assert!(t < self.steps, "step {t} of a sequence of {} steps", self.steps);
        assert!(from <= to && to <= self.rows, "rows {from}..{to} of a block of {} rows", self.rows);
        if from == to || self.cols == 0 {
            return (NonNull::dangling(), 0);
        }
        // SAFETY: `SeqMut` guarantees that element `[t, n, f]` lies in its slice at `t·step_stride + n·row_stride + f`.
        // `t` and `from` were checked, so this is the place of an element of the sequence.
        let first = unsafe { self.base.add(t * self.step_stride + from * self.row_stride) };
        (first, (to - from - 1) * self.row_stride + self.cols)
    }

    /// Rows `from..to` of step `t`, to write.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    pub fn at_mut(&mut self, t: usize, from: usize, to: usize) -> MatMut<'_, T> {
        let (first, len) = self.span(t, from, to);
        // SAFETY: the span ends with the last element of row `to − 1`, all of it within the slice of the sequence. Whether
        // whole steps follow each other or whole rows do (`SeqMut` guarantees one of them), no element of a row outside
        // this block lies in it, so nobody else uses it; `&mut self` keeps this block from being used in any other way
        // meanwhile.
        let data = unsafe { core::slice::from_raw_parts_mut(first.as_ptr(), len) };
        MatMut::with_stride(data, to - from, self.cols, if to - from <= 1 { self.cols } else { self.row_stride })
    }

    /// All rows of step `t`, for as long as the block itself was to live.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    pub fn into_step(self, t: usize) -> MatMut<'a, T> {
        let (first, len) = self.span(t, 0, self.rows);
        // SAFETY: as in `at_mut`, and the block, which was the only way to its elements for 'a, is consumed.
        let data = unsafe { core::slice::from_raw_parts_mut(first.as_ptr(), len) };
        MatMut::with_stride(data, self.rows, self.cols, if self.rows <= 1 { self.cols } else { self.row_stride })
    }
}

impl Workers {
    /// Cuts all sequences into blocks of `block` rows and calls `task(first row, blocks)` once for each, on any thread.
    ///
    /// # Panics
    /// If the sequences do not all have `rows` rows, or `block` is 0; with a panic of a task.
    pub fn by_blocks<T: Send + Sync, const K: usize>(
        &self,
        rows: usize,
        block: usize,
        sequences: [Rows<'_, T>; K],
        task: impl Fn(usize, [Rows<'_, T>; K]) + Sync,
    ) {
        assert!(block > 0, "a block must have rows");
        assert!(sequences.iter().all(|sequence| sequence.rows == rows), "all sequences must have {rows} rows");
        self.run(rows.div_ceil(block), &|i| {
            let from = i * block;
            let to = rows.min(from.saturating_add(block));
            // SAFETY: `from <= to <= rows`. `Workers::run` calls this at most once for each `i`, and blocks of different `i` share
            // no row. The sequences themselves are not used again: `run` returns or unwinds only when nobody is in a task any
            // more, whatever panics in one or while its panic is dropped. A block does not outlive its call: `task` takes
            // blocks of any lifetime, so it can keep none, and one that it forgets is nothing but numbers. A task that shares
            // out rows in turn has only its block to share.
            task(from, sequences.each_ref().map(|sequence| unsafe { sequence.block(from, to) }));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[t, n, f] = 100 t + 10 n + f` written by three threads, in blocks of two rows.
    fn written_in_blocks(sequence: SeqMut<'_, f32>) {
        let rows = sequence.rows();
        Workers::pool(3).expect("the system gives the threads").by_blocks(
            rows,
            2,
            [Rows::new(sequence)],
            |first, [mut block]| {
                for t in 0..block.steps {
                    for n in 0..block.rows {
                        for (f, x) in block.at_mut(t, n, n + 1).row_mut(0).iter_mut().enumerate() {
                            *x = (100 * t + 10 * (first + n) + f) as f32;
                        }
                    }
                }
            },
        );
    }

    #[test]
    fn every_element_is_written_by_one_block_in_either_order_of_time_and_rows() {
        let mut time_major = vec![-1.0_f32; 3 * 5 * 4];
        written_in_blocks(SeqMut::with_strides(&mut time_major, [3, 5, 3], 20, 4));
        let mut batch_first = vec![-1.0_f32; 3 * 5 * 4];
        written_in_blocks(SeqMut::with_strides(&mut batch_first, [3, 5, 3], 4, 12));
        for (t, n, f) in (0..3).flat_map(|t| (0..5).flat_map(move |n| (0..4).map(move |f| (t, n, f)))) {
            let want = if f < 3 { (100 * t + 10 * n + f) as f32 } else { -1.0 };
            assert_eq!(time_major[20 * t + 4 * n + f], want);
            assert_eq!(batch_first[4 * t + 12 * n + f], want);
        }
    }

    #[test]
    fn sequences_without_rows_or_columns_have_blocks_like_any_other() {
        Workers::pool(2).expect("the system gives the threads").by_blocks(
            4,
            2,
            [Rows::<f32>::none(4)],
            |_, [mut block]| {
                assert_eq!((block.rows, block.cols()), (2, 0));
                assert_eq!(block.at_mut(0, 0, 2).shape(), [2, 0]);
            },
        );
    }
}
