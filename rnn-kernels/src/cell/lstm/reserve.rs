//! `h [T+1, N, P] · c [T+1, N, H] · gates [T, N, 4H] · aux [T, N, A]`: what backward needs, in time order.

use super::LstmSpec;
use crate::view::{SeqMut, SeqRef};

/// What forward left, to read. Any backend may have written it.
///
/// `gates` are activations `i f g o`. Where a step does not belong to a row, `h` and `c` hold the carried state
/// and `gates` is 0.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LstmReserve<'a, T> {
    /// `[T+1, N, P]`.
    pub h: SeqRef<'a, T>,
    /// `[T+1, N, H]`.
    pub c: SeqRef<'a, T>,
    /// `[T, N, 4H]`.
    pub gates: SeqRef<'a, T>,
    /// `[T, N, A]`.
    pub aux: SeqRef<'a, T>,
}

/// What forward leaves, to write.
#[derive(Debug)]
#[non_exhaustive]
pub struct LstmReserveMut<'a, T> {
    /// `[T+1, N, P]`.
    pub h: SeqMut<'a, T>,
    /// `[T+1, N, H]`.
    pub c: SeqMut<'a, T>,
    /// `[T, N, 4H]`.
    pub gates: SeqMut<'a, T>,
    /// `[T, N, A]`.
    pub aux: SeqMut<'a, T>,
}

impl<'a, T> LstmReserve<'a, T> {
    /// The blocks of a buffer.
    ///
    /// # Panics
    /// If `buffer` is shorter than [`LstmSpec::reserve_len`].
    #[track_caller]
    #[must_use]
    pub fn new(spec: &LstmSpec<T>, steps: usize, rows: usize, buffer: &'a [T]) -> Self {
        crate::shape::at_least("lstm", "reserve", buffer.len(), spec.reserve_len(steps, rows));
        let (h, rest) = buffer.split_at((steps + 1) * rows * spec.output());
        let (c, rest) = rest.split_at((steps + 1) * rows * spec.hidden);
        let (gates, aux) = rest.split_at(steps * rows * spec.gate_rows());
        Self {
            h: SeqRef::new(h, steps + 1, rows, spec.output()),
            c: SeqRef::new(c, steps + 1, rows, spec.hidden),
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
        Self {
            h: self.h.slice(from, to + 1),
            c: self.c.slice(from, to + 1),
            gates: self.gates.slice(from, to),
            aux: self.aux.slice(from, to),
        }
    }

    #[track_caller]
    pub(super) fn check(&self, kernel: &str, spec: &LstmSpec<T>, steps: usize, rows: usize) {
        let slots = [steps + 1, rows];
        crate::shape::expect(kernel, "reserve.h", self.h.shape(), "[T+1, N, P]", [slots[0], slots[1], spec.output()]);
        crate::shape::expect(kernel, "reserve.c", self.c.shape(), "[T+1, N, H]", [slots[0], slots[1], spec.hidden]);
        let gates = [steps, rows, spec.gate_rows()];
        crate::shape::expect(kernel, "reserve.gates", self.gates.shape(), "[T, N, 4H]", gates);
        crate::shape::expect(kernel, "reserve.aux", self.aux.shape(), "[T, N, A]", [steps, rows, spec.aux()]);
    }
}

impl<'a, T> LstmReserveMut<'a, T> {
    /// The blocks of a buffer.
    ///
    /// # Panics
    /// If `buffer` is shorter than [`LstmSpec::reserve_len`].
    #[track_caller]
    #[must_use]
    pub fn new(spec: &LstmSpec<T>, steps: usize, rows: usize, buffer: &'a mut [T]) -> Self {
        crate::shape::at_least("lstm", "reserve", buffer.len(), spec.reserve_len(steps, rows));
        let (h, rest) = buffer.split_at_mut((steps + 1) * rows * spec.output());
        let (c, rest) = rest.split_at_mut((steps + 1) * rows * spec.hidden);
        let (gates, aux) = rest.split_at_mut(steps * rows * spec.gate_rows());
        Self {
            h: SeqMut::new(h, steps + 1, rows, spec.output()),
            c: SeqMut::new(c, steps + 1, rows, spec.hidden),
            gates: SeqMut::new(gates, steps, rows, spec.gate_rows()),
            aux: SeqMut::new(aux, steps, rows, spec.aux()),
        }
    }

    /// The same reserve, to read.
    #[must_use]
    pub fn rb(&self) -> LstmReserve<'_, T> {
        LstmReserve { h: self.h.rb(), c: self.c.rb(), gates: self.gates.rb(), aux: self.aux.rb() }
    }
}
