//! Bugs of whole passes: the provided drivers, called with one argument wrong or with one result spoilt.

use super::{Bug, Planted};
use crate::real::Real;
use rnn_kernels::{
    Accum, Direction, ElmanBackward, ElmanForward, ElmanInfer, GruBackward, GruForward, GruInfer, GruReset, Input,
    LstmBackward, LstmForward, LstmInfer, MatMut, MatRef, SeqMut, SeqRef, Steps, sequence,
};

/// The same lengths, seen from the first window.
fn unwindowed(steps: Steps<'_>) -> Steps<'_> {
    steps.lengths().map_or(Steps::all(), Steps::ragged)
}

/// The steps a bug believes in.
fn believed<'a>(bug: Bug, steps: Steps<'a>, direction: Direction) -> Steps<'a> {
    match bug {
        Bug::WindowStartIgnored => unwindowed(steps),
        Bug::ReverseFromTheEnd if direction == Direction::Reverse => Steps::all(),
        _ => steps,
    }
}

/// The indices of the next row.
fn next_rows(index: &[u32], rows: usize) -> Vec<u32> {
    index.iter().enumerate().map(|(i, _)| index[i / rows * rows + (i % rows + 1) % rows]).collect()
}

fn copied<T: Real>(seq: SeqRef<'_, T>) -> Vec<T> {
    let rows = (0..seq.steps()).flat_map(|t| (0..seq.rows()).map(move |n| (t, n)));
    rows.flat_map(|(t, n)| seq.at(t).row(n).to_vec()).collect()
}

fn forward_spoils<T: Real>(
    bug: Bug,
    steps: Steps<'_>,
    direction: Direction,
    y: Option<SeqMut<'_, T>>,
    h_n: Option<MatMut<'_, T>>,
) {
    let Some(mut y) = y else { return };
    let step_count = y.steps();
    if step_count == 0 {
        return;
    }
    if let (Bug::FinalStateFromOutput, Some(mut h_n)) = (bug, h_n) {
        h_n.copy_from(y.rb().at(direction.step(step_count - 1, step_count)));
    }
    if bug == Bug::OutputNotCleared {
        for t in 1..step_count {
            for n in steps.finished(t, y.rows()).collect::<Vec<_>>() {
                let last = y.rb().at(t - 1).row(n).to_vec();
                y.at_mut(t).row_mut(n).copy_from_slice(&last);
            }
        }
    }
}

macro_rules! forward {
    ($name:ident, $Run:ident, $module:ident) => {
        pub(super) fn $name<T: Real>(planted: &Planted, mut run: $Run<'_, T>) {
            run.check(0, 0);
            let (bug, steps, direction) = (planted.bug, run.steps, run.direction);
            let rows = run.x.rows();
            let turned = match run.x {
                Input::OneHot { index, .. } if rows > 0 => next_rows(index, rows),
                _ => vec![],
            };
            if bug == Bug::EarlyReturn && run.x.steps() == 0 {
                return;
            }
            let (mut y, mut h_n) = (run.y.take(), run.h_n.take());
            // From here on the run lives shorter than what was lent to it.
            let mut run = run;
            run.steps = believed(bug, steps, direction);
            if bug == Bug::InitialStateIgnored {
                run.h0 = None;
            }
            if let (Bug::NextRowsIndex, Input::OneHot { steps, rows, .. }) = (bug, run.x) {
                run.x = Input::OneHot { index: &turned, steps, rows };
            }
            run.y = y.as_mut().map(SeqMut::rb_mut);
            run.h_n = h_n.as_mut().map(MatMut::rb_mut);
            sequence::$module::forward(planted, run);
            if let (Bug::StaleState, Some(h_n)) = (bug, &h_n) {
                let last = (0..h_n.rows()).flat_map(|n| h_n.rb().row(n).iter().map(|v| v.to_f64())).collect();
                *planted.last.lock().unwrap_or_else(|e| e.into_inner()) = last;
            }
            forward_spoils(bug, steps, direction, y, h_n);
        }
    };
}

