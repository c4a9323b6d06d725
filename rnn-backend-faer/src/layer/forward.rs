//! `states_t, kept_t = cell(x_t, states_{t−1})` for blocks of rows over all steps.

use core::ops::Range;

use rnn_kernels::sequence::ragged;
use rnn_kernels::{Direction, Forward, Home, Input, MatMut, MatRef, Slot, Use};

use super::pass::{GATES, GROUPS, Pass, STATES, VALUES, ahead, shared_units, with_input, work, worth_ahead};
use super::weights::{Weights, len};
use super::{compiled, shared, units};
use crate::faer::Faer;
use crate::number::Number;
use crate::passes::live::Live;
use crate::passes::slots::{Kept, Slots};
use crate::passes::{block, clear};
use crate::threads::{Rows, Tile, Tiles, Tiling};

/// One pass over time that keeps everything: overwrites `y`, the last states and the reserve.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Number>(backend: &Faer, run: Forward<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    run.check(len(spec, Use::Train), 0);
    let Forward { direction, steps, params, packed, x, masks, y, last, reserve, .. } = run;
    let (plan, gates) = (spec.plan(), [spec.plan().gates]);
    let groups = [(&plan.states[..], step_count + 1), (&gates[..], step_count), (&plan.values[..], step_count)];
    let tiling = Tiling::new(rows, groups);
    let state = |at, slot| Tile { group: STATES, at, slot };
    let mut tiles = Tiles::new(&mut *reserve, tiling);
    for (k, &width) in plan.states.iter().enumerate() {
        let initial = run.initial.map(|initial| MatRef::new(&initial[spec.state(k, rows)], rows, width));
        ragged::start(tiles.at_mut(state(k, direction.initial_slot(step_count)), 0, rows), initial);
    }

    let [all, _] = work(plan);
    let share = block(&backend.workers, rows, step_count * rows * all);
    let weights = Weights::new(spec, packed);
    let mut pass = Pass {
        simd: backend.simd,
        spec,
        weights,
        params,
        x,
        masks,
        direction,
        steps,
        step_count,
        kept: Kept::All,
        ahead: false,
        units: shared_units(&backend.workers, spec, step_count, rows),
        compiled: compiled::find(&backend.compiled, spec.cell()).map(|kernels| &kernels.forward[..]),
    };
    if let Some(flat) = flat(x).filter(|_| worth_ahead(plan, x, share)) {
        pass.ahead = true;
        for (group, panels) in with_input(plan, weights) {
            let (range, width, col) = pre_of_all_steps(tiling, direction, group.home);
            let pre =
                MatMut::new(&mut reserve[range], step_count * rows, width).cols_range(col, col + group.cols.len());
            ahead(backend.simd, &backend.workers, weights, flat, (group, panels), pre);
        }
    }
    let y = y.map_or(Rows::none(rows), Rows::new);
    let tiles = Tiles::new(&mut *reserve, tiling);
    backend.workers.by_tiles(share, tiles, [y], |first, tiles, [y]| over(&pass, 0..step_count, first, tiles, y));

    if let Some(last) = last {
        for k in 0..plan.states.len() {
            let (start, width) = tiling.place(state(k, direction.final_slot(step_count)));
            last[spec.state(k, rows)].copy_from_slice(&reserve[start..start + rows * width]);
        }
    }
}

/// All steps of the input as one matrix.
pub(super) fn flat<'a, T: Copy>(x: Input<'a, T>) -> Option<MatRef<'a, T>> {
    match x {
        Input::Dense(x) => x.flat(),
        _ => None,
    }
}

/// The pre-activations of all steps, the width of a row there, and the first column.
fn pre_of_all_steps(tiling: Tiling<'_, GROUPS>, direction: Direction, home: Home) -> (Range<usize>, usize, usize) {
    let steps = tiling.slots(GATES);
    let (first, col) = match home {
        Home::Gates(col) => (Tile { group: GATES, at: 0, slot: 0 }, col),
        Home::Written(Slot::New(k), col) => (Tile { group: STATES, at: k, slot: direction.to_slot(0) }, col),
        Home::Written(Slot::Value(v), col) => (Tile { group: VALUES, at: v, slot: 0 }, col),
        Home::Written(..) => unreachable!("a stage writes new states and values"),
    };
    let (start, width) = tiling.place(first);
    (start..start + steps * tiling.rows() * width, width, col)
}

/// Steps `ks` of a pass, for the rows of the batch from `first` on.
pub(super) fn over<T: Number>(
    pass: &Pass<'_, T>,
    ks: Range<usize>,
    first: usize,
    mut tiles: Tiles<'_, T, GROUPS>,
    mut y: Rows<'_, T>,
) {
    let live = Live { steps: pass.steps, first, rows: tiles.rows() };
    for k in ks {
        let at = pass.kept.slots(pass.direction, k, pass.step_count);
        for (from, to) in live.runs(at.t) {
            if let Some(units) = pass.units {
                shared::step(pass, units, at, &mut tiles);
            } else {
                step(pass, at, first, &mut tiles, (from, to));
            }
            if y.cols() > 0 {
                y.at_mut(at.t, from, to).copy_from(tiles.at(pass.tile(Slot::New(0), at), from, to));
            }
        }
        for n in live.idle(at.t) {
            keep(pass, at, &mut tiles, n);
            if y.cols() > 0 && live.shows(at.t, n) {
                y.at_mut(at.t, n, n + 1).copy_from(tiles.at(pass.tile(Slot::New(0), at), n, n + 1));
            } else {
                clear(&mut y, at.t, n);
            }
        }
    }
}

/// One step of some rows.
pub(super) fn step<T: Number>(
    pass: &Pass<'_, T>,
    at: Slots,
    first: usize,
    tiles: &mut Tiles<'_, T, GROUPS>,
    rows: (usize, usize),
) {
    let (mut panels, mut groups) = (pass.weights.terms, pass.plan().groups.iter().peekable());
    for s in 0..pass.plan().stages.len() {
        while let Some(group) = groups.next_if(|group| group.stage == s) {
            pass.products(group, &mut panels, at, first, tiles, rows);
        }
        units::forward(pass, s, at, first, tiles, rows);
    }
}

/// A row that a step does not belong to keeps its states; everything else of it is 0.
fn keep<T: Number>(pass: &Pass<'_, T>, at: Slots, tiles: &mut Tiles<'_, T, GROUPS>, n: usize) {
    let plan = pass.plan();
    for k in 0..plan.states.len() {
        let (old, new) = (pass.tile(Slot::Old(k), at), pass.tile(Slot::New(k), at));
        let ([old], [mut new]) = tiles.apart([old], [new], n, n + 1);
        new.copy_from(old);
    }
    tiles.at_mut(Tile { group: GATES, at: 0, slot: at.gates }, n, n + 1).fill(T::default());
    for v in 0..plan.values.len() {
        tiles.at_mut(pass.tile(Slot::Value(v), at), n, n + 1).fill(T::default());
    }
}
