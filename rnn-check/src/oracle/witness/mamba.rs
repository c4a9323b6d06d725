//! Gu & Dao 2023, "Mamba", as published code computes it: `A` by a zero-order hold, `B` by Euler's rule; two states a channel.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::Own;
use rnn_kernels::cells::Mamba;

const STATES: usize = 2;

/// The selective scan; its states are `h s`.
pub static MAMBA: Own = Own::new(
    "mamba",
    || cell(&Mamba { states: STATES }),
    Some(|dims, params, x, _, s, _| {
        let hidden = dims.hidden;
        let mut params = Parameters::new(dims, params);
        let w = params.of_input(3 * hidden + 2 * STATES, hidden * (STATES + 1));
        let (a_log, skip) = (params.vector_of(hidden * STATES), params.vector());
        let channel = |gate: usize, d: usize| w.times(gate * hidden + d, x);
        let of_state = |gate: usize, n: usize| w.times(3 * hidden + gate * STATES + n, x);
        let new: Vec<f64> = (0..hidden * STATES)
            .map(|at| {
                let (d, n) = (at / STATES, at % STATES);
                let step = channel(0, d).exp().ln_1p();
                (-step * a_log[at].exp()).exp() * s[at] + step * of_state(0, n) * channel(1, d)
            })
            .collect();
        let h = each(dims, |d| {
            let read: f64 = (0..STATES).map(|n| of_state(1, n) * new[d * STATES + n]).sum();
            let z = channel(2, d);
            (read + skip[d] * channel(1, d)) * z * sigmoid(z)
        });
        [h, new]
    }),
);
