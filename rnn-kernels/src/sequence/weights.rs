//! `d_W += Σ_{t,n} d_pre[t, n] ⊗ v[t, n]`, `d_b += Σ_{t,n} d_pre[t, n]`: parameter gradients, accumulated.

use crate::accum::Accum;
use crate::backend::Backend;
use crate::input::Input;
use crate::scalar::Scalar;
use crate::steps::{Part, Steps};
use crate::sums;
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

/// `d_w_ih += Σ d_pre ⊗ x`: a product, or for one-hot input a sum for each column, as [`sums::by_index`]; columns are those of `x` from
/// `from` on.
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
            let places = (0..step_count).flat_map(|t| (0..rows).map(move |n| (t, n)));
            let columns = places.enumerate().filter(|&(_, (t, n))| steps.live(t, n)).filter_map(|(m, _)| {
                let column = index[m].checked_sub(u32::try_from(from).ok()?)?;
                ((column as usize) < cols).then_some((column, m))
            });
            let row = |m: usize| d_pre.at(m / rows).row(m % rows);
            sums::by_index(columns, d_pre.cols(), row, |column, from, sums| {
                for (j, &sum) in sums.iter().enumerate() {
                    d_w_ih.row_mut(from + j)[column] += sum;
                }
            });
        }
    }
}

/// `d_b += Σ d_pre` over the steps that belong to each row, as [`sums::columns`]; no bias, no work.
pub fn bias<T: Scalar>(d_b: Option<&mut [T]>, steps: Steps<'_>, d_pre: SeqRef<'_, T>) {
    d_b.into_iter().for_each(|d_b| columns(d_b, steps, d_pre));
}

/// `sum += Σ v[t, n]` over the steps that belong to each row: step after step where lengths, holes and strides allow it, else row after
/// row.
///
/// `#[inline(always)]`, as all that it adds up with, for instruction sets of a backend.
#[inline(always)]
pub fn columns<T: Scalar>(sum: &mut [T], steps: Steps<'_>, v: SeqRef<'_, T>) {
    let flat = v.flat();
    sums::columns(sum, || {
        steps.parts(v.steps(), v.rows(), flat.is_some()).map(move |part| match (part, flat) {
            (Part::Flat, Some(flat)) => flat,
            (Part::Flat, None) => unreachable!("only of a flat view"),
            (Part::Row { n, steps }, _) => v.row(n).rows_range(steps.start, steps.end),
        })
    });
}
