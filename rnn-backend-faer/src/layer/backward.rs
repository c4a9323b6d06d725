//! Backpropagation through time of any cell, for blocks of rows over all steps.

use rnn_kernels::sequence::{input, ragged, weights as gradient};
use rnn_kernels::{Accum, Backend, Backward, MatMut, MatRef, Segment, SeqRef, Slot, Spec, Use};

use super::compiled;
use super::pass::{shared_units, work};
use super::units_backward::{At, GROUPS, INPUT, PRE, Pullback, STATES, VECTORS};
use super::weights::{Weights, len, next, segments};
use crate::faer::Faer;
use crate::number::Number;
use crate::passes::input::OnInputWeights;
use crate::passes::live::Live;
use crate::passes::{add, block, row_stride, through_weights};
use crate::simd::gates::add as add_row;
use crate::threads::{Rows, Tile, Tiles, Tiling};

/// `N · (2 states + T · pre-activations + values + 2 vectors + T · C if x is read unit by unit)` and a row of pre-activations; a cache
/// line more for each row of pre-activations whose width is a multiple of 1 KiB.
pub fn workspace<T: Number>(spec: &Spec<T>, steps: usize, rows: usize) -> usize {
    let plan = spec.plan();
    let input = if plan.reads_input { spec.size().input } else { 0 };
    let vectors = plan.vectors.iter().map(core::ops::Range::len).sum();
    let pre = row_stride::<T>(plan.pre);
    let groups =
        [(&plan.states[..], 2), (&[pre][..], steps), (&plan.values[..], 1), (&[vectors][..], 2), (&[input][..], steps)];
    let len = Tiling::new(rows, groups).len().checked_add(plan.pre);
    len.unwrap_or_else(|| panic!("backward: the length of the workspace overflows usize"))
}

/// Steps whose gradients of vectors are added one after another before their sum is: as many as such sums of a million steps.
const TERMS: usize = 1024;

