//! `S[t, n, f] = data[t · step_stride + n · row_stride + f]`: sequences of matrices.

use super::{MatMut, MatRef};
use crate::scalar::Scalar;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    steps: usize,
    rows: usize,
    cols: usize,
    step_stride: usize,
    row_stride: usize,
}

impl Layout {
    #[inline]
    fn time_major(steps: usize, rows: usize, cols: usize) -> Self {
        // A stride that does not fit is of a sequence that fits into no data, or has no steps and needs none.
        let step_stride = rows.saturating_mul(cols);
        Self { steps, rows, cols, step_stride, row_stride: cols }
    }

    /// The end of the last element, if there is any; `None` on overflow.
    #[inline]
    fn end(&self) -> Option<usize> {
        if self.steps == 0 || self.rows == 0 || self.cols == 0 {
            return Some(0);
        }
        let t = (self.steps - 1).checked_mul(self.step_stride)?;
        let n = (self.rows - 1).checked_mul(self.row_stride)?;
        t.checked_add(n)?.checked_add(self.cols)
    }

    /// No two elements share a place: either whole steps follow each other, or whole rows do.
    fn is_disjoint(&self) -> bool {
        if self.steps == 0 || self.rows == 0 || self.cols == 0 {
            return true; // without rows a time-major step stride is 0
        }
        let rows = self.rows.saturating_sub(1).saturating_mul(self.row_stride).saturating_add(self.cols);
        let steps = self.steps.saturating_sub(1).saturating_mul(self.step_stride).saturating_add(self.cols);
        let time_major =
            (self.rows <= 1 || self.row_stride >= self.cols) && (self.steps <= 1 || self.step_stride >= rows);
        let batch_first =
            (self.steps <= 1 || self.step_stride >= self.cols) && (self.rows <= 1 || self.row_stride >= steps);
        time_major || batch_first
    }

    /// Panics unless the last element is within `len`.
    #[inline]
    #[track_caller]
    fn check_fits(&self, len: usize) {
        if self.end().is_none_or(|end| end > len) {
            self.does_not_fit(len);
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn does_not_fit(&self, len: usize) -> ! {
        panic!("sequence: {self:?} does not fit into {len} elements")
    }

    #[track_caller]
    fn check(&self, len: usize) {
        assert!(self.is_disjoint(), "sequence: the strides of {self:?} make rows overlap");
        self.check_fits(len);
    }

    /// Whether all `T · N` rows are equally spaced, step after step.
    fn is_flat(&self) -> bool {
        self.steps <= 1 || self.rows <= 1 || self.step_stride == self.rows.saturating_mul(self.row_stride)
    }

    /// The distance between the rows of the flat matrix.
    fn flat_stride(&self) -> usize {
        match (self.steps, self.rows) {
            (0 | 1, 0 | 1) => self.cols,
            (_, 0 | 1) => self.step_stride,
            _ => self.row_stride,
        }
    }
}

/// A sequence `[steps, rows, cols]` to read, any non-overlapping strides with unit column stride.
#[derive(Clone, Copy, Debug)]
pub struct SeqRef<'a, T> {
    data: &'a [T],
    layout: Layout,
}

/// A sequence `[steps, rows, cols]` to write, any non-overlapping strides with unit column stride.
#[derive(Debug)]
pub struct SeqMut<'a, T> {
    data: &'a mut [T],
    layout: Layout,
}

macro_rules! shape_methods {
    () => {
        /// The number of steps.
        #[inline]
        #[must_use]
        pub fn steps(&self) -> usize {
            self.layout.steps
        }
        /// The number of rows of a step.
        #[inline]
        #[must_use]
        pub fn rows(&self) -> usize {
            self.layout.rows
        }
        /// The number of columns.
        #[inline]
        #[must_use]
        pub fn cols(&self) -> usize {
            self.layout.cols
        }
        /// `[steps, rows, cols]`.
        #[inline]
        #[must_use]
        pub fn shape(&self) -> [usize; 3] {
            [self.layout.steps, self.layout.rows, self.layout.cols]
        }
        /// The distance between steps and between rows.
        #[inline]
        #[must_use]
        pub fn strides(&self) -> (usize, usize) {
            (self.layout.step_stride, self.layout.row_stride)
        }
        #[track_caller]
        fn check_steps(&self, from: usize, to: usize) {
            assert!(
                from <= to && to <= self.layout.steps,
                "steps {from}..{to} of a sequence of {} steps",
                self.layout.steps
            );
        }
        #[inline]
        #[track_caller]
        fn check_at(&self, t: usize) {
            assert!(t < self.layout.steps, "step {t} of a sequence of {} steps", self.layout.steps);
        }
        #[inline]
        #[track_caller]
        fn check_row(&self, n: usize) {
            assert!(n < self.layout.rows, "row {n} of a sequence of {} rows", self.layout.rows);
        }
        #[track_caller]
        fn check_cols(&self, from: usize, to: usize) {
            assert!(
                from <= to && to <= self.layout.cols,
                "columns {from}..{to} of a sequence of {} columns",
                self.layout.cols
            );
        }
    };
}

