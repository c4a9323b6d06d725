//! `A[m, n] = data[m · row_stride + n]`: matrices with unit column stride.

use crate::scalar::Scalar;

/// Panics unless `rows` rows of `cols` elements, `stride` apart, fit into `len` and do not overlap.
#[inline]
#[track_caller]
fn check(len: usize, rows: usize, cols: usize, stride: usize) {
    let fits = || {
        let end = (rows - 1).checked_mul(stride).and_then(|last| last.checked_add(cols));
        end.is_some_and(|end| end <= len)
    };
    if rows > 1 && stride < cols || rows > 0 && cols > 0 && !fits() {
        is_no_matrix(len, rows, cols, stride);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn is_no_matrix(len: usize, rows: usize, cols: usize, stride: usize) -> ! {
    assert!(rows <= 1 || stride >= cols, "matrix [{rows}, {cols}]: a row stride of {stride} makes rows overlap");
    panic!("matrix [{rows}, {cols}] with row stride {stride} does not fit into {len} elements")
}

// A message that borrowed what it tells would keep it in memory on the way that is taken.
#[cold]
#[inline(never)]
#[track_caller]
fn no_row(m: usize, rows: usize) -> ! {
    panic!("row {m} of a matrix of {rows} rows")
}

#[cold]
#[inline(never)]
#[track_caller]
fn no_range(what: &str, from: usize, to: usize, of: usize) -> ! {
    panic!("{what} {from}..{to} of {of}")
}

#[cold]
#[inline(never)]
#[track_caller]
fn no_copy(from: [usize; 2], into: [usize; 2]) -> ! {
    panic!("copy of {from:?} into {into:?}")
}

/// A matrix `[rows, cols]` to read: rows of unit stride, or the transpose of such a matrix.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    /// Rows as stored; a transposed view has this many columns.
    stored_rows: usize,
    stored_cols: usize,
    stride: usize,
    transposed: bool,
}

impl<'a, T> MatRef<'a, T> {
    /// A matrix of nothing, `[0, 0]`: what a list of matrices holds before they are found.
    #[inline]
    #[must_use]
    pub const fn empty() -> Self {
        Self { data: &[], stored_rows: 0, stored_cols: 0, stride: 0, transposed: false }
    }

    /// `A[m, n] = data[m · cols + n]`, shape `[rows, cols]`.
    ///
    /// # Panics
    /// If `data` is shorter than `rows · cols`.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self::with_stride(data, rows, cols, cols)
    }

    /// `A[m, n] = data[m · stride + n]`, shape `[rows, cols]`.
    ///
    /// # Panics
    /// If rows overlap or `data` is too short.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn with_stride(data: &'a [T], rows: usize, cols: usize, stride: usize) -> Self {
        check(data.len(), rows, cols, stride);
        Self { data, stored_rows: rows, stored_cols: cols, stride, transposed: false }
    }

    /// `Aᵀ`: only ever an operand of a product.
    #[inline]
    #[must_use]
    pub fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Whether this is a transposed view: then [`storage`](Self::storage) has unit stride along the view's rows.
    #[inline]
    #[must_use]
    pub fn is_transposed(&self) -> bool {
        self.transposed
    }

    /// The number of rows.
    #[inline]
    #[must_use]
    pub fn rows(&self) -> usize {
        if self.transposed { self.stored_cols } else { self.stored_rows }
    }

    /// The number of columns.
    #[inline]
    #[must_use]
    pub fn cols(&self) -> usize {
        if self.transposed { self.stored_rows } else { self.stored_cols }
    }

    /// `[rows, cols]`.
    #[inline]
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        [self.rows(), self.cols()]
    }

    /// The elements and the distance between stored rows (the rows of the view, or its columns if transposed).
    #[inline]
    #[must_use]
    pub fn storage(&self) -> (&'a [T], usize) {
        (self.data, self.stride)
    }

    /// Row `m` as a slice.
    ///
    /// # Panics
    /// If `m` is out of range or the view is transposed.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn row(&self, m: usize) -> &'a [T] {
        assert!(!self.transposed, "a transposed matrix has no contiguous rows");
        if m >= self.stored_rows {
            no_row(m, self.stored_rows);
        }
        if self.stored_cols == 0 { &[] } else { &self.data[m * self.stride..][..self.stored_cols] }
    }

    /// Rows `from..to`.
    ///
    /// # Panics
    /// If the range is out of bounds or the view is transposed.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn rows_range(&self, from: usize, to: usize) -> Self {
        assert!(!self.transposed, "rows of a transposed matrix");
        if from > to || to > self.stored_rows {
            no_range("rows", from, to, self.stored_rows);
        }
        let start = (from * self.stride).min(self.data.len());
        Self { data: &self.data[start..], stored_rows: to - from, ..*self }
    }

    /// Columns `from..to`.
    ///
    /// # Panics
    /// If the range is out of bounds or the view is transposed.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn cols_range(&self, from: usize, to: usize) -> Self {
        assert!(!self.transposed, "columns of a transposed matrix");
        if from > to || to > self.stored_cols {
            no_range("columns", from, to, self.stored_cols);
        }
        let start = from.min(self.data.len());
        Self { data: &self.data[start..], stored_cols: to - from, ..*self }
    }
}

