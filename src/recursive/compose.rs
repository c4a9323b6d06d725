//! `parent = f(W [h_l, h_r] + b, c_l, c_r)`: the two compositions after their product, and their pullbacks.
//!
//! A state is `h`, or `[h, c]`. Rows are those of one height.

use rnn_kernels::{MatMut, MatRef, Scalar};
use serde::{Deserialize, Serialize};

/// How the states of two children become that of their parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Composition {
    /// `h = tanh(W_l h_l + W_r h_r + b)` (Pollack 1990; Goller & Küchler 1996; Socher et al. 2011). A state is `h`.
    Plain,
    /// The binary tree-LSTM (Tai, Socher & Manning 2015, §3.2). A state is `[h, c]`; with `a = W [h_l, h_r] + b` in five blocks,
    /// `i = σ(a_i)`, `f_l = σ(a_l)`, `f_r = σ(a_r)`, `o = σ(a_o)`, `u = tanh(a_u)`, `c = i u + f_l c_l + f_r c_r`, `h = o tanh(c)`.
    TreeLstm,
}

impl Composition {
    /// How many blocks of `H` a product has: 1, or 5 in the order `i f_l f_r o u`.
    #[must_use]
    pub fn gates(self) -> usize {
        match self {
            Composition::Plain => 1,
            Composition::TreeLstm => 5,
        }
    }

    /// `S`, the width of a state: `H`, or `2 H`.
    pub(super) fn state(self, hidden: usize) -> usize {
        match self {
            Composition::Plain => hidden,
            Composition::TreeLstm => 2 * hidden,
        }
    }

    /// `gates [M, G·H]` from pre-activations to their values; `children [M, 2·S]` are both states side by side, `parents [M, S]` are written.
    pub(super) fn forward<T: Scalar>(
        self,
        mut gates: MatMut<'_, T>,
        children: MatRef<'_, T>,
        mut parents: MatMut<'_, T>,
    ) {
        for m in 0..gates.rows() {
            let (g, children, s) = (gates.row_mut(m), children.row(m), parents.row_mut(m));
            match self {
                Composition::Plain => s.iter_mut().zip(g).for_each(|(h, a)| {
                    *a = a.tanh();
                    *h = *a;
                }),
                Composition::TreeLstm => {
                    let n = g.len() / 5;
                    for k in 0..n {
                        let [i, l, r, o] = [0, 1, 2, 3].map(|gate| g[gate * n + k].sigmoid());
                        let u = g[4 * n + k].tanh();
                        let c = i * u + l * children[n + k] + r * children[3 * n + k];
                        [0, 1, 2, 3, 4].into_iter().zip([i, l, r, o, u]).for_each(|(gate, v)| g[gate * n + k] = v);
                        (s[k], s[n + k]) = (o * c.tanh(), c);
                    }
                }
            }
        }
    }

    /// `d_gates [M, G·H]`, the cotangents of pre-activations, from `d_parents [M, S]`; of `d_children [M, 2·S]` the part of `c` is
    /// overwritten, that of `h` comes through the product.
    pub(super) fn backward<T: Scalar>(
        self,
        (gates, children, parents): (MatRef<'_, T>, MatRef<'_, T>, MatRef<'_, T>),
        d_parents: MatRef<'_, T>,
        mut d_gates: MatMut<'_, T>,
        mut d_children: MatMut<'_, T>,
    ) {
        for m in 0..gates.rows() {
            let (g, children, s) = (gates.row(m), children.row(m), parents.row(m));
            let (d_s, d_g, d_children) = (d_parents.row(m), d_gates.row_mut(m), d_children.row_mut(m));
            match self {
                Composition::Plain => {
                    for k in 0..g.len() {
                        d_g[k] = d_s[k] * ((T::ONE - g[k]) * (T::ONE + g[k]));
                    }
                }
                Composition::TreeLstm => {
                    let n = g.len() / 5;
                    let slope = |v: T| v * (T::ONE - v);
                    for k in 0..n {
                        let [i, l, r, o, u] = [0, 1, 2, 3, 4].map(|gate| g[gate * n + k]);
                        let (c_l, c_r, tanh_c) = (children[n + k], children[3 * n + k], s[n + k].tanh());
                        let d_c = d_s[n + k] + d_s[k] * o * ((T::ONE - tanh_c) * (T::ONE + tanh_c));
                        d_g[k] = d_c * u * slope(i);
                        d_g[n + k] = d_c * c_l * slope(l);
                        d_g[2 * n + k] = d_c * c_r * slope(r);
                        d_g[3 * n + k] = d_s[k] * tanh_c * slope(o);
                        d_g[4 * n + k] = d_c * i * ((T::ONE - u) * (T::ONE + u));
                        (d_children[n + k], d_children[3 * n + k]) = (d_c * l, d_c * r);
                    }
                }
            }
        }
    }
}
