//! Bugs of forward and inference: the provided drivers, called with one argument wrong or with one result spoilt.

use super::window::{self, Slip};
use super::{Bug, Planted, block, elements, packed, reset};
use crate::real::Real;
use rnn_kernels::{Direction, Forward, Held, Infer, Input, Known, SeqMut, Spec, Steps, Use, sequence};
use std::cmp::Reverse;

/// The same lengths and holes, seen from the first window.
pub(super) fn unwindowed(steps: Steps<'_>) -> Steps<'_> {
    with_holes_of(steps, steps.lengths().map_or(Steps::all(), Steps::ragged))
}

/// These steps with the holes of others.
pub(super) fn with_holes_of<'a>(of: Steps<'a>, steps: Steps<'a>) -> Steps<'a> {
    of.skipped().map_or(steps, |(skipped, rows, held)| steps.skipping(skipped, rows, held))
}

/// The same lengths without a hole.
fn without_holes(steps: Steps<'_>) -> Steps<'_> {
    steps.lengths().map_or(Steps::all(), Steps::ragged).window(steps.start())
}

/// The same with holes that show 0.
pub(super) fn showing_zero(steps: Steps<'_>) -> Steps<'_> {
    steps.skipped().map_or(steps, |(skipped, rows, _)| steps.skipping(skipped, rows, Held::Zero))
}

/// The steps a bug believes in.
pub(super) fn believed<'a>(bug: Bug, steps: Steps<'a>, direction: Direction) -> Steps<'a> {
    match bug {
        Bug::WindowStartIgnored => unwindowed(steps),
        Bug::WindowOffByOne if steps.start() > 0 => steps.window(1),
        Bug::ReverseForgetsStart if direction == Direction::Reverse => unwindowed(steps),
        Bug::ReverseFromTheEnd if direction == Direction::Reverse => with_holes_of(steps, Steps::all()),
        Bug::HolesComputed => without_holes(steps),
        _ => steps,
    }
}

/// Lengths of which only the last sixteen bits are left.
fn sixteen_bits(bug: Bug, steps: usize, rows: usize) -> Option<Vec<usize>> {
    (bug == Bug::StepsInSixteenBits && steps > 0xffff).then(|| vec![steps & 0xffff; rows])
}

/// The indices of the next row.
fn next_rows(index: &[u32], rows: usize) -> Vec<u32> {
    index.iter().enumerate().map(|(i, _)| index[i / rows * rows + (i % rows + 1) % rows]).collect()
}

/// Cases that a bug has never heard of.
fn refuse<T: Real>(bug: Bug, spec: &Spec<T>, steps: Steps<'_>) {
    assert!(bug != Bug::BiasExpected || spec.size().bias != rnn_kernels::Bias::None, "the bias is missing");
    let empty = steps.lengths().is_some_and(|lengths| lengths.contains(&0));
    assert!(bug != Bug::EmptyRowsRefused || !empty, "a sequence is empty");
}

fn wide<T: Real>(v: &[T]) -> Vec<f64> {
    v.iter().map(|v| v.to_f64()).collect()
}

fn narrow<T: Real>(v: &[f64]) -> Vec<T> {
    v.iter().map(|&v| T::from_f64(v)).collect()
}

/// What a bug makes of the weights; it may remember those of earlier calls.
fn params<T: Real>(planted: &Planted, run: &Forward<'_, T>) -> Vec<T> {
    let Forward { spec, direction, steps, x, .. } = *run;
    let (known, hidden) = (spec.cell().known(), spec.size().hidden);
    let (b_ih, b_hh) = (block(spec, "bias_ih"), block(spec, "bias_hh"));
    let mut params = run.params.to_vec();
    match planted.bug {
        Bug::ReverseUsesForwardWeights => {
            let mut last = planted.last();
            match direction {
                Direction::Forward => *last = wide(&params),
                Direction::Reverse if last.len() == params.len() => params = narrow(&last),
                Direction::Reverse => {}
            }
        }
        Bug::ForgetUsesOutputBias if known == Some(Known::Lstm) && !b_ih.is_empty() => {
            params.copy_within(b_ih.start + 3 * hidden..b_ih.end, b_ih.start + hidden);
        }
        Bug::InnerBiasMerged if matches!(known, Some(Known::Gru(_))) => {
            for (to, from) in b_ih.zip(b_hh).skip(2 * hidden) {
                params[to] = params[to] + params[from];
                params[from] = T::ZERO;
            }
        }
        Bug::OneHotBiasLost if matches!(x, Input::OneHot { .. }) && b_hh.is_empty() && steps.start() > 0 => {
            params[b_ih].fill(T::ZERO);
        }
        bug if bug.packs() => packed::unpack(Some(bug), spec, Use::Train, run.packed, &mut params),
        _ => {}
    }
    params
}

/// What a bug makes of the initial states; it may remember those of earlier calls.
fn initial<T: Real>(planted: &Planted, run: &Forward<'_, T>) -> Option<Vec<T>> {
    let (size, h) = (run.spec.size(), run.spec.state(0, run.x.rows()));
    let mut initial = run.initial.map(<[T]>::to_vec);
    match planted.bug {
        Bug::InitialStateIgnored => initial.iter_mut().for_each(|states| states[h.clone()].fill(T::ZERO)),
        Bug::StateOfTheLayerBelow => {
            let mut last = planted.last();
            let own = initial.as_ref().map_or(vec![], |states| wide(&states[h.clone()]));
            let fits = last.first() == Some(&(size.input as f64)) && last.len() == own.len() + 1;
            if let (Some(states), true) = (&mut initial, fits) {
                states[h].copy_from_slice(&narrow::<T>(&last[1..]));
            }
            *last = [vec![size.hidden as f64], own].concat();
        }
        _ => {}
    }
    initial
}

/// Spoils `y` and the last `h`, which is flat.
fn spoil<T: Real>(bug: Bug, steps: Steps<'_>, direction: Direction, y: Option<SeqMut<'_, T>>, h: Option<&mut [T]>) {
    let Some(mut y) = y else { return };
    let [step_count, rows, width] = y.shape();
    if step_count == 0 {
        return;
    }
    match (bug, h) {
        (Bug::FinalStateFromOutput, Some(h)) => {
            h.copy_from_slice(&elements(y.rb().at(direction.step(step_count - 1, step_count))));
        }
        (Bug::RowsSortedByLength, Some(h)) => {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by_key(|&n| Reverse(steps.end(n, step_count)));
            let sorted: Vec<T> = order.iter().flat_map(|&n| h[n * width..][..width].to_vec()).collect();
            h.copy_from_slice(&sorted);
        }
        (Bug::OutputNotCleared, _) => {
            for t in 1..step_count {
                for n in steps.idle(t, rows) {
                    let last = y.rb().at(t - 1).row(n).to_vec();
                    y.at_mut(t).row_mut(n).copy_from_slice(&last);
                }
            }
        }
        (Bug::OutputTransposed, _) => {
            let by_row: Vec<T> = (0..rows).flat_map(|n| elements(y.rb().row(n))).collect();
            for (at, of_row) in by_row.chunks(width.max(1)).enumerate() {
                y.at_mut(at / rows).row_mut(at % rows).copy_from_slice(of_row);
            }
        }
        _ => {}
    }
}

pub(super) fn forward<T: Real>(planted: &Planted, mut run: Forward<'_, T>) {
    run.check(0, 0);
    let (bug, spec, steps, direction) = (planted.bug, run.spec, run.steps, run.direction);
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    refuse(bug, spec, steps);
    if bug == Bug::EarlyReturn && step_count == 0 {
        return;
    }
    let turned = match run.x {
        Input::OneHot { index, .. } if rows > 0 => next_rows(index, rows),
        _ => vec![],
    };
    let (params, initial) = (params(planted, &run), initial(planted, &run));
    let lengths = sixteen_bits(bug, step_count, rows);
    let before = if bug == Bug::ResetAlwaysBefore { reset::before(spec) } else { None };
    let (mut y, mut last) = (run.y.take(), run.last.take());
    // From here on the run lives shorter than what was lent to it.
    let mut run = run;
    (run.params, run.initial) = (&params, initial.as_deref());
    run.steps = lengths.as_deref().map_or(believed(bug, steps, direction), Steps::ragged);
    if bug == Bug::RepeatedOutputLost {
        run.steps = showing_zero(steps);
    }
    if let (Bug::NextRowsIndex, Input::OneHot { steps, rows, .. }) = (bug, run.x) {
        run.x = Input::OneHot { index: &turned, steps, rows };
    }
    (run.y, run.last) = (y.as_mut().map(SeqMut::rb_mut), last.as_deref_mut());
    match (bug, &before) {
        (Bug::UpdatedStateIgnored, _) => window::forward(planted, run, Slip::StateNotCarried),
        (Bug::GatesNotCleared, _) => window::forward(planted, run, Slip::GatesNotCleared),
        (_, Some(before)) => reset::forward(planted, before, run),
        _ => sequence::forward(planted, run),
    }
    let h = last.map(|last| &mut last[spec.state(0, rows)]);
    if let (Bug::StaleState, Some(h)) = (bug, &h) {
        *planted.last() = wide(h);
    }
    spoil(bug, steps, direction, y, h);
}

pub(super) fn infer<T: Real>(planted: &Planted, mut run: Infer<'_, T>) {
    let (bug, spec, rows) = (planted.bug, run.spec, run.x.rows());
    let needed = sequence::lens(spec, run.x.steps(), rows).infer;
    run.check(0, needed);
    assert!(bug != Bug::LongerBuffersRefused || run.workspace.len() == needed, "the workspace has a wrong size");
    refuse(bug, spec, run.steps);
    let mut params = run.params.to_vec();
    if bug.packs() {
        packed::unpack(Some(bug), spec, Use::Infer, run.packed, &mut params);
    }
    let lengths = sixteen_bits(bug, run.x.steps(), rows);
    let (before, states) = (run.states.to_vec(), std::mem::take(&mut run.states));
    // From here on the run lives shorter than what was lent to it.
    let mut run = run;
    run.params = &params;
    run.steps = match bug {
        Bug::InferenceIgnoresLengths => with_holes_of(run.steps, Steps::all()),
        Bug::InferenceIgnoresHoles => without_holes(run.steps),
        Bug::InferenceForgetsStart => unwindowed(run.steps),
        _ => lengths.as_deref().map_or(run.steps, Steps::ragged),
    };
    if bug == Bug::InferenceForgetsState {
        states[spec.state(0, rows)].fill(T::ZERO);
    }
    run.states = &mut *states;
    sequence::infer(planted, run);
    if bug == Bug::InferenceKeepsOldCell && spec.cell().known() == Some(Known::Lstm) {
        states[spec.state(1, rows)].copy_from_slice(&before[spec.state(1, rows)]);
    }
}
