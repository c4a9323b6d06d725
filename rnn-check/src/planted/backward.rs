//! Bugs of backward: the provided drivers, called with one argument wrong or with one result spoilt.

use super::forward::{believed, showing_zero, unwindowed};
use super::window::{self, Slip};
use super::{Bug, Planted, block, packed, reset};
use crate::real::Real;
use rnn_kernels::{Accum, Backward, Direction, Input, Known, SeqMut, SeqRef, Spec, Steps, Use, sequence};

/// What backward reads of the reserve: for bugs of the gradient of `W_hh`, `h` is another one.
fn reserve<T: Real>(planted: &Planted, run: &Backward<'_, T>) -> Vec<T> {
    let Backward { spec, direction, .. } = *run;
    let (steps, rows, known) = (run.x.steps(), run.x.rows(), spec.cell().known());
    let mut reserve = run.reserve.to_vec();
    let size = rows * spec.y_width();
    let h = &mut reserve[..(steps + 1) * size];
    match planted.bug {
        // An Elman network's h is what its slopes follow from as well.
        Bug::JacobiansInForwardOrder if matches!(known, Some(Known::Elman(_))) => {
            let inner = &mut h[size..];
            for t in 0..steps / 2 {
                (0..size).for_each(|i| inner.swap(t * size + i, (steps - 1 - t) * size + i));
            }
        }
        // Nothing but that gradient reads the h of an LSTM.
        _ if known != Some(Known::Lstm) => {}
        Bug::RecurrentWeightsSkipFirst => h[direction.initial_slot(steps) * size..][..size].fill(T::ZERO),
        Bug::RecurrentWeightsUseNewState => match direction {
            Direction::Forward => h.rotate_left(size),
            Direction::Reverse => h.rotate_right(size),
        },
        Bug::StaleState => {
            let last = planted.last();
            let own = h[direction.final_slot(steps) * size..][..size].iter().map(|v| v.to_f64());
            if !own.eq(last.iter().copied()) {
                h.iter_mut().zip(last.iter()).for_each(|(h, &last)| *h = T::from_f64(last));
            }
        }
        _ => {}
    }
    reserve
}

/// The weights that backward uses.
fn params<T: Real>(bug: Bug, run: &Backward<'_, T>) -> Vec<T> {
    let mut params = run.params.to_vec();
    let Some(w) = run.spec.blocks().iter().find(|block| block.name == "weight_hh") else { return params };
    match bug {
        Bug::TruncatedToOneStep => params[w.range.clone()].fill(T::ZERO),
        Bug::RecurrentNotTransposedBack if w.rows % w.cols.max(1) == 0 => {
            for square in params[w.range.clone()].chunks_mut((w.cols * w.cols).max(1)) {
                for (row, col) in (0..w.cols).flat_map(|row| (0..row).map(move |col| (row, col))) {
                    square.swap(row * w.cols + col, col * w.cols + row);
                }
            }
        }
        bug if bug.packs() => packed::unpack(Some(bug), run.spec, Use::Train, run.packed, &mut params),
        _ => {}
    }
    params
}

/// The cotangents of the last states that a bug lets count.
fn d_last<T: Real>(bug: Bug, run: &Backward<'_, T>) -> Option<Vec<T>> {
    let (mut d, h) = (run.d_last?.to_vec(), run.spec.state(0, run.x.rows()));
    match bug {
        Bug::FinalCotangentIgnored => d[h].fill(T::ZERO),
        Bug::FinalCellCotangentIgnored => d[h.end..].fill(T::ZERO),
        Bug::OnlyOutputsCount if run.d_y.is_none() => d.fill(T::ZERO),
        _ => {}
    }
    Some(d)
}

/// What is needed to spoil gradients of parameters.
struct Given<'s, 'a, T> {
    spec: &'s Spec<T>,
    steps: Steps<'a>,
    x: Input<'a, T>,
    /// The gradients before the run.
    before: Vec<T>,
}

