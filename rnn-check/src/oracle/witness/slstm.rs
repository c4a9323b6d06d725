//! Beck et al. 2024, "xLSTM", the scalar memory, from a state that is given.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::Slstm;

/// The sLSTM; its states are `h c n m`.
pub static SLSTM: Own = Own::new(
    "slstm",
    || cell(&Slstm::default()),
    Some(|dims, params, x, h, others, _| {
        let [w, r] = Parameters::new(dims, params).matrices([(4, true), (4, false)], 0);
        step(dims, others, |gate, j| w.times(gate * dims.hidden + j, x) + r.times(gate * dims.hidden + j, h))
    }),
)
.dividing_by(2);

/// The same in heads of two units.
pub static SLSTM_HEADS: Own = Own::new(
    "slstm heads",
    || cell(&Slstm { head: Some(2) }),
    Some(|dims, params, x, h, others, _| {
        let [w, r] = Parameters::new(dims, params).matrices_in_heads([(4, true), (4, false)], [dims.input, 2], 0);
        let own = |j: usize| &h[j / 2 * 2..][..2];
        step(dims, others, |gate, j| w.times(gate * dims.hidden + j, x) + r.times(gate * dims.hidden + j, own(j)))
    }),
)
.dividing_by(2)
.in_heads_of(2);

fn step(dims: Dims, others: &[f64], net: impl Fn(usize, usize) -> f64) -> [Vec<f64>; 2] {
    let (c, rest) = others.split_at(dims.hidden);
    let (n, m) = rest.split_at(dims.hidden);
    let log_f = |j: usize| -(-net(1, j)).exp().ln_1p();
    let new_m = each(dims, |j| (log_f(j) + m[j]).max(net(0, j)));
    let gates = |j: usize| ((net(0, j) - new_m[j]).exp(), (log_f(j) + m[j] - new_m[j]).exp());
    let new_c = each(dims, |j| gates(j).1 * c[j] + gates(j).0 * net(2, j).tanh());
    let new_n = each(dims, |j| gates(j).1 * n[j] + gates(j).0);
    let new_h = each(dims, |j| sigmoid(net(3, j)) * new_c[j] / new_n[j]);
    [new_h, [new_c, new_n, new_m].concat()]
}