impl<T: Scalar> MatRef<'_, T> {
    /// `A[m, n]`.
    ///
    /// # Panics
    /// If out of range.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn at(&self, m: usize, n: usize) -> T {
        let (m, n) = if self.transposed { (n, m) } else { (m, n) };
        assert!(m < self.stored_rows && n < self.stored_cols, "element [{m}, {n}] is out of range");
        self.data[m * self.stride + n]
    }
}

/// A matrix `[rows, cols]` to write: rows of unit stride that never overlap.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
    stride: usize,
}

impl<'a, T> MatMut<'a, T> {
    /// A matrix of nothing, `[0, 0]`: what a list of matrices holds before they are found.
    #[inline]
    #[must_use]
    pub const fn empty() -> Self {
        Self { data: &mut [], rows: 0, cols: 0, stride: 0 }
    }

    /// `A[m, n] = data[m · cols + n]`, shape `[rows, cols]`.
    ///
    /// # Panics
    /// If `data` is shorter than `rows · cols`.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        Self::with_stride(data, rows, cols, cols)
    }

    /// `A[m, n] = data[m · stride + n]`, shape `[rows, cols]`.
    ///
    /// # Panics
    /// If rows overlap or `data` is too short.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn with_stride(data: &'a mut [T], rows: usize, cols: usize, stride: usize) -> Self {
        check(data.len(), rows, cols, stride);
        Self { data, rows, cols, stride }
    }

    /// The number of rows.
    #[inline]
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[inline]
    #[must_use]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// `[rows, cols]`.
    #[inline]
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.cols]
    }

    /// The elements and the distance between rows.
    #[inline]
    #[must_use]
    pub fn storage(self) -> (&'a mut [T], usize) {
        (self.data, self.stride)
    }

    /// The same matrix, to read.
    #[inline]
    #[must_use]
    pub fn rb(&self) -> MatRef<'_, T> {
        MatRef {
            data: self.data,
            stored_rows: self.rows,
            stored_cols: self.cols,
            stride: self.stride,
            transposed: false,
        }
    }

    /// The same matrix for a shorter lifetime.
    #[inline]
    #[must_use]
    pub fn rb_mut(&mut self) -> MatMut<'_, T> {
        MatMut { data: self.data, rows: self.rows, cols: self.cols, stride: self.stride }
    }

    /// Row `m` as a slice.
    ///
    /// # Panics
    /// If `m` is out of range.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn row_mut(&mut self, m: usize) -> &mut [T] {
        if m >= self.rows {
            no_row(m, self.rows);
        }
        if self.cols == 0 { &mut [] } else { &mut self.data[m * self.stride..][..self.cols] }
    }

    /// Columns `from..to`.
    ///
    /// # Panics
    /// If the range is out of bounds.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn cols_range(self, from: usize, to: usize) -> Self {
        if from > to || to > self.cols {
            no_range("columns", from, to, self.cols);
        }
        let start = from.min(self.data.len());
        Self { data: &mut self.data[start..], cols: to - from, ..self }
    }

    /// Rows `from..to`.
    ///
    /// # Panics
    /// If the range is out of bounds.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn rows_range(self, from: usize, to: usize) -> Self {
        if from > to || to > self.rows {
            no_range("rows", from, to, self.rows);
        }
        let start = (from * self.stride).min(self.data.len());
        Self { data: &mut self.data[start..], rows: to - from, ..self }
    }
}

impl<T: Scalar> MatMut<'_, T> {
    /// `A = value` everywhere.
    pub fn fill(&mut self, value: T) {
        for m in 0..self.rows {
            self.row_mut(m).fill(value);
        }
    }

    /// `A = from`, bit for bit.
    ///
    /// # Panics
    /// If the shapes differ.
    #[inline]
    #[track_caller]
    pub fn copy_from(&mut self, from: MatRef<'_, T>) {
        let ([rows, cols], [from_rows, from_cols]) = (self.shape(), from.shape());
        if rows != from_rows || cols != from_cols {
            no_copy([from_rows, from_cols], [rows, cols]);
        }
        for m in 0..self.rows {
            self.row_mut(m).copy_from_slice(from.row(m));
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{MatMut, MatRef};

    #[test]
    fn a_transpose_swaps_shape_and_elements() {
        let a = MatRef::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3);
        assert_eq!(a.t().shape(), [3, 2]);
        assert_eq!(a.t().at(2, 1), a.at(1, 2));
        assert_eq!(a.t().t().row(1), &[4.0, 5.0, 6.0]);
    }

    #[test]
    fn a_column_block_leaves_its_neighbours_alone() {
        let mut data = [0.0; 8];
        MatMut::new(&mut data, 2, 4).cols_range(1, 3).fill(7.0);
        assert_eq!(data, [0.0, 7.0, 7.0, 0.0, 0.0, 7.0, 7.0, 0.0]);
    }

    #[test]
    fn empty_matrices_need_no_data() {
        let a: MatRef<'_, f32> = MatRef::new(&[], 0, 5);
        assert_eq!(a.shape(), [0, 5]);
        let b: MatRef<'_, f32> = MatRef::new(&[], 3, 0);
        assert_eq!(b.row(2), &[] as &[f32]);
    }

    #[test]
    #[should_panic(expected = "makes rows overlap")]
    fn overlapping_rows_are_refused() {
        let _ = MatMut::with_stride(&mut [0.0; 8], 2, 4, 3);
    }

    #[test]
    #[should_panic(expected = "does not fit into 5 elements")]
    fn short_data_is_refused() {
        let _ = MatRef::new(&[0.0; 5], 2, 3);
    }
}
