//! One adjoint step of any cell with its bounds: `d_states ↦ d_pre, d_x, d_states_prev`, from what forward kept, as backends
//! compute it.
//!
//! ```text
//! stages from the last to the first
//!   d_write    = Σ of what later stages, the next step and the output ask for              one sum
//!   d_pre, …   = pullback of the equation, unit by unit                                     derived by the chain rule
//!   d_slot    += Wᵀ d_pre for each product of the stage, + what the equation reads          one sum each
//! then         d_W += Σ_{t,n} d_pre slotᵀ,  d_b += Σ d_pre,  d_v += Σ of the equation's     one sum each
//! ```
//!
//! No cell is written down here. What is kept may be exact (the backend's own, the sharpest test) or carry the error of the forward step.

use super::unit::Equation;
use super::{Bounded, Expanded};
use crate::number::Number;
use crate::oracle::{Cell, Dims, Layout, Params, Row, Weight};
use rnn_kernels::Slot;
use rnn_kernels::program::Place;

/// One row of one step as forward left it.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a, B> {
    /// Input, states, values, masks.
    pub row: Row<'a, B>,
    /// What the reserve keeps of gates, as [`Step::gates`](crate::oracle::Step::gates).
    pub gates: &'a [B],
}

/// The cotangents of one row of one step.
#[derive(Clone, Debug)]
pub struct Pullback<'p, S> {
    /// `[G·H]` of each stage, of its pre-activations.
    pub d_pre: Vec<Vec<Bounded<'p, S>>>,
    /// `[C]`, a sum to which more may come.
    pub d_x: Vec<Expanded<'p, S>>,
    /// Of the states before the step, one after another.
    pub d_old: Vec<Bounded<'p, S>>,
    /// `[H]` of each vector of parameters: this row's part.
    pub d_vectors: Vec<Vec<Bounded<'p, S>>>,
}

/// One live row of one step: what forward saved, what the pullback made of it.
pub type Live<'a, 'p, S> = (Saved<'a, Bounded<'p, S>>, &'a Pullback<'p, S>);

/// The pullbacks of the stages of a cell.
#[derive(Clone, Debug)]
pub struct Derived {
    cell: Cell,
    stages: Vec<Equation>,
}

/// Sums that grow: one for each unit of a slot.
struct Sums<'p, 'l, S> {
    x: Vec<Option<Expanded<'p, S>>>,
    old: Vec<Option<Expanded<'p, S>>>,
    new: Vec<Option<Expanded<'p, S>>>,
    values: Vec<Option<Expanded<'p, S>>>,
    layout: &'l Layout,
}

impl<'p, S: Number> Sums<'p, '_, S> {
    /// Unit `j` of a slot; a mask has no cotangent.
    fn at(&mut self, slot: Slot, j: usize) -> Option<&mut Option<Expanded<'p, S>>> {
        match slot {
            Slot::X => Some(&mut self.x[j]),
            Slot::Old(k) => Some(&mut self.old[self.layout.states[k].start + j]),
            Slot::New(k) => Some(&mut self.new[self.layout.states[k].start + j]),
            Slot::Value(v) => Some(&mut self.values[self.layout.values[v].start + j]),
            Slot::Mask(_) => None,
        }
    }

    fn add(&mut self, slot: Slot, j: usize, more: Expanded<'p, S>) {
        if let Some(sum) = self.at(slot, j) {
            *sum = Some(sum.map_or(more, |sum| sum + more));
        }
    }
}

impl Derived {
    /// The pullbacks of a cell, from its form and its equation.
    #[must_use]
    pub fn new(cell: Cell) -> Self {
        let traced = cell.kernel();
        let stages = 0..traced.form().stages.len();
        let stages = stages.map(|s| Equation::new(traced.forward(s), !traced.keeps_what_it_writes(s))).collect();
        Self { cell, stages }
    }

