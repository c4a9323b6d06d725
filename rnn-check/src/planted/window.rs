//! Passes in windows: forward a step at a time, backward in blocks of time. Right if states and cotangents are carried along;
//! some bugs are what happens if they are not.

use crate::real::Real;
use rnn_kernels::{
    Backend, Direction, ElmanBackward, ElmanForward, ElmanReserve, ElmanReserveMut, GruBackward, GruForward,
    GruReserve, GruReserveMut, LstmBackward, LstmForward, LstmReserve, LstmReserveMut, MatMut, MatRef, ParamsMut,
    SeqMut, sequence,
};

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

/// The elements, row by row.
pub(super) fn elements<T: Real>(m: MatRef<'_, T>) -> Vec<T> {
    (0..m.rows()).flat_map(|n| m.row(n).to_vec()).collect()
}

fn state<T: Real>(given: Option<MatRef<'_, T>>, len: usize) -> Vec<T> {
    given.map_or_else(|| vec![T::ZERO; len], elements)
}

/// The flat buffer of these gradients.
pub(super) fn flat<T: Real>(d: &mut ParamsMut<'_, T>) -> Vec<T> {
    let mut flat = [elements(d.w_ih.rb()), elements(d.w_hh.rb())].concat();
    flat.extend(d.b_ih.iter().chain(&d.b_hh).flat_map(|b| b.iter().copied()));
    flat
}