impl<'a, T> SeqRef<'a, T> {
    shape_methods!();

    /// Time-major and contiguous: `S[t, n, f] = data[(t · rows + n) · cols + f]`.
    ///
    /// # Panics
    /// If `data` is too short.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn new(data: &'a [T], steps: usize, rows: usize, cols: usize) -> Self {
        let layout = Layout::time_major(steps, rows, cols);
        layout.check_fits(data.len());
        Self { data, layout }
    }

    /// Batch-first and contiguous: `S[t, n, f] = data[(n · steps + t) · cols + f]`.
    ///
    /// # Panics
    /// If `data` is too short.
    #[track_caller]
    #[must_use]
    pub fn batch_first(data: &'a [T], rows: usize, steps: usize, cols: usize) -> Self {
        Self::with_strides(data, [steps, rows, cols], cols, steps.saturating_mul(cols))
    }

    /// `S[t, n, f] = data[t · step_stride + n · row_stride + f]`, shape `[steps, rows, cols]`.
    ///
    /// # Panics
    /// If elements overlap or `data` is too short.
    #[track_caller]
    #[must_use]
    pub fn with_strides(data: &'a [T], [steps, rows, cols]: [usize; 3], step_stride: usize, row_stride: usize) -> Self {
        let layout = Layout { steps, rows, cols, step_stride, row_stride };
        layout.check(data.len());
        Self { data, layout }
    }

    /// Step `t`, `[rows, cols]`.
    ///
    /// # Panics
    /// If `t` is out of range.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn at(&self, t: usize) -> MatRef<'a, T> {
        self.check_at(t);
        let l = &self.layout;
        let start = t.saturating_mul(l.step_stride).min(self.data.len());
        MatRef::with_stride(&self.data[start..], l.rows, l.cols, if l.rows <= 1 { l.cols } else { l.row_stride })
    }

    /// Row `n` over all steps, `[steps, cols]`.
    ///
    /// # Panics
    /// If `n` is out of range.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn row(&self, n: usize) -> MatRef<'a, T> {
        self.check_row(n);
        let l = &self.layout;
        let start = n.saturating_mul(l.row_stride).min(self.data.len());
        MatRef::with_stride(&self.data[start..], l.steps, l.cols, if l.steps <= 1 { l.cols } else { l.step_stride })
    }

    /// All steps as one matrix `[steps · rows, cols]`, if its rows are equally spaced and their number fits.
    #[must_use]
    pub fn flat(&self) -> Option<MatRef<'a, T>> {
        let l = &self.layout;
        let rows = l.steps.checked_mul(l.rows).filter(|_| l.is_flat())?;
        Some(MatRef::with_stride(self.data, rows, l.cols, l.flat_stride()))
    }

    /// Steps `from..to`.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        self.check_steps(from, to);
        let start = from.saturating_mul(self.layout.step_stride).min(self.data.len());
        Self { data: &self.data[start..], layout: Layout { steps: to - from, ..self.layout } }
    }

    /// Columns `from..to`.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[must_use]
    pub fn cols_range(&self, from: usize, to: usize) -> Self {
        self.check_cols(from, to);
        let start = from.min(self.data.len());
        Self { data: &self.data[start..], layout: Layout { cols: to - from, ..self.layout } }
    }

    /// The elements; `strides` says where each is.
    #[inline]
    #[must_use]
    pub fn storage(&self) -> &'a [T] {
        self.data
    }
}

impl<'a, T> SeqMut<'a, T> {
    shape_methods!();

