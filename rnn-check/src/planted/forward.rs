//! Bugs of forward and inference: the provided drivers, called with one argument wrong or with one result spoilt.

use super::window::{self, Slip, elements};
use super::{Bug, Planted, packed};
use crate::real::Real;
use rnn_kernels::{
    Direction, ElmanForward, ElmanInfer, GruForward, GruInfer, GruReset, Input, Layout, LstmForward, LstmInfer, MatMut,
    MatRef, Params, SeqMut, Steps, Use, sequence,
};

/// The same lengths, seen from the first window.
pub(super) fn unwindowed(steps: Steps<'_>) -> Steps<'_> {
    steps.lengths().map_or(Steps::all(), Steps::ragged)
}

/// The steps a bug believes in.
pub(super) fn believed<'a>(bug: Bug, steps: Steps<'a>, direction: Direction) -> Steps<'a> {
    match bug {
        Bug::WindowStartIgnored => unwindowed(steps),
        Bug::WindowOffByOne if steps.start() > 0 => steps.window(1),
        Bug::ReverseForgetsStart if direction == Direction::Reverse => unwindowed(steps),
        Bug::ReverseFromTheEnd if direction == Direction::Reverse => Steps::all(),
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
fn refuse<T>(bug: Bug, params: &Params<'_, T>, steps: Steps<'_>) {
    assert!(bug != Bug::BiasExpected || params.b_ih.is_some(), "the bias is missing");
    let empty = steps.lengths().is_some_and(|lengths| lengths.contains(&0));
    assert!(bug != Bug::EmptyRowsRefused || !empty, "a sequence is empty");
}

/// Arguments that a bug replaces.
struct Lent<T> {
    params: Option<Vec<T>>,
    h0: Option<Vec<T>>,
}

/// What a bug makes of the weights and of `h0 [N, H]`; it may remember those of earlier calls.
fn lent<T: Real>(
    planted: &Planted,
    direction: Direction,
    params: Params<'_, T>,
    h0: Option<MatRef<'_, T>>,
    [input, hidden]: [usize; 2],
) -> Lent<T> {
    let mut lent = Lent { params: None, h0: None };
    let mut last = planted.last.lock().unwrap_or_else(|e| e.into_inner());
    let wide = |v: &[T]| v.iter().map(|v| v.to_f64()).collect::<Vec<f64>>();
    let narrow = |v: &[f64]| v.iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>();
    let mut flat = [elements(params.w_ih), elements(params.w_hh)].concat();
    let weights = flat.len();
    flat.extend(params.b_ih.into_iter().chain(params.b_hh).flatten());
    match planted.bug {
        Bug::ReverseUsesForwardWeights if direction == Direction::Forward => *last = wide(&flat),
        Bug::ReverseUsesForwardWeights if last.len() == flat.len() => lent.params = Some(narrow(&last)),
        Bug::ForgetUsesOutputBias if params.b_ih.is_some() && params.w_ih.rows() == 4 * hidden => {
            flat.copy_within(weights + 3 * hidden..weights + 4 * hidden, weights + hidden);
            lent.params = Some(flat);
        }
        Bug::StateOfTheLayerBelow => {
            let own = h0.map(elements).unwrap_or_default();
            let fits = last.first() == Some(&(input as f64)) && last.len() == own.len() + 1;
            lent.h0 = (fits && !own.is_empty()).then(|| narrow(&last[1..]));
            *last = [vec![hidden as f64], wide(&own)].concat();
        }
        _ => {}
    }
    lent
}

fn forward_spoils<T: Real>(
    bug: Bug,
    steps: Steps<'_>,
    direction: Direction,
    y: Option<SeqMut<'_, T>>,
    h_n: Option<MatMut<'_, T>>,
) {
    let Some(mut y) = y else { return };
    let [step_count, rows, hidden] = y.shape();
    if step_count == 0 {
        return;
    }
    match (bug, h_n) {
        (Bug::FinalStateFromOutput, Some(mut h_n)) => {
            h_n.copy_from(y.rb().at(direction.step(step_count - 1, step_count)));
        }
        (Bug::RowsSortedByLength, Some(mut h_n)) => {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by_key(|&n| std::cmp::Reverse(steps.live_steps(n, step_count)));
            let sorted: Vec<T> = order.iter().flat_map(|&n| h_n.rb().row(n).to_vec()).collect();
            h_n.copy_from(MatRef::new(&sorted, rows, hidden));
        }
        (Bug::OutputNotCleared, _) => {
            for t in 1..step_count {
                for n in steps.finished(t, rows).collect::<Vec<_>>() {
                    let last = y.rb().at(t - 1).row(n).to_vec();
                    y.at_mut(t).row_mut(n).copy_from_slice(&last);
                }
            }
        }
        (Bug::OutputTransposed, _) => {
            let by_row: Vec<T> = (0..rows).flat_map(|n| elements(y.rb().row(n))).collect();
            for (t, rows) in by_row.chunks((rows * hidden).max(1)).enumerate() {
                y.at_mut(t).copy_from(MatRef::new(rows, rows.len() / hidden, hidden));
            }
        }
        _ => {}
    }
}

macro_rules! forward {
    ($name:ident, $Run:ident, $module:ident) => {
        pub(super) fn $name<T: Real>(planted: &Planted, mut run: $Run<'_, T>) {
            run.check(0, 0);
            let (bug, steps, direction) = (planted.bug, run.steps, run.direction);
            let (layout, rows): (Layout, usize) = (run.spec.layout(), run.x.rows());
            refuse(bug, &run.params, steps);
            let turned = match run.x {
                Input::OneHot { index, .. } if rows > 0 => next_rows(index, rows),
                _ => vec![],
            };
            if bug == Bug::EarlyReturn && run.x.steps() == 0 {
                return;
            }
            let sizes = [run.spec.input, run.spec.hidden];
            let lent = lent(planted, direction, run.params, run.h0, sizes);
            let shape = run.params.w_hh.shape();
            let panels = bug.packs().then(|| packed::unpack(Some(bug), Use::Train, shape, run.packed));
            let lengths = sixteen_bits(bug, run.x.steps(), rows);
            let zeros = vec![T::ZERO; run.spec.gate_rows()];
            let (mut y, mut h_n) = (run.y.take(), run.h_n.take());
            // From here on the run lives shorter than what was lent to it.
            let mut run = run;
            run.steps = lengths.as_deref().map_or(believed(bug, steps, direction), Steps::ragged);
            if let Some(params) = &lent.params {
                run.params = layout.view(params);
            }
            if let Some(panels) = &panels {
                run.params.w_hh = MatRef::new(panels, shape[0], shape[1]);
            }
            if let Some(h0) = &lent.h0 {
                run.h0 = Some(MatRef::new(h0, rows, sizes[1]));
            }
            if let (Bug::OneHotBiasLost, Input::OneHot { .. }, None, true) =
                (bug, run.x, run.params.b_hh, steps.start() > 0)
            {
                run.params.b_ih = run.params.b_ih.map(|_| &zeros[..]);
            }
            if bug == Bug::InitialStateIgnored {
                run.h0 = None;
            }
            if let (Bug::NextRowsIndex, Input::OneHot { steps, rows, .. }) = (bug, run.x) {
                run.x = Input::OneHot { index: &turned, steps, rows };
            }
            run.y = y.as_mut().map(SeqMut::rb_mut);
            run.h_n = h_n.as_mut().map(MatMut::rb_mut);
            match bug {
                Bug::UpdatedStateIgnored => window::$name(planted, run, Slip::StateNotCarried),
                Bug::GatesNotCleared => window::$name(planted, run, Slip::GatesNotCleared),
                _ => sequence::$module::forward(planted, run),
            }
            if let (Bug::StaleState, Some(h_n)) = (bug, &h_n) {
                let last = elements(h_n.rb()).iter().map(|v| v.to_f64()).collect();
                *planted.last.lock().unwrap_or_else(|e| e.into_inner()) = last;
            }
            forward_spoils(bug, steps, direction, y, h_n);
        }
    };
}

forward!(elman_forward, ElmanForward, elman);
forward!(lstm_forward, LstmForward, lstm);

/// The GRU alone has a reset gate to get wrong.
mod plain {
    use super::*;
    forward!(gru_forward, GruForward, gru);
}

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
    plain::gru_forward(planted, run);
}

