//! One row, one step of any cell, from its form and its equation: `pre = Σ W · slot + b`, then the equation of every unit.
//!
//! ```text
//! rows of a matrix   those of all its products, stage after stage, H for each gate the product is added to
//! parameters         matrices that have a bias | the biases of those | the other matrices | vectors
//! one bias only      that of a matrix whose first product is with the input
//! ```

use super::{Cell, Dims, Step};
use crate::number::Number;
use rnn_kernels::program::{Binary, Op, Place, Program, Unary};
use rnn_kernels::{Form, Slot};
use std::ops::Range;

/// `W · slot`, added to gates of a stage: where its weights lie in the flat parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// What is multiplied.
    pub of: Slot,
    /// The gates of the stage it is added to, `H` rows each, in the order of the rows.
    pub gates: Vec<usize>,
    /// `[gates·H, cols]`.
    pub weights: Range<usize>,
    /// The width of what is multiplied.
    pub cols: usize,
    /// `[gates·H]`, where there is a bias.
    pub bias: Option<Range<usize>>,
}

/// Where the parameters of a cell lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The products of each stage.
    pub stages: Vec<Vec<Rows>>,
    /// Each vector, `[H]`.
    pub vectors: Vec<Range<usize>>,
    /// The number of parameters.
    pub len: usize,
}

impl Layout {
    /// The layout of a form with 0, 1 or 2 kinds of biases.
    pub fn new(form: &Form, dims: Dims, biases: usize) -> Self {
        let products = || form.stages.iter().flat_map(|stage| stage.products.iter().map(move |p| (stage, p)));
        let of = |m: usize| move |(_, p): &(&rnn_kernels::Stage, &rnn_kernels::Product)| p.matrix == m;
        let rows = |m: usize| {
            let counts = products().filter(of(m)).map(|(stage, p)| p.into.as_ref().map_or(stage.gates.len(), Vec::len));
            counts.sum::<usize>() * dims.hidden
        };
        let first = |m: usize| products().find(of(m)).map(|(_, p)| p.of);
        let cols = |m: usize| first(m).map_or(0, |slot| width(slot, dims));
        let all = || 0..form.matrices.len();
        let named = |m: &usize| form.matrices[*m].bias.is_some();
        let given = |m: &usize| named(m) && (biases == 2 || biases == 1 && first(*m) == Some(Slot::X));

        let mut len = 0;
        let mut take = |count: usize| {
            len += count;
            len - count
        };
        let mut weights = vec![0; form.matrices.len()];
        let mut bias = vec![None; form.matrices.len()];
        all().filter(named).for_each(|m| weights[m] = take(rows(m) * cols(m)));
        all().filter(given).for_each(|m| bias[m] = Some(take(rows(m))));
        all().filter(|m| !named(m)).for_each(|m| weights[m] = take(rows(m) * cols(m)));
        let vectors = form.vectors.iter().map(|_| take(dims.hidden)).map(|start| start..start + dims.hidden).collect();

        // Rows of each matrix that products so far have.
        let mut taken = vec![0; form.matrices.len()];
        let mut place = |stage: &rnn_kernels::Stage, p: &rnn_kernels::Product| {
            let gates = p.into.clone().unwrap_or_else(|| (0..stage.gates.len()).collect());
            let (m, cols, count) = (p.matrix, width(p.of, dims), gates.len() * dims.hidden);
            let start = taken[m];
            taken[m] += count;
            let weights = weights[m] + start * cols..weights[m] + (start + count) * cols;
            Rows { of: p.of, gates, weights, cols, bias: bias[m].map(|at| at + start..at + start + count) }
        };
        let stages = form.stages.iter().map(|stage| stage.products.iter().map(|p| place(stage, p)).collect()).collect();
        Self { stages, vectors, len }
    }
}

/// The width of a slot: everything but the input has `H` units.
fn width(slot: Slot, dims: Dims) -> usize {
    if slot == Slot::X { dims.input } else { dims.hidden }
}

/// What the products and the equation of a step read, all of one row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a, S> {
    /// `[C]`
    pub x: &'a [S],
    /// The states before the step, one after another.
    pub old: &'a [S],
    /// The states after the step.
    pub new: &'a [S],
    /// What stages leave for later ones.
    pub values: &'a [S],
    /// The masks, one after another.
    pub masks: &'a [S],
}

impl<'a, S> Row<'a, S> {
    /// A slot's part.
    pub fn slot(&self, slot: Slot, hidden: usize) -> &'a [S] {
        let part = |of: &'a [S], k: usize| &of[k * hidden..(k + 1) * hidden];
        match slot {
            Slot::X => self.x,
            Slot::Old(k) => part(self.old, k),
            Slot::New(k) => part(self.new, k),
            Slot::Value(v) => part(self.values, v),
            Slot::Mask(m) => part(self.masks, m),
        }
    }
}

