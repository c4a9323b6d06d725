//! `h_t = GRU(x_t, h_{t−1})` for a block of rows over all steps, for both readings of the reset gate, and its BPTT.

use core::ops::Range;

use rnn_kernels::sequence::{input, ragged, weights as gradient};
use rnn_kernels::{
    Accum, Backend, BufferLens, GruBackward, GruForward, GruInfer, GruReserveMut, GruReset, GruSpec, MatMut, MatRef,
    SeqMut, Use, carve, sequence,
};

use super::{
    Live, OnInputWeights, Part, Pass, Projection, Units, add, bias, block, carry, clear, copied, is_one_step, keep,
    row_stride, steps_ahead, through_weights,
};
use crate::backend::Faer;
use crate::number::Number;
use crate::panels::Form;
use crate::pointwise::{gates_of, gates_of_mut};
use crate::simd::Simd;
use crate::simd::gates::{gru_after, gru_before};
use crate::threads::Rows;

/// The sizes of the weights.
pub fn form<T: Number>(spec: &GruSpec<T>) -> Form {
    let (gate_rows, cut) = (spec.gate_rows(), 2 * spec.hidden);
    let joint = match spec.reset {
        GruReset::After => cut,
        GruReset::Before => gate_rows,
    };
    Form { gate_rows, input: spec.input, output: spec.output(), cut, joint }
}

/// `infer = 3·N·H + steps ahead·N·3H`, and for backward `G·H` and a cache line for each row of
/// `d_pre` whose width is a multiple of 1 KiB beside what the provided bodies need.
pub fn lens<T: Number>(spec: &GruSpec<T>, steps: usize, rows: usize) -> BufferLens {
    let mut lens = sequence::gru::lens(spec, steps, rows);
    (lens.packed_infer, lens.packed_train) = (form(spec).len::<T>(Use::Infer), form(spec).len::<T>(Use::Train));
    lens.backward += steps * rows * (row_stride::<T>(spec.gate_rows()) - spec.gate_rows()) + spec.gate_rows();
    lens.infer = infer_len(spec, steps, rows);
    lens
}

/// The workspace of inference alone: a single step is too short for the sizes of everything else.
fn infer_len<T: Number>(spec: &GruSpec<T>, steps: usize, rows: usize) -> usize {
    rows * (2 * spec.output() + spec.hidden + steps_ahead::<T>(form(spec), steps, rows) * spec.gate_rows())
}

/// One pass over time that keeps everything: overwrites `y`, `h_n` and the reserve.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Number>(backend: &Faer, run: GruForward<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    let lens = lens(&spec, step_count, rows);
    run.check(lens.packed_train, lens.forward);
    let GruForward { direction, steps, x, y, h_n, packed, reserve, .. } = run;
    let GruReserveMut { mut h, mut gates, aux, .. } = reserve;
    ragged::start(h.at_mut(direction.initial_slot(step_count)), run.h0);

    let share = block(&backend.workers, rows, step_count * rows * spec.gate_rows() * (spec.input + spec.output()));
    let weights = form(&spec).weights(Use::Train, packed);
    let pass = Pass::keeping_all(backend, weights, x, (direction, steps), gates.flat_mut(), share);
    let y = y.map_or(Rows::none(rows), Rows::new);
    let sequences = [Rows::new(h.rb_mut()), Rows::new(gates), Rows::new(aux), y];
    backend.workers.by_blocks(rows, share, sequences, |first, block| {
        over(&pass, spec.reset, 0..step_count, first, block);
    });
    h_n.into_iter().for_each(|mut h_n| h_n.copy_from(h.rb().at(direction.final_slot(step_count))));
}

