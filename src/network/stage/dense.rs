//! `y = σ(W x + b)`, flat over all steps and rows, and its pullback.

use crate::network::plan::Dense;
use crate::network::reach::Reach;
use rnn_kernels::{Accum, Activation, AffineBackward, AffineForward, Backend, MatMut, MatRef, Scalar};

/// `y = σ(W x + b)`: `x [M, K]`, `y [M, O]` overwritten.
pub(in crate::network) fn forward<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    layer: &Dense,
    params: &[T],
    x: MatRef<'_, T>,
    mut y: MatMut<'_, T>,
) {
    let w = MatRef::new(&params[layer.weight.clone()], layer.units, layer.input);
    let b = (!layer.bias.is_empty()).then(|| &params[layer.bias.clone()]);
    backend.affine_forward(AffineForward { x, w, b, y: y.rb_mut() });
    if layer.activation != Activation::Identity {
        backend.activation_forward(layer.activation, y);
    }
}

/// `d_w += d_preᵀ x`, `d_b += Σ d_pre`, `d_x = d_pre W`; `d_y` becomes `d_pre = d_y ⊙ σ′(y)` in place.
///
/// `d_pre` is 0 in the rows that `d_y` cannot reach, whatever `σ′` is there; `x` must be finite in them.
#[allow(clippy::too_many_arguments)] // the operands of forward, then their cotangents
pub(in crate::network) fn backward<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    layer: &Dense,
    params: &[T],
    x: MatRef<'_, T>,
    y: MatRef<'_, T>,
    mut d_y: MatMut<'_, T>,
    d_params: &mut [T],
    d_x: Option<MatMut<'_, T>>,
    (reach, rows): (Reach<'_>, usize),
) {
    if layer.activation != Activation::Identity {
        backend.activation_backward(layer.activation, y, d_y.rb_mut());
        reach.clear(d_y.rb_mut(), rows);
    }
    let w = MatRef::new(&params[layer.weight.clone()], layer.units, layer.input);
    let (d_w, d_b) = d_params[layer.weight.start..layer.bias.end].split_at_mut(layer.weight.len());
    backend.affine_backward(AffineBackward {
        x,
        w,
        d_y: d_y.rb(),
        d_w: Some(MatMut::new(d_w, layer.units, layer.input)),
        d_b: (!layer.bias.is_empty()).then_some(d_b),
        d_x,
        d_x_accum: Accum::Replace,
    });
}
