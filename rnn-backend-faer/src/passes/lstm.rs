//! `h_t, c_t = LSTM(x_t, h_{t−1}, c_{t−1})` for a block of rows over all steps, and its BPTT.

use core::ops::Range;

use rnn_kernels::sequence::{input, ragged, weights as gradient};
use rnn_kernels::{
    Accum, Backend, BufferLens, LstmBackward, LstmForward, LstmInfer, LstmReserveMut, LstmSpec, MatMut, MatRef, SeqMut,
    Use, carve, sequence,
};

use super::{
    Live, OnInputWeights, Part, Pass, Projection, Units, add, bias, block, carry, clear, copied, is_one_step, keep,
    row_stride, steps_ahead, through_weights,
};
use crate::backend::Faer;
use crate::number::Number;
use crate::panels::Form;
use crate::pointwise::gates_of_mut;
use crate::simd::gates::lstm;
use crate::threads::Rows;

/// The sizes of the weights.
pub fn form<T: Number>(spec: &LstmSpec<T>) -> Form {
    Form::whole(spec.gate_rows(), spec.input, spec.output())
}

/// `infer = 2·N·(P + H) + steps ahead·N·4H`, and for backward `G·H` and a cache line for each row of
/// `d_pre` whose width is a multiple of 1 KiB beside what the provided bodies need.
pub fn lens<T: Number>(spec: &LstmSpec<T>, steps: usize, rows: usize) -> BufferLens {
    let mut lens = sequence::lstm::lens(spec, steps, rows);
    (lens.packed_infer, lens.packed_train) = (form(spec).len::<T>(Use::Infer), form(spec).len::<T>(Use::Train));
    lens.backward += steps * rows * (row_stride::<T>(spec.gate_rows()) - spec.gate_rows()) + spec.gate_rows();
    lens.infer = infer_len(spec, steps, rows);
    lens
}

/// The workspace of inference alone: a single step is too short for the sizes of everything else.
fn infer_len<T: Number>(spec: &LstmSpec<T>, steps: usize, rows: usize) -> usize {
    rows * (2 * (spec.output() + spec.hidden) + steps_ahead::<T>(form(spec), steps, rows) * spec.gate_rows())
}

/// One pass over time that keeps everything: overwrites `y`, `h_n`, `c_n` and the reserve.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Number>(backend: &Faer, run: LstmForward<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    let lens = lens(&spec, step_count, rows);
    run.check(lens.packed_train, lens.forward);
    let LstmForward { direction, steps, x, y, h_n, c_n, packed, reserve, .. } = run;
    let LstmReserveMut { mut h, mut c, mut gates, .. } = reserve;
    ragged::start(h.at_mut(direction.initial_slot(step_count)), run.h0);
    ragged::start(c.at_mut(direction.initial_slot(step_count)), run.c0);

    let share = block(&backend.workers, rows, step_count * rows * spec.gate_rows() * (spec.input + spec.output()));
    let weights = form(&spec).weights(Use::Train, packed);
    let pass = Pass::keeping_all(backend, weights, x, (direction, steps), gates.flat_mut(), share);
    let y = y.map_or(Rows::none(rows), Rows::new);
    let sequences = [Rows::new(h.rb_mut()), Rows::new(c.rb_mut()), Rows::new(gates), y];
    backend.workers.by_blocks(rows, share, sequences, |first, block| over(&pass, 0..step_count, first, block));

    let last = direction.final_slot(step_count);
    h_n.into_iter().for_each(|mut h_n| h_n.copy_from(h.rb().at(last)));
    c_n.into_iter().for_each(|mut c_n| c_n.copy_from(c.rb().at(last)));
}

