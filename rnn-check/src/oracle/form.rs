//! One row, one step of any cell, from its form and its equation: `pre = Σ W · slot + b`, then the equation of every unit.
//!
//! ```text
//! rows of a matrix   those of all its products, stage after stage, the units of the stage for each gate the product is added to
//! parameters         matrices that have a bias | the biases of those | the other matrices | vectors
//! one bias only      that of a matrix whose first product is with the input
//! ```

use super::{Cell, Dims, Step};
use crate::number::Number;
use rnn_kernels::program::{Binary, Op, Place, Program, Register, Unary};
use rnn_kernels::{Factor, Form, Product, Slot, Stage, Width};
use std::ops::Range;

/// How many units `H` makes of a width.
#[must_use]
pub fn units(width: Width, hidden: usize) -> usize {
    match width {
        // A layer under test has no projection of its own width.
        Width::Hidden | Width::Output => hidden,
        Width::Fixed(n) => n,
        Width::Scaled { times, over } => hidden * times / over,
    }
}

/// `F · slot`, added to gates of a stage: where its weights lie in the flat parameters, if they are parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// What is multiplied.
    pub of: Slot,
    /// The gates of the stage it is added to, all units of each, in the order of the rows.
    pub gates: Vec<usize>,
    /// How many units a gate has.
    pub units: usize,
    /// What it is multiplied by.
    pub by: By,
    /// `[gates · units]`, where there is a bias.
    pub bias: Option<Range<usize>>,
}

/// What a slot is multiplied by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// `[gates · units, cols]` of the parameters; units of head `k` of this many see the `k`-th `cols` elements of the slot.
    Weights {
        /// Where they lie.
        range: Range<usize>,
        /// How many columns they have.
        cols: usize,
        /// Among how many heads units and elements are shared out.
        heads: usize,
    },
    /// `out[a, b, c] = v[a, c]`, `out` being all gates one after another.
    Spread {
        /// How many `b` there are.
        repeats: usize,
        /// How many `c` there are.
        inner: usize,
    },
    /// `out[a, c] = Σ_b v[a, b, c]`, or their mean.
    Sum {
        /// How many `b` there are.
        repeats: usize,
        /// How many `c` there are.
        inner: usize,
        /// Whether it is the mean.
        mean: bool,
    },
    /// `out[at · K + c] = v[c]`, `out` being all gates one after another.
    Part {
        /// Which part.
        at: usize,
        /// `K`.
        width: usize,
    },
}

/// One factor of a product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weight {
    /// This parameter.
    Param(usize),
    /// A number that is fixed.
    Fixed(f64),
}

impl Weight {
    /// Its value.
    pub fn of<S: Number>(self, params: &[S]) -> S {
        match self {
            Weight::Param(at) => params[at],
            Weight::Fixed(value) => S::from_f64(value),
        }
    }
}

impl Rows {
    /// What row `at` sums: factors, and the elements of the slot they are multiplied by.
    pub fn terms(&self, at: usize) -> Vec<(Weight, usize)> {
        match &self.by {
            By::Weights { range, cols, heads } => {
                let first = at % self.units / (self.units / heads) * cols;
                (0..*cols).map(|k| (Weight::Param(range.start + at * cols + k), first + k)).collect()
            }
            By::Spread { repeats, inner } => vec![(Weight::Fixed(1.0), at / (repeats * inner) * inner + at % inner)],
            By::Sum { repeats, inner, mean } => {
                #[allow(clippy::cast_precision_loss)] // a width is far below 2^53
                let weight = Weight::Fixed(if *mean { 1.0 / *repeats as f64 } else { 1.0 });
                (0..*repeats).map(|b| (weight, (at / inner * repeats + b) * inner + at % inner)).collect()
            }
            By::Part { at: part, width } if at / width == *part => vec![(Weight::Fixed(1.0), at % width)],
            By::Part { .. } => vec![],
        }
    }
}

/// Where the parameters of a cell lie, and its slots in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The products of each stage.
    pub stages: Vec<Vec<Rows>>,
    /// How many units each stage has.
    pub units: Vec<usize>,
    /// Each vector.
    pub vectors: Vec<Range<usize>>,
    /// Each state among all states.
    pub states: Vec<Range<usize>>,
    /// Each value among all values.
    pub values: Vec<Range<usize>>,
    /// Each mask among all masks.
    pub masks: Vec<Range<usize>>,
    /// The number of parameters.
    pub len: usize,
}

