//! Passes in windows: forward a step at a time, backward in blocks of time. Correct if states and cotangents are carried along;
//! some bugs are what happens if they are not.

use super::block;
use crate::real::Real;
use rnn_kernels::{Backend, Backward, Direction, Forward, SeqMut, SeqRef, Spec, sequence};
use std::ops::Range;

/// What a pass in windows gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slip {
    /// Nothing.
    None,
    /// Every window starts from the initial state.
    StateNotCarried,
    /// The gates of finished rows are not cleared.
    GatesNotCleared,
    /// The window of the first step adds nothing to `b_hh`.
    BiasSkipsFirst,
}

/// Windows of at most `block` steps in the order in which they are processed.
fn windows(steps: usize, block: usize, direction: Direction) -> Vec<(usize, usize)> {
    let ends = (0..steps).step_by(block).map(|k| (k, (k + block).min(steps)));
    let in_time = |(from, to)| match direction {
        Direction::Forward => (from, to),
        Direction::Reverse => (steps - to, steps - from),
    };
    ends.map(in_time).collect()
}

fn sliced<'a, T: Real>(masks: &[SeqRef<'a, T>], from: usize, to: usize) -> Vec<SeqRef<'a, T>> {
    masks.iter().map(|mask| mask.slice(from, to)).collect()
}

/// These states, or 0.
fn states<T: Real>(given: Option<&[T]>, len: usize) -> Vec<T> {
    given.map_or_else(|| vec![T::ZERO; len], <[T]>::to_vec)
}

/// Where a reserve of so many steps holds slot `slot` of each state.
fn states_at<T: Real>(spec: &Spec<T>, slot: usize, steps: usize, rows: usize) -> Vec<Range<usize>> {
    (0..spec.plan().states.len()).map(|k| spec.reserve_state(k, slot, steps, rows)).collect()
}

/// Where it holds the gates and each value of step `t`.
fn kept_at<T: Real>(spec: &Spec<T>, t: usize, steps: usize, rows: usize) -> Vec<Range<usize>> {
    let values = (0..spec.plan().values.len()).map(|v| spec.reserve_value(v, t, steps, rows));
    std::iter::once(spec.reserve_kept(t, steps, rows)).chain(values).collect()
}

/// One step at a time: the input product is not taken over all steps at once.
pub(super) fn forward<T: Real, B: Backend<T> + ?Sized>(backend: &B, run: Forward<'_, T>, slip: Slip) {
    run.check(0, 0);
    let Forward { spec, direction, steps, params, packed, x, masks, initial, mut y, last, reserve, .. } = run;
    let (step_count, rows) = (x.steps(), x.rows());
    let mut states = states(initial, spec.states_len(rows));
    let first = states[spec.state(0, rows)].to_vec();
    for (k, place) in states_at(spec, direction.initial_slot(step_count), step_count, rows).into_iter().enumerate() {
        reserve[place].copy_from_slice(&states[spec.state(k, rows)]);
    }
    for (t, to) in windows(step_count, 1, direction) {
        let mut kept = vec![T::CANARY; spec.reserve_len(1, rows)];
        let mut next = vec![T::CANARY; states.len()];
        if slip == Slip::StateNotCarried {
            states[spec.state(0, rows)].copy_from_slice(&first);
        }
        sequence::forward(
            backend,
            Forward {
                spec,
                direction,
                steps: steps.window(t),
                params,
                packed,
                x: x.slice(t, to),
                masks: &sliced(masks, t, to),
                initial: Some(&states),
                y: y.as_mut().map(|y| y.rb_mut().slice(t, to)),
                last: Some(&mut next),
                reserve: &mut kept,
                workspace: &mut [],
            },
        );
        let states_to = states_at(spec, direction.to_slot(t), step_count, rows);
        let states_from = states_at(spec, direction.to_slot(0), 1, rows);
        let (kept_to, kept_from) = (kept_at(spec, t, step_count, rows), kept_at(spec, 0, 1, rows));
        for (to, from) in states_to.into_iter().zip(states_from).chain(kept_to.iter().cloned().zip(kept_from)) {
            reserve[to].copy_from_slice(&kept[from]);
        }
        for place in kept_to.into_iter().filter(|_| slip == Slip::GatesNotCleared) {
            let width = place.len() / rows.max(1);
            steps.idle(t, rows).for_each(|n| reserve[place.start + n * width..][..width].fill(T::ONE));
        }
        states = next;
    }
    last.into_iter().for_each(|last| last.copy_from_slice(&states));
}

/// The reserve of steps `from..to`.
fn of_window<T: Real>(spec: &Spec<T>, reserve: &[T], steps: usize, rows: usize, [from, to]: [usize; 2]) -> Vec<T> {
    let states = states_at(spec, from, steps, rows).into_iter().zip(states_at(spec, to, steps, rows));
    let kept = kept_at(spec, from, steps, rows).into_iter().zip(kept_at(spec, to - 1, steps, rows));
    states.chain(kept).flat_map(|(first, last)| &reserve[first.start..last.end]).copied().collect()
}

/// In blocks of time: weight gradients are sums of sums.
pub(super) fn backward<T: Real, B: Backend<T> + ?Sized>(backend: &B, run: Backward<'_, T>, size: usize, slip: Slip) {
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    run.check(0, sequence::lens(run.spec, step_count, rows).backward);
    if step_count == 0 {
        return sequence::backward(backend, run);
    }
    let Backward { spec, direction, steps, params, packed, x, masks, reserve, d_y, d_x_accum, workspace, .. } = run;
    let (mut d_params, mut d_x, mut d_trace) = (run.d_params, run.d_x, run.d_trace);
    let b_hh = block(spec, "bias_hh");
    let mut d_states = states(run.d_last, spec.states_len(rows));
    for (k, (from, to)) in windows(step_count, size, direction).into_iter().enumerate().rev() {
        let mut d_before = vec![T::CANARY; d_states.len()];
        let before = d_params.as_deref().map(|d| d[b_hh.clone()].to_vec());
        sequence::backward(
            backend,
            Backward {
                spec,
                direction,
                steps: steps.window(from),
                params,
                packed,
                x: x.slice(from, to),
                masks: &sliced(masks, from, to),
                reserve: &of_window(spec, reserve, step_count, rows, [from, to]),
                d_y: d_y.map(|d_y| d_y.slice(from, to)),
                d_last: Some(&d_states),
                d_params: d_params.as_deref_mut(),
                d_x: d_x.as_mut().map(|d_x| d_x.rb_mut().slice(from, to)),
                d_x_accum,
                clip: run.clip,
                d_initial: Some(&mut d_before),
                d_trace: d_trace.as_mut().map(|trace: &mut SeqMut<'_, T>| trace.rb_mut().slice(from, to + 1)),
                workspace: &mut *workspace,
            },
        );
        if let (Slip::BiasSkipsFirst, 0, Some(d), Some(before)) = (slip, k, &mut d_params, before) {
            d[b_hh.clone()].copy_from_slice(&before);
        }
        d_states = d_before;
    }
    run.d_initial.into_iter().for_each(|d| d.copy_from_slice(&d_states));
}
