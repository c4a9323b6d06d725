//! `s_{t+1} = step(x_t, s_t)` over time, over rows of unequal length, in either direction, in layers.
//!
//! States are `[T+1, N, H]` in time order. A step outside a row's length keeps the row's state:
//!
//! | | forward | reverse |
//! |---|---|---|
//! | order of steps | `t = 0 … T−1` | `t = T−1 … 0` |
//! | reads slot / writes slot | `t` / `t+1` | `t+1` / `t` |
//! | initial / final state | slot `0` / slot `T` | slot `T` / slot `0` |
//! | `t ≥ len_n` | the state is copied, `y = 0` | the same |
//! | a hole | the state is copied, `y = 0` or the state | the same |
//!
//! so the reverse direction runs over each row's own valid part, from its last valid step to its first.

use super::{Cell, Dims, Params, step};
use crate::number::Number;
use rnn_kernels::Held;

/// The order of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last valid step to the first.
    Reverse,
}

/// What a layer computes in one direction. A `c` is every state but `h`, `[·, N, R]`, side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence<S> {
    /// `[T, N, H]`; 0 beyond a row's length.
    pub y: Vec<S>,
    /// `[T+1, N, H]`, in time order.
    pub h: Vec<S>,
    /// `[T+1, N, R]`
    pub c: Vec<S>,
    /// `[N, H]`, after each row's own last step.
    pub h_n: Vec<S>,
    /// `[N, R]`
    pub c_n: Vec<S>,
}

/// One layer in one direction, and what it runs on.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a, S> {
    /// The equations.
    pub cell: Cell,
    /// `T N C H`
    pub dims: Dims,
    /// The parameters.
    pub params: &'a Params<S>,
    /// `[T, N, C]`
    pub x: &'a [S],
    /// `[N]`, each at most `T`; `None`: all `T`.
    pub lengths: Option<&'a [usize]>,
    /// `[T, N]`: the steps that a row skips before its end, and what `y` shows there.
    pub holes: Option<(&'a [bool], Held)>,
    /// The order of steps.
    pub direction: Direction,
    /// `[N, H]`
    pub h0: &'a [S],
    /// `[N, R]`
    pub c0: &'a [S],
    /// `[T, N, M]`, every mask side by side.
    pub masks: &'a [S],
}

/// Every row through its own valid steps.
///
/// # Panics
/// If a slice has another length than `dims` says, or a row is longer than `T`.
pub fn sequence<S: Number>(run: Run<'_, S>) -> Sequence<S> {
    let Run { cell, dims, params, x, lengths, holes, direction, h0, c0, masks } = run;
    let Dims { steps, batch, input, hidden } = dims;
    let (h_size, c_size, m_size) = (hidden, cell.rest(hidden), cell.masks(hidden));
    assert_eq!(x.len(), steps * batch * input, "x is [T, N, C]");
    assert_eq!(masks.len(), steps * batch * m_size, "masks are [T, N, M]");
    assert_eq!((h0.len(), c0.len()), (batch * h_size, batch * c_size), "h0, c0 are [N, H]");
    let full = vec![steps; batch];
    let lengths = lengths.unwrap_or(&full);
    assert!(lengths.len() == batch && lengths.iter().all(|&len| len <= steps), "lengths {lengths:?}, T = {steps}");

    let zero = S::from_f64(0.0);
    let mut h = vec![h0.to_vec(); steps + 1];
    let mut c = vec![c0.to_vec(); steps + 1];
    let mut y = vec![zero; steps * batch * hidden];
    for k in 0..steps {
        let (t, from, to) = match direction {
            Direction::Forward => (k, k, k + 1),
            Direction::Reverse => (steps - 1 - k, steps - k, steps - 1 - k),
        };
        for n in 0..batch {
            let (h_row, c_row) = (n * h_size..(n + 1) * h_size, n * c_size..(n + 1) * c_size);
            let (mut h_new, mut c_new) = (h[from][h_row.clone()].to_vec(), c[from][c_row.clone()].to_vec());
            let tn = t * batch + n;
            let hole = holes.filter(|(skipped, _)| skipped[tn]).map(|(_, held)| held);
            if t < lengths[n] && hole.is_none() {
                let (x, masks) = (&x[tn * input..(tn + 1) * input], &masks[tn * m_size..(tn + 1) * m_size]);
                let new = step(cell, dims, params, x, &h_new, &c_new, masks);
                (h_new, c_new) = (new.h, new.c);
            }
            if t < lengths[n] && hole != Some(Held::Zero) {
                y[tn * hidden..(tn + 1) * hidden].copy_from_slice(&h_new);
            }
            h[to][h_row].copy_from_slice(&h_new);
            c[to][c_row].copy_from_slice(&c_new);
        }
    }
    let last = match direction {
        Direction::Forward => steps,
        Direction::Reverse => 0,
    };
    let (h_n, c_n) = (h[last].clone(), c[last].clone());
    Sequence { y, h: h.concat(), c: c.concat(), h_n, c_n }
}

/// One layer of a stack: a cell of `H` units, in one or more directions.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer<S> {
    /// The equations.
    pub cell: Cell,
    /// `H`
    pub hidden: usize,
    /// Forward, reverse, or both in this order.
    pub passes: Vec<Pass<S>>,
}

/// One direction of a [`Layer`].
#[derive(Clone, Debug, PartialEq)]
pub struct Pass<S> {
    /// The order of steps.
    pub direction: Direction,
    /// Its own parameters.
    pub params: Params<S>,
    /// `[N, H]`
    pub h0: Vec<S>,
    /// `[N, R]`
    pub c0: Vec<S>,
}

/// What a stack computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack<S> {
    /// The last layer's outputs, `[T, N, ΣH]` over its directions.
    pub y: Vec<S>,
    /// Every layer and direction, layers outer.
    pub parts: Vec<Sequence<S>>,
}

/// `x^{k+1} = concat over directions d of y^{k,d}`, as PyTorch stacks layers. `dims` are those of the first layer's input;
/// its `hidden` is not used.
///
/// # Panics
/// As [`sequence`].
pub fn stack<S: Number>(layers: &[Layer<S>], dims: Dims, x: &[S], lengths: Option<&[usize]>) -> Stack<S> {
    let mut parts = Vec::new();
    let (mut x, mut input) = (x.to_vec(), dims.input);
    for layer in layers {
        let dims = Dims { input, hidden: layer.hidden, ..dims };
        let run = layer.passes.iter().map(|Pass { direction, params, h0, c0 }| {
            let masks = &[];
            let (holes, direction) = (None, *direction);
            sequence(Run { cell: layer.cell, dims, params, x: &x, lengths, holes, direction, h0, c0, masks })
        });
        let outputs: Vec<Sequence<S>> = run.collect();
        let rows = 0..dims.steps * dims.batch;
        x = rows
            .flat_map(|row| outputs.iter().flat_map(move |part| &part.y[row * layer.hidden..(row + 1) * layer.hidden]))
            .copied()
            .collect();
        input = layer.hidden * outputs.len();
        parts.extend(outputs);
    }
    Stack { y: x, parts }
}
