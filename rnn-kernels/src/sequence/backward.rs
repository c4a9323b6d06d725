//! Backpropagation through time of any cell, for any backend.
//!
//! Per step, last to first: stage after stage from the last one the pullback of the units, then `d_slot = Wᵀ d_pre` for what
//! earlier stages wrote; products into old states come when all pullbacks of the step are done. The gradients of matrices
//! and of the input are products over all steps.

use super::forward::weights as rows_of;
use super::{input, maps, ragged, weights};
use crate::accum::Accum;
use crate::backend::Backend;
use crate::form::Slot;
use crate::pass::{Backward, Gradient, Memory, UnitBackward};
use crate::plan::{Map, Places, Segment, Spec};
use crate::scalar::Scalar;
use crate::shape::{product, sum};
use crate::steps::Steps;
use crate::view::{MatMut, MatRef, SeqMut, SeqRef};
use core::mem::swap;
use core::ops::Range;

/// Where everything lies in the scratch of backward: `d_pre [T, N, pre] · d_x [T, N, C] · two of [N, states] · [N, values] ·
/// two of vectors`, of some steps and of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scratch {
    d_x: usize,
    states: [usize; 2],
    values: usize,
    vectors: usize,
    sums: usize,
    pub(super) len: usize,
}

/// Terms of the gradient of a vector that are added one after another before their sum is: as many as such sums of a million terms.
const TERMS: usize = 1024;

impl Scratch {
    pub(super) fn new<T: Scalar>(spec: &Spec<T>, steps: usize, rows: usize) -> Self {
        let (plan, what) = (spec.plan(), "backward: workspace");
        let mut len = 0;
        let mut piece = |factors: &[usize]| {
            let start = len;
            len = sum(what, len, product(what, factors));
            start
        };
        piece(&[steps, rows, plan.pre]);
        let d_x = piece(&[steps, rows, if plan.reads_input { spec.size().input } else { 0 }]);
        let states = [piece(&[rows, plan.states_width()]), piece(&[rows, plan.states_width()])];
        let values = piece(&[rows, plan.values_width()]);
        let vectors = piece(&[plan.vectors_width()]);
        let sums = piece(&[plan.vectors_width()]);
        Self { d_x, states, values, vectors, sums, len }
    }
}

/// BPTT: accumulates into `d_params`, overwrites the state cotangents and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: Backward<'_, T>) {
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    let scratch = Scratch::new(run.spec, step_count, rows);
    run.check(0, scratch.len);
    let Backward { spec, direction, steps, params, x, masks, reserve, d_y, mut d_trace, .. } = run;
    let plan = spec.plan();
    let places = Places { plan, direction, steps: step_count, rows };
    let mut time = Time {
        backend,
        memory: Memory { spec, places, params, x, masks, first: 0 },
        steps,
        reserve,
        scratch,
        clip: run.clip,
        workspace: &mut run.workspace[..scratch.len],
    };

    for (k, &width) in plan.states.iter().enumerate() {
        let start = time.state(0, k);
        let d_last = run.d_last.map(|d_last| MatRef::new(&d_last[spec.state(k, rows)], rows, width));
        ragged::start(time.mat(start, width), d_last);
    }
    time.workspace[scratch.d_x..scratch.states[0]].fill(T::ZERO);
    time.workspace[scratch.vectors..].fill(T::ZERO);
    for k in (0..step_count).rev() {
        let t = direction.step(k, step_count);
        let (y, width) = (time.state(0, 0), plan.states[0]);
        d_y.iter().for_each(|d_y| ragged::absorb(steps, t, time.mat(y, width), d_y.at(t)));
        d_trace.iter_mut().for_each(|trace| trace.at_mut(direction.to_slot(t)).copy_from(time.mat(y, width).rb()));
        time.step(t);
        if k == 0 || (step_count - k).is_multiple_of((TERMS / rows.max(1)).max(1)) {
            time.sum_vectors();
        }
    }
    let (y, width) = (time.state(0, 0), plan.states[0]);
    let initial = direction.initial_slot(step_count);
    d_trace.iter_mut().for_each(|trace| trace.at_mut(initial).copy_from(time.mat(y, width).rb()));
    if let Some(d_initial) = run.d_initial {
        // All states before the first step lie one after another.
        let start = time.state(0, 0);
        d_initial.copy_from_slice(&time.workspace[start..start + spec.states_len(rows)]);
    }
    if let Some(d_params) = run.d_params {
        time.gradients_of_parameters(d_params);
    }
    if let Some(d_x) = run.d_x {
        time.gradient_of_input(d_x, run.d_x_accum);
    }
}

