//! `states_t, kept_t = cell(x_t, states_{t−1})` over time, for any cell and any backend.
//!
//! Per step: products with old states, then stage after stage the products with what earlier stages wrote, and the units.
//! What needs no state, `b + W x`, is computed for all steps at once.

use super::{input, maps, ragged};
use crate::accum::Accum;
use crate::backend::Backend;
use crate::buffer::BufferLens;
use crate::form::Slot;
use crate::pass::{Forward, Memory, UnitForward};
use crate::plan::{Home, Map, Places, Segment, Spec};
use crate::scalar::Scalar;
use crate::steps::Steps;
use crate::view::{MatMut, MatRef, SeqMut};

/// `infer = reserve(1 step)`, `forward = 0`, `backward = T·N·(pre-activations + C if x is read unit by unit) + N·(2 states +
/// values) + vectors`: what the bodies below need.
///
/// # Panics
/// If a length overflows `usize`.
#[must_use]
pub fn lens<T: Scalar>(spec: &Spec<T>, steps: usize, rows: usize) -> BufferLens {
    BufferLens {
        reserve: spec.reserve_len(steps, rows),
        infer: spec.reserve_len(1, rows),
        backward: super::backward::Scratch::new(spec, steps, rows).len,
        ..BufferLens::default()
    }
}

/// One pass over time: overwrites `y`, the last states and the whole reserve.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: Forward<'_, T>) {
    run.check(0, 0);
    let Forward { spec, direction, steps, params, x, masks, y, last, reserve, .. } = run;
    let (plan, step_count, rows) = (spec.plan(), x.steps(), x.rows());
    let places = Places { plan, direction, steps: step_count, rows };
    for (k, &width) in plan.states.iter().enumerate() {
        let state = MatMut::new(&mut reserve[places.state(k, direction.initial_slot(step_count))], rows, width);
        ragged::start(state, run.initial.map(|initial| MatRef::new(&initial[spec.state(k, rows)], rows, width)));
    }
    through_time(backend, Memory { spec, places, params, x, masks, first: 0 }, steps, y, reserve);
    if let Some(last) = last {
        for k in 0..plan.states.len() {
            last[spec.state(k, rows)].copy_from_slice(&reserve[places.state(k, direction.final_slot(step_count))]);
        }
    }
}

/// From the initial states in the reserve to the last ones.
pub(super) fn through_time<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    memory: Memory<'_, T>,
    steps: Steps<'_>,
    mut y: Option<SeqMut<'_, T>>,
    reserve: &mut [T],
) {
    let places = memory.places;
    before_any_step(backend, memory, steps, reserve);
    for k in 0..places.steps {
        let t = places.direction.step(k, places.steps);
        for segment in places.plan.old.iter().rev() {
            product(backend, memory, segment, t, reserve);
        }
        for (stage, stage_plan) in places.plan.stages.iter().enumerate() {
            for segment in &stage_plan.inner {
                product(backend, memory, segment, t, reserve);
            }
            for &gate in &stage_plan.cleared {
                let (home, width, first) = places.home(gate, t);
                let pre = MatMut::new(&mut reserve[home], places.rows, width);
                pre.cols_range(first, first + stage_plan.width).fill(T::ZERO);
            }
            for map in &stage_plan.maps {
                fixed(places, map, t, reserve);
            }
            for rows in steps.live_runs(t, 0..places.rows) {
                backend.unit_forward(UnitForward { memory, stage, t, rows, reserve: &mut *reserve });
            }
        }
        keep_idle_rows(places, steps, t, reserve);
        if let Some(y) = &mut y {
            let state = MatRef::new(&reserve[places.slot(Slot::New(0), t)], places.rows, places.plan.states[0]);
            ragged::emit(steps, t, y.at_mut(t), state);
        }
    }
}

