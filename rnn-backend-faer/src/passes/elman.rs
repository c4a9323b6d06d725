//! `h_t = σ(b + W_ih x_t + W_hh h_{t−1})` for a block of rows over all steps, and its BPTT.

use core::ops::Range;

use rnn_kernels::sequence::{input, ragged, weights as gradient};
use rnn_kernels::{
    Accum, Activation, Backend, BufferLens, ElmanBackward, ElmanForward, ElmanInfer, ElmanSpec, MatMut, MatRef, SeqMut,
    Use, carve, sequence,
};

use super::{
    Live, OnInputWeights, Part, Pass, Projection, Units, add, bias, block, carry, clear, copied, is_one_step, keep,
    row_stride, steps_ahead, through_weights,
};
use crate::backend::Faer;
use crate::number::Number;
use crate::panels::Form;
use crate::pointwise::{activate, activate_backward};
use crate::threads::Rows;

/// The sizes of the weights.
pub fn form<T: Number>(spec: &ElmanSpec<T>) -> Form {
    Form::whole(spec.gate_rows(), spec.input, spec.output())
}

/// `infer = 2·N·H + steps ahead·N·H`, and for backward `G·H` and a cache line for each row of
/// `d_pre` whose width is a multiple of 1 KiB beside what the provided bodies need.
pub fn lens<T: Number>(spec: &ElmanSpec<T>, steps: usize, rows: usize) -> BufferLens {
    let mut lens = sequence::elman::lens(spec, steps, rows);
    (lens.packed_infer, lens.packed_train) = (form(spec).len::<T>(Use::Infer), form(spec).len::<T>(Use::Train));
    lens.backward += steps * rows * (row_stride::<T>(spec.gate_rows()) - spec.gate_rows()) + spec.gate_rows();
    lens.infer = infer_len(spec, steps, rows);
    lens
}

/// The workspace of inference alone: a single step is too short for the sizes of everything else.
fn infer_len<T: Number>(spec: &ElmanSpec<T>, steps: usize, rows: usize) -> usize {
    rows * (2 * spec.output() + steps_ahead::<T>(form(spec), steps, rows) * spec.gate_rows())
}

/// One pass over time that keeps everything: overwrites `y`, `h_n` and the reserve.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Number>(backend: &Faer, run: ElmanForward<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    let lens = lens(&spec, step_count, rows);
    run.check(lens.packed_train, lens.forward);
    let ElmanForward { direction, steps, x, y, h_n, packed, reserve, .. } = run;
    let mut h = reserve.h;

    let share = block(&backend.workers, rows, step_count * rows * spec.gate_rows() * (spec.input + spec.output()));
    let weights = form(&spec).weights(Use::Train, packed);
    // The only gate is the output: what is computed ahead lies where it will be.
    let first = direction.to_slot(0);
    let mut pre = h.rb_mut().slice(first, first + step_count);
    let pass = Pass::keeping_all(backend, weights, x, (direction, steps), pre.flat_mut(), share);
    ragged::start(h.at_mut(direction.initial_slot(step_count)), run.h0);
    let y = y.map_or(Rows::none(rows), Rows::new);
    let sequences = [Rows::new(h.rb_mut()), Rows::none(rows), y];
    let activation = spec.activation;
    backend.workers.by_blocks(rows, share, sequences, |first, block| {
        over(&pass, activation, 0..step_count, first, block);
    });
    h_n.into_iter().for_each(|mut h_n| h_n.copy_from(h.rb().at(direction.final_slot(step_count))));
}

/// One pass over time that keeps the state alone.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Number>(backend: &Faer, run: ElmanInfer<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    run.check(form(&spec).len::<T>(Use::Infer), infer_len(&spec, step_count, rows));
    let ElmanInfer { direction, steps, x, packed, mut h, mut y, workspace, .. } = run;
    let (hidden, activation) = (spec.output(), spec.activation);
    let (states, gates) = workspace.split_at_mut(2 * rows * hidden);
    let share = block(&backend.workers, rows, step_count * rows * hidden * (spec.input + hidden));
    let weights = form(&spec).weights(Use::Infer, packed);
    if is_one_step(&backend.workers, weights.form, x, steps, share) {
        let h_prev = copied(states, h.rb());
        step(&Projection::new(backend.simd, weights, x), activation, 0, 0, h_prev, h.rb_mut());
        return y.into_iter().for_each(|mut y| y.at_mut(0).copy_from(h.rb()));
    }
    let mut states = SeqMut::new(states, 2, rows, hidden);
    states.at_mut(0).copy_from(h.rb());

    Pass::in_windows(backend, weights, x, (direction, steps), gates, share, |pass, ks, gates| {
        let pre = SeqMut::new(gates, pass.kept.gate_steps(step_count), rows, hidden);
        let pre = if pass.projection.ahead { Rows::new(pre) } else { Rows::none(rows) };
        let y = y.as_mut().map_or(Rows::none(rows), |y| Rows::new(y.rb_mut()));
        let sequences = [Rows::new(states.rb_mut()), pre, y];
        backend.workers.by_blocks(rows, share, sequences, |first, block| {
            over(&pass, activation, ks.clone(), first, block);
        });
    });
    h.copy_from(states.rb().at(step_count % 2));
}

