//! A pass that keeps nothing but its states, in windows of steps whose products with the input are computed at once.

use rnn_kernels::{Infer, MatMut, Spec, Use};

use super::forward::{flat, over, step};
use super::pass::{GATES, Pass, STATES, ahead, shared_units, steps_ahead, with_input, work, worth_ahead};
use super::weights::{Weights, len};
use super::{compiled, single};
use crate::faer::Faer;
use crate::number::Number;
use crate::passes::block;
use crate::passes::slots::Kept;
use crate::threads::{Rows, Tile, Tiles, Tiling};

/// `N · (2 states + values + steps ahead · pre-activations)`.
pub fn workspace<T: Number>(backend: &Faer, spec: &Spec<T>, steps: usize, rows: usize) -> usize {
    let plan = spec.plan();
    let ahead = steps_ahead::<T>(&backend.workers, plan, steps, rows);
    Tiling::new(rows, [(&plan.states[..], 2), (&[plan.pre][..], ahead), (&plan.values[..], 1)]).len()
}

/// One pass over time that keeps the states alone.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Number>(backend: &Faer, run: Infer<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    let units = shared_units(&backend.workers, spec, step_count, rows);
    if let (Some((cell, x)), None) = (single::takes(&run), units) {
        return single::infer(backend.simd, cell, x, run);
    }
    // A single step is short: nothing is computed for it twice.
    let (plan, len) = (spec.plan(), len(spec, Use::Infer));
    let (pre, most) = ([plan.pre], steps_ahead::<T>(&backend.workers, plan, step_count, rows));
    let tiling = |window| Tiling::new(rows, [(&plan.states[..], 2), (&pre[..], window), (&plan.values[..], 1)]);
    let largest = tiling(most);
    run.check(len, largest.len());
    let Infer { direction, steps, params, packed, x, masks, states, mut y, workspace, .. } = run;
    let share = if rows <= 1 { 1 } else { block(&backend.workers, rows, step_count * rows * work(plan)[0]) };
    let weights = Weights::for_inference(spec, packed, len);
    let window = if most > 1 && worth_ahead(plan, x, share) { most } else { 1 };
    let tiling = if window == most { largest } else { tiling(window) };
    let state = |at, slot| Tile { group: STATES, at, slot };
    for k in 0..plan.states.len() {
        let (start, width) = tiling.place(state(k, 0));
        workspace[start..start + rows * width].copy_from_slice(&states[spec.state(k, rows)]);
    }
    let mut tiles = Tiles::new(&mut *workspace, tiling);
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
        kept: Kept::Last { first: 0, steps: 1 },
        ahead: false,
        units,
        compiled: compiled::find(&backend.compiled, spec.cell()).map(|kernels| &kernels.forward[..]),
    };
    if step_count == 1 && share >= rows && steps.is_all() && pass.units.is_none() {
        // Blocks and windows would take longer to set up than the step to compute.
        step(&pass, pass.kept.slots(direction, 0, 1), 0, &mut tiles, (0, rows));
        y.iter_mut().for_each(|y| y.at_mut(0).copy_from(tiles.at(state(0, 1), 0, rows)));
    } else {
        let mut k = 0;
        while k < step_count {
            let some = window.min(step_count - k);
            // A window of one step is the last one of many, or all steps are computed one by one.
            pass.ahead = window > 1 && some > 1;
            let ks = if window == 1 { k..step_count } else { k..k + some };
            pass.kept = Kept::Last { first: k, steps: if pass.ahead { some } else { 1 } };
            if pass.ahead {
                let (t, end) = (direction.step(k, step_count), direction.step(k + some - 1, step_count));
                let x = flat(x.slice(t.min(end), t.max(end) + 1)).expect("steps of a flat input are flat");
                let start = tiling.place(Tile { group: GATES, at: 0, slot: 0 }).0;
                for (group, panels) in with_input(plan, weights) {
                    let pre = &mut workspace[start..start + some * rows * plan.pre];
                    let pre = MatMut::new(pre, some * rows, plan.pre).cols_range(group.cols.start, group.cols.end);
                    ahead(backend.simd, &backend.workers, weights, x, (group, panels), pre);
                }
            }
            let tiles = Tiles::new(&mut *workspace, tiling);
            let y = y.as_mut().map_or(Rows::none(rows), |y| Rows::new(y.rb_mut()));
            backend.workers.by_tiles(share, tiles, [y], |first, tiles, [y]| over(&pass, ks.clone(), first, tiles, y));
            k = ks.end;
        }
    }
    for k in 0..plan.states.len() {
        let (start, width) = tiling.place(state(k, step_count % 2));
        states[spec.state(k, rows)].copy_from_slice(&workspace[start..start + rows * width]);
    }
}
