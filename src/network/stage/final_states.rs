//! `y[n] = [h_forward[n], h_reverse[n]]` after the pass, and its pullback.
//!
//! What a row without a valid step in this window shows is the state that it has kept.

use crate::network::plan::Recurrent;
use crate::network::state::State;
use rnn_kernels::{MatMut, Scalar, SeqMut, SeqRef};

/// `y[n] = [h[n] of each direction]`, of the final state; `y [N, D·P]` overwritten.
pub(in crate::network) fn forward<T: Scalar>(layer: &Recurrent<T>, state: &State<T>, mut y: MatMut<'_, T>) {
    (0..y.rows()).for_each(|n| show(layer, state, n, y.row_mut(n)));
}

/// `d_h[n] += d_y[n]`, of the final state; `d_x [T, N, D·P] = 0`, since no step is seen but through it.
pub(in crate::network) fn backward<T: Scalar>(
    layer: &Recurrent<T>,
    d_y: SeqRef<'_, T>,
    mut d_x: SeqMut<'_, T>,
    d_state: &mut State<T>,
) {
    d_x.fill(T::ZERO);
    (0..d_y.rows()).for_each(|n| give(layer, d_y.at(0).row(n), n, d_state));
}

/// `y = [h[n] of each direction]`.
pub(super) fn show<T: Scalar>(layer: &Recurrent<T>, state: &State<T>, n: usize, y: &mut [T]) {
    let p = layer.spec.y_width();
    for (y, way) in y.chunks_exact_mut(p).zip(&layer.ways) {
        y.copy_from_slice(state.output(way.slot).row(n));
    }
}

/// `d_h[n] += d_y` of each direction.
pub(super) fn give<T: Scalar>(layer: &Recurrent<T>, d_y: &[T], n: usize, d_state: &mut State<T>) {
    let p = layer.spec.y_width();
    for (d_y, way) in d_y.chunks_exact(p).zip(&layer.ways) {
        let mut d_h = d_state.output_mut(way.slot);
        d_h.row_mut(n).iter_mut().zip(d_y).for_each(|(d_h, &d_y)| *d_h += d_y);
    }
}