/// Steps `ks` of a pass, for the rows of the batch from `first` on. Pre-activations are computed in the place of `h`; what
/// was computed ahead is there already, or comes from `pre`.
fn over<T: Number>(
    pass: &Pass<'_, T>,
    activation: Activation,
    ks: Range<usize>,
    first: usize,
    [mut h, pre, mut y]: [Rows<'_, T>; 3],
) {
    let live = Live { steps: pass.steps, first, rows: h.rows() };
    for k in ks {
        let at = pass.kept.slots(pass.direction, k, pass.step_count);
        for (from, to) in live.runs(at.t) {
            let (h_prev, mut h) = h.pair(at.from, at.to, from, to);
            if pre.cols() > 0 {
                h.copy_from(pre.at(at.gates, from, to));
            }
            let projection = &pass.projection;
            if let Some(units) = pass.units {
                units.share([h.row_mut(0)], |unit, [h]| {
                    let pre = MatMut::new(h, 1, h.len());
                    projection.step_of_columns(Part::First, unit, pre, at.t, 0, Some(h_prev));
                    activate(projection.simd, activation, h);
                });
            } else {
                step(projection, activation, at.t, first + from, h_prev, h.rb_mut());
            }
            if y.cols() > 0 {
                y.at_mut(at.t, from, to).copy_from(h.rb());
            }
        }
        for n in live.finished(at.t) {
            carry(&mut h, at.from, at.to, n);
            clear(&mut y, at.t, n);
        }
    }
}

/// One step of rows `first..` of the batch.
fn step<T: Number>(
    projection: &Projection<'_, T>,
    activation: Activation,
    t: usize,
    first: usize,
    h_prev: MatRef<'_, T>,
    mut h: MatMut<'_, T>,
) {
    projection.step(Part::First, h.rb_mut(), t, first, Some(h_prev));
    (0..h.rows()).for_each(|n| activate(projection.simd, activation, h.row_mut(n)));
}

/// BPTT: accumulates into `d_params`, overwrites the state cotangent and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Number>(backend: &Faer, run: ElmanBackward<'_, T>)
where
    Faer: Backend<T>,
{
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    let lens = lens(&spec, step_count, rows);
    run.check(lens.packed_train, lens.backward);
    let ElmanBackward { direction, steps, params, packed, x, reserve, d_y, d_h_trace, workspace, .. } = run;
    let (hidden, activation) = (spec.output(), spec.activation);
    let stride = row_stride::<T>(hidden);
    let ([d_pre, d_h, sums], _) =
        carve("elman_backward", workspace, [step_count * rows * stride, 2 * rows * hidden, hidden]);
    let mut d_pre = SeqMut::with_strides(d_pre, [step_count, rows, hidden], rows * stride, stride);
    // Slot k % 2 holds the cotangent of the state before step k of the pass.
    let mut d_h = SeqMut::new(d_h, 2, rows, hidden);
    ragged::start(d_h.at_mut(step_count % 2), run.d_h_n);

    let weights = form(&spec).weights(Use::Train, packed);
    let [w_hh, _] = weights.transposed;
    let share = block(&backend.workers, rows, step_count * rows * hidden * hidden);
    let units = Units::of::<T>(&backend.workers, weights.form, step_count, rows);
    let trace = d_h_trace.map_or(Rows::none(rows), Rows::new);
    let sequences = [Rows::new(d_h.rb_mut()), Rows::new(d_pre.rb_mut()), trace];
    backend.workers.by_blocks(rows, share, sequences, |first, [mut d_h, mut d_pre, mut trace]| {
        let live = Live { steps, first, rows: d_h.rows() };
        for k in (0..step_count).rev() {
            let t = direction.step(k, step_count);
            let (after, before, slot) = ((k + 1) % 2, k % 2, direction.to_slot(t));
            for (from, to) in live.runs(t) {
                if let Some(d_y) = d_y {
                    add(backend.simd, d_h.at_mut(after, from, to), d_y.at(t).rows_range(first + from, first + to));
                }
                let (d_h_after, d_h_before) = d_h.pair(after, before, from, to);
                let mut d_pre = d_pre.at_mut(t, from, to);
                for n in 0..to - from {
                    let h = reserve.h.at(slot).row(first + from + n);
                    activate_backward(backend.simd, activation, h, d_h_after.row(n), d_pre.row_mut(n));
                }
                through_weights(backend.simd, units, d_h_before, Accum::Replace, &[(d_pre.rb(), w_hh)]);
            }
            for n in live.finished(t) {
                clear(&mut d_pre, t, n);
                carry(&mut d_h, after, before, n);
            }
            keep(&mut trace, slot, &d_h, after);
        }
        keep(&mut trace, direction.initial_slot(step_count), &d_h, 0);
    });
    run.d_h0.into_iter().for_each(|mut d_h0| d_h0.copy_from(d_h.rb().at(0)));

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
