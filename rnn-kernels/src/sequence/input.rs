//! `pre[t] += x[t] · W_ihᵀ` for all steps at once, and its pullback `d_x[t] = d_pre[t] · W_ih`.

use crate::accum::Accum;
use crate::backend::Backend;
use crate::input::Input;
use crate::scalar::Scalar;
use crate::steps::{Part, Steps};
use crate::view::{MatRef, SeqMut, SeqRef};
use core::ops::Range;

/// `pre[t, n] += W_ih x[t, n]`, shape `[T, N, G·H]`; the columns of `W_ih` are those of `x` from `from` on.
///
/// Rows at steps that are not theirs are left with unspecified contents: the driver clears them.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    mut pre: SeqMut<'_, T>,
    steps: Steps<'_>,
    x: Input<'_, T>,
    from: usize,
    w_ih: MatRef<'_, T>,
) {
    match x {
        Input::Dense(x) => {
            let x = x.cols_range(from, from + w_ih.cols());
            match (pre.flat_mut(), x.flat()) {
                (Some(pre), Some(x)) => backend.matmul(pre, Accum::Add, x, w_ih.t()),
                _ => (0..x.rows()).for_each(|n| backend.matmul(pre.row_mut(n), Accum::Add, x.row(n), w_ih.t())),
            }
        }
        Input::OneHot { index, rows, .. } => {
            for (t, n) in (0..pre.steps()).flat_map(|t| (0..rows).map(move |n| (t, n))) {
                let column = (index[t * rows + n] as usize).checked_sub(from).filter(|&column| column < w_ih.cols());
                if let Some(column) = column.filter(|_| steps.live(t, n)) {
                    let mut pre = pre.at_mut(t);
                    for (j, pre) in pre.row_mut(n).iter_mut().enumerate() {
                        *pre += w_ih.row(j)[column];
                    }
                }
            }
        }
    }
}

/// `d_x[t, n] (+)= W_ihᵀ d_pre[t, n]` where step `t` belongs to row `n`; elsewhere 0, or untouched under `Add`.
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    mut d_x: SeqMut<'_, T>,
    accum: Accum,
    steps: Steps<'_>,
    d_pre: SeqRef<'_, T>,
    w_ih: MatRef<'_, T>,
) {
    let [step_count, rows, _] = d_x.shape();
    let flat = d_x.flat_mut().is_some() && d_pre.flat().is_some();
    for part in steps.parts(step_count, rows, flat) {
        match part {
            Part::Flat => {
                let (Some(d_x), Some(d_pre)) = (d_x.flat_mut(), d_pre.flat()) else { unreachable!("both are flat") };
                backend.matmul(d_x, accum, d_pre, w_ih);
            }
            Part::Row { n, steps: Range { start, end } } => {
                let d_x = d_x.row_mut(n);
                backend.matmul(d_x.rows_range(start, end), accum, d_pre.row(n).rows_range(start, end), w_ih);
            }
        }
    }
    if accum == Accum::Replace {
        for t in 0..step_count {
            super::ragged::clear(steps, t, d_x.at_mut(t));
        }
    }
}

/// `pre[t, n] = Σ biases`, overwritten; no bias is 0.
pub fn fill<T: Scalar>(mut pre: SeqMut<'_, T>, biases: [Option<&[T]>; 2]) {
    let [steps, rows, _] = pre.shape();
    for (t, n) in (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n))) {
        let mut pre = pre.at_mut(t);
        let pre = pre.row_mut(n);
        match biases {
            [Some(a), Some(b)] => pre.iter_mut().zip(a).zip(b).for_each(|((pre, &a), &b)| *pre = a + b),
            [Some(bias), None] | [None, Some(bias)] => pre.copy_from_slice(bias),
            [None, None] => pre.fill(T::ZERO),
        }
    }
}