    /// Time-major and contiguous: `S[t, n, f] = data[(t · rows + n) · cols + f]`.
    ///
    /// # Panics
    /// If `data` is too short.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn new(data: &'a mut [T], steps: usize, rows: usize, cols: usize) -> Self {
        let layout = Layout::time_major(steps, rows, cols);
        layout.check_fits(data.len());
        Self { data, layout }
    }

    /// Batch-first and contiguous: `S[t, n, f] = data[(n · steps + t) · cols + f]`.
    ///
    /// # Panics
    /// If `data` is too short.
    #[track_caller]
    #[must_use]
    pub fn batch_first(data: &'a mut [T], rows: usize, steps: usize, cols: usize) -> Self {
        Self::with_strides(data, [steps, rows, cols], cols, steps.saturating_mul(cols))
    }

    /// `S[t, n, f] = data[t · step_stride + n · row_stride + f]`, shape `[steps, rows, cols]`.
    ///
    /// # Panics
    /// If elements overlap or `data` is too short.
    #[track_caller]
    #[must_use]
    pub fn with_strides(
        data: &'a mut [T],
        [steps, rows, cols]: [usize; 3],
        step_stride: usize,
        row_stride: usize,
    ) -> Self {
        let layout = Layout { steps, rows, cols, step_stride, row_stride };
        layout.check(data.len());
        Self { data, layout }
    }

    /// The same sequence, to read.
    #[inline]
    #[must_use]
    pub fn rb(&self) -> SeqRef<'_, T> {
        SeqRef { data: self.data, layout: self.layout }
    }

    /// The same sequence for a shorter lifetime.
    #[inline]
    #[must_use]
    pub fn rb_mut(&mut self) -> SeqMut<'_, T> {
        SeqMut { data: self.data, layout: self.layout }
    }

    /// Step `t`, `[rows, cols]`.
    ///
    /// # Panics
    /// If `t` is out of range.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn at_mut(&mut self, t: usize) -> MatMut<'_, T> {
        self.check_at(t);
        let l = self.layout;
        let start = t.saturating_mul(l.step_stride).min(self.data.len());
        MatMut::with_stride(&mut self.data[start..], l.rows, l.cols, if l.rows <= 1 { l.cols } else { l.row_stride })
    }

    /// Row `n` over all steps, `[steps, cols]`.
    ///
    /// # Panics
    /// If `n` is out of range.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn row_mut(&mut self, n: usize) -> MatMut<'_, T> {
        self.check_row(n);
        let l = self.layout;
        let start = n.saturating_mul(l.row_stride).min(self.data.len());
        MatMut::with_stride(&mut self.data[start..], l.steps, l.cols, if l.steps <= 1 { l.cols } else { l.step_stride })
    }

    /// All steps as one matrix `[steps · rows, cols]`, if its rows are equally spaced and their number fits.
    #[must_use]
    pub fn flat_mut(&mut self) -> Option<MatMut<'_, T>> {
        let l = self.layout;
        let rows = l.steps.checked_mul(l.rows).filter(|_| l.is_flat())?;
        Some(MatMut::with_stride(self.data, rows, l.cols, l.flat_stride()))
    }

    /// Steps `from..to`.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[must_use]
    pub fn slice(self, from: usize, to: usize) -> Self {
        self.check_steps(from, to);
        let start = from.saturating_mul(self.layout.step_stride).min(self.data.len());
        Self { data: &mut self.data[start..], layout: Layout { steps: to - from, ..self.layout } }
    }

    /// Columns `from..to`.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[must_use]
    pub fn cols_range(self, from: usize, to: usize) -> Self {
        self.check_cols(from, to);
        let start = from.min(self.data.len());
        Self { data: &mut self.data[start..], layout: Layout { cols: to - from, ..self.layout } }
    }

    /// Steps `read` and `write`, the one to read and the other to write: two slots of a state buffer.
    ///
    /// # Panics
    /// If the steps are equal or out of range, or if steps interleave in memory (batch-first).
    #[track_caller]
    #[must_use]
    pub fn pair(&mut self, read: usize, write: usize) -> (MatRef<'_, T>, MatMut<'_, T>) {
        self.check_at(read);
        self.check_at(write);
        let Layout { rows, cols, step_stride, row_stride, .. } = self.layout;
        assert!(
            read != write && (rows <= 1 || step_stride >= (rows - 1) * row_stride + cols),
            "steps {read} and {write} cannot be borrowed apart"
        );
        let stride = if rows <= 1 { cols } else { row_stride };
        let cut = (read.max(write) * step_stride).min(self.data.len());
        let first = read.min(write) * step_stride;
        let (low, high) = self.data.split_at_mut(cut);
        let low = &mut low[first.min(cut)..];
        let (from, to) = if read < write { (low, high) } else { (high, low) };
        (MatRef::with_stride(from, rows, cols, stride), MatMut::with_stride(to, rows, cols, stride))
    }

    /// The elements and both strides, given up: for backends that share rows out to threads.
    #[must_use]
    pub fn into_storage(self) -> &'a mut [T] {
        self.data
    }
}