/// `pre = Σ b + W x` for all steps at once.
fn before_any_step<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    memory: Memory<'_, T>,
    steps: Steps<'_>,
    reserve: &mut [T],
) {
    let Memory { places, params, x, .. } = memory;
    for group in &places.plan.groups {
        let mut pre = pre_of_all_steps(places, group.home, group.cols.len(), reserve);
        for (t, n) in (0..places.steps).flat_map(|t| (0..places.rows).map(move |n| (t, n))) {
            let mut pre = pre.at_mut(t);
            let pre = pre.row_mut(n);
            let mut biases = group.terms.iter().filter_map(|term| term.bias.clone());
            match biases.next() {
                None => pre.fill(T::ZERO),
                Some(first) => pre.copy_from_slice(&params[first]),
            }
            for bias in biases {
                pre.iter_mut().zip(&params[bias]).for_each(|(pre, &b)| *pre += b);
            }
        }
    }
    for segment in &places.plan.input {
        let pre = pre_of_all_steps(places, segment.home, segment.cols.len(), reserve);
        input::forward(backend, pre, steps, x, segment.from, weights(params, segment));
    }
}

/// Some columns of the pre-activations of all steps.
fn pre_of_all_steps<'r, T>(places: Places<'_>, home: Home, cols: usize, reserve: &'r mut [T]) -> SeqMut<'r, T> {
    let (range, width, first) = places.home_of_all_steps(home);
    SeqMut::new(&mut reserve[range], places.steps, places.rows, width).cols_range(first, first + cols)
}

/// `pre[cols] += W[rows] · slot` of one step.
fn product<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    memory: Memory<'_, T>,
    segment: &Segment,
    t: usize,
    reserve: &mut [T],
) {
    let Memory { places, params, .. } = memory;
    let [pre, v] = operands(places, (segment.home, segment.cols.len()), segment.of, t, reserve);
    let v = v.rb().cols_range(segment.from, segment.from + segment.depth);
    backend.matmul(pre, Accum::Add, v, weights(params, segment).t());
}

/// `pre[cols] (+)= F · slot` of one step.
fn fixed<T: Scalar>(places: Places<'_>, map: &Map, t: usize, reserve: &mut [T]) {
    let [pre, v] = operands(places, (map.home, map.cols.len()), map.of, t, reserve);
    maps::forward(map.way, map.axes, pre, map.forward, v.rb());
}

/// Some pre-activations of one step, and what is multiplied.
fn operands<'r, T>(
    places: Places<'_>,
    (home, cols): (Home, usize),
    of: Slot,
    t: usize,
    reserve: &'r mut [T],
) -> [MatMut<'r, T>; 2] {
    let (home, width, first) = places.home(home, t);
    let [pre, v] = reserve.get_disjoint_mut([home, places.slot(of, t)]).expect("a step reads what it does not write");
    [
        MatMut::new(pre, places.rows, width).cols_range(first, first + cols),
        MatMut::new(v, places.rows, places.width(of)),
    ]
}

/// The rows of a matrix that a segment multiplies by.
pub(super) fn weights<'a, T>(params: &'a [T], segment: &Segment) -> MatRef<'a, T> {
    MatRef::new(&params[segment.weights.clone()], segment.cols.len(), segment.depth)
}

/// Rows that step `t` does not belong to keep their states; everything else of them is 0.
fn keep_idle_rows<T: Scalar>(places: Places<'_>, steps: Steps<'_>, t: usize, reserve: &mut [T]) {
    let plan = places.plan;
    for n in steps.idle(t, places.rows) {
        let row = |range: core::ops::Range<usize>, width: usize| range.start + n * width..range.start + (n + 1) * width;
        for (k, &width) in plan.states.iter().enumerate() {
            let to = places.slot(Slot::New(k), t).start + n * width;
            reserve.copy_within(row(places.slot(Slot::Old(k), t), width), to);
        }
        reserve[row(places.gates(t), plan.gates)].fill(T::ZERO);
        for (v, &width) in plan.values.iter().enumerate() {
            reserve[row(places.value(v, t), width)].fill(T::ZERO);
        }
    }
}
