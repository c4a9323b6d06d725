//! `d_W += Σ_{t,n} d_pre[t, n] ⊗ v[t, n]`, `d_b += Σ_{t,n} d_pre[t, n]`: parameter gradients, accumulated.

use crate::accum::Accum;
use crate::backend::Backend;
use crate::input::Input;
use crate::scalar::Scalar;
use crate::steps::{Part, Steps};
use crate::view::{MatMut, SeqRef};
use core::ops::Range;

/// `d_w += Σ d_pre ⊗ v` over the steps that belong to each row; `d_w [R, V]`, `d_pre [T, N, R]`, `v [T, N, V]`.
///
/// One product over everything where lengths, holes and strides allow it, else one per row and run of its own steps: a flat
/// product would give `0 · NaN` from padding.
pub fn outer<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    mut d_w: MatMut<'_, T>,
    steps: Steps<'_>,
    d_pre: SeqRef<'_, T>,
    v: SeqRef<'_, T>,
) {
    let flat = d_pre.flat().is_some() && v.flat().is_some();
    for part in steps.parts(v.steps(), v.rows(), flat) {
        let (d_pre, v) = match part {
            Part::Flat => (d_pre.flat(), v.flat()),
            Part::Row { n, steps } => {
                let Range { start, end } = steps;
                (Some(d_pre.row(n).rows_range(start, end)), Some(v.row(n).rows_range(start, end)))
            }
        };
        if let (Some(d_pre), Some(v)) = (d_pre, v) {
            backend.matmul(d_w.rb_mut(), Accum::Add, d_pre.t(), v);
        }
    }
}

/// `d_w_ih += Σ d_pre ⊗ x`: a product, or for one-hot input a scatter-add into columns; they are those of `x` from `from` on.
pub fn input<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    mut d_w_ih: MatMut<'_, T>,
    steps: Steps<'_>,
    d_pre: SeqRef<'_, T>,
    x: Input<'_, T>,
    from: usize,
) {
    let cols = d_w_ih.cols();
    match x {
        Input::Dense(x) => outer(backend, d_w_ih, steps, d_pre, x.cols_range(from, from + cols)),
        Input::OneHot { index, steps: step_count, rows } => {
            for (t, n) in (0..step_count).flat_map(|t| (0..rows).map(move |n| (t, n))) {
                let column = (index[t * rows + n] as usize).checked_sub(from).filter(|&column| column < cols);
                if let Some(column) = column.filter(|_| steps.live(t, n)) {
                    for (j, &d_pre) in d_pre.at(t).row(n).iter().enumerate() {
                        d_w_ih.row_mut(j)[column] += d_pre;
                    }
                }
            }
        }
    }
}

/// `d_b += Σ d_pre` over the steps that belong to each row; no bias, no work.
pub fn bias<T: Scalar>(d_b: Option<&mut [T]>, steps: Steps<'_>, d_pre: SeqRef<'_, T>) {
    let Some(d_b) = d_b else { return };
    for (t, n) in (0..d_pre.steps()).flat_map(|t| (0..d_pre.rows()).map(move |n| (t, n))) {
        if steps.live(t, n) {
            for (d_b, &d_pre) in d_b.iter_mut().zip(d_pre.at(t).row(n)) {
                *d_b += d_pre;
            }
        }
    }
}