impl<T: Scalar> SeqMut<'_, T> {
    /// `S = value` everywhere.
    pub fn fill(&mut self, value: T) {
        for t in 0..self.steps() {
            self.at_mut(t).fill(value);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{SeqMut, SeqRef};

    const DATA: [f32; 12] = [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11.];

    #[test]
    fn batch_first_and_time_major_name_the_same_elements_differently() {
        let time = SeqRef::new(&DATA, 3, 2, 2);
        let batch = SeqRef::batch_first(&DATA, 2, 3, 2);
        assert_eq!(time.at(2).row(1), &[10., 11.]);
        assert_eq!(batch.at(2).row(1), &[10., 11.]);
        assert_eq!(time.at(1).row(0), &[4., 5.]);
        assert_eq!(batch.at(1).row(0), &[2., 3.]);
        assert_eq!(batch.row(1).row(0), &[6., 7.]);
        assert!(time.flat().is_some() && batch.flat().is_none());
    }

    #[test]
    fn two_slots_can_be_held_at_once_in_either_order() {
        let mut data = DATA;
        let mut states = SeqMut::new(&mut data, 3, 2, 2);
        let (from, mut to) = states.pair(0, 1);
        to.copy_from(from);
        let (from, mut to) = states.pair(2, 0);
        to.copy_from(from);
        assert_eq!(data[..8], [8., 9., 10., 11., 0., 1., 2., 3.]);
    }

    #[test]
    fn one_row_is_flat_whatever_its_row_stride() {
        let one = SeqRef::with_strides(&DATA, [3, 1, 2], 4, 99);
        assert_eq!(one.flat().map(|m| m.row(2)), Some(&[8., 9.][..]));
        assert_eq!(one.row(0).row(2), &[8., 9.]);
    }

    #[test]
    fn sequences_without_steps_or_rows_are_views_like_any_other() {
        assert_eq!(SeqRef::<f32>::new(&[], 4, 0, 6).at(3).shape(), [0, 6]);
        assert_eq!(SeqRef::<f32>::new(&[], 0, 3, 6).shape(), [0, 3, 6]);
        assert!(SeqRef::<f32>::new(&[], 4, 0, 6).flat().is_some_and(|m| m.rows() == 0));
    }

    #[test]
    fn sequences_without_elements_may_have_any_shape() {
        const MAX: usize = usize::MAX;
        for [steps, rows, cols] in [[0, MAX, 3], [MAX, 0, 3], [MAX, 3, 0], [0, MAX, MAX]] {
            let (time, batch) =
                (SeqRef::<f32>::new(&[], steps, rows, cols), SeqRef::<f32>::batch_first(&[], rows, steps, cols));
            assert_eq!((time.shape(), batch.shape()), ([steps, rows, cols], [steps, rows, cols]));
            assert!(time.flat().is_none_or(|flat| flat.rows() == 0));
        }
        assert_eq!(SeqRef::<f32>::new(&[], 0, MAX, 3).row(MAX - 1).shape(), [0, 3]);
        assert_eq!(SeqRef::<f32>::batch_first(&[], 0, MAX, 3).at(MAX - 1).shape(), [0, 3]);
    }

    #[test]
    #[should_panic(expected = "does not fit into 12 elements")]
    fn a_sequence_whose_size_overflows_is_refused() {
        let _ = SeqRef::new(&DATA, 1, usize::MAX / 2, 6);
    }

    #[test]
    #[should_panic(expected = "make rows overlap")]
    fn interleaved_elements_are_refused() {
        let _ = SeqRef::with_strides(&DATA, [2, 2, 3], 2, 3);
    }
}
