//! One step of a single row of a cell that this backend knows: products and gates on the caller's states, without blocks or tiles.
//!
//! The operations of `forward::step` in their order, so the same bits. Of a few units the walk over the plan of any cell takes longer than
//! the arithmetic.

use rnn_kernels::{Activation, GruReset, Known, Slot, Spec};

use super::weights::{Weights, next};
use crate::number::Number;
use crate::pointwise::{activated, gates_of_mut};
use crate::simd::Simd;
use crate::simd::gates::{gru_after, lstm};
use crate::simd::product::{Start, Sum, Term, sum_of_products};

/// The cells whose single rows are stepped here: of one stage that reads the input and the old states.
#[derive(Clone, Copy, Debug)]
pub enum Single {
    Elman(Activation),
    Lstm,
    GruAfter,
}

impl Single {
    /// Which of them a cell is, if it is one.
    pub fn of<T>(spec: &Spec<T>) -> Option<Self> {
        match spec.cell().known()? {
            Known::Elman(activation) => Some(Self::Elman(activation)),
            Known::Lstm => Some(Self::Lstm),
            Known::Gru(GruReset::After) => Some(Self::GruAfter),
            _ => None,
        }
    }

    /// `states ← cell(x, states)`; the first `pre + H` elements of `workspace` are scratch.
    pub fn step<T: Number>(
        self,
        simd: Simd,
        spec: &Spec<T>,
        weights: Weights<'_, T>,
        x: &[T],
        states: &mut [T],
        workspace: &mut [T],
    ) {
        let (pre, rest) = workspace.split_at_mut(spec.plan().pre);
        products(simd, spec, weights, x, states, pre);
        let hidden = spec.plan().states[0];
        let new = &mut rest[..hidden];
        let (h, others) = states.split_at_mut(hidden);
        match self {
            Self::Elman(activation) => activated(simd, activation, pre, h),
            Self::Lstm => {
                let gates = gates_of_mut(pre);
                lstm::forward(simd, lstm::Forward { gates, c_prev: others, c: new, h });
                others.copy_from_slice(new);
            }
            Self::GruAfter => {
                let (gates, aux) = pre.split_at_mut(3 * hidden);
                gru_after::forward(simd, gru_after::Forward { gates: gates_of_mut(gates), aux, h_prev: h, h: new });
                h.copy_from_slice(new);
            }
        }
    }
}

/// `pre = b + W x + U h` of every group.
fn products<T: Number>(simd: Simd, spec: &Spec<T>, weights: Weights<'_, T>, x: &[T], states: &[T], pre: &mut [T]) {
    let mut panels = weights.terms;
    for group in &spec.plan().groups {
        let cols = group.cols.len();
        let (mut terms, mut count) = ([Term { a: &[], a_stride: 0, depth: 0, panels: &[] }; 2], 0);
        for of in &group.terms {
            let panels = next(&mut panels, cols, of.depth);
            let a = match of.of {
                Slot::X => x,
                Slot::Old(k) => &states[spec.state(k, 1)],
                other => unreachable!("a known cell of one stage multiplies {other:?}"),
            };
            if of.depth > 0 {
                terms[count] = Term { a, a_stride: of.depth, depth: of.depth, panels };
                count += 1;
            }
        }
        let (c, start) = (&mut pre[group.cols.clone()], Start::Bias(&weights.bias[group.cols.clone()]));
        sum_of_products(simd, Sum { c, c_stride: cols, rows: 1, cols, start, terms: &terms[..count] });
    }
}
