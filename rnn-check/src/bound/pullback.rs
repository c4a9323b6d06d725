//! One adjoint step with its bounds: `d_h, d_c ↦ d_pre, d_x, d_h_prev, d_c_prev`, from *saved* gates, as backends compute it.
//!
//! Each cell is its forward equations read backwards, `d_a` for `∂L/∂a`:
//!
//! ```text
//! Elman   d_pre = d_h ∘ act′
//!
//! LSTM    t = tanh(c)                          d_c  += d_h ∘ o ∘ (1 − t²)
//!         d_pre_i = d_c ∘ g ∘ i(1 − i)         d_pre_f = d_c ∘ c_prev ∘ f(1 − f)
//!         d_pre_g = d_c ∘ i ∘ (1 − g²)         d_pre_o = d_h ∘ t ∘ o(1 − o)
//!         d_c_prev = d_c ∘ f
//!
//! GRU     d_pre_n = d_h ∘ (1 − z) ∘ (1 − n²)   d_pre_z = d_h ∘ (h_prev − n) ∘ z(1 − z)
//!  after  d_pre_r = d_pre_n ∘ aux ∘ r(1 − r)   d_pre_hh_n = d_pre_n ∘ r           aux = W_hn h_prev + b_hn
//!  before d_v = W_hnᵀ d_pre_n                  d_pre_r = d_v ∘ h_prev ∘ r(1 − r)  aux = v = r ∘ h_prev
//!
//! all     d_x = W_ihᵀ d_pre                    d_h_prev = W_hhᵀ d_pre_hh + (GRU: d_h ∘ z, before: d_v ∘ r) + d_y_prev
//!         d_w_ih += Σ_{t,n} d_pre xᵀ           d_w_hh += Σ_{t,n} d_pre_hh h_prevᵀ   (reset before, rows n: auxᵀ)
//! ```
//! `d_pre_hh = d_pre` but for the rows `n` of the GRU with reset after.
//!
//! The values are checked against the tape's; what this file is for is the error that [`Bounded`] carries along. A saved gate
//! may be exact (the backend's own, the sharpest test) or carry the error of the forward step.

use super::Bounded;
use crate::number::Number;
use crate::oracle::{Activation, Cell, Dims, Params, Reset};

/// One row of one step as forward left it.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a, B> {
    /// `[C]`
    pub x: &'a [B],
    /// `[H]`
    pub h_prev: &'a [B],
    /// `[H]`; empty unless the cell is an LSTM.
    pub c_prev: &'a [B],
    /// `[H]`; empty unless the cell is an LSTM.
    pub c: &'a [B],
    /// `[G·H]`, after the activations. For Elman this is `h`.
    pub gates: &'a [B],
    /// `[H]`, GRU only, as in [`Step::aux`](crate::oracle::Step::aux).
    pub aux: &'a [B],
}

/// The cotangents of one row of one step.
#[derive(Clone, Debug)]
pub struct Pullback<B> {
    /// `[G·H]`, of the pre-activations: what meets `W_ih`, `x` and `b_ih`.
    pub d_pre: Vec<B>,
    /// `[G·H]`, of the recurrent summand: what meets `W_hh`, `h_prev` and `b_hh`.
    pub d_pre_hh: Vec<B>,
    /// `[C]`
    pub d_x: Vec<B>,
    /// `[H]`
    pub d_h_prev: Vec<B>,
    /// `[H]`; empty unless the cell is an LSTM.
    pub d_c_prev: Vec<B>,
}

/// One live row of one step: what forward saved, what the pullback made of it.
pub type Live<'a, B> = (Saved<'a, B>, &'a Pullback<B>);

