//! `h' = (1 − z) ∘ n + z ∘ h` and its relatives with fewer gates.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::Own;
use rnn_kernels::GruReset;
use rnn_kernels::cells::{GruVariant, LiGru, Mgu, MguReset, Nonlinearity, Update};

/// Reset after the product, functions of ONNX.
pub static GRU_AFTER: Own = Own::new(
    "gru reset-after, hard sigmoid, leaky relu",
    || {
        cell(&GruVariant {
            reset: GruReset::After,
            gate: Nonlinearity::HardSigmoid { slope: 0.25, offset: 0.5 },
            candidate: Nonlinearity::LeakyRelu { slope: 0.125 },
            ..GruVariant::default()
        })
    },
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let [w, r] = Parameters::new(dims, params).matrices([(3, true), (3, false)], 0);
        let hard = |v: f64| (0.25 * v + 0.5).clamp(0.0, 1.0);
        let net = |gate: usize, j: usize| w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h);
        let new = each(dims, |j| {
            let n = w.times(2 * hidden + j, x) + hard(net(0, j)) * r.times(2 * hidden + j, h);
            let (z, n) = (hard(net(1, j)), if n > 0.0 { n } else { 0.125 * n });
            (1.0 - z) * n + z * h[j]
        });
        [new, vec![]]
    }),
);

/// Reset before the product, other functions, whose arguments are limited.
pub static GRU_BEFORE: Own = Own::new(
    "gru reset-before, softplus",
    || {
        let (gate, candidate) = (Nonlinearity::Sigmoid, Nonlinearity::Softplus);
        cell(&GruVariant { reset: GruReset::Before, gate, candidate, clip: Some(0.75), ..GruVariant::default() })
    },
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let [w, r] = Parameters::new(dims, params).matrices([(3, true), (3, false)], 0);
        let net = |gate: usize, j: usize| w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h);
        let limited = |v: f64| v.clamp(-0.75, 0.75);
        let reset = each(dims, |j| sigmoid(limited(net(0, j))) * h[j]);
        let new = each(dims, |j| {
            let n = limited(w.times(2 * hidden + j, x) + r.times(2 * hidden + j, &reset)).exp().ln_1p();
            let z = sigmoid(limited(net(1, j)));
            (1.0 - z) * n + z * h[j]
        });
        [new, vec![]]
    }),
);

/// Zhou et al. 2016.
pub static MGU: Own = Own::new(
    "mgu",
    || cell(&Mgu::default()),
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let [w, r] = Parameters::new(dims, params).matrices([(2, true), (2, false)], 0);
        let f = each(dims, |j| sigmoid(w.times(j, x) + r.times(j, h)));
        let seen = each(dims, |j| f[j] * h[j]);
        let new = each(dims, |j| {
            let n = (w.times(hidden + j, x) + r.times(hidden + j, &seen)).tanh();
            (1.0 - f[j]) * h[j] + f[j] * n
        });
        [new, vec![]]
    }),
);

/// The code of Flax.
pub static MGU_AFTER: Own = Own::new(
    "mgu reset-after",
    || cell(&Mgu { reset: MguReset::After, update: Update::Old }),
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let [w, r] = Parameters::new(dims, params).matrices([(2, true), (2, false)], 0);
        let new = each(dims, |j| {
            let f = sigmoid(w.times(j, x) + r.times(j, h));
            let n = (w.times(hidden + j, x) + f * r.times(hidden + j, h)).tanh();
            (1.0 - f) * n + f * h[j]
        });
        [new, vec![]]
    }),
);

/// The code of Flax without its reset gate.
pub static MGU_NO_RESET: Own = Own::new(
    "mgu without reset",
    || cell(&Mgu { reset: MguReset::None, update: Update::Old }),
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let [w, r] = Parameters::new(dims, params).matrices([(2, true), (2, false)], 0);
        let net = |gate: usize, j: usize| w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h);
        let new = each(dims, |j| {
            let f = sigmoid(net(0, j));
            (1.0 - f) * net(1, j).tanh() + f * h[j]
        });
        [new, vec![]]
    }),
);

/// Ravanelli et al. 2018, without its normalisation.
pub static LI_GRU: Own = Own::new(
    "li_gru",
    || cell(&LiGru::default()),
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let [w, r] = Parameters::new(dims, params).matrices([(2, true), (2, false)], 0);
        let net = |gate: usize, j: usize| w.times(gate * hidden + j, x) + r.times(gate * hidden + j, h);
        let new = each(dims, |j| {
            let z = sigmoid(net(0, j));
            z * h[j] + (1.0 - z) * net(1, j).max(0.0)
        });
        [new, vec![]]
    }),
);