impl Layout {
    /// The layout of a form with 0, 1 or 2 kinds of biases.
    pub fn new(form: &Form, dims: Dims, biases: usize) -> Self {
        let units = |width: Width| units(width, dims.hidden);
        let products = || form.stages.iter().flat_map(|stage| stage.products.iter().map(move |p| (stage, p)));
        let of = |m: usize| move |(_, p): &(&Stage, &Product)| p.factor.matrix() == Some(m);
        let rows = |m: usize| -> usize {
            let of = products().filter(of(m));
            of.map(|(stage, p)| p.into.as_ref().map_or(stage.gates.len(), Vec::len) * units(stage.width)).sum()
        };
        let width = |slot: Slot| match slot {
            Slot::X => dims.input,
            Slot::Old(k) | Slot::New(k) => units(form.states[k].1),
            Slot::Value(v) => units(form.values[v]),
            Slot::Mask(m) => units(form.masks[m].1),
        };
        let first = |m: usize| products().find(of(m)).map(|(_, p)| p.of);
        let cols = |m: usize| match products().find(of(m)).map(|(_, p)| (p.factor, p.of)) {
            Some((Factor::Heads { columns, .. }, _)) => columns,
            Some((_, slot)) => width(slot),
            None => 0,
        };
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
        let vectors = form.vectors.iter().map(|vector| units(vector.1));
        let vectors = vectors.map(|units| (take(units), units)).map(|(start, units)| start..start + units).collect();

        // Rows of each matrix that products so far have.
        let mut taken = vec![0; form.matrices.len()];
        let mut place = |stage: &Stage, p: &Product| {
            let gates = p.into.clone().unwrap_or_else(|| (0..stage.gates.len()).collect());
            let (units, of) = (units(stage.width), width(p.of));
            let all = gates.len() * units;
            let mean = matches!(p.factor, Factor::Mean { .. });
            let inner = |inner: Width| self::units(inner, dims.hidden);
            let (by, bias) = match p.factor {
                Factor::Spread { inner: by } => (By::Spread { repeats: all / of, inner: inner(by) }, None),
                Factor::Part { at, of: parts } => (By::Part { at, width: all / parts }, None),
                Factor::Sum { inner: by } | Factor::Mean { inner: by } => {
                    (By::Sum { repeats: of / all, inner: inner(by), mean }, None)
                }
                Factor::Matrix(m) | Factor::Heads { matrix: m, .. } => {
                    let (cols, start) = (cols(m), taken[m]);
                    taken[m] += all;
                    let range = weights[m] + start * cols..weights[m] + (start + all) * cols;
                    let heads = if let Factor::Heads { columns, .. } = p.factor { of / columns } else { 1 };
                    (By::Weights { range, cols, heads }, bias[m].map(|at: usize| at + start..at + start + all))
                }
            };
            Rows { of: p.of, gates, units, by, bias }
        };
        let stages = form.stages.iter().map(|stage| stage.products.iter().map(|p| place(stage, p)).collect()).collect();
        let slots = |widths: &mut dyn Iterator<Item = Width>| {
            let mut end = 0;
            let mut next = |width| {
                end += units(width);
                end - units(width)..end
            };
            widths.map(&mut next).collect()
        };
        Self {
            stages,
            units: form.stages.iter().map(|stage| units(stage.width)).collect(),
            vectors,
            states: slots(&mut form.states.iter().map(|state| state.1)),
            values: slots(&mut form.values.iter().copied()),
            masks: slots(&mut form.masks.iter().map(|mask| mask.1)),
            len,
        }
    }
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
    pub fn slot(&self, slot: Slot, layout: &Layout) -> &'a [S] {
        match slot {
            Slot::X => self.x,
            Slot::Old(k) => &self.old[layout.states[k].clone()],
            Slot::New(k) => &self.new[layout.states[k].clone()],
            Slot::Value(v) => &self.values[layout.values[v].clone()],
            Slot::Mask(m) => &self.masks[layout.masks[m].clone()],
        }
    }
}

