//! `d_x = d_pre · W_ih` from panels.

use rnn_kernels::{Accum, Backend, MatMut, MatRef};

use super::{block, through_weights};
use crate::faer::Faer;
use crate::number::Number;

/// The backend as the pullback of the input sees it, whose every product is one with `W_ih`: that operand is not read, its
/// panels are.
#[derive(Debug)]
pub struct OnInputWeights<'a, T> {
    pub backend: &'a Faer,
    /// `W_ih` `[G·H, C]` in panels.
    pub panels: &'a [T],
}

impl<T: Number> Backend<T> for OnInputWeights<'_, T> {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let ([rows, cols], workers) = (c.shape(), &self.backend.workers);
        let share = block(workers, rows, rows * cols * b.rows());
        workers.by_rows(rows, share, [c], |from, [c]| {
            let a = a.rows_range(from, from + c.rows());
            through_weights(self.backend.simd, None, c, accum, &[(a, self.panels)]);
        });
    }
}
