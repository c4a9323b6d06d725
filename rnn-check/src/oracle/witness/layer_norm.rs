//! Ba, Kiros & Hinton 2016, "Layer Normalization": the LSTM of the supplement, and the one that carries the normalised state.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::{Carried, LstmLayerNorm};

/// Not as small as in use: where the variance is near 0, as that of one unit is, errors grow by `1/√ε` in every step, and a bound
/// would say nothing after two.
const EPSILON: f64 = 0.125;

/// As the paper writes it.
pub static LSTM_LAYER_NORM: Own = Own::new(
    "lstm_layer_norm",
    || cell(&LstmLayerNorm { epsilon: EPSILON, ..LstmLayerNorm::default() }),
    Some(|d, p, x, h, c, _| step(d, p, [x, h, c], Arrangement { carried: false, bias: true })),
);

/// As PyTorch and TensorFlow Addons compute it, without a bias.
pub static LSTM_LAYER_NORM_CARRIED: Own = Own::new(
    "lstm_layer_norm carried",
    || cell(&LstmLayerNorm { carried: Carried::Normalised, bias: false, epsilon: EPSILON }),
    Some(|d, p, x, h, c, _| step(d, p, [x, h, c], Arrangement { carried: true, bias: false })),
);

struct Arrangement {
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
    let [w_x, b_x, w_h, b_h] = [(); 4].map(|()| params.vector_of(4 * hidden));
    let (w_c, b_c) = (params.vector(), params.vector());
    let all = |times: &dyn Fn(usize) -> f64| (0..4 * hidden).map(times).collect::<Vec<_>>();
    let of_x = norm(&all(&|row| w.times(row, x)), w_x, b_x);
    let of_h = norm(&all(&|row| r.times(row, h)), w_h, b_h);
    let bias = if how.bias { params.vector_of(4 * hidden).to_vec() } else { vec![0.0; 4 * hidden] };
    let net = |gate: usize, j: usize| [&of_x, &of_h, &bias].map(|v| v[gate * hidden + j]).iter().sum::<f64>();
    let raw = each(dims, |j| sigmoid(net(1, j)) * c[j] + sigmoid(net(0, j)) * net(2, j).tanh());
    let normalised = norm(&raw, w_c, b_c);
    let new = each(dims, |j| sigmoid(net(3, j)) * normalised[j].tanh());
    [new, if how.carried { normalised } else { raw }]
}