    /// One row. `d_new` are the whole cotangents of the states after the step, `d_y_prev` what joins that of the first state
    /// before it from outside: the previous step's output.
    #[must_use]
    pub fn pullback<'p, S: Number>(
        &self,
        dims: Dims,
        params: &Params<Bounded<'p, S>>,
        saved: Saved<'_, Bounded<'p, S>>,
        d_new: &[Bounded<'p, S>],
        d_y_prev: Option<&[Bounded<'p, S>]>,
    ) -> Pullback<'p, S> {
        let (hidden, layout) = (dims.hidden, params.layout());
        let form = self.cell.kernel().form();
        let zero = || Bounded::from_f64(0.0);
        let mut sums = Sums {
            x: vec![None; dims.input],
            old: vec![None; d_new.len()],
            new: d_new.iter().map(|&d| Some(Expanded::given(d))).collect(),
            values: vec![None; layout.values.last().map_or(0, |last| last.end)],
            layout,
        };
        for (j, &d) in d_y_prev.into_iter().flatten().enumerate() {
            sums.add(Slot::Old(0), j, Expanded::given(d));
        }
        let stages = form.stages.iter().zip(&layout.units);
        let mut d_pre: Vec<_> = stages.map(|(stage, units)| vec![zero(); stage.gates.len() * units]).collect();
        let mut vectors: Vec<Vec<Option<Expanded<'p, S>>>> =
            layout.vectors.iter().map(|range| vec![None; range.len()]).collect();
        for (s, stage) in form.stages.iter().enumerate().rev() {
            let (gates, units) = (self.cell.gates_of(s, hidden), layout.units[s]);
            for j in 0..units {
                let row = |slot: Slot| saved.row.slot(slot, layout)[j];
                let load = |place| match place {
                    Place::Read(r) => row(stage.reads[r]),
                    Place::Vector(v) => params.flat()[layout.vectors[stage.vectors[v]].start + j],
                    _ => unreachable!("forward loads operands alone"),
                };
                let lies = |place| match (place, gates) {
                    (Place::Pre(g), Some(first)) => saved.gates[first + g * units + j],
                    (Place::Write(w), _) => row(stage.writes[w]),
                    _ => unreachable!("forward stores gates and writes alone"),
                };
                // A cotangent is stored before the pullback reads it: one sum, however it is made.
                let d_writes: Vec<Option<Expanded<'p, S>>> = stage
                    .writes
                    .iter()
                    .map(|&slot| sums.at(slot, j).and_then(|sum| *sum).map(|sum| Expanded::given(sum.bounded())))
                    .collect();
                let mut parts = Vec::new();
                self.stages[s].pullback(load, lies, |w| d_writes[w], |place, d| parts.push((place, d)));
                let mut pre: Vec<Option<Expanded<'p, S>>> = vec![None; stage.gates.len()];
                for (place, d) in parts {
                    let sum = |sum: &mut Option<Expanded<'p, S>>| *sum = Some(sum.map_or(d, |sum| sum + d));
                    match place {
                        Place::Pre(g) => sum(&mut pre[g]),
                        Place::Vector(v) => sum(&mut vectors[stage.vectors[v]][j]),
                        Place::Read(r) => sums.add(stage.reads[r], j, d),
                        _ => unreachable!("forward loads operands alone"),
                    }
                }
                for (g, d) in pre.into_iter().enumerate() {
                    d_pre[s][g * units + j] = d.map_or_else(zero, Expanded::bounded);
                }
            }
            for rows in &layout.stages[s] {
                // What each element of the slot is multiplied by, and the pre-activation that goes to.
                let mut columns = vec![vec![]; saved.row.slot(rows.of, layout).len()];
                for at in 0..rows.gates.len() * units {
                    let unit = rows.gates[at / units] * units + at % units;
                    rows.terms(at)
                        .into_iter()
                        .for_each(|(w, k)| columns[k].push((d_pre[s][unit], w.of(params.flat()))));
                }
                for (k, column) in columns.into_iter().enumerate() {
                    if let Some(sum) = Expanded::products(column.into_iter()) {
                        sums.add(rows.of, k, sum);
                    }
                }
            }
        }
        let or_zero = |sum: Option<Expanded<'p, S>>| sum.unwrap_or_else(|| Expanded::given(zero()));
        Pullback {
            d_pre,
            d_x: sums.x.into_iter().map(or_zero).collect(),
            d_old: sums.old.into_iter().map(|sum| or_zero(sum).bounded()).collect(),
            d_vectors: vectors.into_iter().map(|of| of.into_iter().map(|d| or_zero(d).bounded()).collect()).collect(),
        }
    }
}

/// `d_params = before + Σ` over every live row of every step: one sum of `T·N` products each, in any order; flat, as `before`,
/// which is what the gradient buffers held.
pub fn parameter_gradients<'p, S: Number>(
    before: &Params<Bounded<'p, S>>,
    steps: &[Live<'_, 'p, S>],
) -> Vec<Bounded<'p, S>> {
    let layout = before.layout();
    let mut all = before.flat().to_vec();
    for (s, stage) in layout.stages.iter().enumerate() {
        for rows in stage {
            // Row by row of the matrix, what each step has of it.
            let slots: Vec<_> = steps.iter().map(|live| live.0.row.slot(rows.of, layout)).collect();
            let d: Vec<_> = steps.iter().map(|live| &live.1.d_pre[s][..]).collect();
            for at in 0..rows.gates.len() * rows.units {
                let unit = rows.gates[at / rows.units] * rows.units + at % rows.units;
                for (w, k) in rows.terms(at) {
                    if let Weight::Param(w) = w {
                        all[w] = Bounded::dot([all[w]], d.iter().zip(&slots).map(|(d, v)| (d[unit], v[k])));
                    }
                }
                if let Some(bias) = &rows.bias {
                    let sum = &mut all[bias.start + at];
                    *sum = Bounded::dot([*sum].into_iter().chain(d.iter().map(|d| d[unit])), []);
                }
            }
        }
    }
    for (v, range) in before.layout().vectors.iter().enumerate() {
        for (j, at) in range.clone().enumerate() {
            let terms = steps.iter().map(|live| live.1.d_vectors[v][j]);
            all[at] = Bounded::dot([all[at]].into_iter().chain(terms), []);
        }
    }
    all
}
