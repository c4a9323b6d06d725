//! `c' = f ∘ c + i ∘ g`, `h' = o ∘ φ(c')`: variants of the LSTM as Greff et al. 2015, Hochreiter and Schmidhuber 1997 and
//! Sak et al. 2014 state them.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::{Clips, Forget, LstmBlocks, LstmVariant, Nonlinearity};

/// Coupled gates and peepholes.
pub static LSTM_COUPLED: Own = Own::new(
    "lstm coupled, peepholes",
    || cell(&LstmVariant { forget: Forget::Coupled, peepholes: true, ..LstmVariant::default() }),
    Some(|dims, params, x, h, c, _| {
        let hidden = dims.hidden;
        let mut params = Parameters::new(dims, params);
        let [w, r] = params.matrices([(3, true), (3, false)], 2 * hidden);
        let (p_i, p_o) = (params.vector(), params.vector());
        let net = |gate: usize, j: usize| w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h);
        let new_c = each(dims, |j| {
            let i = sigmoid(net(0, j) + p_i[j] * c[j]);
            (1.0 - i) * c[j] + i * net(1, j).tanh()
        });
        let new_h = each(dims, |j| sigmoid(net(2, j) + p_o[j] * new_c[j]) * new_c[j].tanh());
        [new_h, new_c]
    }),
);

/// No forget gate; pre-activations, the state and what `tanh` sees of it are limited.
pub static LSTM_1997: Own = Own::new(
    "lstm 1997, clipped",
    || {
        let clip = Clips { pre_activations: Some(1.5), state: Some(0.75), shown: Some(0.5), output: None };
        cell(&LstmVariant { forget: Forget::One, clip, ..LstmVariant::default() })
    },
    Some(|dims, params, x, h, c, _| {
        let hidden = dims.hidden;
        let [w, r] = Parameters::new(dims, params).matrices([(3, true), (3, false)], 0);
        let net =
            |gate: usize, j: usize| (w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h)).clamp(-1.5, 1.5);
        let new_c = each(dims, |j| (c[j] + sigmoid(net(0, j)) * net(1, j).tanh()).clamp(-0.75, 0.75));
        let new_h = each(dims, |j| sigmoid(net(2, j)) * new_c[j].clamp(-0.5, 0.5).tanh());
        [new_h, new_c]
    }),
);

/// Hochreiter and Schmidhuber 1997: blocks of two cells, `g` between −2 and 2, `h` between −1 and 1.
pub static LSTM_BLOCKS: Own = Own::new(
    "lstm_blocks",
    || cell(&LstmBlocks::default()),
    Some(|dims, params, x, h, c, _| {
        let half = dims.hidden / 2;
        // Gates of all blocks, H / 2 of each kind, then the cells.
        let [w, r] = Parameters::new(dims, params).matrices([(2, true), (2, false)], 0);
        let net = |row: usize| w.times(row, x) + r.times(row, h);
        let squashed = |v: f64| 4.0 * sigmoid(v) - 2.0;
        let new_c = each(dims, |j| c[j] + sigmoid(net(j / 2)) * squashed(net(dims.hidden + j)));
        let new_h = each(dims, |j| sigmoid(net(half + j / 2)) * (2.0 * sigmoid(new_c[j]) - 1.0));
        [new_h, new_c]
    }),
)
.in_heads_of(2);

/// A limited projection, here of width `H`.
pub static LSTM_PROJECTION: Own = Own::new(
    "lstm projection, clipped",
    || {
        let clip = Clips { output: Some(0.5), ..Clips::default() };
        cell(&LstmVariant { projection: true, clip, ..LstmVariant::default() })
    },
    Some(|dims, params, x, h, c, _| {
        let hidden = dims.hidden;
        let mut params = Parameters::new(dims, params);
        let [w, r] = params.matrices([(4, true), (4, false)], hidden * hidden);
        let projection = params.matrix(1);
        let net = |gate: usize, j: usize| w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h);
        let new_c = each(dims, |j| sigmoid(net(1, j)) * c[j] + sigmoid(net(0, j)) * net(2, j).tanh());
        let m = each(dims, |j| sigmoid(net(3, j)) * new_c[j].tanh());
        [each(dims, |j| projection.times(j, &m).clamp(-0.5, 0.5)), new_c]
    }),
);

/// Functions other than sigmoid and tanh.
pub static LSTM_FUNCTIONS: Own = Own::new(
    "lstm hard sigmoid, elu, softsign",
    || {
        cell(&LstmVariant {
            gate: Nonlinearity::HardSigmoid { slope: 0.2, offset: 0.5 },
            candidate: Nonlinearity::Elu { alpha: 0.75 },
            state: Nonlinearity::Softsign,
            ..LstmVariant::default()
        })
    },
    Some(functions),
);

fn functions(dims: Dims, params: &[f64], x: &[f64], h: &[f64], c: &[f64], _: &[f64]) -> [Vec<f64>; 2] {
    let hidden = dims.hidden;
    let [w, r] = Parameters::new(dims, params).matrices([(4, true), (4, false)], 0);
    let net = |gate: usize, j: usize| w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h);
    let hard = |v: f64| (0.2 * v + 0.5).clamp(0.0, 1.0);
    let elu = |v: f64| if v > 0.0 { v } else { 0.75 * v.exp_m1() };
    let new_c = each(dims, |j| hard(net(1, j)) * c[j] + hard(net(0, j)) * elu(net(2, j)));
    let new_h = each(dims, |j| hard(net(3, j)) * new_c[j] / (1.0 + new_c[j].abs()));
    [new_h, new_c]
}