/// BPTT: accumulates into `d_params`, overwrites the state cotangents and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Number>(backend: &Faer, run: Backward<'_, T>)
where
    Faer: Backend<T>,
{
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    run.check(len(spec, Use::Train), workspace(spec, step_count, rows));
    let Backward { direction, steps, params, packed, x, masks, reserve, d_y, d_trace, workspace, .. } = run;
    let plan = spec.plan();
    let (pre, stride) = (plan.pre, [row_stride::<T>(plan.pre)]);
    let vectors = [plan.vectors.iter().map(core::ops::Range::len).sum::<usize>()];
    let input_width = [if plan.reads_input { spec.size().input } else { 0 }];
    let groups = [
        (&plan.states[..], 2),
        (&stride[..], step_count),
        (&plan.values[..], 1),
        (&vectors[..], 2),
        (&input_width[..], step_count),
    ];
    let tiling = Tiling::new(rows, groups);
    let (tiled, sums) = workspace.split_at_mut(tiling.len());
    let mut tiles = Tiles::new(&mut *tiled, tiling);
    let state = |at, slot| Tile { group: STATES, at, slot };
    for (k, &width) in plan.states.iter().enumerate() {
        let d_last = run.d_last.map(|d_last| MatRef::new(&d_last[spec.state(k, rows)], rows, width));
        ragged::start(tiles.at_mut(state(k, step_count % 2), 0, rows), d_last);
    }
    let vector = |slot| Tile { group: VECTORS, at: 0, slot };
    tiles.at_mut(vector(0), 0, rows).fill(T::default());
    tiles.at_mut(vector(1), 0, rows).fill(T::default());
    if plan.reads_input {
        for t in 0..step_count {
            tiles.at_mut(Tile { group: INPUT, at: 0, slot: t }, 0, rows).fill(T::default());
        }
    }

    let weights = Weights::new(spec, packed);
    let [_, through_states] = work(plan);
    let share = block(&backend.workers, rows, step_count * rows * through_states);
    let units = shared_units(&backend.workers, spec, step_count, rows);
    let gates = [plan.gates];
    let kept = [(&plan.states[..], step_count + 1), (&gates[..], step_count), (&plan.values[..], step_count)];
    let kept = Tiling::new(rows, kept);
    let compiled = compiled::find(&backend.compiled, spec.cell()).map(|kernels| &kernels.backward[..]);
    let pullback = Pullback {
        simd: backend.simd,
        spec,
        weights,
        params,
        x,
        masks,
        reserve,
        direction,
        steps: step_count,
        kept,
        units,
        compiled,
    };
    let trace = d_trace.map_or(Rows::none(rows), Rows::new);
    backend.workers.by_tiles(share, tiles, [trace], |first, mut tiles, [mut trace]| {
        let live = Live { steps, first, rows: tiles.rows() };
        for k in (0..step_count).rev() {
            let at = At { t: direction.step(k, step_count), after: (k + 1) % 2, before: k % 2 };
            for (from, to) in live.runs(at.t) {
                if let Some(d_y) = d_y {
                    let d_y = d_y.at(at.t).rows_range(first + from, first + to);
                    add(backend.simd, tiles.at_mut(state(0, at.after), from, to), d_y);
                }
                for &slot in &plan.unread {
                    tiles.at_mut(at.tile(slot), from, to).fill(T::default());
                }
                let mut panels = weights.transposed;
                for (s, stage) in plan.stages.iter().enumerate().rev() {
                    pullback.units(s, at, first, &mut tiles, (from, to));
                    for segment in &stage.inner {
                        through(&pullback, segment, &mut panels, at, &mut tiles, (from, to));
                    }
                }
                for segment in &plan.old {
                    through(&pullback, segment, &mut panels, at, &mut tiles, (from, to));
                }
                if let Some(limit) = run.clip {
                    for k in 0..plan.states.len() {
                        let mut before = tiles.at_mut(state(k, at.before), from, to);
                        (0..to - from).for_each(|n| ragged::clip_row(before.row_mut(n), limit));
                    }
                }
            }
            for n in live.idle(at.t) {
                if let Some(d_y) = d_y.filter(|_| live.shows(at.t, n)) {
                    let d_y = d_y.at(at.t).rows_range(first + n, first + n + 1);
                    add(backend.simd, tiles.at_mut(state(0, at.after), n, n + 1), d_y);
                }
                tiles.at_mut(Tile { group: PRE, at: 0, slot: at.t }, n, n + 1).fill(T::default());
                for k in 0..plan.states.len() {
                    let ([after], [mut before]) = tiles.apart([state(k, at.after)], [state(k, at.before)], n, n + 1);
                    before.copy_from(after);
                }
            }
            if vectors[0] > 0 && (k == 0 || (step_count - k).is_multiple_of(TERMS)) {
                let all = tiles.rows();
                let ([terms], [sums]) = tiles.apart([vector(0)], [vector(1)], 0, all);
                add(backend.simd, sums, terms);
                tiles.at_mut(vector(0), 0, all).fill(T::default());
            }
            if trace.cols() > 0 {
                let after = tiles.at(state(0, at.after), 0, tiles.rows());
                trace.at_mut(direction.to_slot(at.t), 0, after.rows()).copy_from(after);
            }
        }
        if trace.cols() > 0 {
            let initial = tiles.at(state(0, 0), 0, tiles.rows());
            trace.at_mut(direction.initial_slot(step_count), 0, initial.rows()).copy_from(initial);
        }
    });

    let tiled = &*tiled;
    let mat = |tile| {
        let (start, width) = tiling.place(tile);
        MatRef::new(&tiled[start..start + rows * width], rows, width)
    };
    if let Some(d_initial) = run.d_initial {
        for k in 0..plan.states.len() {
            let (start, width) = tiling.place(state(k, 0));
            d_initial[spec.state(k, rows)].copy_from_slice(&tiled[start..start + rows * width]);
        }
    }
    let all = |group, width: usize, stride: usize| {
        let start = if step_count == 0 { 0 } else { tiling.place(Tile { group, at: 0, slot: 0 }).0 };
        SeqRef::with_strides(&tiled[start..], [step_count, rows, width], rows * stride, stride)
    };
    let d_pre = all(PRE, pre, stride[0]);
    if let Some(d_params) = run.d_params {
        for segment in segments(plan) {
            let d_pre = d_pre.cols_range(segment.cols.start, segment.cols.end);
            let d_w = MatMut::new(&mut d_params[segment.weights.clone()], segment.cols.len(), segment.depth);
            match segment.of {
                Slot::X => gradient::input(backend, d_w, steps, d_pre, x, segment.from),
                slot => gradient::outer(backend, d_w, steps, d_pre, pullback.all_steps(slot)),
            }
        }
        pullback.biases(d_params, steps, d_pre, sums);
        let of_rows = mat(vector(1));
        let mut start = 0;
        for vector in &plan.vectors {
            for n in 0..rows {
                let d = &of_rows.row(n)[start..start + vector.len()];
                add_row(backend.simd, &mut d_params[vector.clone()], d);
            }
            start += vector.len();
        }
    }
    if let Some(mut d_x) = run.d_x {
        let (mut accum, mut panels) = (run.d_x_accum, weights.transposed);
        for segment in segments(plan) {
            let panels = next(&mut panels, segment.depth, segment.cols.len());
            if segment.of == Slot::X {
                let d_pre = d_pre.cols_range(segment.cols.start, segment.cols.end);
                // Read by its panels alone.
                let w = MatRef::new(&params[segment.weights.clone()], segment.cols.len(), segment.depth);
                input::backward(&OnInputWeights { backend, panels }, d_x.rb_mut(), accum, steps, d_pre, w);
                accum = Accum::Add;
            }
        }
        if accum == Accum::Replace {
            d_x.fill(T::default());
        }
        if plan.reads_input {
            let units = all(INPUT, input_width[0], input_width[0]);
            (0..step_count).for_each(|t| ragged::add_live(steps, t, d_x.at_mut(t), units.at(t)));
        }
    }
}

/// `d_slot (+)= d_pre[cols] · W[rows]` of one step, for some rows.
fn through<T: Number>(
    pullback: &Pullback<'_, T>,
    segment: &Segment,
    panels: &mut &[T],
    at: At,
    tiles: &mut Tiles<'_, T, GROUPS>,
    (from, to): (usize, usize),
) {
    let panels = next(panels, segment.depth, segment.cols.len());
    let pre = Tile { group: PRE, at: 0, slot: at.t };
    let ([d_pre], [d]) = tiles.apart([pre], [at.tile(segment.of)], from, to);
    let d_pre = d_pre.cols_range(segment.cols.start, segment.cols.end);
    through_weights(pullback.simd, pullback.units, d, segment.accum, &[(d_pre, panels)]);
}
