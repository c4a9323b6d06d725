//! Bugs of linear recurrences.

use super::Bug;
use crate::real::Real;
use rnn_kernels::{Direction, LinearBackward, LinearForward, SeqRef, reference};

pub(super) fn forward<T: Real>(bug: Bug, mut run: LinearForward<'_, T>) {
    match bug {
        Bug::RecurrenceStateForgotten => run.initial = None,
        Bug::RecurrenceAlwaysForward => run.direction = Direction::Forward,
        Bug::RecurrenceShapesNotChecked => {
            let units = run.a.rows() * run.a.cols();
            run.initial = run.initial.filter(|initial| initial.len() == units);
        }
        Bug::RecurrenceChunkStateLost
        | Bug::RecurrenceProductOverflows
        | Bug::RecurrenceNanIsZero
        | Bug::RecurrenceRowsTogether => return by_steps(bug, run),
        _ => {}
    }
    reference::linear::forward(run);
}

/// Step after step, in chunks of 64 where the bug is in those.
fn by_steps<T: Real>(bug: Bug, run: LinearForward<'_, T>) {
    let [steps, rows, width] = run.check();
    let LinearForward { direction, a, b, initial, mut h } = run;
    for (n, j) in (0..rows).flat_map(|n| (0..width).map(move |j| (n, j))) {
        let mut state = initial.map_or(T::ZERO, |initial| initial[n * width + j]);
        h.at_mut(direction.initial_slot(steps)).row_mut(n)[j] = state;
        let (mut begun, mut product, mut sum) = (state, T::ONE, T::ZERO);
        for k in 0..steps {
            if k > 0 && k % 64 == 0 {
                match bug {
                    Bug::RecurrenceChunkStateLost => state = sum,
                    Bug::RecurrenceProductOverflows => state = product * begun + sum,
                    _ => {}
                }
                (begun, product, sum) = (state, T::ONE, T::ZERO);
            }
            let t = direction.step(k, steps);
            let (a, b) = (a.at(t).at(n, j), b.at(t).at(n, j));
            (product, sum) = (product * a, a * sum + b);
            state = if bug == Bug::RecurrenceRowsTogether && rows > 1 { a.fma(state, b) } else { a * state + b };
            if bug == Bug::RecurrenceNanIsZero && !state.is_finite() {
                state = T::ZERO;
            }
            h.at_mut(direction.to_slot(t)).row_mut(n)[j] = state;
        }
    }
}

pub(super) fn backward<T: Real>(bug: Bug, mut run: LinearBackward<'_, T>) {
    let (steps, direction) = (run.a.steps(), run.direction);
    match bug {
        Bug::RecurrenceLastCotangentIgnored => run.d_last = None,
        Bug::RecurrenceNewState => {
            // The states one step later, in the order of time.
            run.check();
            let (h, units) = (run.h, run.h.rows() * run.h.cols());
            let mut later = vec![T::ZERO; (steps + 1) * units];
            for slot in 0..=steps {
                let from = match direction {
                    Direction::Forward => (slot + 1).min(steps),
                    Direction::Reverse => slot.saturating_sub(1),
                };
                for n in 0..h.rows() {
                    later[slot * units + n * h.cols()..][..h.cols()].copy_from_slice(h.at(from).row(n));
                }
            }
            let h = SeqRef::new(&later, steps + 1, h.rows(), h.cols());
            return reference::linear::backward(LinearBackward { h, ..run });
        }
        Bug::RecurrenceInitialUnscaled => {
            let (mut d_b, mut d_initial) = (run.d_b, run.d_initial);
            reference::linear::backward(LinearBackward {
                d_b: d_b.rb_mut(),
                d_initial: d_initial.as_deref_mut(),
                direction,
                a: run.a,
                h: run.h,
                d_h: run.d_h,
                d_last: run.d_last,
                d_a: run.d_a,
            });
            if let (Some(d_initial), true) = (d_initial, steps > 0) {
                let (first, width) = (d_b.rb().at(direction.step(0, steps)), d_b.cols());
                (0..first.rows()).for_each(|n| d_initial[n * width..][..width].copy_from_slice(first.row(n)));
            }
            return;
        }
        Bug::RecurrenceOwnCoefficient => return own_coefficient(run),
        _ => {}
    }
    reference::linear::backward(run);
}

/// `g_t = d_h_t + a_t g_{t+1}`.
fn own_coefficient<T: Real>(run: LinearBackward<'_, T>) {
    let [steps, rows, width] = run.check();
    let LinearBackward { direction, a, h, d_h, d_last, mut d_a, mut d_b, mut d_initial } = run;
    for (n, j) in (0..rows).flat_map(|n| (0..width).map(move |j| (n, j))) {
        let mut handed = d_last.map_or(T::ZERO, |d_last| d_last[n * width + j]);
        for (k, t) in (0..steps).rev().map(|k| (k, direction.step(k, steps))) {
            let g = d_h.at(t).at(n, j) + handed;
            d_b.at_mut(t).row_mut(n)[j] = g;
            d_a.at_mut(t).row_mut(n)[j] = g * h.at(direction.from_slot(t)).at(n, j);
            handed = a.at(direction.step(k.saturating_sub(1), steps)).at(n, j) * g;
        }
        if let Some(d_initial) = &mut d_initial {
            d_initial[n * width + j] = handed;
        }
    }
}