forward!(elman_forward, ElmanForward, elman);
forward!(lstm_forward, LstmForward, lstm);

pub(super) fn gru_forward<T: Real>(planted: &Planted, mut run: GruForward<'_, T>) {
    let two_h = 2 * run.spec.hidden;
    let (mut b_ih, mut b_hh) = (run.params.b_ih.map(<[T]>::to_vec), run.params.b_hh.map(<[T]>::to_vec));
    if planted.bug == Bug::ResetAlwaysBefore {
        run.spec = run.spec.with_reset(GruReset::Before);
    }
    if let (Bug::InnerBiasMerged, Some(b_ih), Some(b_hh)) = (planted.bug, &mut b_ih, &mut b_hh) {
        for j in two_h..b_ih.len() {
            b_ih[j] += b_hh[j];
            b_hh[j] = T::ZERO;
        }
    }
    let mut run = run;
    (run.params.b_ih, run.params.b_hh) = (b_ih.as_deref(), b_hh.as_deref());
    plain_gru_forward(planted, run);
}

forward!(plain_gru_forward, GruForward, gru);

/// What backward reads of the reserve instead of `h`: for bugs of the weight gradient.
fn other_h<T: Real>(planted: &Planted, h: SeqRef<'_, T>, direction: Direction) -> Vec<T> {
    let mut values = copied(h);
    let (steps, size) = (h.steps() - 1, h.rows() * h.cols());
    match planted.bug {
        Bug::RecurrentWeightsSkipFirst => values[direction.initial_slot(steps) * size..][..size].fill(T::ZERO),
        Bug::RecurrentWeightsUseNewState if steps > 0 => match direction {
            Direction::Forward => values.rotate_left(size),
            Direction::Reverse => values.rotate_right(size),
        },
        Bug::StaleState => {
            let last = planted.last.lock().unwrap_or_else(|e| e.into_inner());
            let own = values[direction.final_slot(steps) * size..][..size].iter().map(|v| v.to_f64());
            if !own.eq(last.iter().copied()) {
                values.iter_mut().zip(last.iter()).for_each(|(v, &last)| *v = T::from_f64(last));
            }
        }
        _ => {}
    }
    values
}

