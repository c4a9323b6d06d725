//! Hasani et al. 2022, "Closed-form continuous-time neural networks", steps of length 1, the state as wide as the backbone.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::{Cfc, CfcMode, Elapsed};

/// Two answers, and a gate between them.
pub static CFC: Own = Own::new(
    "cfc",
    || cell(&Cfc { layers: 2, ..Cfc::default() }),
    Some(|d, p, x, h, _, _| gated(d, p, x, h, |tau| 1.0 - tau)),
);

/// Two answers, one of them gated.
pub static CFC_NO_GATE: Own = Own::new(
    "cfc without gate",
    || cell(&Cfc { layers: 2, mode: CfcMode::NoGate, elapsed: Elapsed::One }),
    Some(|d, p, x, h, _, _| gated(d, p, x, h, |_| 1.0)),
);

/// The solution itself.
pub static CFC_PURE: Own = Own::new(
    "cfc pure",
    || cell(&Cfc { layers: 1, mode: CfcMode::Pure, elapsed: Elapsed::One }),
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let mut params = Parameters::new(dims, params);
        let [w, out] = params.matrices([(1, true), (1, false)], hidden * hidden + 2 * hidden);
        let (r, w_tau, a) = (params.matrix(1), params.vector(), params.vector());
        let u = each(dims, |j| backbone(w.times(j, x) + r.times(j, h)));
        let new = each(dims, |j| {
            let f = out.times(j, &u);
            a[j] - a[j] * (-(w_tau[j].abs() + f.abs())).exp() * f
        });
        [new, vec![]]
    }),
);

fn backbone(v: f64) -> f64 {
    1.7159 * (0.666 * v).tanh()
}

fn gated(dims: Dims, params: &[f64], x: &[f64], h: &[f64], first: fn(f64) -> f64) -> [Vec<f64>; 2] {
    let hidden = dims.hidden;
    let mut params = Parameters::new(dims, params);
    let [w, second, out] = params.matrices([(1, true), (1, false), (4, false)], hidden * hidden);
    let r = params.matrix(1);
    let u = each(dims, |j| backbone(w.times(j, x) + r.times(j, h)));
    let u = each(dims, |j| backbone(second.times(j, &u)));
    let new = each(dims, |j| {
        let [f1, f2, time_a, time_b] = [0, 1, 2, 3].map(|gate| out.times(gate * hidden + j, &u));
        let tau = sigmoid(time_a + time_b);
        f1.tanh() * first(tau) + tau * f2.tanh()
    });
    [new, vec![]]
}
