//! `h [T+1, N, P] · gates [T, N, 3H] · aux [T, N, H]`: what backward needs, in time order.

use super::GruSpec;
use crate::view::{SeqMut, SeqRef};

/// What forward left, to read. Any backend may have written it.
///
/// `gates` are activations `r z n`. `aux` is `U_n h_prev + b_hn` for [`GruReset::After`](super::GruReset::After)
/// and `r ⊙ h_prev` for [`GruReset::Before`](super::GruReset::Before). Where a step does not belong to a row, `h`
/// holds the carried state and the others are 0.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GruReserve<'a, T> {
    /// `[T+1, N, P]`.
    pub h: SeqRef<'a, T>,
    /// `[T, N, 3H]`.
    pub gates: SeqRef<'a, T>,
    /// `[T, N, H]`.
    pub aux: SeqRef<'a, T>,
}

/// What forward leaves, to write.
#[derive(Debug)]
#[non_exhaustive]
pub struct GruReserveMut<'a, T> {
    /// `[T+1, N, P]`.
    pub h: SeqMut<'a, T>,
    /// `[T, N, 3H]`.
    pub gates: SeqMut<'a, T>,
    /// `[T, N, H]`.
    pub aux: SeqMut<'a, T>,
}

impl<'a, T> GruReserve<'a, T> {
    /// The blocks of a buffer.
    ///
    /// # Panics
    /// If `buffer` is shorter than [`GruSpec::reserve_len`].
    #[track_caller]
    #[must_use]
    pub fn new(spec: &GruSpec<T>, steps: usize, rows: usize, buffer: &'a [T]) -> Self {
        crate::shape::at_least("gru", "reserve", buffer.len(), spec.reserve_len(steps, rows));
        let (h, rest) = buffer.split_at((steps + 1) * rows * spec.output());
        let (gates, aux) = rest.split_at(steps * rows * spec.gate_rows());
        Self {
            h: SeqRef::new(h, steps + 1, rows, spec.output()),
            gates: SeqRef::new(gates, steps, rows, spec.gate_rows()),
            aux: SeqRef::new(aux, steps, rows, spec.aux()),
        }
    }

    /// The reserve of steps `from..to`, as if only they had been run.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        Self { h: self.h.slice(from, to + 1), gates: self.gates.slice(from, to), aux: self.aux.slice(from, to) }
    }

    #[track_caller]
    pub(super) fn check(&self, kernel: &str, spec: &GruSpec<T>, steps: usize, rows: usize) {
        let states = [steps + 1, rows, spec.output()];
        crate::shape::expect(kernel, "reserve.h", self.h.shape(), "[T+1, N, P]", states);
        let gates = [steps, rows, spec.gate_rows()];
        crate::shape::expect(kernel, "reserve.gates", self.gates.shape(), "[T, N, 3H]", gates);
        crate::shape::expect(kernel, "reserve.aux", self.aux.shape(), "[T, N, H]", [steps, rows, spec.aux()]);
    }
}

impl<'a, T> GruReserveMut<'a, T> {
    /// The blocks of a buffer.
    ///
    /// # Panics
    /// If `buffer` is shorter than [`GruSpec::reserve_len`].
    #[track_caller]
    #[must_use]
    pub fn new(spec: &GruSpec<T>, steps: usize, rows: usize, buffer: &'a mut [T]) -> Self {
        crate::shape::at_least("gru", "reserve", buffer.len(), spec.reserve_len(steps, rows));
        let (h, rest) = buffer.split_at_mut((steps + 1) * rows * spec.output());
        let (gates, aux) = rest.split_at_mut(steps * rows * spec.gate_rows());
        Self {
            h: SeqMut::new(h, steps + 1, rows, spec.output()),
            gates: SeqMut::new(gates, steps, rows, spec.gate_rows()),
            aux: SeqMut::new(aux, steps, rows, spec.aux()),
        }
    }

    /// The same reserve, to read.
    #[must_use]
    pub fn rb(&self) -> GruReserve<'_, T> {
        GruReserve { h: self.h.rb(), gates: self.gates.rb(), aux: self.aux.rb() }
    }
}
