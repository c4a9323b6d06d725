//! `h_0 = θ`: which rows begin with learned states, and what becomes of them.

use super::State;
use rnn_kernels::Scalar;

impl<T: Scalar> State<T> {
    /// The rows that are at their [beginning](Self#rows-at-their-beginning); none in a network without learned initial states, where 0 is a
    /// state like any other.
    pub fn at_beginning(&self) -> impl Iterator<Item = usize> {
        (0..self.beginning.len()).filter(|&n| self.beginning[n])
    }

    /// `[N]`: which rows are at their beginning; empty in a network without learned initial states.
    pub(crate) fn beginning(&self) -> &[bool] {
        &self.beginning
    }

    /// Of the same numbers, these rows are at their beginning.
    pub(crate) fn mark(&mut self, beginning: &[bool]) {
        self.beginning.copy_from_slice(beginning);
    }

    /// The numbers of rows at their beginning become what these parameters have for them.
    pub(crate) fn begin(&mut self, parameters: &[T]) {
        let Self { layout, rows, flat, beginning } = self;
        for n in (0..beginning.len()).filter(|&n| beginning[n]) {
            layout.learned(*rows, n).for_each(|(row, initial)| flat[row].copy_from_slice(&parameters[initial]));
        }
    }

    /// After a pass that began with [`begin`](Self::begin): rows that it moved are no longer at their beginning, and the numbers of those
    /// that still are become 0 again.
    pub(crate) fn leave_beginning(&mut self, moved: impl Fn(usize) -> bool) {
        let Self { layout, rows, flat, beginning } = self;
        for n in 0..beginning.len() {
            if beginning[n] && moved(n) {
                beginning[n] = false;
            } else if beginning[n] {
                layout.learned(*rows, n).for_each(|(row, _)| flat[row].fill(T::ZERO));
            }
        }
    }

    /// `d_initial += Σ_n d[n]` over the rows that began, of cotangents `d` of a state; `gradients` are those of all parameters.
    pub(crate) fn add_to_initial(&self, began: &[bool], gradients: &mut [T]) {
        for n in (0..began.len()).filter(|&n| began[n]) {
            for (row, initial) in self.layout.learned(self.rows, n) {
                gradients[initial].iter_mut().zip(&self.flat[row]).for_each(|(sum, &d)| *sum += d);
            }
        }
    }
}
