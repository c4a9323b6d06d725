//! Ba, Kiros & Hinton 2016, "Layer Normalization": the LSTM of the supplement, the one that carries the normalised state, and the one of
//! TensorFlow 1, `LayerNormBasicLSTMCell`, which normalises each gate by itself.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::{Carried, LstmLayerNorm, Normed};

/// Not as small as in use: where the variance is near 0, as that of one unit is, errors grow by `1/√ε` in every step, and a bound
/// would say nothing after two.
const EPSILON: f64 = 0.125;

/// As the paper writes it.
pub static LSTM_LAYER_NORM: Own = Own::new(
    "lstm_layer_norm",
    || cell(&LstmLayerNorm { epsilon: EPSILON, ..LstmLayerNorm::default() }),
    Some(|d, p, x, h, c, _| step(d, p, [x, h, c], Arrangement { gates: false, carried: false, bias: true })),
);

/// As PyTorch and TensorFlow Addons compute it, without a bias.
pub static LSTM_LAYER_NORM_CARRIED: Own = Own::new(
    "lstm_layer_norm carried",
    || cell(&LstmLayerNorm { carried: Carried::Normalised, bias: false, epsilon: EPSILON, ..LstmLayerNorm::default() }),
    Some(|d, p, x, h, c, _| step(d, p, [x, h, c], Arrangement { gates: false, carried: true, bias: false })),
);

/// As TensorFlow 1 computes it: `i`, `j`, `f` and `o` by themselves, `c` normalised.
pub static LSTM_LAYER_NORM_GATES: Own = Own::new(
    "lstm_layer_norm of gates",
    || {
        let (normed, carried) = (Normed::Gates, Carried::Normalised);
        cell(&LstmLayerNorm { normed, carried, bias: false, epsilon: EPSILON })
    },
    Some(|d, p, x, h, c, _| step(d, p, [x, h, c], Arrangement { gates: true, carried: true, bias: false })),
);

/// The same norms with a bias, the state carried as the paper does.
pub static LSTM_LAYER_NORM_GATES_RAW: Own = Own::new(
    "lstm_layer_norm of gates, raw",
    || cell(&LstmLayerNorm { normed: Normed::Gates, epsilon: EPSILON, ..LstmLayerNorm::default() }),
    Some(|d, p, x, h, c, _| step(d, p, [x, h, c], Arrangement { gates: true, carried: false, bias: true })),
);

struct Arrangement {
    gates: bool,
    carried: bool,
    bias: bool,
}

fn norm(v: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let count = v.len() as f64;
    let mean = v.iter().sum::<f64>() / count;
    let variance = v.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
    let one = |((v, w), b): ((&f64, &f64), &f64)| w * (v - mean) / (variance + EPSILON).sqrt() + b;
    v.iter().zip(weight).zip(bias).map(one).collect()
}

fn step(dims: Dims, params: &[f64], [x, h, c]: [&[f64]; 3], how: Arrangement) -> [Vec<f64>; 2] {
    let hidden = dims.hidden;
    let mut params = Parameters::new(dims, params);
    let (w, r) = (params.bare(4 * hidden, dims.input), params.bare(4 * hidden, hidden));
    let all = |times: &dyn Fn(usize) -> f64| (0..4 * hidden).map(times).collect::<Vec<_>>();
    let normed = if how.gates {
        let [weight, bias] = [(); 2].map(|()| params.vector_of(4 * hidden));
        let sums = all(&|row| w.times(row, x) + r.times(row, h));
        let gate = |gate: usize| {
            let of = |v: &[f64]| v[gate * hidden..(gate + 1) * hidden].to_vec();
            norm(&of(&sums), &of(weight), &of(bias))
        };
        [0, 1, 2, 3].map(gate).concat()
    } else {
        let [w_x, b_x, w_h, b_h] = [(); 4].map(|()| params.vector_of(4 * hidden));
        let of_x = norm(&all(&|row| w.times(row, x)), w_x, b_x);
        let of_h = norm(&all(&|row| r.times(row, h)), w_h, b_h);
        all(&|row| of_x[row] + of_h[row])
    };
    let (w_c, b_c) = (params.vector(), params.vector());
    let bias = if how.bias { params.vector_of(4 * hidden).to_vec() } else { vec![0.0; 4 * hidden] };
    let net = |gate: usize, j: usize| normed[gate * hidden + j] + bias[gate * hidden + j];
    let raw = each(dims, |j| sigmoid(net(1, j)) * c[j] + sigmoid(net(0, j)) * net(2, j).tanh());
    let normalised = norm(&raw, w_c, b_c);
    let new = each(dims, |j| sigmoid(net(3, j)) * normalised[j].tanh());
    [new, if how.carried { normalised } else { raw }]
}
