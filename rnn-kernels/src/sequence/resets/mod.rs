//! `s_{t−1}[n] ← s*[n]` before step `t` where row `n` starts anew: several sequences one after another in one row.
//!
//! A pass is cut into windows before every step at which a row starts anew, and each is a pass of the backend; between two, the
//! states of those rows are exchanged. So a backend never hears of it, and what it computes ahead it computes for a window.

mod cuts;

use crate::backend::Backend;
use crate::buffer::BufferLens;
use crate::direction::Direction;
use crate::pass::{Backward, Forward, Infer};
use crate::plan::Spec;
use crate::scalar::Scalar;
use crate::shape::{at_least, expect, product, sum};
use crate::steps::Steps;
use crate::view::{SeqMut, SeqRef};
use alloc::vec::Vec;
use cuts::Cuts;

/// Which rows start anew before which steps, and from which states.
#[derive(Clone, Copy, Debug)]
pub struct Resets<'a, T> {
    /// `[T, N]`: whether row `n` starts anew before step `t`, in the order in which a direction takes the steps. A mark means nothing
    /// behind the end of its row; at a step that the row skips it counts.
    pub starts: &'a [bool],
    /// [`Spec::states_len`]: the states to start from, one after another; `None` is zero.
    pub state: Option<&'a [T]>,
}

/// What the passes below need: those of a backend for the longest window, the reserves of all windows, and states beside.
///
/// # Panics
/// If `starts` has another length than `[T · N]`, or a length overflows `usize`.
#[must_use]
pub fn lens<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    spec: &Spec<T>,
    direction: Direction,
    resets: Resets<'_, T>,
    [count, rows]: [usize; 2],
) -> BufferLens {
    let what = "lens of a pass with resets";
    expect(what, "resets.starts", [resets.starts.len()], "[T · N]", [product(what, &[count, rows])]);
    let cuts = Cuts { starts: resets.starts, steps: Steps::all(), direction, count, rows };
    let mut all = backend.lens(spec, 0, rows);
    all.reserve = 0;
    for window in cuts.windows() {
        let lens = backend.lens(spec, window.len(), rows);
        all.reserve = sum(what, all.reserve, lens.reserve);
        all.forward = all.forward.max(lens.forward);
        all.backward = all.backward.max(lens.backward);
        all.infer = all.infer.max(lens.infer);
    }
    let states = spec.states_len(rows);
    all.forward = sum(what, all.forward, states);
    all.backward = sum(what, all.backward, product(what, &[2, states]));
    all
}

/// [`Backend::forward`] over rows that start anew: the windows' reserves lie one after another, in the order in which they are taken.
/// Reserve and workspace are at least those of [`lens`].
///
/// Allocates only if the cell has masks.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: Forward<'_, T>, resets: Resets<'_, T>) {
    let Forward { spec, direction, steps, params, packed, x, masks, mut y, last, reserve, workspace, .. } = run;
    let cuts = Cuts::new("forward", resets, spec, (direction, steps), x);
    let (states, shape) = (spec.states_len(cuts.rows), [cuts.count, cuts.rows]);
    at_least("forward", "reserve", reserve.len(), cuts.place(spec, cuts.count));
    expect_sequences("forward", shape, [("y", y.as_ref().map(SeqMut::shape))], masks);
    expect("forward", "initial", [run.initial.map_or(states, <[T]>::len)], "[Σ N·W]", [states]);
    expect("forward", "last", [last.as_ref().map_or(states, |last| last.len())], "[Σ N·W]", [states]);
    let (workspace, current) = apart("forward", workspace, states);
    start(current, run.initial);
    let mut rest = &mut *reserve;
    for window in cuts.windows() {
        cuts.start_anew(spec, window.start, current, resets.state);
        let [from, to] = cuts.times(&window);
        let own;
        (own, rest) = rest.split_at_mut(spec.reserve_len(to - from, cuts.rows));
        backend.forward(Forward {
            spec,
            direction,
            steps: steps.window(from),
            params,
            packed,
            x: x.slice(from, to),
            masks: &of_window(masks, from, to),
            initial: Some(current),
            y: y.as_mut().map(|y| y.rb_mut().slice(from, to)),
            last: None,
            reserve: own,
            workspace,
        });
        let slot = direction.final_slot(to - from);
        for k in 0..spec.plan().states.len() {
            let last = &own[spec.reserve_state(k, slot, to - from, cuts.rows)];
            current[spec.state(k, cuts.rows)].copy_from_slice(last);
        }
    }
    if let Some(last) = last {
        last.copy_from_slice(current);
    }
}

