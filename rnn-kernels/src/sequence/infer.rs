//! One-step windows of [`forward`](super::forward()) over a reserve in the workspace: the states move in place, nothing is kept.

use super::forward::{lens, through_time};
use crate::backend::Backend;
use crate::pass::{Infer, Memory};
use crate::plan::Places;
use crate::scalar::Scalar;

/// Overwrites `y` and moves the states.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: Infer<'_, T>) {
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    run.check(0, lens(run.spec, 1, rows).infer);
    let Infer { spec, direction, steps, params, x, masks, states, mut y, workspace, .. } = run;
    let places = Places { plan: spec.plan(), direction, steps: 1, rows };
    let reserve = &mut workspace[..spec.reserve_len(1, rows)];
    for k in 0..step_count {
        let t = direction.step(k, step_count);
        for k in 0..places.plan.states.len() {
            reserve[places.state(k, direction.initial_slot(1))].copy_from_slice(&states[spec.state(k, rows)]);
        }
        let memory = Memory { spec, places, params, x: x.slice(t, t + 1), masks, first: t };
        let y = y.as_mut().map(|y| y.rb_mut().slice(t, t + 1));
        through_time(backend, memory, steps.window(t), y, reserve);
        for k in 0..places.plan.states.len() {
            states[spec.state(k, rows)].copy_from_slice(&reserve[places.state(k, direction.final_slot(1))]);
        }
    }
}
