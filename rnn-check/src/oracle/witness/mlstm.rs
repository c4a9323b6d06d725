//! Beck et al. 2024, "xLSTM": the matrix memory, two units a head.

use super::{Parameters, cell, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::Mlstm;

const D: usize = 2;

/// With an output gate; its states are `h C n m`.
pub static MLSTM: Own = Own::new(
    "mlstm",
    || cell(&Mlstm { head: D, output_gate: true }),
    Some(|dims, params, x, _, others, _| step(dims, params, x, others, true)),
)
.in_heads_of(D)
.overflowing_when_saturated();

/// Without one.
pub static MLSTM_PLAIN: Own = Own::new(
    "mlstm without output gate",
    || cell(&Mlstm { head: D, output_gate: false }),
    Some(|dims, params, x, _, others, _| step(dims, params, x, others, false)),
)
.in_heads_of(D)
.overflowing_when_saturated();

fn step(dims: Dims, params: &[f64], x: &[f64], others: &[f64], output: bool) -> [Vec<f64>; 2] {
    let (hidden, heads) = (dims.hidden, dims.hidden / D);
    let w = Parameters::new(dims, params).of_input(2 * heads + (3 + usize::from(output)) * hidden, 0);
    let of_units = |gate: usize, unit: usize| w.times(2 * heads + gate * hidden + unit, x);
    let (matrices, rest) = others.split_at(hidden * D);
    let (norms, m) = rest.split_at(hidden);
    let (mut h, mut new_c, mut new_n, mut new_m) = (vec![], vec![], vec![], vec![]);
    for head in 0..heads {
        let [q, k, v] = [0, 1, 2].map(|gate| [0, 1].map(|j| of_units(gate, head * D + j)));
        let k = k.map(|k| k / 2_f64.sqrt());
        let (i, log_f) = (w.times(head, x), sigmoid(w.times(heads + head, x)).ln());
        let stable = (log_f + m[head]).max(i);
        let (i, f) = ((i - stable).exp(), (log_f + m[head] - stable).exp());
        let c = |key: usize, value: usize| f * matrices[(head * D + key) * D + value] + i * k[key] * v[value];
        let n = [0, 1].map(|key| f * norms[head * D + key] + i * k[key]);
        let divisor = (n[0] * q[0] + n[1] * q[1]).abs().max((-stable).exp()) + 1e-6;
        for value in 0..D {
            let gate = if output { sigmoid(of_units(3, head * D + value)) } else { 1.0 };
            h.push(gate * (c(0, value) * q[0] + c(1, value) * q[1]) / divisor);
        }
        new_c.extend([c(0, 0), c(0, 1), c(1, 0), c(1, 1)]);
        new_n.extend(n);
        new_m.push(stable);
    }
    [h, [new_c, new_n, new_m].concat()]
}