/// One pass over time that keeps the state alone.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Number>(backend: &Faer, run: GruInfer<'_, T>) {
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    run.check(form(&spec).len::<T>(Use::Infer), infer_len(&spec, step_count, rows));
    let GruInfer { direction, steps, x, packed, mut h, mut y, workspace, .. } = run;
    let (hidden, width) = (spec.output(), spec.gate_rows());
    let (states, rest) = workspace.split_at_mut(2 * rows * hidden);
    let (aux, gates) = rest.split_at_mut(rows * hidden);
    let share = block(&backend.workers, rows, step_count * rows * width * (spec.input + hidden));
    let weights = form(&spec).weights(Use::Infer, packed);
    if is_one_step(&backend.workers, weights.form, x, steps, share) {
        let h_prev = copied(states, h.rb());
        let (gates, aux) = (&mut gates[..rows * width], MatMut::new(aux, rows, hidden));
        let projection = Projection::new(backend.simd, weights, x);
        step(&projection, spec.reset, 0, 0, MatMut::new(gates, rows, width), aux, h_prev, h.rb_mut());
        return y.into_iter().for_each(|mut y| y.at_mut(0).copy_from(h.rb()));
    }
    let (mut states, mut aux) = (SeqMut::new(states, 2, rows, hidden), SeqMut::new(aux, 1, rows, hidden));
    states.at_mut(0).copy_from(h.rb());

    Pass::in_windows(backend, weights, x, (direction, steps), gates, share, |pass, ks, gates| {
        let gates = SeqMut::new(gates, pass.kept.gate_steps(step_count), rows, width);
        let y = y.as_mut().map_or(Rows::none(rows), |y| Rows::new(y.rb_mut()));
        let sequences = [Rows::new(states.rb_mut()), Rows::new(gates), Rows::new(aux.rb_mut()), y];
        backend.workers.by_blocks(rows, share, sequences, |first, block| {
            over(&pass, spec.reset, ks.clone(), first, block);
        });
    });
    h.copy_from(states.rb().at(step_count % 2));
}