/// A flat buffer back into its blocks.
pub(super) fn unflat<T: Real>(d: &mut ParamsMut<'_, T>, layout: rnn_kernels::Layout, flat: &[T]) {
    let own = layout.view(flat);
    d.w_ih.copy_from(own.w_ih);
    d.w_hh.copy_from(own.w_hh);
    d.b_ih.iter_mut().zip(own.b_ih).for_each(|(d, own)| d.copy_from_slice(own));
    d.b_hh.iter_mut().zip(own.b_hh).for_each(|(d, own)| d.copy_from_slice(own));
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

macro_rules! forward {
    ($name:ident, $Run:ident, $Reserve:ident, $ReserveMut:ident, $module:ident,
     cell: [$($c0:ident $c_n:ident $c:ident)?], per_step: [$($block:ident)*]) => {
        /// One step at a time: the input product is not taken over all steps at once.
        pub(super) fn $name<T: Real, B: Backend<T> + ?Sized>(backend: &B, run: $Run<'_, T>, slip: Slip) {
            run.check(0, 0);
            let $Run { spec, direction, steps, params, packed, x, h0, mut y, h_n, mut reserve, .. } = run;
            let (step_count, rows, hidden) = (x.steps(), x.rows(), spec.hidden);
            let initial = direction.initial_slot(step_count);
            let mut h = state(h0, rows * hidden);
            let first = h.clone();
            reserve.h.at_mut(initial).copy_from(MatRef::new(&h, rows, hidden));
            $(
                let mut $c = state(run.$c0, rows * hidden);
                reserve.c.at_mut(initial).copy_from(MatRef::new(&$c, rows, hidden));
            )?
            let lens = sequence::$module::lens(&spec, 1, rows);
            for (t, to) in windows(step_count, 1, direction) {
                let mut kept = vec![T::CANARY; lens.reserve];
                let mut h_new = vec![T::CANARY; rows * hidden];
                $(let mut c_new = { let _ = &$c; vec![T::CANARY; rows * hidden] };)?
                sequence::$module::forward(backend, $Run {
                    spec,
                    direction,
                    steps: steps.window(t),
                    params,
                    packed,
                    x: x.slice(t, to),
                    h0: Some(MatRef::new(if slip == Slip::StateNotCarried { &first } else { &h }, rows, hidden)),
                    $($c0: Some(MatRef::new(&$c, rows, hidden)), $c_n: Some(MatMut::new(&mut c_new, rows, hidden)),)?
                    y: y.as_mut().map(|y| y.rb_mut().slice(t, to)),
                    h_n: Some(MatMut::new(&mut h_new, rows, hidden)),
                    reserve: $ReserveMut::new(&spec, 1, rows, &mut kept),
                    workspace: &mut [],
                });
                let kept = $Reserve::new(&spec, 1, rows, &kept);
                let slot = direction.to_slot(0);
                reserve.h.at_mut(direction.to_slot(t)).copy_from(kept.h.at(slot));
                $(reserve.$c.at_mut(direction.to_slot(t)).copy_from(kept.$c.at(slot));)?
                $(reserve.$block.at_mut(t).copy_from(kept.$block.at(0));)*
                if slip == Slip::GatesNotCleared {
                    $(steps.finished(t, rows).for_each(|n| reserve.$block.at_mut(t).row_mut(n).fill(T::ONE));)*
                }
                h = h_new;
                $($c = c_new;)?
            }
            h_n.into_iter().for_each(|mut h_n| h_n.copy_from(MatRef::new(&h, rows, hidden)));
            $(run.$c_n.into_iter().for_each(|mut c_n| c_n.copy_from(MatRef::new(&$c, rows, hidden)));)?
        }
    };
}

forward!(elman_forward, ElmanForward, ElmanReserve, ElmanReserveMut, elman, cell: [], per_step: []);
forward!(lstm_forward, LstmForward, LstmReserve, LstmReserveMut, lstm, cell: [c0 c_n c], per_step: [gates]);
forward!(gru_forward, GruForward, GruReserve, GruReserveMut, gru, cell: [], per_step: [gates aux]);

macro_rules! backward {
    ($name:ident, $Run:ident, $module:ident, cell: [$($d_c_n:ident $d_c0:ident)?]) => {
        /// In blocks of time: weight gradients are sums of sums.
        pub(super) fn $name<T: Real, B: Backend<T> + ?Sized>(
            backend: &B,
            run: $Run<'_, T>,
            block: usize,
            slip: Slip,
        ) {
            let (step_count, rows) = (run.x.steps(), run.x.rows());
            run.check(0, sequence::$module::lens(&run.spec, step_count, rows).backward);
            if step_count == 0 {
                return sequence::$module::backward(backend, run);
            }
            let $Run { spec, direction, steps, params, packed, x, reserve, d_y, d_x_accum, workspace, .. } = run;
            let (mut d_params, mut d_x, mut trace) = (run.d_params, run.d_x, run.d_h_trace);
            let (hidden, layout) = (spec.hidden, spec.layout());
            let mut sums = d_params.as_mut().map(flat);
            let mut d_h = state(run.d_h_n, rows * hidden);
            $(let mut d_c = state(run.$d_c_n, rows * hidden);)?
            for (k, (from, to)) in windows(step_count, block, direction).into_iter().enumerate().rev() {
                let mut d_h0 = vec![T::CANARY; rows * hidden];
                $(let mut $d_c0 = vec![T::CANARY; rows * hidden];)?
                let before = sums.clone();
                sequence::$module::backward(backend, $Run {
                    spec,
                    direction,
                    steps: steps.window(from),
                    params,
                    packed,
                    x: x.slice(from, to),
                    reserve: reserve.slice(from, to),
                    d_y: d_y.map(|d_y| d_y.slice(from, to)),
                    d_h_n: Some(MatRef::new(&d_h, rows, hidden)),
                    $($d_c_n: Some(MatRef::new(&d_c, rows, hidden)), $d_c0: Some(MatMut::new(&mut $d_c0, rows, hidden)),)?
                    d_params: sums.as_mut().map(|sums| layout.view_mut(sums)),
                    d_x: d_x.as_mut().map(|d_x| d_x.rb_mut().slice(from, to)),
                    d_x_accum,
                    d_h0: Some(MatMut::new(&mut d_h0, rows, hidden)),
                    d_h_trace: trace.as_mut().map(|trace: &mut SeqMut<'_, T>| trace.rb_mut().slice(from, to + 1)),
                    workspace: &mut *workspace,
                });
                if let (Slip::BiasSkipsFirst, 0, Some(sums), Some(before)) = (slip, k, &mut sums, before) {
                    let from = layout.blocks().find(|b| b.name == "bias_hh").map_or(sums.len(), |b| b.offset);
                    sums[from..].copy_from_slice(&before[from..]);
                }
                d_h = d_h0;
                $(d_c = $d_c0;)?
            }
            d_params.iter_mut().zip(&sums).for_each(|(d, sums)| unflat(d, layout, sums));
            run.d_h0.into_iter().for_each(|mut d_h0| d_h0.copy_from(MatRef::new(&d_h, rows, hidden)));
            $(run.$d_c0.into_iter().for_each(|mut d_c0| d_c0.copy_from(MatRef::new(&d_c, rows, hidden)));)?
        }
    };
}

backward!(elman_backward, ElmanBackward, elman, cell: []);
backward!(lstm_backward, LstmBackward, lstm, cell: [d_c_n d_c0]);
backward!(gru_backward, GruBackward, gru, cell: []);
