//! `y = σ(W x + b)`, flat over all steps and rows, and its pullback.
//!
//! Of one-hot vectors there are the symbols alone: `W x` is a column of `W`, or 0 where there is no symbol.

use crate::network::plan::Dense;
use crate::network::reach::Reach;
use rnn_kernels::sequence::{input, weights};
use rnn_kernels::{
    Accum, Activation, AffineBackward, AffineForward, Backend, Input, MatMut, MatRef, Scalar, SeqMut, SeqRef, Steps,
};

/// What a dense layer reads: `[T, N, K]` as one matrix, or symbols.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) enum Read<'a, T> {
    /// `[M, K]`.
    Rows(MatRef<'a, T>),
    /// `[T, N]`.
    Symbols(&'a [u32]),
}

/// `y = σ(W x + b)`: `x [T, N, K]`, `y [T, N, O]` overwritten.
pub(in crate::network) fn forward<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    layer: &Dense,
    params: &[T],
    x: Read<'_, T>,
    mut y: SeqMut<'_, T>,
) {
    let w = MatRef::new(&params[layer.weight.clone()], layer.units, layer.input);
    let b = (!layer.bias.is_empty()).then(|| &params[layer.bias.clone()]);
    let [steps, rows, _] = y.shape();
    match x {
        Read::Rows(x) => backend.affine_forward(AffineForward { x, w, b, y: flat(&mut y) }),
        Read::Symbols(index) => {
            input::fill(y.rb_mut(), [b, None]);
            input::forward(backend, y.rb_mut(), Steps::all(), Input::OneHot { index, steps, rows }, 0, w);
        }
    }
    if layer.activation != Activation::Identity {
        backend.activation_forward(layer.activation, flat(&mut y));
    }
}

fn flat<'a, T: Scalar>(y: &'a mut SeqMut<'_, T>) -> MatMut<'a, T> {
    y.flat_mut().expect("activations are contiguous")
}

/// `d_w += d_preᵀ x`, `d_b += Σ d_pre`, `d_x = d_pre W`; `d_y` becomes `d_pre = d_y ⊙ σ′(y)` in place.
///
/// `d_pre` is 0 in the rows that `d_y` cannot reach, whatever `σ′` is there; `x` must be finite in them.
#[allow(clippy::too_many_arguments)] // the operands of forward, then their cotangents
pub(in crate::network) fn backward<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    layer: &Dense,
    params: &[T],
    x: Read<'_, T>,
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
    let (d_w, d_b) = (MatMut::new(d_w, layer.units, layer.input), (!layer.bias.is_empty()).then_some(d_b));
    match x {
        Read::Rows(x) => backend.affine_backward(AffineBackward {
            x,
            w,
            d_y: d_y.rb(),
            d_w: Some(d_w),
            d_b,
            d_x,
            d_x_accum: Accum::Replace,
        }),
        Read::Symbols(index) => {
            // Steps and rows are as good as one: each has its symbol.
            let (one, m) = (Steps::all(), d_y.rows());
            let d_pre = SeqRef::new(d_y.rb().storage().0, 1, m, layer.units);
            weights::input(backend, d_w, one, d_pre, Input::OneHot { index, steps: 1, rows: m }, 0);
            weights::bias(d_b, one, d_pre);
        }
    }
}
