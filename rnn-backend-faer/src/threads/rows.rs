//! `[T, N, cols]` in one buffer, split by rows `n`: what one thread owns is
//! strided over time, which slices cannot express.
#![allow(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;
use core::ptr::NonNull;

/// Where the rows of a buffer lie: row `n` of step `t` starts at
/// `t·step_stride + n·row_stride` and has `cols` elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsShape {
    /// T.
    pub steps: usize,
    /// N.
    pub rows: usize,
    /// Elements of a row.
    pub cols: usize,
    /// Distance of two steps.
    pub step_stride: usize,
    /// Distance of two rows of one step.
    pub row_stride: usize,
}

/// Exclusive access to rows `[T, N, cols]` of a buffer.
///
/// [`split_at_row`](Rows::split_at_row) gives the rows below `r` of *every* step
/// to one half and the others to the other; the halves may go to two threads.
pub struct Rows<'a, T> {
    base: NonNull<T>,
    shape: RowsShape,
    /// Of all the buffer's rows, the ones that are ours; `shape.rows` counts them.
    first: usize,
    buffer: PhantomData<&'a mut [T]>,
}

// SAFETY: a `Rows` is exclusive access to its elements, as `&mut [T]` is: `new`
// consumes a `&mut [T]`, and `split_at_row` parts the rows without overlap.
unsafe impl<T: Send> Send for Rows<'_, T> {}
// SAFETY: through `&Rows` elements can only be read, as through `&&mut [T]`.
unsafe impl<T: Sync> Sync for Rows<'_, T> {}

impl RowsShape {
    /// Rows one after another, steps one after another.
    pub fn contiguous(steps: usize, rows: usize, cols: usize) -> RowsShape {
        RowsShape { steps, rows, cols, step_stride: rows.saturating_mul(cols), row_stride: cols }
    }

    /// Whether no two rows share an element: within the smaller stride lie the
    /// columns, within the larger one all that the smaller one spans.
    fn is_disjoint(&self) -> bool {
        let (inner, outer) = if self.row_stride <= self.step_stride {
            ((self.rows, self.row_stride), (self.steps, self.step_stride))
        } else {
            ((self.steps, self.step_stride), (self.rows, self.row_stride))
        };
        let fits =
            |(count, stride): (usize, usize), size: Option<usize>| count < 2 || size.is_some_and(|size| size <= stride);
        fits(inner, Some(self.cols)) && fits(outer, span(inner, self.cols))
    }

    /// Elements from the first to the last of all rows; `None` on overflow.
    fn len(&self) -> Option<usize> {
        if self.steps == 0 || self.rows == 0 || self.cols == 0 {
            return Some(0);
        }
        let step = span((self.rows, self.row_stride), self.cols)?;
        span((self.steps, self.step_stride), step)
    }
}

/// `count` blocks of `size`, `stride` apart, from first to last element.
fn span((count, stride): (usize, usize), size: usize) -> Option<usize> {
    count.saturating_sub(1).checked_mul(stride)?.checked_add(size)
}

impl<'a, T> Rows<'a, T> {
    /// All rows of the buffer.
    ///
    /// # Panics
    /// If two rows overlap or the buffer is too short.
    pub fn new(buffer: &'a mut [T], shape: RowsShape) -> Rows<'a, T> {
        assert!(shape.is_disjoint(), "rows overlap: {shape:?}");
        let len = buffer.len();
        assert!(shape.len().is_some_and(|needed| needed <= len), "rows do not fit into {len} elements: {shape:?}");
        Rows { base: NonNull::from(buffer).cast(), shape, first: 0, buffer: PhantomData }
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.shape.steps
    }

    /// The number of rows of each step that are ours.
    pub fn rows(&self) -> usize {
        self.shape.rows
    }

    /// Elements of a row.
    pub fn cols(&self) -> usize {
        self.shape.cols
    }

    /// Distance of two rows of one step.
    pub fn row_stride(&self) -> usize {
        self.shape.row_stride
    }

    /// Rows `0..row` and rows `row..` of every step.
    ///
    /// # Panics
    /// If `row` exceeds the number of rows.
    pub fn split_at_row(self, row: usize) -> (Rows<'a, T>, Rows<'a, T>) {
        let rows = self.shape.rows;
        assert!(row <= rows, "split at row {row} of {rows}");
        let part =
            |first, rows| Rows { base: self.base, shape: RowsShape { rows, ..self.shape }, first, buffer: PhantomData };
        (part(self.first, row), part(self.first + row, rows - row))
    }

    /// The same rows for a shorter time.
    pub fn reborrow(&mut self) -> Rows<'_, T> {
        Rows { base: self.base, shape: self.shape, first: self.first, buffer: PhantomData }
    }