/// Steps `ks` of a pass, for the rows of the batch from `first` on.
fn over<T: Number>(
    pass: &Pass<'_, T>,
    reset: GruReset,
    ks: Range<usize>,
    first: usize,
    [mut h, mut gates, mut aux, mut y]: [Rows<'_, T>; 4],
) {
    let live = Live { steps: pass.steps, first, rows: h.rows() };
    for k in ks {
        let at = pass.kept.slots(pass.direction, k, pass.step_count);
        let kept_aux = pass.kept.aux(at.t);
        for (from, to) in live.runs(at.t) {
            let (h_prev, mut h) = h.pair(at.from, at.to, from, to);
            let (gates, aux) = (gates.at_mut(at.gates, from, to), aux.at_mut(kept_aux, from, to));
            match pass.units {
                Some(units) => step_of_units(pass, units, reset, at.t, gates, aux, h_prev, h.rb_mut()),
                None => step(&pass.projection, reset, at.t, first + from, gates, aux, h_prev, h.rb_mut()),
            }
            if y.cols() > 0 {
                y.at_mut(at.t, from, to).copy_from(h.rb());
            }
        }
        for n in live.finished(at.t) {
            carry(&mut h, at.from, at.to, n);
            clear(&mut gates, at.gates, n);
            clear(&mut aux, kept_aux, n);
            clear(&mut y, at.t, n);
        }
    }
}

/// One step of rows `first..` of the batch.
#[expect(clippy::too_many_arguments, reason = "the operands of a step")]
fn step<T: Number>(
    projection: &Projection<'_, T>,
    reset: GruReset,
    t: usize,
    first: usize,
    mut gates: MatMut<'_, T>,
    mut aux: MatMut<'_, T>,
    h_prev: MatRef<'_, T>,
    mut h: MatMut<'_, T>,
) {
    let (simd, rows) = (projection.simd, h.rows());
    projection.step(Part::First, gates.rb_mut(), t, first, Some(h_prev));
    match reset {
        GruReset::After => {
            projection.step(Part::Second, gates.rb_mut(), t, first, None);
            projection.aux(0, aux.rb_mut(), h_prev);
            for n in 0..rows {
                let (gates, aux) = (gates_of_mut(gates.row_mut(n)), aux.row_mut(n));
                let (h_prev, h) = (h_prev.row(n), h.row_mut(n));
                gru_after::forward(simd, gru_after::Forward { gates, aux, h_prev, h });
            }
        }
        GruReset::Before => {
            for n in 0..rows {
                let ([r, z, _], h_prev) = (gates_of_mut(gates.row_mut(n)), h_prev.row(n));
                gru_before::reset(simd, gru_before::Reset { r, z, h_prev, aux: aux.row_mut(n) });
            }
            projection.step(Part::Second, gates.rb_mut(), t, first, Some(aux.rb()));
            for row in 0..rows {
                let ([_, z, n], h_prev) = (gates_of_mut(gates.row_mut(row)), h_prev.row(row));
                gru_before::blend(simd, gru_before::Blend { z, n, h_prev, h: h.row_mut(row) });
            }
        }
    }
}

/// One step of a single row whose units are shared out: with the reset before the product threads meet twice.
#[expect(clippy::too_many_arguments, reason = "the operands of a step")]
fn step_of_units<T: Number>(
    pass: &Pass<'_, T>,
    units: Units<'_>,
    reset: GruReset,
    t: usize,
    mut gates: MatMut<'_, T>,
    mut aux: MatMut<'_, T>,
    h_prev: MatRef<'_, T>,
    mut h: MatMut<'_, T>,
) {
    let (projection, simd, hidden) = (&pass.projection, pass.projection.simd, h.cols());
    let ([r, z, n], aux, h) = (gates_of_mut(gates.row_mut(0)), aux.row_mut(0), h.row_mut(0));
    let gate = |number: usize, first: usize, pre: &mut [T], recurrent: Option<MatRef<'_, T>>| {
        let (part, len) = (if number < 2 { Part::First } else { Part::Second }, pre.len());
        projection.step_of_columns(part, number * hidden + first, MatMut::new(pre, 1, len), t, 0, recurrent);
    };
    match reset {
        GruReset::After => units.share([r, z, n, aux, h], |first, [r, z, n, aux, h]| {
            gate(0, first, r, Some(h_prev));
            gate(1, first, z, Some(h_prev));
            gate(2, first, n, None);
            projection.aux(first, MatMut::new(aux, 1, h.len()), h_prev);
            let h_prev = &h_prev.row(0)[first..][..h.len()];
            gru_after::forward(simd, gru_after::Forward { gates: [r, z, n], aux, h_prev, h });
        }),
        GruReset::Before => {
            units.share([r, &mut *z, &mut *aux], |first, [r, z, aux]| {
                gate(0, first, r, Some(h_prev));
                gate(1, first, z, Some(h_prev));
                let h_prev = &h_prev.row(0)[first..][..aux.len()];
                gru_before::reset(simd, gru_before::Reset { r, z, h_prev, aux });
            });
            let recurrent = MatRef::new(aux, 1, hidden);
            units.share([n, h], |first, [n, h]| {
                gate(2, first, n, Some(recurrent));
                let (z, h_prev) = (&z[first..][..h.len()], &h_prev.row(0)[first..][..h.len()]);
                gru_before::blend(simd, gru_before::Blend { z, n, h_prev, h });
            });
        }
    }
}