macro_rules! backward {
    ($name:ident, $Run:ident, $module:ident, $bugs_of_h:literal) => {
        pub(super) fn $name<T: Real>(planted: &Planted, mut run: $Run<'_, T>) {
            let (bug, steps) = (planted.bug, run.steps);
            let (step_count, rows) = (run.x.steps(), run.x.rows());
            run.check(0, sequence::$module::lens(&run.spec, step_count, rows).backward);
            let mut h = vec![];
            if $bugs_of_h {
                h = other_h(planted, run.reserve.h, run.direction);
            }
            let cut = vec![T::ZERO; run.spec.gate_rows() * run.spec.hidden];
            let (cols, layout) = (run.reserve.h.cols(), run.spec.layout());
            let (mut d_h0, mut d_params, x) = (run.d_h0.take(), run.d_params.take(), run.x);
            let scratch = run.workspace.first().copied().unwrap_or(T::ZERO);
            let mut own = vec![T::ZERO; layout.len()];
            // From here on the run lives shorter than what was lent to it.
            let mut run = run;
            if $bugs_of_h {
                run.reserve.h = SeqRef::new(&h, step_count + 1, rows, cols);
            }
            run.steps = believed(bug, steps, run.direction);
            match bug {
                Bug::FinalCotangentIgnored => run.d_h_n = None,
                Bug::TruncatedToOneStep => run.params.w_hh = MatRef::new(&cut, run.spec.gate_rows(), run.spec.hidden),
                Bug::InputGradientReplaced => run.d_x_accum = Accum::Replace,
                _ => {}
            }
            if bug == Bug::GradientsOverwritten {
                if let Some(d) = &mut d_params {
                    d.w_ih.fill(T::ZERO);
                    d.w_hh.fill(T::ZERO);
                }
            }
            let b_hh = d_params.as_ref().and_then(|d| d.b_hh.as_deref().map(<[T]>::to_vec));
            let biased = run.params.b_ih.is_some();
            run.d_h0 = d_h0.as_mut().map(MatMut::rb_mut);
            if bug == Bug::BatchMean {
                run.d_params = Some(layout.view_mut(&mut own));
                sequence::$module::backward(planted, run);
                if let Some(d) = &mut d_params {
                    let own = layout.view(&own);
                    for j in 0..own.w_ih.rows() {
                        let mean = |d: &mut [T], own: &[T]| {
                            d.iter_mut().zip(own).for_each(|(d, &own)| *d += own / T::from_f64(rows.max(1) as f64));
                        };
                        mean(d.w_ih.row_mut(j), own.w_ih.row(j));
                        mean(d.w_hh.row_mut(j), own.w_hh.row(j));
                    }
                }
                return;
            }
            // The buffers are lent, so that the bugs below can spoil them afterwards.
            if let Some(d) = &mut d_params {
                let mut flat: Vec<T> = vec![];
                for j in 0..d.w_ih.rows() {
                    flat.extend_from_slice(d.w_ih.row_mut(j));
                }
                for j in 0..d.w_hh.rows() {
                    flat.extend_from_slice(d.w_hh.row_mut(j));
                }
                flat.extend(d.b_ih.iter().flat_map(|b| b.iter().copied()));
                flat.extend(d.b_hh.iter().flat_map(|b| b.iter().copied()));
                own = flat;
                run.d_params = Some(layout.view_mut(&mut own));
            }
            sequence::$module::backward(planted, run);
            if let Some(d) = &mut d_params {
                let own = layout.view(&own);
                d.w_ih.copy_from(own.w_ih);
                d.w_hh.copy_from(own.w_hh);
                d.b_ih.iter_mut().zip(own.b_ih).for_each(|(d, own)| d.copy_from_slice(own));
                d.b_hh.iter_mut().zip(own.b_hh).for_each(|(d, own)| d.copy_from_slice(own));
                if let (Bug::RecurrentBiasForgotten, Some(d), Some(before)) = (bug, &mut d.b_hh, &b_hh) {
                    d.copy_from_slice(before);
                }
                if let (Bug::PaddingTimesZero, Input::Dense(x)) = (bug, x) {
                    for t in 0..step_count {
                        for n in steps.finished(t, rows) {
                            d.w_ih.row_mut(0).iter_mut().zip(x.at(t).row(n)).for_each(|(d, &x)| *d += T::ZERO * x);
                        }
                    }
                }
            }
            if let Some(d_h0) = &mut d_h0 {
                match bug {
                    Bug::InitialGradientZero => d_h0.fill(T::ZERO),
                    Bug::ScratchRead if !biased && rows >= 3 => d_h0.row_mut(2)[0] += scratch,
                    _ => {}
                }
            }
        }
    };
}

backward!(elman_backward, ElmanBackward, elman, false);
backward!(plain_lstm_backward, LstmBackward, lstm, true);
backward!(plain_gru_backward, GruBackward, gru, false);

pub(super) fn lstm_backward<T: Real>(planted: &Planted, mut run: LstmBackward<'_, T>) {
    if planted.bug == Bug::FinalCellCotangentIgnored {
        run.d_c_n = None;
    }
    plain_lstm_backward(planted, run);
}

pub(super) fn gru_backward<T: Real>(planted: &Planted, mut run: GruBackward<'_, T>) {
    if planted.bug == Bug::ResetAlwaysBefore {
        run.spec = run.spec.with_reset(GruReset::Before);
    }
    plain_gru_backward(planted, run);
}

macro_rules! infer {
    ($name:ident, $Run:ident, $module:ident) => {
        pub(super) fn $name<T: Real>(planted: &Planted, mut run: $Run<'_, T>) {
            if planted.bug == Bug::InferenceIgnoresLengths {
                run.steps = Steps::all();
            }
            sequence::$module::infer(planted, run);
        }
    };
}

infer!(elman_infer, ElmanInfer, elman);
infer!(lstm_infer, LstmInfer, lstm);
infer!(gru_infer, GruInfer, gru);