    /// Row `n` of step `t`.
    ///
    /// # Panics
    /// Out of range.
    pub fn row(&self, t: usize, n: usize) -> &[T] {
        self.read(self.row_range(t, n))
    }

    /// Row `n` of step `t`, to write.
    ///
    /// # Panics
    /// Out of range.
    pub fn row_mut(&mut self, t: usize, n: usize) -> &mut [T] {
        self.write(self.row_range(t, n))
    }

    /// Row `n` of step `from`, to read, and of step `to`, to write.
    ///
    /// # Panics
    /// Out of range, or if the steps are the same.
    pub fn row_pair(&mut self, from: usize, to: usize, n: usize) -> (&[T], &mut [T]) {
        self.pair(from, to, self.row_range(from, n), self.row_range(to, n))
    }

    /// All our rows of step `t`, one after another.
    ///
    /// # Panics
    /// Out of range, or if there are gaps between the rows (what lies in them
    /// may be somebody else's).
    pub fn step(&self, t: usize) -> &[T] {
        self.read(self.step_range(t))
    }

    /// All our rows of step `t`, one after another, to write.
    ///
    /// # Panics
    /// As [`step`](Rows::step).
    pub fn step_mut(&mut self, t: usize) -> &mut [T] {
        self.write(self.step_range(t))
    }

    /// All our rows of step `from`, to read, and of step `to`, to write.
    ///
    /// # Panics
    /// As [`step`](Rows::step), or if the steps are the same.
    pub fn step_pair(&mut self, from: usize, to: usize) -> (&[T], &mut [T]) {
        self.pair(from, to, self.step_range(from), self.step_range(to))
    }

    fn row_range(&self, t: usize, n: usize) -> Range<usize> {
        let RowsShape { steps, rows, cols, step_stride, row_stride } = self.shape;
        assert!(t < steps && n < rows, "row {n} of step {t} in [{steps}, {rows}]");
        if cols == 0 {
            return 0..0;
        }
        let start = t * step_stride + (self.first + n) * row_stride;
        start..start + cols
    }

    fn step_range(&self, t: usize) -> Range<usize> {
        let RowsShape { steps, rows, cols, step_stride, row_stride } = self.shape;
        assert!(t < steps, "step {t} of {steps}");
        assert!(rows < 2 || row_stride == cols, "rows {row_stride} apart have gaps beside {cols} columns");
        if rows == 0 || cols == 0 {
            return 0..0;
        }
        let start = t * step_stride + self.first * row_stride;
        start..start + rows * cols
    }

    // The ranges below come from `row_range` and `step_range`. They lie in the
    // buffer: `new` has checked its last element, and t, n are below the counts
    // it was checked with (`first + rows` never exceeds the number of rows of
    // the whole, and a half without rows gives no range but the empty one at 0).
    // They contain only elements of our own rows: of a row its `cols` elements,
    // of a step rows without gaps.

    fn read(&self, range: Range<usize>) -> &[T] {
        // SAFETY: the range lies in the buffer that `base` comes from, whose
        // elements are initialised and borrowed for 'a. Its elements are ours
        // (see above), and `&self` keeps our writers away meanwhile.
        unsafe { core::slice::from_raw_parts(self.base.as_ptr().add(range.start), range.len()) }
    }

    fn write(&mut self, range: Range<usize>) -> &mut [T] {
        // SAFETY: as `read`, and `&mut self` keeps all our other accesses away.
        unsafe { core::slice::from_raw_parts_mut(self.base.as_ptr().add(range.start), range.len()) }
    }

    fn pair(&mut self, from: usize, to: usize, read: Range<usize>, write: Range<usize>) -> (&[T], &mut [T]) {
        assert!(from != to, "step {from} cannot be read and written at once");
        // SAFETY: as `read` and `write`. Rows of two steps share no element
        // (`is_disjoint`), so the two slices do not overlap, and `&mut self`
        // keeps all other accesses away.
        unsafe {
            let base = self.base.as_ptr();
            (
                core::slice::from_raw_parts(base.add(read.start), read.len()),
                core::slice::from_raw_parts_mut(base.add(write.start), write.len()),
            )
        }
    }
}

impl<T> fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("shape", &self.shape).field("first", &self.first).finish()
    }
}
