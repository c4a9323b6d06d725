//! `y[n] = x[last_n, n]`, the last step of each row that it does not skip, and its pullback.
//!
//! A row without a valid step in this window has its state there, which it has kept: the initial `h`; 0 without a recurrent layer.

use super::final_states;
use crate::network::plan::Recurrent;
use crate::network::state::State;
use rnn_kernels::{IGNORE, MatMut, Scalar, SeqMut, SeqRef, Steps};

/// The last step that belongs to row `n`.
fn last(steps: Steps<'_>, n: usize, count: usize) -> Option<usize> {
    (0..steps.end(n, count)).rev().find(|&t| steps.live(t, n))
}

/// `y[n] = x[last_n, n]`, or the state `h` of row `n` if no step is its own; `x [T, N, W]`, what the layer wrote if there is one;
/// `y [N, W]` overwritten.
pub(in crate::network) fn forward<T: Scalar>(
    layer: Option<&Recurrent<T>>,
    steps: Steps<'_>,
    x: SeqRef<'_, T>,
    state: &State<T>,
    mut y: MatMut<'_, T>,
) {
    for n in 0..x.rows() {
        match last(steps, n, x.steps()) {
            None => match layer {
                Some(layer) => final_states::show(layer, state, n, y.row_mut(n)),
                None => y.row_mut(n).fill(T::ZERO),
            },
            Some(last) => y.row_mut(n).copy_from_slice(x.at(last).row(n)),
        }
    }
}

/// `y[n] = x[last_n, n]` of symbols, [`IGNORE`] in a row without a step; `x [T, N]`, `y [N]` overwritten, for which there is room.
pub(in crate::network) fn of_symbols(steps: Steps<'_>, x: &[u32], [count, rows]: [usize; 2], y: &mut Vec<u32>) {
    y.clear();
    y.extend((0..rows).map(|n| last(steps, n, count).map_or(IGNORE, |last| x[last * rows + n])));
}

/// `d_x[last_n, n] = d_y[n]` and 0 elsewhere; where no step is the row's own, `d_h[n] += d_y[n]` for the final state.
pub(in crate::network) fn backward<T: Scalar>(
    layer: Option<&Recurrent<T>>,
    steps: Steps<'_>,
    d_y: SeqRef<'_, T>,
    mut d_x: SeqMut<'_, T>,
    d_state: &mut State<T>,
) {
    d_x.fill(T::ZERO);
    let d_y = d_y.at(0);
    for n in 0..d_x.rows() {
        match last(steps, n, d_x.steps()) {
            None => layer.into_iter().for_each(|layer| final_states::give(layer, d_y.row(n), n, d_state)),
            Some(last) => d_x.at_mut(last).row_mut(n).copy_from_slice(d_y.row(n)),
        }
    }
}
