//! Krueger et al. 2017, "Zoneout"; Semeniuta et al. 2016, "Recurrent dropout without memory loss"; Gal and Ghahramani 2016, "A
//! theoretically grounded application of dropout in recurrent neural networks". Masks are whatever numbers are given.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::GruReset;
use rnn_kernels::cells::{Clips, ElmanVariant, GruVariant, LstmVariant, Noise, Nonlinearity};

/// What a step reads.
struct Given<'a> {
    dims: Dims,
    params: &'a [f64],
    x: &'a [f64],
    /// The state that matrices see.
    seen: &'a [f64],
    /// How many parameters come behind the matrices of the gates.
    others: usize,
}

impl Given<'_> {
    /// `W x + U h + b`, gate after gate, and `U h + b` of a second bias alone.
    fn nets<const N: usize>(&self) -> ([Vec<f64>; N], Vec<f64>) {
        let (dims, hidden) = (self.dims, self.dims.hidden);
        let [w, u] = Parameters::new(dims, self.params).matrices([(N, true), (N, false)], self.others);
        let of_h = (0..N * hidden).map(|row| u.times(row, self.seen)).collect::<Vec<_>>();
        let net = |gate: usize| each(dims, |j| w.times(gate * hidden + j, self.x) + of_h[gate * hidden + j]);
        (std::array::from_fn(net), of_h)
    }
}

/// `d ∘ old + (1 − d) ∘ new`.
fn zoned(d: &[f64], old: &[f64], new: &[f64]) -> Vec<f64> {
    d.iter().zip(old).zip(new).map(|((d, old), new)| d * old + (1.0 - d) * new).collect()
}

fn times(d: &[f64], v: &[f64]) -> Vec<f64> {
    d.iter().zip(v).map(|(d, v)| d * v).collect()
}

/// `h = d ∘ h + (1 − d) ∘ tanh(…)`.
pub static ELMAN_ZONEOUT: Own = Own::new(
    "elman zoneout",
    || cell(&ElmanVariant { noise: Noise::Zoneout, ..ElmanVariant::default() }),
    Some(|dims, params, x, h, _, masks| {
        let ([net], _) = Given { dims, params, x, seen: h, others: 0 }.nets();
        [zoned(masks, h, &each(dims, |j| net[j].tanh())), vec![]]
    }),
);

/// `h = d ∘ softsign(…)`.
pub static ELMAN_CANDIDATE: Own = Own::new(
    "elman softsign, dropout of the candidate",
    || cell(&ElmanVariant { activation: Nonlinearity::Softsign, noise: Noise::Candidate, ..ElmanVariant::default() }),
    Some(|dims, params, x, h, _, masks| {
        let ([net], _) = Given { dims, params, x, seen: h, others: 0 }.nets();
        [each(dims, |j| masks[j] * net[j] / (1.0 + net[j].abs())), vec![]]
    }),
);

/// `h = tanh(W x + U (d ∘ h) + b)`.
pub static ELMAN_STATE: Own = Own::new(
    "elman, dropout of the state",
    || cell(&ElmanVariant { noise: Noise::State, ..ElmanVariant::default() }),
    Some(|dims, params, x, h, _, masks| {
        let ([net], _) = Given { dims, params, x, seen: &times(masks, h), others: 0 }.nets();
        [each(dims, |j| net[j].tanh()), vec![]]
    }),
);

/// `i f g o` to what `c` and `h` would be, the candidate multiplied.
fn lstm(dims: Dims, [i, f, g, o]: &[Vec<f64>; 4], c: &[f64], candidate: &[f64]) -> [Vec<f64>; 2] {
    let new = each(dims, |j| sigmoid(f[j]) * c[j] + sigmoid(i[j]) * candidate[j] * g[j].tanh());
    [each(dims, |j| sigmoid(o[j]) * new[j].tanh()), new]
}

/// `c = d_c ∘ c + (1 − d_c) ∘ (f ∘ c + i ∘ g)`, `h = d_h ∘ h + (1 − d_h) ∘ o ∘ tanh(f ∘ c + i ∘ g)`.
pub static LSTM_ZONEOUT: Own = Own::new(
    "lstm zoneout",
    || cell(&LstmVariant { noise: Noise::Zoneout, ..LstmVariant::default() }),
    Some(|dims, params, x, h, c, masks| {
        let (nets, _) = Given { dims, params, x, seen: h, others: 0 }.nets();
        let [new_h, new_c] = lstm(dims, &nets, c, &vec![1.0; dims.hidden]);
        let (d_h, d_c) = masks.split_at(dims.hidden);
        [zoned(d_h, h, &new_h), zoned(d_c, c, &new_c)]
    }),
);