/// One pass over time that keeps the state alone.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Number>(backend: &Faer, run: LstmInfer<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    run.check(form(&spec).len::<T>(Use::Infer), infer_len(&spec, step_count, rows));
    let LstmInfer { direction, steps, x, packed, mut h, mut c, mut y, workspace, .. } = run;
    let (p, hidden, width) = (spec.output(), spec.hidden, spec.gate_rows());
    let (states, rest) = workspace.split_at_mut(2 * rows * p);
    let (cells, gates) = rest.split_at_mut(2 * rows * hidden);
    let share = block(&backend.workers, rows, step_count * rows * width * (spec.input + p));
    let weights = form(&spec).weights(Use::Infer, packed);
    if is_one_step(&backend.workers, weights.form, x, steps, share) {
        let (h_prev, c_prev) = (copied(states, h.rb()), copied(cells, c.rb()));
        let gates = MatMut::new(&mut gates[..rows * width], rows, width);
        step(&Projection::new(backend.simd, weights, x), 0, 0, gates, (h_prev, c_prev), c, h.rb_mut());
        return y.into_iter().for_each(|mut y| y.at_mut(0).copy_from(h.rb()));
    }
    let (mut states, mut cells) = (SeqMut::new(states, 2, rows, p), SeqMut::new(cells, 2, rows, hidden));
    states.at_mut(0).copy_from(h.rb());
    cells.at_mut(0).copy_from(c.rb());

    Pass::in_windows(backend, weights, x, (direction, steps), gates, share, |pass, ks, gates| {
        let gates = SeqMut::new(gates, pass.kept.gate_steps(step_count), rows, width);
        let y = y.as_mut().map_or(Rows::none(rows), |y| Rows::new(y.rb_mut()));
        let sequences = [Rows::new(states.rb_mut()), Rows::new(cells.rb_mut()), Rows::new(gates), y];
        backend.workers.by_blocks(rows, share, sequences, |first, block| over(&pass, ks.clone(), first, block));
    });
    h.copy_from(states.rb().at(step_count % 2));
    c.copy_from(cells.rb().at(step_count % 2));
}

/// Steps `ks` of a pass, for the rows of the batch from `first` on.
fn over<T: Number>(pass: &Pass<'_, T>, ks: Range<usize>, first: usize, block: [Rows<'_, T>; 4]) {
    let [mut h, mut c, mut gates, mut y] = block;
    let live = Live { steps: pass.steps, first, rows: h.rows() };
    for k in ks {
        let at = pass.kept.slots(pass.direction, k, pass.step_count);
        for (from, to) in live.runs(at.t) {
            let (h_prev, mut h) = h.pair(at.from, at.to, from, to);
            let (c_prev, mut c) = c.pair(at.from, at.to, from, to);
            let mut gates = gates.at_mut(at.gates, from, to);
            if let Some(units) = pass.units {
                let c_prev = c_prev.row(0);
                step_of_units(pass, units, at.t, gates.row_mut(0), h_prev, c_prev, c.row_mut(0), h.row_mut(0));
            } else {
                step(&pass.projection, at.t, first + from, gates, (h_prev, c_prev), c, h.rb_mut());
            }
            if y.cols() > 0 {
                y.at_mut(at.t, from, to).copy_from(h.rb());
            }
        }
        for n in live.finished(at.t) {
            carry(&mut h, at.from, at.to, n);
            carry(&mut c, at.from, at.to, n);
            clear(&mut gates, at.gates, n);
            clear(&mut y, at.t, n);
        }
    }
}

/// One step of rows `first..` of the batch.
fn step<T: Number>(
    projection: &Projection<'_, T>,
    t: usize,
    first: usize,
    mut gates: MatMut<'_, T>,
    (h_prev, c_prev): (MatRef<'_, T>, MatRef<'_, T>),
    mut c: MatMut<'_, T>,
    mut h: MatMut<'_, T>,
) {
    projection.step(Part::First, gates.rb_mut(), t, first, Some(h_prev));
    for n in 0..h.rows() {
        let (gates, c, h) = (gates_of_mut(gates.row_mut(n)), c.row_mut(n), h.row_mut(n));
        lstm::forward(projection.simd, lstm::Forward { gates, c_prev: c_prev.row(n), c, h });
    }
}

/// One step of a single row whose units are shared out.
#[expect(clippy::too_many_arguments, reason = "the operands of a step")]
fn step_of_units<T: Number>(
    pass: &Pass<'_, T>,
    units: Units<'_>,
    t: usize,
    gates: &mut [T],
    h_prev: MatRef<'_, T>,
    c_prev: &[T],
    c: &mut [T],
    h: &mut [T],
) {
    let (projection, hidden) = (&pass.projection, c.len());
    let [i, f, g, o] = gates_of_mut(gates);
    units.share([i, f, g, o, c, h], |first, [i, f, g, o, c, h]| {
        let mut gates = [i, f, g, o];
        for (gate, pre) in gates.iter_mut().enumerate() {
            let pre = MatMut::new(pre, 1, c.len());
            projection.step_of_columns(Part::First, gate * hidden + first, pre, t, 0, Some(h_prev));
        }
        let c_prev = &c_prev[first..][..c.len()];
        lstm::forward(projection.simd, lstm::Forward { gates, c_prev, c, h });
    });
}

