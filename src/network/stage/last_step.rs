//! `y[n] = x[last_n, n]`, the last valid step of each row, and its pullback.
//!
//! A row without a valid step in this window has its state there, which it has kept: the initial `h`.

use crate::network::plan::Recurrent;
use crate::network::state::State;
use rnn_kernels::{MatMut, Scalar, SeqMut, SeqRef, Steps};

/// `y[n] = x[live_n − 1, n]`, or the state `h` of row `n` if `live_n = 0`; `x [T, N, W]`, `y [N, W]` overwritten.
pub(in crate::network) fn forward<T: Scalar>(
    layer: &Recurrent<T>,
    steps: Steps<'_>,
    x: SeqRef<'_, T>,
    state: &State<T>,
    mut y: MatMut<'_, T>,
) {
    for n in 0..x.rows() {
        match steps.live_steps(n, x.steps()) {
            0 => {
                let p = layer.spec.y_width();
                for (d, way) in layer.ways.iter().enumerate() {
                    y.row_mut(n)[d * p..][..p].copy_from_slice(state.output(way.slot).row(n));
                }
            }
            live => y.row_mut(n).copy_from_slice(x.at(live - 1).row(n)),
        }
    }
}

/// `d_x[live_n − 1, n] = d_y[n]` and 0 elsewhere; where `live_n = 0`, `d_h[n] += d_y[n]` for the final state.
pub(in crate::network) fn backward<T: Scalar>(
    layer: &Recurrent<T>,
    steps: Steps<'_>,
    d_y: SeqRef<'_, T>,
    mut d_x: SeqMut<'_, T>,
    d_state: &mut State<T>,
) {
    d_x.fill(T::ZERO);
    let d_y = d_y.at(0);
    for n in 0..d_x.rows() {
        match steps.live_steps(n, d_x.steps()) {
            0 => {
                let p = layer.spec.y_width();
                for (d, way) in layer.ways.iter().enumerate() {
                    let mut d_h = d_state.output_mut(way.slot);
                    let d_row = &d_y.row(n)[d * p..][..p];
                    d_h.row_mut(n).iter_mut().zip(d_row).for_each(|(d_h, &d_y)| *d_h += d_y);
                }
            }
            live => d_x.at_mut(live - 1).row_mut(n).copy_from_slice(d_y.row(n)),
        }
    }
}
