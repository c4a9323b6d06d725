//! Gers and Schmidhuber 2000, "Recurrent nets that time and count", with a candidate that sees no state.
//!
//! ```text
//! i = σ(W_i x + R_i h + w_ci ∘ c + b_i)          f = σ(W_f x + R_f h + w_cf ∘ c + b_f)
//! c' = f ∘ c + i ∘ tanh(W_c x + R_c h + b_c)     o = σ(W_o x + R_o h + w_co ∘ c' + b_o)     h' = o ∘ tanh(c')
//! ```

use crate::oracle::{Dims, Own};

/// The LSTM with peepholes.
pub static LSTM_PEEPHOLE: Own = Own::new("lstm_peephole", make, Some(step));

fn make() -> rnn_kernels::Cell {
    rnn_kernels::Cell::new(&rnn_kernels::cells::LstmPeephole).unwrap_or_else(|e| panic!("{e}"))
}

/// `params` is `W | R | b_W | b_R | w_ci | w_cf | w_co`, rows in the order `i f c o`.
fn step(dims: Dims, params: &[f64], x: &[f64], h: &[f64], c: &[f64], _: &[f64]) -> [Vec<f64>; 2] {
    let (units, inputs) = (dims.hidden, dims.input);
    let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
    let (w, rest) = params.split_at(4 * units * inputs);
    let (r, rest) = rest.split_at(4 * units * units);
    let peepholes = &rest[rest.len() - 3 * units..];
    let biases = &rest[..rest.len() - 3 * units];
    let (mut new_h, mut new_c) = (vec![0.0; units], vec![0.0; units]);
    for j in 0..units {
        let net = |gate: usize| {
            let row = gate * units + j;
            let of_x: f64 = (0..inputs).map(|k| w[row * inputs + k] * x[k]).sum();
            let of_h: f64 = (0..units).map(|k| r[row * units + k] * h[k]).sum();
            // None, one or two biases.
            of_x + of_h + biases.iter().skip(row).step_by(4 * units).sum::<f64>()
        };
        let peep = |gate: usize, state: f64| peepholes[gate * units + j] * state;
        let i = sigmoid(net(0) + peep(0, c[j]));
        let f = sigmoid(net(1) + peep(1, c[j]));
        new_c[j] = f * c[j] + i * net(2).tanh();
        new_h[j] = sigmoid(net(3) + peep(2, new_c[j])) * new_c[j].tanh();
    }
    [new_h, new_c]
}
