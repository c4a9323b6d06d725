//! `h_t = a_t ⊙ h_{t−1} + b_t`, one step after another, and its pullback.

use crate::linear::{LinearBackward, LinearForward};
use crate::scalar::Scalar;

/// `h_t = a_t h_{t−1} + b_t`; overwrites `h`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar>(run: LinearForward<'_, T>) {
    let [steps, rows, width] = run.check();
    let LinearForward { direction, a, b, initial, mut h } = run;
    for n in 0..rows {
        let mut h = h.row_mut(n);
        let first = h.row_mut(direction.initial_slot(steps));
        match initial {
            Some(initial) => first.copy_from_slice(&initial[n * width..][..width]),
            None => first.fill(T::ZERO),
        }
        for t in (0..steps).map(|k| direction.step(k, steps)) {
            let (a, b) = (a.at(t).row(n), b.at(t).row(n));
            for j in 0..width {
                let before = h.rb().at(direction.from_slot(t), j);
                h.row_mut(direction.to_slot(t))[j] = a[j] * before + b[j];
            }
        }
    }
}

/// `g_t = d_h_t + a_{t+1} g_{t+1}`, `d_b_t = g_t`, `d_a_t = g_t h_{t−1}`, `d_initial = a_1 g_1`; overwrites all three.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar>(run: LinearBackward<'_, T>) {
    let [steps, rows, width] = run.check();
    let LinearBackward { direction, a, h, d_h, d_last, mut d_a, mut d_b, mut d_initial } = run;
    for n in 0..rows {
        let (a, h, d_h, of_row) = (a.row(n), h.row(n), d_h.row(n), n * width..(n + 1) * width);
        let (mut d_a, mut d_b) = (d_a.row_mut(n), d_b.row_mut(n));
        // What a later step hands back; `d_b` has its g.
        let mut later = None;
        for t in (0..steps).rev().map(|k| direction.step(k, steps)) {
            for j in 0..width {
                let handed = match (later, d_last) {
                    (Some(later), _) => a.at(later, j) * d_b.rb().at(later, j),
                    (None, Some(d_last)) => d_last[of_row.start + j],
                    (None, None) => T::ZERO,
                };
                let g = d_h.at(t, j) + handed;
                d_b.row_mut(t)[j] = g;
                d_a.row_mut(t)[j] = g * h.at(direction.from_slot(t), j);
            }
            later = Some(t);
        }
        if let Some(d_initial) = d_initial.as_deref_mut() {
            for (j, d) in d_initial[of_row.clone()].iter_mut().enumerate() {
                *d = match (later, d_last) {
                    (Some(first), _) => a.at(first, j) * d_b.rb().at(first, j),
                    (None, Some(d_last)) => d_last[of_row.start + j],
                    (None, None) => T::ZERO,
                };
            }
        }
    }
}
