//! `h[t+1] = h[t]` where step `t` does not belong to a row: the only code that knows about lengths.

use crate::scalar::Scalar;
use crate::steps::Steps;
use crate::view::{MatMut, MatRef};

/// `to[n] = from[n]` for every row that step `t` does not belong to.
pub fn carry<T: Scalar>(steps: Steps<'_>, t: usize, mut to: MatMut<'_, T>, from: MatRef<'_, T>) {
    for n in steps.finished(t, to.rows()) {
        to.row_mut(n).copy_from_slice(from.row(n));
    }
}

/// `to[n] = 0` for every row that step `t` does not belong to.
pub fn clear<T: Scalar>(steps: Steps<'_>, t: usize, mut to: MatMut<'_, T>) {
    for n in steps.finished(t, to.rows()) {
        to.row_mut(n).fill(T::ZERO);
    }
}

/// `to[n] += from[n]` for every row that step `t` belongs to; the others are not read.
pub fn add_live<T: Scalar>(steps: Steps<'_>, t: usize, mut to: MatMut<'_, T>, from: MatRef<'_, T>) {
    for n in (0..to.rows()).filter(|&n| steps.live(t, n)) {
        for (to, &from) in to.row_mut(n).iter_mut().zip(from.row(n)) {
            *to += from;
        }
    }
}

/// `to[n] = from[n]` for every row that step `t` belongs to, 0 for the others.
pub fn emit<T: Scalar>(steps: Steps<'_>, t: usize, mut to: MatMut<'_, T>, from: MatRef<'_, T>) {
    to.copy_from(from);
    clear(steps, t, to);
}

/// `to = from`, or 0 if there is none.
pub fn start<T: Scalar>(mut to: MatMut<'_, T>, from: Option<MatRef<'_, T>>) {
    match from {
        Some(from) => to.copy_from(from),
        None => to.fill(T::ZERO),
    }
}