macro_rules! infer {
    ($name:ident, $Run:ident, $module:ident, cell: [$($c:ident)?]) => {
        #[allow(unused_mut)] // an LSTM has a c to take out
        pub(super) fn $name<T: Real>(planted: &Planted, mut run: $Run<'_, T>) {
            let (bug, rows) = (planted.bug, run.x.rows());
            let needed = sequence::$module::lens(&run.spec, run.x.steps(), rows).infer;
            run.check(0, needed);
            assert!(bug != Bug::LongerBuffersRefused || run.workspace.len() == needed, "the workspace has a wrong size");
            refuse(bug, &run.params, run.steps);
            let shape = run.params.w_hh.shape();
            let panels = bug.packs().then(|| packed::unpack(Some(bug), Use::Infer, shape, run.packed));
            let lengths = sixteen_bits(bug, run.x.steps(), rows);
            $(
                let (kept, hidden) = (elements(run.$c.rb()), run.spec.hidden);
                let mut after = std::mem::replace(&mut run.$c, MatMut::new(&mut [], 0, 0));
            )?
            // From here on the run lives shorter than what was lent to it.
            let mut run = run;
            if bug == Bug::InferenceIgnoresLengths {
                run.steps = Steps::all();
            }
            if bug == Bug::InferenceForgetsStart {
                run.steps = unwindowed(run.steps);
            }
            if let Some(lengths) = &lengths {
                run.steps = Steps::ragged(lengths);
            }
            if let Some(panels) = &panels {
                run.params.w_hh = MatRef::new(panels, shape[0], shape[1]);
            }
            if bug == Bug::InferenceForgetsState {
                run.h.fill(T::ZERO);
            }
            $(run.$c = after.rb_mut();)?
            sequence::$module::infer(planted, run);
            $(
                if bug == Bug::InferenceKeepsOldCell {
                    let _ = stringify!($c);
                    after.copy_from(MatRef::new(&kept, rows, hidden));
                }
            )?
        }
    };
}

infer!(elman_infer, ElmanInfer, elman, cell: []);
infer!(lstm_infer, LstmInfer, lstm, cell: [c]);
infer!(gru_infer, GruInfer, gru, cell: []);
