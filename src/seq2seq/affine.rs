//! `y = x Wᵀ + b` with `W` and `b` in the flat buffer of a model, and its pullback.

use rnn_kernels::{Accum, AffineBackward, AffineForward, Backend, MatMut, MatRef, Scalar};
use std::ops::Range;

/// `y = W x + b`.
#[derive(Clone, Debug)]
pub(super) struct Affine {
    pub w: Range<usize>,
    /// Empty if there is none.
    pub b: Range<usize>,
    pub inputs: usize,
    pub outputs: usize,
}

impl Affine {
    fn w<'a, T>(&self, parameters: &'a [T]) -> MatRef<'a, T> {
        MatRef::new(&parameters[self.w.clone()], self.outputs, self.inputs)
    }

    /// `y = x Wᵀ + b`.
    pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(
        &self,
        backend: &B,
        parameters: &[T],
        x: MatRef<'_, T>,
        y: MatMut<'_, T>,
    ) {
        let b = (!self.b.is_empty()).then(|| &parameters[self.b.clone()]);
        backend.affine_forward(AffineForward { x, w: self.w(parameters), b, y });
    }

    /// `d_w += d_yᵀ x`, `d_b += Σ d_y`, `d_x` as it says.
    pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(
        &self,
        backend: &B,
        (parameters, gradients): (&[T], &mut [T]),
        x: MatRef<'_, T>,
        d_y: MatRef<'_, T>,
        (d_x, d_x_accum): (Option<MatMut<'_, T>>, Accum),
    ) {
        // Their places follow each other.
        let (d_w, d_b) = gradients[self.w.start..self.b.end].split_at_mut(self.w.len());
        backend.affine_backward(AffineBackward {
            x,
            w: self.w(parameters),
            d_y,
            d_w: Some(MatMut::new(d_w, self.outputs, self.inputs)),
            d_b: (!self.b.is_empty()).then_some(d_b),
            d_x,
            d_x_accum,
        });
    }
}
