//! `m = decay · m₋₁ + tanh(W_n …)`, `h = (1 − σ(W_z …)) ⊙ h₋₁ + σ(W_z …) ⊙ m` over time: a user's cell a second time.

use crate::cells::MOMENTUM;
use rnn_check::number::Number;
use rnn_check::oracle::{Blocks, Dims, Direction, Sequence};

/// Every row through its own valid steps; `c` is `m`.
pub fn sequence<S: Number>(
    dims: Dims,
    params: Blocks<'_, S>,
    x: &[S],
    lengths: &[usize],
    direction: Direction,
    [h0, m0]: [&[S]; 2],
) -> Sequence<S> {
    let Dims { steps, batch, input, hidden } = dims;
    let (mut h, mut m) = (vec![h0.to_vec(); steps + 1], vec![m0.to_vec(); steps + 1]);
    let mut y = vec![S::from_f64(0.0); steps * batch * hidden];
    for k in 0..steps {
        let (t, from, to) = match direction {
            Direction::Forward => (k, k, k + 1),
            Direction::Reverse => (steps - 1 - k, steps - k, steps - 1 - k),
        };
        (h[to], m[to]) = (h[from].clone(), m[from].clone());
        for n in (0..batch).filter(|&n| t < lengths[n]) {
            let x = &x[(t * batch + n) * input..][..input];
            let before = h[from][n * hidden..][..hidden].to_vec();
            let pre = |row: usize| {
                let biases = [params.b_ih, params.b_hh].into_iter().flatten().map(|b| b[row]);
                let of_x = params.w_ih[row * input..][..input].iter().copied().zip(x.iter().copied());
                let of_h = params.w_hh[row * hidden..][..hidden].iter().copied().zip(before.iter().copied());
                S::dot(biases, of_x.chain(of_h))
            };
            for j in 0..hidden {
                let (z, candidate) = (pre(j).sigmoid(), pre(hidden + j).tanh());
                let here = n * hidden + j;
                m[to][here] = S::from_f64(MOMENTUM.decay) * m[from][here] + candidate;
                h[to][here] = (S::from_f64(1.0) - z) * before[j] + z * m[to][here];
                y[(t * batch + n) * hidden + j] = h[to][here];
            }
        }
    }
    let last = if direction == Direction::Forward { steps } else { 0 };
    let (h_n, c_n) = (h[last].clone(), m[last].clone());
    Sequence { y, h: h.concat(), c: m.concat(), h_n, c_n }
}
