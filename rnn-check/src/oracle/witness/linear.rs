//! `h' = a ∘ h + b` with `a` and `b` of the input alone.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::{Candidate, Hgrn, MinGru, MinLstm, RgLru};

/// Feng et al. 2024 with a positive candidate.
pub static MIN_GRU: Own =
    Own::new("min_gru", || cell(&MinGru::default()), Some(|d, p, x, h, _, _| min_gru(d, p, x, h, g)));

/// Feng et al. 2024, the plain form.
pub static MIN_GRU_IDENTITY: Own = Own::new(
    "min_gru identity",
    || cell(&MinGru { candidate: Candidate::Identity }),
    Some(|d, p, x, h, _, _| min_gru(d, p, x, h, |a| a)),
);

/// The candidate that is never negative.
fn g(a: f64) -> f64 {
    if a >= 0.0 { a + 0.5 } else { sigmoid(a) }
}

fn min_gru(dims: Dims, params: &[f64], x: &[f64], h: &[f64], g: fn(f64) -> f64) -> [Vec<f64>; 2] {
    let [w] = Parameters::new(dims, params).matrices([(2, true)], 0);
    let new = each(dims, |j| {
        let z = sigmoid(w.times(dims.hidden + j, x));
        (1.0 - z) * h[j] + z * g(w.times(j, x))
    });
    [new, vec![]]
}

/// Feng et al. 2024.
pub static MIN_LSTM: Own = Own::new(
    "min_lstm",
    || cell(&MinLstm::default()),
    Some(|dims, params, x, h, _, _| {
        let [w] = Parameters::new(dims, params).matrices([(3, true)], 0);
        let new = each(dims, |j| {
            let [n, f, i] = [0, 1, 2].map(|gate| w.times(gate * dims.hidden + j, x));
            let (f, i) = (sigmoid(f), sigmoid(i));
            f / (f + i) * h[j] + i / (f + i) * g(n)
        });
        [new, vec![]]
    }),
);

/// De et al. 2024.
pub static RG_LRU: Own = Own::new(
    "rg_lru",
    || cell(&RgLru::default()),
    Some(|dims, params, x, h, _, _| rg_lru(dims, params, x, h, dims.input)),
);

/// The same, gates in heads of two.
pub static RG_LRU_HEADS: Own = Own::new(
    "rg_lru heads",
    || cell(&RgLru { head: Some(2) }),
    Some(|dims, params, x, h, _, _| rg_lru(dims, params, x, h, 2)),
)
.in_heads_of(2);

fn rg_lru(dims: Dims, params: &[f64], x: &[f64], h: &[f64], head: usize) -> [Vec<f64>; 2] {
    let mut params = Parameters::new(dims, params);
    let [w] = params.matrices_in_heads([(2, true)], [head; 2], dims.hidden);
    let lambda = params.vector();
    let new = each(dims, |j| {
        let own = &x[j / head * head..][..head];
        let (r, u) = (sigmoid(w.times(j, own)), sigmoid(w.times(dims.hidden + j, own)));
        let log_a = -8.0 * r * lambda[j].exp().ln_1p();
        log_a.exp() * h[j] + (-(2.0 * log_a).exp_m1()).sqrt() * (u * x[j])
    });
    [new, vec![]]
}

/// Qin et al. 2023, the real form.
pub static HGRN: Own = Own::new(
    "hgrn",
    || cell(&Hgrn::default()),
    Some(|dims, params, x, h, _, _| {
        let mut params = Parameters::new(dims, params);
        let [w] = params.matrices([(2, true)], dims.hidden);
        let gamma = params.vector();
        let new = each(dims, |j| {
            let (f, c) = (sigmoid(w.times(j, x)), w.times(dims.hidden + j, x));
            let lambda = gamma[j] + (1.0 - gamma[j]) * f;
            lambda * h[j] + (1.0 - lambda) * c * sigmoid(c)
        });
        [new, vec![]]
    }),
);