/// BPTT: accumulates into `d_params`, overwrites the state cotangent and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Number>(backend: &Faer, run: GruBackward<'_, T>)
where
    Faer: Backend<T>,
{
    let (spec, step_count, rows) = (run.spec, run.x.steps(), run.x.rows());
    let lens = lens(&spec, step_count, rows);
    run.check(lens.packed_train, lens.backward);
    let GruBackward { direction, steps, params, packed, x, reserve, d_y, d_h_trace, workspace, .. } = run;
    let (hidden, width, two_h) = (spec.output(), spec.gate_rows(), 2 * spec.hidden);
    // With the reset after the product the cotangent of `aux` is a factor of the weight gradient, so every step is kept.
    let aux_steps = if spec.reset == GruReset::After { step_count } else { 1 };
    let stride = row_stride::<T>(width);
    let sizes = [step_count * rows * stride, aux_steps * rows * hidden, 2 * rows * hidden, width];
    let ([d_pre, d_aux, d_h, sums], _) = carve("gru_backward", workspace, sizes);
    let mut d_pre = SeqMut::with_strides(d_pre, [step_count, rows, width], rows * stride, stride);
    let mut d_aux = SeqMut::new(d_aux, aux_steps, rows, hidden);
    // Slot k % 2 holds the cotangent of the state before step k of the pass.
    let mut d_h = SeqMut::new(d_h, 2, rows, hidden);
    ragged::start(d_h.at_mut(step_count % 2), run.d_h_n);

    let weights = form(&spec).weights(Use::Train, packed);
    let w_hh = weights.transposed;
    let share = block(&backend.workers, rows, step_count * rows * width * hidden);
    let units = Units::of::<T>(&backend.workers, weights.form, step_count, rows);
    let trace = d_h_trace.map_or(Rows::none(rows), Rows::new);
    let sequences = [Rows::new(d_h.rb_mut()), Rows::new(d_pre.rb_mut()), Rows::new(d_aux.rb_mut()), trace];
    backend.workers.by_blocks(rows, share, sequences, |first, [mut d_h, mut d_pre, mut d_aux, mut trace]| {
        let live = Live { steps, first, rows: d_h.rows() };
        for k in (0..step_count).rev() {
            let t = direction.step(k, step_count);
            let (after, before, aux_t) = ((k + 1) % 2, k % 2, if aux_steps == 1 { 0 } else { t });
            for (from, to) in live.runs(t) {
                let range = (first + from, first + to);
                if let Some(d_y) = d_y {
                    add(backend.simd, d_h.at_mut(after, from, to), d_y.at(t).rows_range(range.0, range.1));
                }
                let (d_h, d_h_prev) = d_h.pair(after, before, from, to);
                let kept = KeptStep {
                    gates: reserve.gates.at(t).rows_range(range.0, range.1),
                    aux: reserve.aux.at(t).rows_range(range.0, range.1),
                    h_prev: reserve.h.at(direction.from_slot(t)).rows_range(range.0, range.1),
                };
                let (d_pre, d_aux) = (d_pre.at_mut(t, from, to), d_aux.at_mut(aux_t, from, to));
                step_backward(backend.simd, units, spec.reset, w_hh, kept, d_h, d_pre, d_aux, d_h_prev);
            }
            for n in live.finished(t) {
                clear(&mut d_pre, t, n);
                clear(&mut d_aux, aux_t, n);
                carry(&mut d_h, after, before, n);
            }
            keep(&mut trace, direction.to_slot(t), &d_h, after);
        }
        keep(&mut trace, direction.initial_slot(step_count), &d_h, 0);
    });
    run.d_h0.into_iter().for_each(|mut d_h0| d_h0.copy_from(d_h.rb().at(0)));

    let (d_pre, d_aux) = (d_pre.rb(), d_aux.rb());
    if let Some(d_params) = run.d_params {
        let h_prev = reserve.h.slice(direction.from_slot(0), direction.from_slot(0) + step_count);
        let (d_pre_rz, d_pre_n) = (d_pre.cols_range(0, two_h), d_pre.cols_range(two_h, width));
        // The candidate's recurrent product reads h_prev and sees d_aux, or reads aux and sees d_pre_n.
        let (d_product, factor) = match spec.reset {
            GruReset::After => (d_aux, h_prev),
            GruReset::Before => (d_pre_n, reserve.aux),
        };
        let mut d_w_hh = d_params.w_hh;
        gradient::input(backend, d_params.w_ih, steps, d_pre, x);
        gradient::outer(backend, d_w_hh.rb_mut().rows_range(0, two_h), steps, d_pre_rz, h_prev);
        gradient::outer(backend, d_w_hh.rows_range(two_h, width), steps, d_product, factor);
        let [d_b_rz, d_b_n] = d_params.b_hh.map_or([None, None], |b| {
            let (rz, n) = b.split_at_mut(two_h);
            [Some(rz), Some(n)]
        });
        bias(backend.simd, [d_params.b_ih, None], steps, d_pre, sums);
        bias(backend.simd, [d_b_rz, None], steps, d_pre_rz, sums);
        bias(backend.simd, [d_b_n, None], steps, d_product, sums);
    }
    if let Some(d_x) = run.d_x {
        let backend = OnInputWeights { backend, panels: weights.transposed_input };
        input::backward(&backend, d_x, run.d_x_accum, steps, d_pre, params.w_ih);
    }
}