/// [`Backend::backward`] over rows that start anew. `d_state`, [`Spec::states_len`], accumulates `∂L/∂` of the states they start from; of
/// the trace, a slot at which a row starts anew is that of the state the row had before.
///
/// Allocates only if the cell has masks.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    run: Backward<'_, T>,
    resets: Resets<'_, T>,
    mut d_state: Option<&mut [T]>,
) {
    let Backward { spec, direction, steps, params, packed, x, masks, reserve, d_y, d_x_accum, clip, workspace, .. } =
        run;
    let (mut d_params, mut d_x, mut d_trace) = (run.d_params, run.d_x, run.d_trace);
    let cuts = Cuts::new("backward", resets, spec, (direction, steps), x);
    let (states, shape) = (spec.states_len(cuts.rows), [cuts.count, cuts.rows]);
    at_least("backward", "reserve", reserve.len(), cuts.place(spec, cuts.count));
    let given = [("d_y", d_y.map(|d_y| d_y.shape())), ("d_x", d_x.as_ref().map(SeqMut::shape))];
    expect_sequences("backward", shape, given, masks);
    let slots = [("d_trace", d_trace.as_ref().map(SeqMut::shape))];
    expect_sequences("backward", [sum("backward", cuts.count, 1), cuts.rows], slots, &[] as &[SeqRef<'_, T>]);
    for (name, len) in [
        ("d_last", run.d_last.map(<[T]>::len)),
        ("d_initial", run.d_initial.as_ref().map(|d| d.len())),
        ("d_state", d_state.as_ref().map(|d| d.len())),
    ] {
        expect("backward", name, [len.unwrap_or(states)], "[Σ N·W]", [states]);
    }
    let (workspace, current) = apart("backward", workspace, product("backward", &[2, states]));
    let (mut after, mut before) = current.split_at_mut(states);
    start(after, run.d_last);
    let (mut to_number, mut end) = (cuts.count, cuts.place(spec, cuts.count));
    loop {
        let window = cuts.previous(to_number);
        let [from, to] = cuts.times(&window);
        let own = end - spec.reserve_len(to - from, cuts.rows)..end;
        (to_number, end) = (window.start, own.start);
        backend.backward(Backward {
            spec,
            direction,
            steps: steps.window(from),
            params,
            packed,
            x: x.slice(from, to),
            masks: &of_window(masks, from, to),
            reserve: &reserve[own],
            d_y: d_y.map(|d_y| d_y.slice(from, to)),
            d_last: Some(after),
            d_params: d_params.as_deref_mut(),
            d_x: d_x.as_mut().map(|d_x| d_x.rb_mut().slice(from, to)),
            d_x_accum,
            clip,
            d_initial: Some(before),
            d_trace: d_trace.as_mut().map(|trace| trace.rb_mut().slice(from, to + 1)),
            workspace,
        });
        for n in (0..cuts.rows).filter(|&n| window.start < cuts.count && cuts.at(window.start, n)) {
            for place in cuts.row(spec, n) {
                let before = &mut before[place.clone()];
                if let Some(d_state) = &mut d_state {
                    d_state[place].iter_mut().zip(&*before).for_each(|(sum, &d)| *sum += d);
                }
                before.fill(T::ZERO);
            }
        }
        core::mem::swap(&mut after, &mut before);
        if to_number == 0 {
            break;
        }
    }
    if let Some(d_initial) = run.d_initial {
        d_initial.copy_from_slice(after);
    }
}

/// [`Backend::infer`] over rows that start anew; the workspace is that of [`lens`].
///
/// Allocates only if the cell has masks.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: Infer<'_, T>, resets: Resets<'_, T>) {
    let Infer { spec, direction, steps, params, packed, x, masks, states, mut y, workspace } = run;
    let cuts = Cuts::new("infer", resets, spec, (direction, steps), x);
    let len = spec.states_len(cuts.rows);
    expect("infer", "states", [states.len()], "[Σ N·W]", [len]);
    expect_sequences("infer", [cuts.count, cuts.rows], [("y", y.as_ref().map(SeqMut::shape))], masks);
    for window in cuts.windows() {
        cuts.start_anew(spec, window.start, states, resets.state);
        let [from, to] = cuts.times(&window);
        backend.infer(Infer {
            spec,
            direction,
            steps: steps.window(from),
            params,
            packed,
            x: x.slice(from, to),
            masks: &of_window(masks, from, to),
            states,
            y: y.as_mut().map(|y| y.rb_mut().slice(from, to)),
            workspace,
        });
    }
}

/// Steps and rows of sequences that are given.
#[track_caller]
fn expect_sequences<T, const G: usize>(
    kernel: &str,
    [steps, rows]: [usize; 2],
    given: [(&str, Option<[usize; 3]>); G],
    masks: &[SeqRef<'_, T>],
) {
    let masks = masks.iter().map(|mask| ("mask", Some(mask.shape())));
    for (name, shape) in given.into_iter().chain(masks) {
        if let Some([t, n, _]) = shape {
            expect(kernel, name, [t, n], "[T, N]", [steps, rows]);
        }
    }
}

/// The last `len` numbers of a workspace, and what is before them.
#[track_caller]
fn apart<'w, T>(kernel: &str, workspace: &'w mut [T], len: usize) -> (&'w mut [T], &'w mut [T]) {
    at_least(kernel, "workspace", workspace.len(), len);
    workspace.split_at_mut(workspace.len() - len)
}

/// `states = given`, or 0.
fn start<T: Scalar>(states: &mut [T], given: Option<&[T]>) {
    match given {
        Some(given) => states.copy_from_slice(given),
        None => states.fill(T::ZERO),
    }
}

fn of_window<'a, T>(masks: &[SeqRef<'a, T>], from: usize, to: usize) -> Vec<SeqRef<'a, T>> {
    masks.iter().map(|mask| mask.slice(from, to)).collect()
}
