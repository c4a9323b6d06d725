//! Cells with heads or fixed maps, which the passes here do not know: the provided drivers, on the products and vectors of this backend.

use rnn_kernels::{Accum, Backend, MatMut, MatRef, UnitBackward, UnitForward, reference};

use super::lanes::Vectors;
use crate::faer::Faer;
use crate::number::Number;
use crate::product::rows_alike;

/// The backend as a provided driver sees it: a row of a batch has the same result whatever the others are, as in its own passes.
#[derive(Debug)]
pub struct Provided<'a>(pub &'a Faer);

impl<T: Number> Backend<T> for Provided<'_> {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        rows_alike(self.0.simd, &self.0.workers, c, accum, a, b);
    }
    fn unit_forward(&self, mut unit: UnitForward<'_, T>) {
        let program = unit.program();
        reference::program::forward_with(&Vectors(self.0.simd), program, &mut unit);
    }
    fn unit_backward(&self, mut unit: UnitBackward<'_, T>) {
        let program = unit.program();
        reference::program::backward_with(&Vectors(self.0.simd), program, &mut unit);
    }
}
