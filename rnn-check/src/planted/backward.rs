//! Bugs of backward: the provided drivers, called with one argument wrong or with one result spoilt.

use super::forward::{believed, unwindowed};
use super::window::{self, Slip, elements, flat, unflat};
use super::{Bug, Planted, packed};
use crate::real::Real;
use rnn_kernels::{
    Accum, Direction, ElmanBackward, GruBackward, GruReset, Input, LstmBackward, MatMut, MatRef, ParamsMut, SeqMut,
    SeqRef, Steps, Use, sequence,
};

fn copied<T: Real>(seq: SeqRef<'_, T>) -> Vec<T> {
    (0..seq.steps()).flat_map(|t| elements(seq.at(t))).collect()
}

/// What backward reads of the reserve instead of `h`: for bugs of the weight gradient.
fn other_h<T: Real>(planted: &Planted, h: SeqRef<'_, T>, direction: Direction, cell: &str) -> Vec<T> {
    let mut values = copied(h);
    let (steps, size) = (h.steps() - 1, h.rows() * h.cols());
    match planted.bug {
        // An Elman network's h is what its slopes follow from as well.
        Bug::JacobiansInForwardOrder if cell == "elman" => {
            let inner = &mut values[size..];
            for t in 0..steps / 2 {
                (0..size).for_each(|i| inner.swap(t * size + i, (steps - 1 - t) * size + i));
            }
        }
        _ if cell != "lstm" => {}
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

/// The recurrent weights that backward uses, `[G·H, H]`.
fn other_w<T: Real>(bug: Bug, w: MatRef<'_, T>, packed: &[T]) -> Option<Vec<T>> {
    let [rows, hidden] = w.shape();
    match bug {
        Bug::TruncatedToOneStep => Some(vec![T::ZERO; rows * hidden]),
        Bug::RecurrentNotTransposedBack => {
            let turned = |row: usize, col: usize| w.row(row / hidden * hidden + col)[row % hidden];
            Some((0..rows).flat_map(|row| (0..hidden).map(move |col| turned(row, col))).collect())
        }
        bug if bug.packs() => Some(packed::unpack(Some(bug), Use::Train, [rows, hidden], packed)),
        _ => None,
    }
}

/// Adds the mean over `rows` instead of the sum.
fn add_mean<T: Real>(d: &mut ParamsMut<'_, T>, own: rnn_kernels::Params<'_, T>, rows: usize) {
    for j in 0..own.w_ih.rows() {
        let mean = |d: &mut [T], own: &[T]| {
            d.iter_mut().zip(own).for_each(|(d, &own)| *d += own / T::from_f64(rows.max(1) as f64));
        };
        mean(d.w_ih.row_mut(j), own.w_ih.row(j));
        mean(d.w_hh.row_mut(j), own.w_hh.row(j));
    }
}

/// Adds the products of steps that belong to a row only if its length is counted from the start of the window: their `d_pre`
/// is 0, and so nothing but a NaN of the padding (or an index that is none) shows.
fn forgotten_start<T: Real>(bug: Bug, d: &mut ParamsMut<'_, T>, steps: Steps<'_>, x: Input<'_, T>) {
    let (step_count, rows, believed) = (x.steps(), x.rows(), unwindowed(steps));
    let places = (0..step_count).flat_map(|t| (0..rows).map(move |n| (t, n)));
    for (t, n) in places.filter(|&(t, n)| believed.live(t, n) && !steps.live(t, n)) {
        match (bug, x) {
            (Bug::PartsForgetStart, Input::Dense(x)) => {
                d.w_ih.row_mut(0).iter_mut().zip(x.at(t).row(n)).for_each(|(d, &x)| *d += T::ZERO * x);
            }
            (Bug::OneHotForgetsStart, Input::OneHot { index, .. }) => {
                d.w_ih.row_mut(0)[index[t * rows + n] as usize] += T::ZERO;
            }
            _ => {}
        }
    }
}

/// Results that a bug spoils.
struct Spoiled<'r, 'a, T> {
    d_x: Option<&'r mut SeqMut<'a, T>>,
    d_h0: Option<&'r mut MatMut<'a, T>>,
    trace: Option<&'r mut SeqMut<'a, T>>,
    d_y: Option<SeqRef<'a, T>>,
    scratch: T,
    biased: bool,
}

impl<T: Real> Spoiled<'_, '_, T> {
    fn spoil(self, bug: Bug, steps: Steps<'_>, direction: Direction, [step_count, rows]: [usize; 2]) {
        let short = |n: usize| steps.live_steps(n, step_count) < step_count;
        match (bug, self.d_h0, self.d_x, self.trace, self.d_y) {
            (Bug::InitialGradientZero, Some(d_h0), ..) => d_h0.fill(T::ZERO),
            (Bug::ScratchRead, Some(d_h0), ..) if !self.biased && rows >= 3 => d_h0.row_mut(2)[0] += self.scratch,
            (Bug::CotangentBeforeWindowLost, Some(d_h0), ..) => {
                let over = |n: &usize| steps.start() > 0 && steps.live_steps(*n, step_count) == 0;
                (0..rows).filter(over).for_each(|n| d_h0.row_mut(n).fill(T::ZERO));
            }
            (Bug::FinishedCotangentLost, Some(d_h0), ..) => {
                (0..rows).filter(|&n| short(n)).for_each(|n| d_h0.row_mut(n).fill(T::ZERO));
            }
            (Bug::PaddingGradientLeft, _, Some(d_x), ..) => {
                for t in 0..step_count {
                    for n in steps.finished(t, rows).filter(|&n| n > 0).collect::<Vec<_>>() {
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

macro_rules! backward {
    ($name:ident, $Run:ident, $module:ident, cell: [$($d_c_n:ident)?]) => {
        pub(super) fn $name<T: Real>(planted: &Planted, mut run: $Run<'_, T>) {
            let (bug, steps, direction) = (planted.bug, run.steps, run.direction);
            let (step_count, rows) = (run.x.steps(), run.x.rows());
            let needed = sequence::$module::lens(&run.spec, step_count, rows).backward;
            run.check(0, needed);
            assert!(bug != Bug::LongerBuffersRefused || run.workspace.len() == needed, "the workspace has a wrong size");
            let h = other_h(planted, run.reserve.h, direction, stringify!($module));
            let w = other_w(bug, run.params.w_hh, run.packed);
            let (cols, layout, shape) = (run.reserve.h.cols(), run.spec.layout(), run.params.w_hh.shape());
            let (mut d_h0, mut d_params, x) = (run.d_h0.take(), run.d_params.take(), run.x);
            let (mut d_x, mut trace, d_y) = (run.d_x.take(), run.d_h_trace.take(), run.d_y);
            let scratch = run.workspace.first().copied().unwrap_or(T::ZERO);
            let biased = run.params.b_ih.is_some();
            let mut own = vec![T::ZERO; layout.len()];
            // From here on the run lives shorter than what was lent to it.
            let mut run = run;
            run.reserve.h = SeqRef::new(&h, step_count + 1, rows, cols);
            if let Some(w) = &w {
                run.params.w_hh = MatRef::new(w, shape[0], shape[1]);
            }
            run.steps = believed(bug, steps, direction);
            match bug {
                Bug::FinalCotangentIgnored => run.d_h_n = None,
                Bug::OnlyOutputsCount if d_y.is_none() => {
                    run.d_h_n = None;
                    $(run.$d_c_n = None;)?
                }
                $(Bug::FinalCellCotangentIgnored => run.$d_c_n = None,)?
                Bug::InputGradientReplaced => run.d_x_accum = Accum::Replace,
                _ => {}
            }
            if let (Bug::GradientsOverwritten, Some(d)) = (bug, &mut d_params) {
                d.w_ih.fill(T::ZERO);
                d.w_hh.fill(T::ZERO);
            }
            let b_hh = d_params.as_ref().and_then(|d| d.b_hh.as_deref().map(<[T]>::to_vec));
            run.d_h0 = d_h0.as_mut().map(MatMut::rb_mut);
            run.d_x = d_x.as_mut().map(SeqMut::rb_mut);
            run.d_h_trace = trace.as_mut().map(SeqMut::rb_mut);
            // The buffers are lent, so that they can be spoilt afterwards.
            if let (Some(d), true) = (&mut d_params, bug != Bug::BatchMean) {
                own = flat(d);
            }
            run.d_params = d_params.is_some().then(|| layout.view_mut(&mut own));
            match bug {
                Bug::RecurrentBiasSkipsFirst => window::$name(planted, run, 1, Slip::BiasSkipsFirst),
                _ => sequence::$module::backward(planted, run),
            }
            if let Some(d) = &mut d_params {
                if bug == Bug::BatchMean {
                    return add_mean(d, layout.view(&own), rows);
                }
                unflat(d, layout, &own);
                if let (Bug::RecurrentBiasForgotten, Some(d), Some(before)) = (bug, &mut d.b_hh, &b_hh) {
                    d.copy_from_slice(before);
                }
                if bug == Bug::PartsForgetStart || bug == Bug::OneHotForgetsStart {
                    forgotten_start(bug, d, steps, x);
                }
                if let (Bug::PaddingTimesZero, Input::Dense(x)) = (bug, x) {
                    for t in 0..step_count {
                        for n in steps.finished(t, rows) {
                            d.w_ih.row_mut(0).iter_mut().zip(x.at(t).row(n)).for_each(|(d, &x)| *d += T::ZERO * x);
                        }
                    }
                }
            }
            let (d_x, d_h0, trace) = (d_x.as_mut(), d_h0.as_mut(), trace.as_mut());
            Spoiled { d_x, d_h0, trace, d_y, scratch, biased }.spoil(bug, steps, direction, [step_count, rows]);
        }
    };
}

backward!(elman_backward, ElmanBackward, elman, cell: []);
backward!(lstm_backward, LstmBackward, lstm, cell: [d_c_n]);

/// The GRU alone has a reset gate to get wrong.
mod plain {
    use super::*;
    backward!(gru_backward, GruBackward, gru, cell: []);
}

pub(super) fn gru_backward<T: Real>(planted: &Planted, mut run: GruBackward<'_, T>) {
    if planted.bug == Bug::ResetAlwaysBefore {
        run.spec = run.spec.with_reset(GruReset::Before);
    }
    plain::gru_backward(planted, run);
}