/// Backward on its way through time.
struct Time<'a, T, B: ?Sized> {
    backend: &'a B,
    memory: Memory<'a, T>,
    steps: Steps<'a>,
    reserve: &'a [T],
    scratch: Scratch,
    clip: Option<T>,
    workspace: &'a mut [T],
}

impl<T: Scalar, B: Backend<T> + ?Sized> Time<'_, T, B> {
    /// Where the cotangent of state `k` begins: 0 after the step, 1 before it.
    fn state(&self, side: usize, k: usize) -> usize {
        let places = &self.memory.places;
        self.scratch.states[side] + places.plan.states[..k].iter().sum::<usize>() * places.rows
    }

    fn value(&self, v: usize) -> usize {
        let places = &self.memory.places;
        self.scratch.values + places.plan.values[..v].iter().sum::<usize>() * places.rows
    }

    /// Where the cotangent of a slot that products read begins.
    fn slot(&self, slot: Slot) -> usize {
        match slot {
            Slot::Old(k) => self.state(1, k),
            Slot::New(k) => self.state(0, k),
            Slot::Value(v) => self.value(v),
            Slot::X | Slot::Mask(_) => unreachable!("the input has a gradient of its own, a mask none"),
        }
    }

    /// `[N, width]` of the workspace.
    fn mat(&mut self, start: usize, width: usize) -> MatMut<'_, T> {
        let rows = self.memory.places.rows;
        MatMut::new(&mut self.workspace[start..start + rows * width], rows, width)
    }

    /// From the cotangents after step `t` to those before it.
    fn step(&mut self, t: usize) {
        let Memory { places, .. } = self.memory;
        let plan = places.plan;
        for &slot in &plan.unread {
            let start = self.slot(slot);
            self.mat(start, places.width(slot)).fill(T::ZERO);
        }
        for (stage, stage_plan) in plan.stages.iter().enumerate().rev() {
            for rows in self.steps.live_runs(t, 0..places.rows) {
                let backend = self.backend;
                backend.unit_backward(self.unit(stage, t, rows));
            }
            for n in self.steps.idle(t, places.rows) {
                let row = (t * places.rows + n) * plan.pre;
                self.workspace[row + stage_plan.cols.start..row + stage_plan.cols.end].fill(T::ZERO);
            }
            for segment in &stage_plan.inner {
                self.product(segment, t);
            }
            for map in &stage_plan.maps {
                self.fixed(map, t);
            }
        }
        for segment in &plan.old {
            self.product(segment, t);
        }
        if let Some(limit) = self.clip {
            for (k, &width) in plan.states.iter().enumerate() {
                let (steps, before) = (self.steps, self.state(1, k));
                ragged::clip(steps, t, self.mat(before, width), limit);
            }
        }
        for n in self.steps.idle(t, places.rows) {
            for (k, &width) in plan.states.iter().enumerate() {
                let (from, to) = (self.state(0, k) + n * width, self.state(1, k) + n * width);
                self.workspace.copy_within(from..from + width, to);
            }
        }
        let [after, before] = &mut self.scratch.states;
        swap(after, before);
    }

    /// The gradients of vectors that some steps gave go to those of all.
    fn sum_vectors(&mut self) {
        let Scratch { vectors, sums, len, .. } = self.scratch;
        let (steps, all) = self.workspace[vectors..len].split_at_mut(sums - vectors);
        for (all, step) in all.iter_mut().zip(steps) {
            *all += *step;
            *step = T::ZERO;
        }
    }

    fn unit(&mut self, stage: usize, t: usize, rows: Range<usize>) -> UnitBackward<'_, T> {
        let Memory { places, spec, .. } = self.memory;
        let (pre, step) = (places.plan.pre, t * places.rows);
        let gradient = Gradient {
            d_pre: (step * pre + places.plan.stages[stage].cols.start, pre),
            after: self.scratch.states[0],
            before: self.scratch.states[1],
            values: self.scratch.values,
            vectors: self.scratch.vectors,
            input: self.scratch.d_x + step * spec.size().input,
            workspace: &mut *self.workspace,
        };
        UnitBackward { memory: self.memory, stage, t, rows, reserve: self.reserve, gradient }
    }

    /// `d_slot (+)= d_pre[cols] · W[rows]` of one step.
    fn product(&mut self, segment: &Segment, t: usize) {
        let (backend, params) = (self.backend, self.memory.params);
        let [d, d_pre] = self.cotangents(segment.of, &segment.cols, t);
        let d = d.cols_range(segment.from, segment.from + segment.depth);
        backend.matmul(d, segment.accum, d_pre.rb(), rows_of(params, segment));
    }

    /// `d_slot (+)= Fᵀ d_pre[cols]` of one step.
    fn fixed(&mut self, map: &Map, t: usize) {
        let [d, d_pre] = self.cotangents(map.of, &map.cols, t);
        maps::backward(map.way, map.axes, d, map.backward, d_pre.rb());
    }

    /// Those of a slot that products read, and of some pre-activations of step `t`.
    fn cotangents(&mut self, of: Slot, cols: &Range<usize>, t: usize) -> [MatMut<'_, T>; 2] {
        let Memory { places, .. } = self.memory;
        let (rows, pre, start, width) = (places.rows, places.plan.pre, self.slot(of), places.width(of));
        let ranges = [start..start + rows * width, t * rows * pre..(t + 1) * rows * pre];
        let [d, d_pre] = self.workspace.get_disjoint_mut(ranges).expect("cotangents lie apart");
        [MatMut::new(d, rows, width), MatMut::new(d_pre, rows, pre).cols_range(cols.start, cols.end)]
    }

    /// The cotangents of all pre-activations of all steps.
    fn d_pre(&self) -> SeqRef<'_, T> {
        let Places { plan, steps, rows, .. } = self.memory.places;
        SeqRef::new(&self.workspace[..steps * rows * plan.pre], steps, rows, plan.pre)
    }

    /// `d_W += Σ d_pre ⊗ slot`, `d_b += Σ d_pre`, and the sums of vectors.
    fn gradients_of_parameters(&self, d_params: &mut [T]) {
        let Memory { places, x, .. } = self.memory;
        let plan = places.plan;
        let segments = plan.input.iter().chain(plan.old.iter().rev());
        for segment in segments.chain(plan.stages.iter().flat_map(|stage| &stage.inner)) {
            let d_pre = self.d_pre().cols_range(segment.cols.start, segment.cols.end);
            let d_w = MatMut::new(&mut d_params[segment.weights.clone()], segment.cols.len(), segment.depth);
            match segment.of {
                Slot::X => weights::input(self.backend, d_w, self.steps, d_pre, x, segment.from),
                slot => {
                    let range = places.slot_of_all_steps(slot);
                    let v = SeqRef::new(&self.reserve[range], places.steps, places.rows, places.width(slot));
                    let v = v.cols_range(segment.from, segment.from + segment.depth);
                    weights::outer(self.backend, d_w, self.steps, d_pre, v);
                }
            }
            weights::bias(segment.bias.clone().map(|bias| &mut d_params[bias]), self.steps, d_pre);
        }
        let mut start = self.scratch.sums;
        for vector in &plan.vectors {
            let d = &self.workspace[start..start + vector.len()];
            d_params[vector.clone()].iter_mut().zip(d).for_each(|(sum, &d)| *sum += d);
            start += vector.len();
        }
    }

    /// `d_x (+)= d_pre · W`, and what units that read the input give.
    fn gradient_of_input(&self, mut d_x: SeqMut<'_, T>, mut accum: Accum) {
        let Memory { places, params, spec, .. } = self.memory;
        let plan = places.plan;
        if accum == Accum::Replace && plan.input.iter().any(|segment| segment.depth < spec.size().input) {
            // Heads overwrite some columns each.
            d_x.fill(T::ZERO);
            accum = Accum::Add;
        }
        for segment in &plan.input {
            let d_pre = self.d_pre().cols_range(segment.cols.start, segment.cols.end);
            let d_x = d_x.rb_mut().cols_range(segment.from, segment.from + segment.depth);
            input::backward(self.backend, d_x, accum, self.steps, d_pre, rows_of(params, segment));
            accum = Accum::Add;
        }
        if accum == Accum::Replace {
            d_x.fill(T::ZERO);
        }
        if plan.reads_input {
            let (width, len) = (spec.size().input, self.scratch.states[0].min(self.scratch.states[1]));
            let units = SeqRef::new(&self.workspace[self.scratch.d_x..len], places.steps, places.rows, width);
            for t in 0..places.steps {
                ragged::add_live(self.steps, t, d_x.at_mut(t), units.at(t));
            }
        }
    }
}