/// The same of a limited projection, here of width `H`.
pub static LSTM_ZONEOUT_PROJECTION: Own = Own::new(
    "lstm zoneout, projection, clipped",
    || {
        let clip = Clips { output: Some(0.5), ..Clips::default() };
        cell(&LstmVariant { noise: Noise::Zoneout, projection: true, clip, ..LstmVariant::default() })
    },
    Some(|dims, params, x, h, c, masks| {
        let squared = dims.hidden * dims.hidden;
        let (nets, _) = Given { dims, params, x, seen: h, others: squared }.nets();
        let [m, new_c] = lstm(dims, &nets, c, &vec![1.0; dims.hidden]);
        let projection = Parameters::new(dims, &params[params.len() - squared..]).matrix(1);
        let new_h = each(dims, |j| projection.times(j, &m).clamp(-0.5, 0.5));
        let (d_h, d_c) = masks.split_at(dims.hidden);
        [zoned(d_h, h, &new_h), zoned(d_c, c, &new_c)]
    }),
);

/// `c = f ∘ c + i ∘ d(g)`.
pub static LSTM_CANDIDATE: Own = Own::new(
    "lstm, dropout of the candidate",
    || cell(&LstmVariant { noise: Noise::Candidate, ..LstmVariant::default() }),
    Some(|dims, params, x, h, c, masks| {
        let (nets, _) = Given { dims, params, x, seen: h, others: 0 }.nets();
        lstm(dims, &nets, c, masks)
    }),
);

/// `(i f g o) = (σ σ tanh σ)(W x + U (d ∘ h) + b)`, then a projection, here of width `H`.
pub static LSTM_STATE: Own = Own::new(
    "lstm, dropout of the state, projection",
    || cell(&LstmVariant { noise: Noise::State, projection: true, ..LstmVariant::default() }),
    Some(|dims, params, x, h, c, masks| {
        let squared = dims.hidden * dims.hidden;
        let (nets, _) = Given { dims, params, x, seen: &times(masks, h), others: squared }.nets();
        let [m, new_c] = lstm(dims, &nets, c, &vec![1.0; dims.hidden]);
        let projection = Parameters::new(dims, &params[params.len() - squared..]).matrix(1);
        [each(dims, |j| projection.times(j, &m)), new_c]
    }),
);

/// `n = tanh(W x + r ∘ (U seen + b))`, then `(1 − z) ∘ d ∘ n + z ∘ h`.
fn gru(given: &Given<'_>, h: &[f64], candidate: &[f64]) -> Vec<f64> {
    let hidden = given.dims.hidden;
    let ([r, z, n], of_h) = given.nets();
    each(given.dims, |j| {
        let of_h = of_h[2 * hidden + j];
        let n = (n[j] - of_h + sigmoid(r[j]) * of_h).tanh();
        let z = sigmoid(z[j]);
        (1.0 - z) * candidate[j] * n + z * h[j]
    })
}

/// `n = tanh(W x + U (r ∘ seen) + b)`, then the same.
fn gru_before(given: &Given<'_>, h: &[f64], candidate: &[f64]) -> Vec<f64> {
    let ([r, z, _], _) = given.nets();
    let reset = each(given.dims, |j| sigmoid(r[j]) * given.seen[j]);
    let ([_, _, n], _) = Given { seen: &reset, ..*given }.nets();
    each(given.dims, |j| {
        let z = sigmoid(z[j]);
        (1.0 - z) * candidate[j] * n[j].tanh() + z * h[j]
    })
}

/// `h = d ∘ h + (1 − d) ∘ h̃`.
pub static GRU_ZONEOUT: Own = Own::new(
    "gru zoneout",
    || cell(&GruVariant { noise: Noise::Zoneout, ..GruVariant::default() }),
    Some(|dims, params, x, h, _, masks| {
        let given = Given { dims, params, x, seen: h, others: 0 };
        [zoned(masks, h, &gru(&given, h, &vec![1.0; dims.hidden])), vec![]]
    }),
);

/// `h = (1 − z) ∘ d(n) + z ∘ h`.
pub static GRU_CANDIDATE: Own = Own::new(
    "gru reset-before, dropout of the candidate",
    || cell(&GruVariant { reset: GruReset::Before, noise: Noise::Candidate, ..GruVariant::default() }),
    Some(|dims, params, x, h, _, masks| [gru_before(&Given { dims, params, x, seen: h, others: 0 }, h, masks), vec![]]),
);

/// Matrices see `d ∘ h`, the update `h`.
pub static GRU_STATE: Own = Own::new(
    "gru, dropout of the state",
    || cell(&GruVariant { noise: Noise::State, ..GruVariant::default() }),
    Some(|dims, params, x, h, _, masks| {
        let given = Given { dims, params, x, seen: &times(masks, h), others: 0 };
        [gru(&given, h, &vec![1.0; dims.hidden]), vec![]]
    }),
);

/// The same with `r ∘ d ∘ h`.
pub static GRU_STATE_BEFORE: Own = Own::new(
    "gru reset-before, dropout of the state",
    || cell(&GruVariant { reset: GruReset::Before, noise: Noise::State, ..GruVariant::default() }),
    Some(|dims, params, x, h, _, masks| {
        let given = Given { dims, params, x, seen: &times(masks, h), others: 0 };
        [gru_before(&given, h, &vec![1.0; dims.hidden]), vec![]]
    }),
);