impl<T: Real> Given<'_, '_, T> {
    fn spoil(&self, bug: Bug, d: &mut [T]) {
        let Self { spec, steps, x, before } = self;
        let (step_count, rows) = (x.steps(), x.rows());
        match (bug, x) {
            (Bug::RecurrentBiasForgotten, _) => {
                let b_hh = block(spec, "bias_hh");
                d[b_hh.clone()].copy_from_slice(&before[b_hh]);
            }
            (Bug::BatchMean, _) => {
                let rows = T::from_f64(rows.max(1) as f64);
                d.iter_mut().zip(before).for_each(|(d, &before)| *d = before + *d / rows);
            }
            (Bug::PaddingTimesZero, Input::Dense(_)) => {
                (0..step_count).for_each(|t| steps.idle(t, rows).for_each(|n| self.add_nothing(d, t, n)));
            }
            // Steps that belong to a row only if its length is counted from the start of the window: their `d_pre` is 0, and
            // so nothing but a NaN of the padding (or an index that is none) shows.
            (Bug::PartsForgetStart, Input::Dense(_)) | (Bug::OneHotForgetsStart, Input::OneHot { .. }) => {
                let believed = unwindowed(*steps);
                for (t, n) in (0..step_count).flat_map(|t| (0..rows).map(move |n| (t, n))) {
                    if believed.live(t, n) && !steps.live(t, n) {
                        self.add_nothing(d, t, n);
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds 0 times an input to the first row of the gradient of `W_ih`.
    fn add_nothing(&self, d: &mut [T], t: usize, n: usize) {
        let d_w = &mut d[block(self.spec, "weight_ih")];
        match self.x {
            Input::Dense(x) => d_w.iter_mut().zip(x.at(t).row(n)).for_each(|(d, &x)| *d += T::ZERO * x),
            Input::OneHot { index, rows, .. } => {
                let first = d_w.get_mut(..self.spec.size().input).unwrap_or_default();
                first[index[t * rows + n] as usize] += T::ZERO;
            }
            _ => {}
        }
    }
}

/// Other results that a bug spoils.
struct Spoiled<'r, 'a, T> {
    d_x: Option<&'r mut SeqMut<'a, T>>,
    /// `[N, H]`, the cotangent of the initial `h`.
    d_h: Option<&'r mut [T]>,
    trace: Option<&'r mut SeqMut<'a, T>>,
    d_y: Option<SeqRef<'a, T>>,
}

impl<T: Real> Spoiled<'_, '_, T> {
    fn spoil(self, bug: Bug, steps: Steps<'_>, direction: Direction, [step_count, rows]: [usize; 2]) {
        let short = |n: usize| steps.end(n, step_count) < step_count;
        let over = |n: usize| steps.start() > 0 && steps.end(n, step_count) == 0;
        let clear = |d_h: &mut [T], n: usize| {
            let width = d_h.len() / rows;
            d_h[n * width..(n + 1) * width].fill(T::ZERO);
        };
        match (bug, self.d_h, self.d_x, self.trace, self.d_y) {
            (Bug::InitialGradientZero, Some(d_h), ..) => d_h.fill(T::ZERO),
            (Bug::CotangentBeforeWindowLost, Some(d_h), ..) => {
                (0..rows).filter(|&n| over(n)).for_each(|n| clear(d_h, n));
            }
            (Bug::FinishedCotangentLost, Some(d_h), ..) => {
                (0..rows).filter(|&n| short(n)).for_each(|n| clear(d_h, n));
            }
            (Bug::PaddingGradientLeft, _, Some(d_x), ..) => {
                for t in 0..step_count {
                    for n in steps.idle(t, rows).filter(|&n| n > 0) {
                        let before = d_x.rb().at(t).row(n - 1).to_vec();
                        d_x.at_mut(t).row_mut(n).copy_from_slice(&before);
                    }
                }
            }
            (Bug::TraceWithoutOutput, _, _, Some(trace), Some(d_y)) => {
                for (t, n) in (0..step_count).flat_map(|t| (0..rows).map(move |n| (t, n))) {
                    if steps.live(t, n) {
                        let mut slot = trace.at_mut(direction.to_slot(t));
                        slot.row_mut(n).iter_mut().zip(d_y.at(t).row(n)).for_each(|(d, &d_y)| *d -= d_y);
                    }
                }
            }
            _ => {}
        }
    }
}

pub(super) fn backward<T: Real>(planted: &Planted, mut run: Backward<'_, T>) {
    let (bug, spec, steps, direction) = (planted.bug, run.spec, run.steps, run.direction);
    let (step_count, rows, x, d_y) = (run.x.steps(), run.x.rows(), run.x, run.d_y);
    let needed = sequence::lens(spec, step_count, rows).backward;
    run.check(0, needed);
    assert!(bug != Bug::LongerBuffersRefused || run.workspace.len() == needed, "the workspace has a wrong size");
    let (reserve, params, d_last) = (reserve(planted, &run), params(bug, &run), d_last(bug, &run));
    let scratch = run.workspace.first().copied().unwrap_or(T::ZERO);
    let other = if bug == Bug::ResetAlwaysBefore { reset::before(spec) } else { None };
    let (mut d_initial, mut d_params) = (run.d_initial.take(), run.d_params.take());
    let (mut d_x, mut trace) = (run.d_x.take(), run.d_trace.take());
    if let Some(d) = &mut d_params {
        let matrices = spec.blocks().iter().filter(|block| bug == Bug::GradientsOverwritten && !block.is_vector);
        matrices.for_each(|block| d[block.range.clone()].fill(T::ZERO));
    }
    let given = Given { spec, steps, x, before: d_params.as_deref().unwrap_or_default().to_vec() };
    if let (Some(d), true) = (&mut d_params, bug == Bug::BatchMean) {
        d.fill(T::ZERO);
    }
    // From here on the run lives shorter than what was lent to it.
    let mut run = run;
    (run.reserve, run.params, run.d_last) = (&reserve, &params, d_last.as_deref());
    run.steps = believed(bug, steps, direction);
    if bug == Bug::RepeatedCotangentLost {
        run.steps = showing_zero(steps);
    }
    let clip = run.clip;
    if matches!(bug, Bug::ClipForgotten | Bug::ClippedAtTheEnd) {
        run.clip = None;
    }
    if bug == Bug::InputGradientReplaced {
        run.d_x_accum = Accum::Replace;
    }
    // The buffers are lent, so that they can be spoilt afterwards.
    (run.d_initial, run.d_params) = (d_initial.as_deref_mut(), d_params.as_deref_mut());
    (run.d_x, run.d_trace) = (d_x.as_mut().map(SeqMut::rb_mut), trace.as_mut().map(SeqMut::rb_mut));
    match (bug, &other) {
        (Bug::RecurrentBiasSkipsFirst, _) => window::backward(planted, run, 1, Slip::BiasSkipsFirst),
        (_, Some(before)) => reset::backward(planted, before, run),
        _ => sequence::backward(planted, run),
    }
    if let Some(d) = d_params {
        given.spoil(bug, d);
    }
    if let (Bug::ClippedAtTheEnd, Some(limit), Some(d)) = (bug, clip, &mut d_initial) {
        sequence::ragged::clip_row(d, limit);
    }
    let d_h = d_initial.map(|d| &mut d[spec.state(0, rows)]);
    let mut spoiled = Spoiled { d_x: d_x.as_mut(), d_h, trace: trace.as_mut(), d_y };
    let without_bias = spec.size().bias == rnn_kernels::Bias::None;
    if let (Bug::ScratchRead, Some(d_h), true, true) = (bug, &mut spoiled.d_h, without_bias, rows >= 3) {
        d_h[2 * spec.y_width()] += scratch;
    }
    spoiled.spoil(bug, steps, direction, [step_count, rows]);
}