/// `pre [G · units]` of a stage: one sum of biases and products for each row.
fn products<S: Number>(layout: &Layout, s: usize, gates: usize, params: &[S], row: Row<'_, S>) -> Vec<S> {
    let (stage, units) = (&layout.stages[s], layout.units[s]);
    let unit = |gate: usize, j: usize| {
        let into = |rows: &Rows| rows.gates.iter().position(|&g| g == gate).map(|at| at * units + j);
        let parts = || stage.iter().filter_map(|rows| into(rows).map(|at| (rows, at)));
        let bias = parts().filter_map(|(rows, at)| rows.bias.as_ref().map(|bias| params[bias.start + at]));
        let pairs = parts().flat_map(|(rows, at)| {
            let v = row.slot(rows.of, layout);
            rows.terms(at).into_iter().map(move |(w, k)| (w.of(params), v[k]))
        });
        S::dot(bias, pairs)
    };
    (0..gates * units).map(|at| unit(at / units, at % units)).collect()
}

/// The equation on one unit.
fn equation<S: Number>(program: &Program, load: impl Fn(Place) -> S) -> Vec<(Place, S)> {
    let mut registers = vec![S::from_f64(0.0); program.registers()];
    let mut stored = Vec::new();
    for (at, op) in program.ops().iter().enumerate() {
        let of = |r: Register| registers[usize::from(r)];
        let (to, value) = match *op {
            Op::Constant { to, value } => (to, S::from_f64(value)),
            Op::Load { to, from } => (to, load(from)),
            Op::Unary { f, to, a } => (to, unary(f, of(a))),
            Op::Binary { f, to, a, b } => (to, binary(f, of(a), of(b))),
            Op::Store { a, to } => {
                stored.push((to, of(a)));
                continue;
            }
        };
        // The equation goes on with what `keep` and `write` return, which is what they store.
        let is_stored = goes_to_memory(&program.ops()[at + 1..], to);
        registers[usize::from(to)] = if is_stored { value.stored() } else { value };
    }
    stored
}

/// Whether a register is stored before it holds another value.
fn goes_to_memory(rest: &[Op], register: Register) -> bool {
    let end = |op: &&Op| match **op {
        Op::Store { a, .. } => a == register,
        Op::Constant { to, .. } | Op::Load { to, .. } | Op::Unary { to, .. } | Op::Binary { to, .. } => to == register,
    };
    matches!(rest.iter().find(end), Some(Op::Store { .. }))
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
    let traced = cell.kernel();
    let form = traced.form();
    let zero = S::from_f64(0.0);
    let old = [h, c].concat();
    let mut new = vec![zero; old.len()];
    let mut values = vec![zero; layout.values.last().map_or(0, |last| last.end)];
    let mut gates = Vec::new();
    for (s, stage) in form.stages.iter().enumerate() {
        let row = Row { x, old: &old, new: &new, values: &values, masks };
        let width = layout.units[s];
        let pre = products(layout, s, stage.gates.len(), params, row);
        let units: Vec<Vec<(Place, S)>> = (0..width)
            .map(|j| {
                equation(traced.forward(s), |place| match place {
                    Place::Pre(g) => pre[g * width + j],
                    Place::Read(r) => row.slot(stage.reads[r], layout)[j],
                    Place::Vector(v) => params[layout.vectors[stage.vectors[v]].start + j],
                    Place::Kept(_) | Place::Write(_) | Place::Cotangent(_) => {
                        unreachable!("forward loads none of these")
                    }
                })
            })
            .collect();
        let stored = |j: usize, place: Place| units[j].iter().find(|(to, _)| *to == place).map(|(_, v)| *v);
        if cell.gates_of(s, dims.hidden).is_some() {
            // What is not stored stays what it was: the pre-activation.
            let gate = |at: usize| stored(at % width, Place::Pre(at / width)).unwrap_or(pre[at]);
            gates.extend((0..pre.len()).map(gate));
        }
        for (w, slot) in stage.writes.iter().enumerate() {
            let to = match *slot {
                Slot::New(k) => &mut new[layout.states[k].clone()],
                Slot::Value(v) => &mut values[layout.values[v].clone()],
                Slot::X | Slot::Old(_) | Slot::Mask(_) => unreachable!("a form writes states and values"),
            };
            to.iter_mut().enumerate().for_each(|(j, to)| *to = stored(j, Place::Write(w)).unwrap_or(zero));
        }
    }
    let c = new.split_off(h.len());
    Step { h: new, c, gates, values }
}
