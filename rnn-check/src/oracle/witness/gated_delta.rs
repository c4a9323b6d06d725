//! Yang et al. 2024, "Gated Delta Networks", three keys and two values a head: `S = S₋₁ α (1 − β k kᵀ) + β v kᵀ`, transposed.

use super::{Parameters, cell, sigmoid};
use crate::oracle::Own;
use rnn_kernels::cells::GatedDelta;

const K: usize = 3;
const V: usize = 2;

/// The gated delta rule; its states are `h S`.
pub static GATED_DELTA: Own = Own::new(
    "gated_delta",
    || cell(&GatedDelta { key: K, value: V }),
    Some(|dims, params, x, _, s, _| {
        let (hidden, heads) = (dims.hidden, dims.hidden / V);
        let mut params = Parameters::new(dims, params);
        let w = params.of_input(2 * heads + 2 * heads * K + hidden, 2 * heads);
        let (a_log, dt_bias) = (params.vector_of(heads), params.vector_of(heads));
        let (mut h, mut new) = (vec![], vec![]);
        for head in 0..heads {
            let unit = |first: usize| {
                let v: [f64; K] = core::array::from_fn(|k| w.times(2 * heads + first + head * K + k, x));
                let length = (v.iter().map(|v| v * v).sum::<f64>() + 1e-6).sqrt();
                v.map(|v| v / length)
            };
            let (q, k) = (unit(0), unit(heads * K));
            let v: [f64; V] = core::array::from_fn(|j| w.times(2 * heads + 2 * heads * K + head * V + j, x));
            let alpha = (-a_log[head].exp() * (w.times(head, x) + dt_bias[head]).exp().ln_1p()).exp();
            let beta = sigmoid(w.times(heads + head, x));
            let old = |key: usize, value: usize| s[(head * K + key) * V + value];
            let element = |key: usize, value: usize| {
                // Row `key` of `α (1 − β k kᵀ) S₋₁ + β k vᵀ`.
                let erased: f64 = (0..K).map(|of| k[key] * k[of] * old(of, value)).sum();
                alpha * (old(key, value) - beta * erased) + beta * k[key] * v[value]
            };
            new.extend(
                (0..K).flat_map(|key| (0..V).map(move |value| (key, value))).map(|(key, value)| element(key, value)),
            );
            h.extend((0..V).map(|value| (0..K).map(|key| element(key, value) * q[key]).sum::<f64>() / 3_f64.sqrt()));
        }
        [h, new]
    }),
)
.in_heads_of(V);
