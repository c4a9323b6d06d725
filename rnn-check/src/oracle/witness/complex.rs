//! `h' = λ h + b` with complex `λ`, multiplied as pairs.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::{Feedthrough, Hgrn, Lru, Phase};

/// A complex number.
type Pair = (f64, f64);

fn times(a: Pair, b: Pair) -> Pair {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// `r e^{iφ}`.
fn polar(r: f64, phi: f64) -> Pair {
    (r * phi.cos(), r * phi.sin())
}

/// Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences"; its states are `y h_re h_im`.
pub static LRU: Own = Own::new("lru", || cell(&Lru::default()), Some(|d, p, x, _, h, _| lru(d, p, x, h, true)));

/// The same without `D`.
pub static LRU_NO_FEEDTHROUGH: Own = Own::new(
    "lru without feedthrough",
    || cell(&Lru { feedthrough: Feedthrough::None }),
    Some(|d, p, x, _, h, _| lru(d, p, x, h, false)),
);

fn lru(dims: Dims, params: &[f64], x: &[f64], h: &[f64], has_d: bool) -> [Vec<f64>; 2] {
    let hidden = dims.hidden;
    let mut params = Parameters::new(dims, params);
    let vectors = if has_d { 4 } else { 3 };
    let shapes = [(1, true), (1, true), (1, false), (1, false)];
    let [b_re, b_im, c_re, c_im] = params.matrices(shapes, vectors * hidden);
    let (nu, theta, gamma) = (params.vector(), params.vector(), params.vector());
    let new: Vec<Pair> = (0..hidden)
        .map(|j| {
            let lambda = polar((-nu[j].exp()).exp(), theta[j].exp());
            let (re, im) = times(lambda, (h[j], h[hidden + j]));
            (re + gamma[j].exp() * b_re.times(j, x), im + gamma[j].exp() * b_im.times(j, x))
        })
        .collect();
    let (re, im): (Vec<f64>, Vec<f64>) = new.into_iter().unzip();
    let d = if has_d { params.vector().to_vec() } else { vec![0.0; hidden] };
    let y = each(dims, |j| c_re.times(j, &re) - c_im.times(j, &im) + if has_d { d[j] * x[j] } else { 0.0 });
    [y, [re, im].concat()]
}

/// Qin et al. 2023, the complex form; its states are the real and the imaginary part.
pub static HGRN_COMPLEX: Own = Own::new(
    "hgrn complex",
    || cell(&Hgrn { phase: Phase::Learned }),
    Some(|dims, params, x, re, im, _| {
        let mut params = Parameters::new(dims, params);
        let [w] = params.matrices([(3, true)], 2 * dims.hidden);
        let (gamma, theta) = (params.vector(), params.vector());
        let step = |j: usize| {
            let [f, c_re, c_im] = [0, 1, 2].map(|gate| w.times(gate * dims.hidden + j, x));
            let lambda = gamma[j] + (1.0 - gamma[j]) * sigmoid(f);
            let (turned_re, turned_im) = times(polar(lambda, theta[j]), (re[j], im[j]));
            let silu = |c: f64| c / (1.0 + (-c).exp());
            (turned_re + (1.0 - lambda) * silu(c_re), turned_im + (1.0 - lambda) * silu(c_im))
        };
        [each(dims, |j| step(j).0), each(dims, |j| step(j).1)]
    }),
);
