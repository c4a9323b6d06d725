//! Buffers with canaries: outside the view nothing may be written, inside an input neither.

use crate::case::Layout;
use crate::real::Real;
use rnn_kernels::{MatMut, MatRef, SeqMut, SeqRef};
use std::borrow::Cow;
use std::ops::Range;

/// Where the elements of a `[steps, rows, cols]` view lie in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    shape: [usize; 3],
    step_stride: usize,
    row_stride: usize,
    offset: usize,
    len: usize,
}

/// Elements before and after every buffer: more than a vector register of any width reaches.
const GUARD: usize = 19;

impl Place {
    /// The place of a sequence.
    #[must_use]
    pub fn sequence(layout: Layout, [steps, rows, cols]: [usize; 3]) -> Self {
        let (step_stride, row_stride, indent) = match layout {
            Layout::TimeMajor => (rows * cols, cols, 0),
            Layout::BatchFirst => (cols, steps * cols, 0),
            Layout::Gaps => (rows * (cols + 3) + 5, cols + 3, 0),
            Layout::ColumnBlock => (rows * (2 * cols + 1), 2 * cols + 1, cols),
        };
        let reach = steps * step_stride + rows * row_stride + cols;
        Self {
            shape: [steps, rows, cols],
            step_stride,
            row_stride,
            offset: GUARD + indent,
            len: reach + indent + 2 * GUARD,
        }
    }

    /// The place of a matrix.
    #[must_use]
    pub fn matrix(layout: Layout, [rows, cols]: [usize; 2]) -> Self {
        let layout = if layout == Layout::BatchFirst { Layout::TimeMajor } else { layout };
        Self::sequence(layout, [1, rows, cols])
    }

    /// The place of a contiguous buffer.
    #[must_use]
    pub fn flat(len: usize) -> Self {
        Self::matrix(Layout::TimeMajor, [1, len])
    }

    /// Where the rows lie, in canonical order.
    fn rows(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let Self { shape: [steps, rows, cols], step_stride, row_stride, offset, .. } = *self;
        let starts = (0..steps).flat_map(move |t| (0..rows).map(move |n| offset + t * step_stride + n * row_stride));
        starts.map(move |start| start..start + cols)
    }
}

/// A buffer of which a kernel sees a view.
#[derive(Clone, Debug)]
pub struct Guarded<T> {
    /// The argument's name.
    pub name: &'static str,
    place: Place,
    elements: Vec<T>,
    /// What must still be there afterwards; canaries for what may be written.
    before: Vec<T>,
    written: bool,
}

impl<T: Real> Guarded<T> {
    /// An argument that is only read.
    #[must_use]
    pub fn input(name: &'static str, place: Place, data: &[T]) -> Self {
        let mut elements = vec![T::CANARY; place.len];
        let cols = place.shape[2].max(1);
        place
            .rows()
            .zip(data.chunks(cols))
            .for_each(|(at, row)| elements[at.start..][..row.len()].copy_from_slice(row));
        Self { name, place, before: elements.clone(), elements, written: false }
    }

    /// An argument that is written and holds `data` before.
    #[must_use]
    pub fn inout(name: &'static str, place: Place, data: &[T]) -> Self {
        Self { written: true, ..Self::input(name, place, data) }
    }

    /// An argument that is overwritten and holds garbage before.
    #[must_use]
    pub fn output(name: &'static str, place: Place, garbage: T) -> Self {
        let [steps, rows, cols] = place.shape;
        Self::inout(name, place, &vec![garbage; steps * rows * cols])
    }

    fn span(&self) -> Range<usize> {
        self.place.offset..self.place.len - GUARD
    }

    /// To read, with the strides of its place.
    #[must_use]
    pub fn seq(&self) -> SeqRef<'_, T> {
        let Place { shape, step_stride, row_stride, .. } = self.place;
        SeqRef::with_strides(&self.elements[self.span()], shape, step_stride, row_stride)
    }

    /// To write.
    #[must_use]
    pub fn seq_mut(&mut self) -> SeqMut<'_, T> {
        let Place { shape, step_stride, row_stride, .. } = self.place;
        let span = self.span();
        SeqMut::with_strides(&mut self.elements[span], shape, step_stride, row_stride)
    }

    /// To read, as a matrix.
    #[must_use]
    pub fn mat(&self) -> MatRef<'_, T> {
        let Place { shape: [_, rows, cols], row_stride, .. } = self.place;
        MatRef::with_stride(&self.elements[self.span()], rows, cols, row_stride)
    }

    /// To write, as a matrix.
    #[must_use]
    pub fn mat_mut(&mut self) -> MatMut<'_, T> {
        let Place { shape: [_, rows, cols], row_stride, .. } = self.place;
        let span = self.span();
        MatMut::with_stride(&mut self.elements[span], rows, cols, row_stride)
    }

    fn flat_range(&self) -> Range<usize> {
        self.place.offset..self.place.offset + self.place.shape.iter().product::<usize>()
    }

    /// To read, as a slice; the place is contiguous.
    #[must_use]
    pub fn slice(&self) -> &[T] {
        &self.elements[self.flat_range()]
    }

    /// To write, as a slice; the place is contiguous.
    #[must_use]
    pub fn slice_mut(&mut self) -> &mut [T] {
        let range = self.flat_range();
        &mut self.elements[range]
    }

    /// The elements in canonical order.
    #[must_use]
    pub fn read(&self) -> Vec<T> {
        self.place.rows().map(|at| &self.elements[at]).collect::<Vec<_>>().concat()
    }

    /// What was written where nothing may be, if anything.
    #[must_use]
    pub fn breach(&self) -> Option<String> {
        let mut allowed = Cow::from(&self.before);
        if self.written {
            let allowed = allowed.to_mut();
            self.place.rows().for_each(|at| allowed[at.clone()].copy_from_slice(&self.elements[at]));
        }
        let i = self.elements.iter().zip(&*allowed).position(|(found, allowed)| found.bits() != allowed.bits())?;
        let kind = if self.written { "outside its view" } else { "although it is an input" };
        let at = i as isize - self.place.offset as isize;
        Some(format!("{} was written {kind}: element {at} from its start is now {:?}", self.name, self.elements[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_gives_back_what_was_put_in() {
        let data: Vec<f32> = (0..24u8).map(f32::from).collect();
        for layout in Layout::ALL {
            let buffer = Guarded::input("x", Place::sequence(layout, [3, 2, 4]), &data);
            assert_eq!(buffer.read(), data);
            assert_eq!(buffer.seq().at(2).row(1), &data[20..], "{layout:?}");
            assert_eq!(buffer.breach(), None);
        }
    }

    #[test]
    fn a_write_beside_the_view_or_into_an_input_is_reported() {
        for layout in Layout::ALL {
            let place = Place::sequence(layout, [2, 3, 4]);
            let mut output = Guarded::output("y", place, 0.0f64);
            output.seq_mut().fill(1.0);
            assert_eq!(output.breach(), None);
            for outside in [0, place.offset - 1, place.len - 1] {
                let mut output = output.clone();
                output.elements[outside] = 1.0;
                assert!(output.breach().expect("seen").contains("outside its view"), "{layout:?}");
            }
        }
        let mut input = Guarded::input("x", Place::flat(3), &[1.0f32, 2.0, 3.0]);
        input.elements[GUARD + 1] = 2.5;
        assert!(input.breach().expect("seen").contains("although it is an input"));
    }
}