/// `pre [G·H]` of a stage: one sum of biases and products for each row.
fn products<S: Number>(stage: &[Rows], gates: usize, dims: Dims, params: &[S], row: Row<'_, S>) -> Vec<S> {
    let hidden = dims.hidden;
    let unit = |gate: usize, j: usize| {
        let into = |rows: &Rows| rows.gates.iter().position(|&g| g == gate).map(|at| at * hidden + j);
        let parts = || stage.iter().filter_map(|rows| into(rows).map(|at| (rows, at)));
        let bias = parts().filter_map(|(rows, at)| rows.bias.as_ref().map(|bias| params[bias.start + at]));
        let pairs = parts().flat_map(|(rows, at)| {
            let w = &params[rows.weights.start + at * rows.cols..][..rows.cols];
            w.iter().copied().zip(row.slot(rows.of, hidden).iter().copied())
        });
        S::dot(bias, pairs)
    };
    (0..gates * hidden).map(|at| unit(at / hidden, at % hidden)).collect()
}

/// The equation on one unit.
fn equation<S: Number>(program: &Program, load: impl Fn(Place) -> S) -> Vec<(Place, S)> {
    let mut registers = vec![S::from_f64(0.0); program.registers()];
    let mut stored = Vec::new();
    for op in program.ops() {
        match *op {
            Op::Constant { to, value } => registers[usize::from(to)] = S::from_f64(value),
            Op::Load { to, from } => registers[usize::from(to)] = load(from),
            Op::Unary { f, to, a } => registers[usize::from(to)] = unary(f, registers[usize::from(a)]),
            Op::Binary { f, to, a, b } => {
                registers[usize::from(to)] = binary(f, registers[usize::from(a)], registers[usize::from(b)]);
            }
            Op::Store { a, to } => stored.push((to, registers[usize::from(a)])),
        }
    }
    stored
}

/// `f(a)` in the oracle's numbers.
pub(crate) fn unary<S: Number>(f: Unary, a: S) -> S {
    match f {
        Unary::Neg => -a,
        Unary::Exp => a.exp(),
        Unary::Ln => a.ln(),
        Unary::Ln1p => a.ln_1p(),
        Unary::Sin => a.sin(),
        Unary::Cos => a.cos(),
        Unary::Sqrt => a.sqrt(),
        Unary::Abs => a.abs(),
        Unary::Tanh => a.tanh(),
        Unary::Sigmoid => a.sigmoid(),
    }
}

/// `f(a, b)` in the oracle's numbers.
pub(crate) fn binary<S: Number>(f: Binary, a: S, b: S) -> S {
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Max => a.max(b),
        // Pullbacks alone have it, and the oracle derives its own.
        Binary::Step => S::from_f64(f64::NAN),
    }
}

/// The step of a cell that is interpreted: `c` is every state but the first, side by side.
pub(super) fn step<S: Number>(
    cell: Cell,
    dims: Dims,
    layout: &Layout,
    params: &[S],
    [x, h, c, masks]: [&[S]; 4],
) -> Step<S> {
    let (traced, hidden) = (cell.kernel(), dims.hidden);
    let form = traced.form();
    let zero = S::from_f64(0.0);
    let old = [h, c].concat();
    let mut new = vec![zero; old.len()];
    let mut values = vec![zero; form.values.len() * hidden];
    let mut gates = Vec::new();
    for (s, stage) in form.stages.iter().enumerate() {
        let row = Row { x, old: &old, new: &new, values: &values, masks };
        let pre = products(&layout.stages[s], stage.gates.len(), dims, params, row);
        let units: Vec<Vec<(Place, S)>> = (0..hidden)
            .map(|j| {
                equation(traced.forward(s), |place| match place {
                    Place::Pre(g) => pre[g * hidden + j],
                    Place::Read(r) => row.slot(stage.reads[r], hidden)[j],
                    Place::Vector(v) => params[layout.vectors[stage.vectors[v]].start + j],
                    Place::Kept(_) | Place::Write(_) | Place::Cotangent(_) => {
                        unreachable!("forward loads none of these")
                    }
                })
            })
            .collect();
        let stored = |j: usize, place: Place| units[j].iter().find(|(to, _)| *to == place).map(|(_, v)| *v);
        if cell.gates_of(s).is_some() {
            // What is not stored stays what it was: the pre-activation.
            let gate = |at: usize| stored(at % hidden, Place::Pre(at / hidden)).unwrap_or(pre[at]);
            gates.extend((0..pre.len()).map(gate));
        }
        for (w, slot) in stage.writes.iter().enumerate() {
            let to = match *slot {
                Slot::New(k) => &mut new[k * hidden..][..hidden],
                Slot::Value(v) => &mut values[v * hidden..][..hidden],
                Slot::X | Slot::Old(_) | Slot::Mask(_) => unreachable!("a form writes states and values"),
            };
            to.iter_mut().enumerate().for_each(|(j, to)| *to = stored(j, Place::Write(w)).unwrap_or(zero));
        }
    }
    let c = new.split_off(hidden);
    Step { h: new, c, gates, values }
}
