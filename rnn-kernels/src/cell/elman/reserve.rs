//! `h [T+1, N, P]`: what backward needs, in time order.

use super::ElmanSpec;
use crate::view::{SeqMut, SeqRef};

/// What forward left, to read. Any backend may have written it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ElmanReserve<'a, T> {
    /// `[T+1, N, P]`; the carried state where a step does not belong to a row.
    pub h: SeqRef<'a, T>,
}

/// What forward leaves, to write.
#[derive(Debug)]
#[non_exhaustive]
pub struct ElmanReserveMut<'a, T> {
    /// `[T+1, N, P]`.
    pub h: SeqMut<'a, T>,
}

impl<'a, T> ElmanReserve<'a, T> {
    /// The blocks of a buffer.
    ///
    /// # Panics
    /// If `buffer` is shorter than [`ElmanSpec::reserve_len`].
    #[track_caller]
    #[must_use]
    pub fn new(spec: &ElmanSpec<T>, steps: usize, rows: usize, buffer: &'a [T]) -> Self {
        crate::shape::at_least("elman", "reserve", buffer.len(), spec.reserve_len(steps, rows));
        Self { h: SeqRef::new(buffer, steps + 1, rows, spec.output()) }
    }

    /// The reserve of steps `from..to`, as if only they had been run.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        Self { h: self.h.slice(from, to + 1) }
    }

    #[track_caller]
    pub(super) fn check(&self, kernel: &str, spec: &ElmanSpec<T>, steps: usize, rows: usize) {
        let wanted = [steps + 1, rows, spec.output()];
        crate::shape::expect(kernel, "reserve.h", self.h.shape(), "[T+1, N, P]", wanted);
    }
}

impl<'a, T> ElmanReserveMut<'a, T> {
    /// The blocks of a buffer.
    ///
    /// # Panics
    /// If `buffer` is shorter than [`ElmanSpec::reserve_len`].
    #[track_caller]
    #[must_use]
    pub fn new(spec: &ElmanSpec<T>, steps: usize, rows: usize, buffer: &'a mut [T]) -> Self {
        crate::shape::at_least("elman", "reserve", buffer.len(), spec.reserve_len(steps, rows));
        Self { h: SeqMut::new(buffer, steps + 1, rows, spec.output()) }
    }

    /// The same reserve, to read.
    #[must_use]
    pub fn rb(&self) -> ElmanReserve<'_, T> {
        ElmanReserve { h: self.h.rb() }
    }
}
