//! One row, one step. `∘` is elementwise, `x [C]`, `h c [H]`.
//!
//! ```text
//! Elman         h' = act(W_ih x + b_ih + W_hh h + b_hh)                            Elman 1990
//!
//! LSTM          i = σ(W_ii x + b_ii + W_hi h + b_hi)                               Hochreiter, Schmidhuber 1997;
//!               f = σ(W_if x + b_if + W_hf h + b_hf)                               Gers et al. 2000
//!               g = tanh(W_ig x + b_ig + W_hg h + b_hg)
//!               o = σ(W_io x + b_io + W_ho h + b_ho)
//!               c' = f ∘ c + i ∘ g
//!               h' = o ∘ tanh(c')
//!
//! GRU           r = σ(W_ir x + b_ir + W_hr h + b_hr)                               Cho et al. 2014
//!               z = σ(W_iz x + b_iz + W_hz h + b_hz)
//!  reset after  n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn))                      PyTorch, cuDNN
//!  reset before n = tanh(W_in x + b_in + W_hn (r ∘ h) + b_hn)                      Cho et al. 2014
//!               h' = (1 − z) ∘ n + z ∘ h
//! ```
//! A bias that is absent is 0.

use super::{Activation, Blocks, Cell, Dims, Params, Reset, form};
use crate::number::Number;

/// What one step of one row computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<S> {
    /// The new `h [H]`.
    pub h: Vec<S>,
    /// Every other state, side by side: `c [H]` of an LSTM.
    pub c: Vec<S>,
    /// What is kept of every stage, gate after gate: `i f g o` of an LSTM, `r z n` of a GRU and, with reset after,
    /// `W_hn h + b_hn` behind them. A stage that keeps what it writes, as an Elman network, has none.
    pub gates: Vec<S>,
    /// What stages leave for later ones: `r ∘ h` of a GRU with reset before.
    pub values: Vec<S>,
}

/// `Σ_k w[row, k] v_k`, as pairs for [`Number::dot`].
fn row<'a, S: Number>(w: &'a [S], v: &'a [S], row: usize) -> impl Iterator<Item = (S, S)> + 'a {
    let w = &w[row * v.len()..(row + 1) * v.len()];
    w.iter().copied().zip(v.iter().copied())
}

/// The biases of one row: none, one or two summands.
fn at<S: Number>(bias: Option<&[S]>, row: usize) -> Option<S> {
    bias.map(|b| b[row])
}

/// The equations above, or those of the cell itself if it is none of these; `c` is every state but the first, side by side,
/// `masks` all masks.
///
/// # Panics
/// If a slice has another length than `dims` says.
pub fn step<S: Number>(cell: Cell, dims: Dims, params: &Params<S>, x: &[S], h: &[S], c: &[S], masks: &[S]) -> Step<S> {
    let hidden = dims.hidden;
    assert_eq!(x.len(), dims.input, "x is [C]");
    assert_eq!(h.len(), hidden, "h is [H]");
    assert_eq!(c.len(), cell.rest(hidden), "c is every state but the first");
    assert_eq!(masks.len(), cell.masks(hidden), "masks are [H] each");
    if let Cell::Own(_) = cell {
        return form::step(cell, dims, params.layout(), params.flat(), [x, h, c, masks]);
    }
    let Blocks { w_ih, w_hh, b_ih, b_hh } = params.blocks();

    // W_ih x + b_ih + W_hh v + b_hh
    let pre = |j: usize, v: &[S]| {
        let biases = at(b_ih, j).into_iter().chain(at(b_hh, j));
        S::dot(biases, row(w_ih, x, j).chain(row(w_hh, v, j)))
    };
    let units = 0..hidden;

    match cell {
        Cell::Elman(activation) => {
            let act = |pre: S| match activation {
                Activation::Tanh => pre.tanh(),
                Activation::Relu => pre.relu(),
                Activation::Sigmoid => pre.sigmoid(),
                Activation::Identity => pre,
            };
            let h: Vec<S> = units.map(|j| act(pre(j, h))).collect();
            Step { h, c: vec![], gates: vec![], values: vec![] }
        }
        Cell::Lstm => {
            let gate = |k: usize, j: usize| pre(k * hidden + j, h);
            let i: Vec<S> = units.clone().map(|j| gate(0, j).sigmoid()).collect();
            let f: Vec<S> = units.clone().map(|j| gate(1, j).sigmoid()).collect();
            let g: Vec<S> = units.clone().map(|j| gate(2, j).tanh()).collect();
            let o: Vec<S> = units.clone().map(|j| gate(3, j).sigmoid()).collect();
            let c: Vec<S> = units.clone().map(|j| S::dot([], [(f[j], c[j]), (i[j], g[j])])).collect();
            let h = units.map(|j| o[j] * c[j].tanh()).collect();
            Step { h, c, gates: [i, f, g, o].concat(), values: vec![] }
        }
        Cell::Gru(reset) => {
            let r: Vec<S> = units.clone().map(|j| pre(j, h).sigmoid()).collect();
            let z: Vec<S> = units.clone().map(|j| pre(hidden + j, h).sigmoid()).collect();
            let n_row = |j: usize| 2 * hidden + j;
            let aux: Vec<S> = match reset {
                Reset::After => units.clone().map(|j| S::dot(at(b_hh, n_row(j)), row(w_hh, h, n_row(j)))).collect(),
                Reset::Before => units.clone().map(|j| r[j] * h[j]).collect(),
            };
            let n: Vec<S> = units
                .clone()
                .map(|j| match reset {
                    Reset::After => S::dot(at(b_ih, n_row(j)), row(w_ih, x, n_row(j)).chain([(r[j], aux[j])])).tanh(),
                    Reset::Before => pre(n_row(j), &aux).tanh(),
                })
                .collect();
            let h = units.map(|j| S::blend(z[j], n[j], h[j])).collect();
            let (gates, values) = match reset {
                Reset::After => ([r, z, n, aux].concat(), vec![]),
                Reset::Before => ([r, z, n].concat(), aux),
            };
            Step { h, c: vec![], gates, values }
        }
        Cell::Own(_) => unreachable!("interpreted above"),
    }
}
