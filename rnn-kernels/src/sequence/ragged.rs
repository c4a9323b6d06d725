//! `h[t+1] = h[t]` where step `t` does not belong to a row: the only code that knows about lengths and holes.

use crate::scalar::Scalar;
use crate::steps::Steps;
use crate::view::{MatMut, MatRef};

/// `to[n] = from[n]` for every row that step `t` does not belong to.
pub fn carry<T: Scalar>(steps: Steps<'_>, t: usize, mut to: MatMut<'_, T>, from: MatRef<'_, T>) {
    for n in steps.idle(t, to.rows()) {
        to.row_mut(n).copy_from_slice(from.row(n));
    }
}

/// `to[n] = 0` for every row that step `t` does not belong to.
pub fn clear<T: Scalar>(steps: Steps<'_>, t: usize, mut to: MatMut<'_, T>) {
    for n in steps.idle(t, to.rows()) {
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

/// `d ← min(max(d, −c), c)` where step `t` belongs to row `n`.
pub fn clip<T: Scalar>(steps: Steps<'_>, t: usize, mut d: MatMut<'_, T>, limit: T) {
    for n in (0..d.rows()).filter(|&n| steps.live(t, n)) {
        clip_row(d.row_mut(n), limit);
    }
}

/// `d ← min(max(d, −c), c)`; NaN stays.
pub fn clip_row<T: Scalar>(d: &mut [T], limit: T) {
    for d in d {
        *d = if *d > limit { limit } else { *d };
        *d = if *d < -limit { -limit } else { *d };
    }
}

/// `y[n] = state[n]` after step `t` for every row that [shows](Steps::shows) it, 0 for the others.
pub fn emit<T: Scalar>(steps: Steps<'_>, t: usize, mut y: MatMut<'_, T>, state: MatRef<'_, T>) {
    y.copy_from(state);
    for n in steps.idle(t, y.rows()).filter(|&n| !steps.shows(t, n)) {
        y.row_mut(n).fill(T::ZERO);
    }
}

/// `d_state[n] += d_y[n]` of step `t` for every row that [shows](Steps::shows) its state; the others are not read.
pub fn absorb<T: Scalar>(steps: Steps<'_>, t: usize, mut d_state: MatMut<'_, T>, d_y: MatRef<'_, T>) {
    for n in (0..d_state.rows()).filter(|&n| steps.shows(t, n)) {
        for (d_state, &d_y) in d_state.row_mut(n).iter_mut().zip(d_y.row(n)) {
            *d_state += d_y;
        }
    }
}

/// `to = from`, or 0 if there is none.
pub fn start<T: Scalar>(mut to: MatMut<'_, T>, from: Option<MatRef<'_, T>>) {
    match from {
        Some(from) => to.copy_from(from),
        None => to.fill(T::ZERO),
    }
}