/// BPTT: accumulates into `d_params`, overwrites the state cotangents and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Number>(backend: &Faer, run: LstmBackward<'_, T>)
where
    Faer: Backend<T>,
{
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    let lens = lens(&spec, step_count, rows);
    run.check(lens.packed_train, lens.backward);
    let LstmBackward { direction, steps, params, packed, x, reserve, d_y, d_h_trace, workspace, .. } = run;
    let (p, hidden, width) = (spec.output(), spec.hidden, spec.gate_rows());
    let stride = row_stride::<T>(width);
    let sizes = [step_count * rows * stride, 2 * rows * p, 2 * rows * hidden, width];
    let ([d_pre, d_h, d_c, sums], _) = carve("lstm_backward", workspace, sizes);
    let mut d_pre = SeqMut::with_strides(d_pre, [step_count, rows, width], rows * stride, stride);
    // Slot k % 2 holds the cotangents of the state before step k of the pass.
    let (mut d_h, mut d_c) = (SeqMut::new(d_h, 2, rows, p), SeqMut::new(d_c, 2, rows, hidden));
    ragged::start(d_h.at_mut(step_count % 2), run.d_h_n);
    ragged::start(d_c.at_mut(step_count % 2), run.d_c_n);

    let weights = form(&spec).weights(Use::Train, packed);
    let [w_hh, _] = weights.transposed;
    let share = block(&backend.workers, rows, step_count * rows * width * p);
    let units = Units::of::<T>(&backend.workers, weights.form, step_count, rows);
    let trace = d_h_trace.map_or(Rows::none(rows), Rows::new);
    let sequences = [Rows::new(d_h.rb_mut()), Rows::new(d_c.rb_mut()), Rows::new(d_pre.rb_mut()), trace];
    backend.workers.by_blocks(rows, share, sequences, |first, [mut d_h, mut d_c, mut d_pre, mut trace]| {
        let live = Live { steps, first, rows: d_h.rows() };
        for k in (0..step_count).rev() {
            let t = direction.step(k, step_count);
            let (after, before) = ((k + 1) % 2, k % 2);
            let (slot_before, slot_after) = (direction.from_slot(t), direction.to_slot(t));
            for (from, to) in live.runs(t) {
                if let Some(d_y) = d_y {
                    add(backend.simd, d_h.at_mut(after, from, to), d_y.at(t).rows_range(first + from, first + to));
                }
                let (d_h_after, d_h_before) = d_h.pair(after, before, from, to);
                let (d_c_after, mut d_c_before) = d_c.pair(after, before, from, to);
                let mut d_pre = d_pre.at_mut(t, from, to);
                for n in 0..to - from {
                    let m = first + from + n;
                    let row = lstm::Backward {
                        gates: reserve.gates.at(t).row(m),
                        c_prev: reserve.c.at(slot_before).row(m),
                        c: reserve.c.at(slot_after).row(m),
                        d_h: d_h_after.row(n),
                        d_c: d_c_after.row(n),
                        d_c_prev: d_c_before.row_mut(n),
                        d_pre: d_pre.row_mut(n),
                    };
                    lstm::backward(backend.simd, row);
                }
                through_weights(backend.simd, units, d_h_before, Accum::Replace, &[(d_pre.rb(), w_hh)]);
            }
            for n in live.finished(t) {
                clear(&mut d_pre, t, n);
                carry(&mut d_h, after, before, n);
                carry(&mut d_c, after, before, n);
            }
            keep(&mut trace, slot_after, &d_h, after);
        }
        keep(&mut trace, direction.initial_slot(step_count), &d_h, 0);
    });
    run.d_h0.into_iter().for_each(|mut d_h0| d_h0.copy_from(d_h.rb().at(0)));
    run.d_c0.into_iter().for_each(|mut d_c0| d_c0.copy_from(d_c.rb().at(0)));

    let d_pre = d_pre.rb();
    if let Some(d_params) = run.d_params {
        let h_prev = reserve.h.slice(direction.from_slot(0), direction.from_slot(0) + step_count);
        gradient::input(backend, d_params.w_ih, steps, d_pre, x);
        gradient::outer(backend, d_params.w_hh, steps, d_pre, h_prev);
        bias(backend.simd, [d_params.b_ih, d_params.b_hh], steps, d_pre, sums);
    }
    if let Some(d_x) = run.d_x {
        let backend = OnInputWeights { backend, panels: weights.transposed_input };
        input::backward(&backend, d_x, run.d_x_accum, steps, d_pre, params.w_ih);
    }
}