/// What forward kept of one step.
struct KeptStep<'a, T> {
    gates: MatRef<'a, T>,
    aux: MatRef<'a, T>,
    h_prev: MatRef<'a, T>,
}

/// The pullbacks of one step and the products between them.
#[expect(clippy::too_many_arguments, reason = "the operands of a step")]
fn step_backward<T: Number>(
    simd: Simd,
    units: Option<Units<'_>>,
    reset: GruReset,
    [w_rz, w_n]: [&[T]; 2],
    KeptStep { gates, aux, h_prev }: KeptStep<'_, T>,
    d_h: MatRef<'_, T>,
    mut d_pre: MatMut<'_, T>,
    mut d_aux: MatMut<'_, T>,
    mut d_h_prev: MatMut<'_, T>,
) {
    let (rows, hidden, width) = (h_prev.rows(), h_prev.cols(), gates.cols());
    match reset {
        GruReset::After => {
            for n in 0..rows {
                let row = gru_after::Backward {
                    gates: gates.row(n),
                    aux: aux.row(n),
                    h_prev: h_prev.row(n),
                    d_h: d_h.row(n),
                    d_pre: d_pre.row_mut(n),
                    d_aux: d_aux.row_mut(n),
                    d_h_prev: d_h_prev.row_mut(n),
                };
                gru_after::backward(simd, row);
            }
            let rz = d_pre.rb().cols_range(0, 2 * hidden);
            through_weights(simd, units, d_h_prev, Accum::Add, &[(d_aux.rb(), w_n), (rz, w_rz)]);
        }
        GruReset::Before => {
            for m in 0..rows {
                let ([_, z, n], [_, d_pre_z, d_pre_n]) = (gates_of(gates.row(m)), gates_of_mut(d_pre.row_mut(m)));
                let (h_prev, d_h, d_h_prev) = (h_prev.row(m), d_h.row(m), d_h_prev.row_mut(m));
                let row = gru_before::BlendGrad { z, n, h_prev, d_h, d_pre_z, d_pre_n, d_h_prev };
                gru_before::blend_backward(simd, row);
            }
            let d_pre_n = d_pre.rb().cols_range(2 * hidden, width);
            through_weights(simd, units, d_aux.rb_mut(), Accum::Replace, &[(d_pre_n, w_n)]);
            for n in 0..rows {
                let ([r, _, _], [d_pre_r, _, _]) = (gates_of(gates.row(n)), gates_of_mut(d_pre.row_mut(n)));
                let (h_prev, d_aux, d_h_prev) = (h_prev.row(n), d_aux.row_mut(n), d_h_prev.row_mut(n));
                gru_before::reset_backward(simd, gru_before::ResetGrad { r, h_prev, d_aux, d_pre_r, d_h_prev });
            }
            let rz = d_pre.rb().cols_range(0, 2 * hidden);
            through_weights(simd, units, d_h_prev, Accum::Add, &[(rz, w_rz)]);
        }
    }
}