/// The equations above for one row. `d_h [H]` is the whole cotangent of the new `h`, `d_c` that of the new `c` from later
/// steps (empty unless the cell is an LSTM), `d_y_prev` what joins `d_h_prev` from outside (the previous step's output).
pub fn pullback<'p, S: Number>(
    cell: Cell,
    dims: Dims,
    params: &Params<Bounded<'p, S>>,
    saved: Saved<'_, Bounded<'p, S>>,
    d_h: &[Bounded<'p, S>],
    d_c: &[Bounded<'p, S>],
    d_y_prev: Option<&[Bounded<'p, S>]>,
) -> Pullback<Bounded<'p, S>> {
    type B<'p, S> = Bounded<'p, S>;
    let hidden = dims.hidden;
    let rows = cell.gates() * hidden;
    let units = 0..hidden;
    let Saved { h_prev, c_prev, c, gates, aux, .. } = saved;
    let gate = |k: usize, j: usize| gates[k * hidden + j];
    let one = B::from_f64(1.0);
    let zero = B::from_f64(0.0);
    // (Wᵀ d)_k over the given rows of W
    let transposed = |w: &[B<'p, S>], width: usize, d: &[B<'p, S>], from: usize, k: usize| {
        (from..rows.min(from + d.len())).map(|j| (d[j - from], w[j * width + k])).collect::<Vec<_>>()
    };

    let mut d_pre = vec![zero; rows];
    let mut d_c_prev = vec![];
    let mut d_v = vec![];
    match cell {
        Cell::Elman(activation) => {
            for j in units.clone() {
                let h = gate(0, j);
                d_pre[j] = match activation {
                    Activation::Tanh => B::product(&[d_h[j], h.tanh_slope()]),
                    Activation::Relu => B::product(&[d_h[j], h.relu_slope()]),
                    Activation::Sigmoid => B::product(&[d_h[j], h.sigmoid_slope()]),
                    Activation::Identity => d_h[j],
                };
            }
        }
        Cell::Lstm => {
            for j in units.clone() {
                let [i, f, g, o] = [0, 1, 2, 3].map(|k| gate(k, j));
                let t = c[j].tanh();
                let d_c = B::dot([d_c[j]], [(B::product(&[d_h[j], o]), t.tanh_slope())]);
                d_pre[j] = B::product(&[d_c, g, i.sigmoid_slope()]);
                d_pre[hidden + j] = B::product(&[d_c, c_prev[j], f.sigmoid_slope()]);
                d_pre[2 * hidden + j] = B::product(&[d_c, i, g.tanh_slope()]);
                d_pre[3 * hidden + j] = B::product(&[d_h[j], t, o.sigmoid_slope()]);
                d_c_prev.push(B::product(&[d_c, f]));
            }
        }
        Cell::Gru(reset) => {
            for j in units.clone() {
                let [z, n] = [gate(1, j), gate(2, j)];
                // As a sum: a backend may distribute the product over it.
                let difference = B::dot([h_prev[j], -n], []);
                d_pre[hidden + j] = B::product(&[d_h[j], difference, z.sigmoid_slope()]);
                // d_h (1 − z), or d_h − d_h z as the derivative of n + z (h_prev − n) comes out.
                let d_n = B::widest(B::product(&[d_h[j], one - z]), [d_h[j] - d_h[j] * z]);
                let apart = B::product(&[d_h[j], one - z, n.tanh_slope()]);
                d_pre[2 * hidden + j] = B::widest(apart, [B::product(&[d_n, n.tanh_slope()])]);
            }
            let d_pre_n = d_pre[2 * hidden..].to_vec();
            if reset == Reset::Before {
                let column = |k| B::dot([], transposed(&params.w_hh, hidden, &d_pre_n, 2 * hidden, k));
                d_v = units.clone().map(column).collect();
            }
            for j in units.clone() {
                let slope = gate(0, j).sigmoid_slope();
                d_pre[j] = match reset {
                    Reset::After => B::product(&[d_pre_n[j], aux[j], slope]),
                    Reset::Before => B::product(&[d_v[j], h_prev[j], slope]),
                };
            }
        }
    }

    let mut d_pre_hh = d_pre.clone();
    if cell == Cell::Gru(Reset::After) {
        for j in units.clone() {
            d_pre_hh[2 * hidden + j] = B::product(&[d_pre[2 * hidden + j], gate(0, j)]);
        }
    }
    // Reset before: rows n reach h_prev through v.
    let direct = if cell == Cell::Gru(Reset::Before) { 2 * hidden } else { rows };
    let d_h_prev = units.map(|k| {
        let mut pairs = transposed(&params.w_hh, hidden, &d_pre_hh[..direct], 0, k);
        if let Cell::Gru(_) = cell {
            pairs.push((d_h[k], gate(1, k)));
        }
        if !d_v.is_empty() {
            pairs.push((d_v[k], gate(0, k)));
        }
        B::dot(d_y_prev.map(|d_y| d_y[k]), pairs)
    });
    let d_h_prev = d_h_prev.collect();
    let d_x = (0..dims.input).map(|k| B::dot([], transposed(&params.w_ih, dims.input, &d_pre, 0, k)));
    let d_x = d_x.collect();
    Pullback { d_pre, d_pre_hh, d_x, d_h_prev, d_c_prev }
}

/// `d_params = before + Σ` over every live row of every step: one sum of `T·N` products each, in any order.
///
/// `before` holds what the gradient buffers held; its biases say which exist.
pub fn weight_gradients<'p, S: Number>(
    cell: Cell,
    dims: Dims,
    before: &Params<Bounded<'p, S>>,
    steps: &[Live<'_, Bounded<'p, S>>],
) -> Params<Bounded<'p, S>> {
    type B<'p, S> = Bounded<'p, S>;
    let (input, hidden) = (dims.input, dims.hidden);
    let w_ih = before.w_ih.iter().enumerate().map(|(at, &b)| {
        let (j, k) = (at / input, at % input);
        B::dot([b], steps.iter().map(|(saved, d)| (d.d_pre[j], saved.x[k])))
    });
    let w_hh = before.w_hh.iter().enumerate().map(|(at, &b)| {
        let (j, k) = (at / hidden, at % hidden);
        let through_v = cell == Cell::Gru(Reset::Before) && j >= 2 * hidden;
        let state = |saved: &Saved<'_, B<'p, S>>| {
            if through_v { saved.aux[k] } else { saved.h_prev[k] }
        };
        B::dot([b], steps.iter().map(|(saved, d)| (d.d_pre_hh[j], state(saved))))
    });
    let bias = |before: &Vec<B<'p, S>>, of: fn(&Pullback<B<'p, S>>, usize) -> B<'p, S>| {
        let rows = before.iter().enumerate();
        let sums = rows.map(|(j, &b)| B::dot([b].into_iter().chain(steps.iter().map(|(_, d)| of(d, j))), []));
        sums.collect::<Vec<_>>()
    };
    Params {
        w_ih: w_ih.collect(),
        w_hh: w_hh.collect(),
        b_ih: before.b_ih.as_ref().map(|b| bias(b, |d, j| d.d_pre[j])),
        b_hh: before.b_hh.as_ref().map(|b| bias(b, |d, j| d.d_pre_hh[j])),
    }
}
