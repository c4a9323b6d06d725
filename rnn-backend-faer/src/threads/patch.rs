//! `C` columns of `L` rows over all steps of a sequence, as arrays: what a recurrence keeps in registers from step to step.
//!
//! Places are checked once for all steps, and of each step its number alone: a step may be a single multiply-add.
#![allow(unsafe_code)]

use core::array;
use core::marker::PhantomData;
use core::ptr::NonNull;

use rnn_kernels::SeqRef;

use super::Rows;

/// Where the elements of a patch lie.
#[derive(Clone, Copy, Debug)]
struct Places<T, const L: usize> {
    /// Element `[0, 0, 0]` of the sequence.
    base: NonNull<T>,
    steps: usize,
    step_stride: usize,
    /// Where each row begins in a step.
    rows: [usize; L],
}

impl<T: Copy, const L: usize> Places<T, L> {
    /// Rows `row..row + L` and columns `col..col + C` of a sequence of this shape.
    #[inline(always)]
    #[track_caller]
    fn new<const C: usize>(
        base: NonNull<T>,
        [steps, rows, cols]: [usize; 3],
        (step_stride, row_stride): (usize, usize),
        [row, col]: [usize; 2],
    ) -> Self {
        assert!(row <= rows && L <= rows - row && col <= cols && C <= cols - col, "a patch beyond its sequence");
        Self { base, steps, step_stride, rows: array::from_fn(|l| (row + l) * row_stride + col) }
    }

    /// Element `[t, l, 0]`.
    #[inline(always)]
    #[track_caller]
    fn at<const C: usize>(&self, t: usize, l: usize) -> *mut [T; C] {
        assert!(t < self.steps, "a step beyond its sequence");
        // SAFETY: element `[t, n, f]` of a sequence lies in its slice at `t·step_stride + n·row_stride + f`, which the view that
        // `base` comes from guarantees. `t` was checked here, row and columns in `new`, and `C` is one or more.
        unsafe { self.base.add(t * self.step_stride + self.rows[l]) }.as_ptr().cast()
    }
}

/// A patch to read.
#[derive(Clone, Copy, Debug)]
pub struct Patch<'a, T, const L: usize, const C: usize> {
    places: Places<T, L>,
    owner: PhantomData<&'a [T]>,
}

impl<'a, T: Copy, const L: usize, const C: usize> Patch<'a, T, L, C> {
    /// The patch whose first element is `[0, row, col]`.
    ///
    /// # Panics
    /// If it is not within the sequence.
    #[inline(always)]
    #[track_caller]
    pub fn new(sequence: SeqRef<'a, T>, row: usize, col: usize) -> Self {
        const { assert!(C > 0, "a patch has columns") };
        let base = NonNull::from(sequence.storage()).cast();
        Self { places: Places::new::<C>(base, sequence.shape(), sequence.strides(), [row, col]), owner: PhantomData }
    }

    /// Step `t`.
    ///
    /// # Panics
    /// If there is no such step.
    #[inline(always)]
    #[track_caller]
    pub fn load(&self, t: usize) -> [[T; C]; L] {
        // SAFETY: `C` elements from there on are columns of one row of the sequence, which is borrowed for 'a to be read; an array
        // has the alignment of its elements.
        array::from_fn(|l| unsafe { self.places.at::<C>(t, l).read() })
    }
}

/// A patch to write.
#[derive(Debug)]
pub struct PatchMut<'a, T, const L: usize, const C: usize> {
    places: Places<T, L>,
    owner: PhantomData<&'a mut [T]>,
}

impl<'a, T: Copy, const L: usize, const C: usize> PatchMut<'a, T, L, C> {
    /// The patch whose first element is `[0, row, col]` of a block.
    ///
    /// # Panics
    /// If it is not within the block.
    #[inline(always)]
    #[track_caller]
    pub fn new(rows: &'a mut Rows<'_, T>, row: usize, col: usize) -> Self {
        const { assert!(C > 0, "a patch has columns") };
        let (base, shape, strides) = rows.places();
        Self { places: Places::new::<C>(base, shape, strides, [row, col]), owner: PhantomData }
    }

    /// Step `t`.
    ///
    /// # Panics
    /// If there is no such step.
    #[inline(always)]
    #[track_caller]
    pub fn load(&self, t: usize) -> [[T; C]; L] {
        // SAFETY: `C` elements from there on are columns of one row of the block, the only way to which is borrowed for 'a.
        array::from_fn(|l| unsafe { self.places.at::<C>(t, l).read() })
    }

    /// Overwrites step `t`.
    ///
    /// # Panics
    /// If there is no such step.
    #[inline(always)]
    #[track_caller]
    pub fn store(&mut self, t: usize, values: [[T; C]; L]) {
        for (l, values) in values.into_iter().enumerate() {
            // SAFETY: as in `load`, and `&mut self` keeps the patch from being read meanwhile.
            unsafe { self.places.at::<C>(t, l).write(values) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rnn_kernels::SeqMut;

    /// `[t, n, f] = 100 t + 10 n + f` in a sequence of three steps, four rows and five columns, with gaps.
    fn numbered() -> Vec<f32> {
        let mut data = vec![-1.0; 3 * 30];
        for (t, n, f) in (0..3).flat_map(|t| (0..4).flat_map(move |n| (0..5).map(move |f| (t, n, f)))) {
            data[30 * t + 7 * n + f] = (100 * t + 10 * n + f) as f32;
        }
        data
    }

    #[test]
    fn a_patch_is_its_rows_and_columns_of_every_step() {
        let mut data = numbered();
        let sequence = SeqRef::with_strides(&data, [3, 4, 5], 30, 7);
        assert_eq!(Patch::<_, 2, 3>::new(sequence, 1, 2).load(2), [[212.0, 213.0, 214.0], [222.0, 223.0, 224.0]]);
        let mut rows = Rows::new(SeqMut::with_strides(&mut data, [3, 4, 5], 30, 7));
        let mut patch = PatchMut::<_, 2, 1>::new(&mut rows, 2, 4);
        assert_eq!(patch.load(1), [[124.0], [134.0]]);
        patch.store(1, [[0.5], [1.5]]);
        let mut want = numbered();
        (want[30 + 14 + 4], want[30 + 21 + 4]) = (0.5, 1.5);
        assert_eq!(data, want);
    }

    #[test]
    #[should_panic(expected = "a patch beyond its sequence")]
    fn a_patch_ends_with_its_sequence() {
        let data = numbered();
        let _ = Patch::<_, 2, 3>::new(SeqRef::with_strides(&data, [3, 4, 5], 30, 7), 3, 0);
    }

    #[test]
    #[should_panic(expected = "a step beyond its sequence")]
    fn there_is_no_step_after_the_last() {
        let data = numbered();
        let _ = Patch::<_, 1, 1>::new(SeqRef::with_strides(&data, [3, 4, 5], 30, 7), 0, 0).load(3);
    }
}
