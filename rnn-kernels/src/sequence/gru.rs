//! `h_t = GRU(x_t, h_{t−1})` over time, and BPTT, for both readings of the reset gate.

use super::{input, ragged, weights};
use crate::accum::Accum;
use crate::backend::Backend;
use crate::buffer::{BufferLens, carve};
use crate::cell::{
    GruBackward, GruCandidate, GruCandidateGrad, GruForward, GruGates, GruGatesGrad, GruInfer, GruReserve,
    GruReserveMut, GruReset, GruSpec, GruStep, GruStepGrad,
};
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef, SeqMut};
use core::mem::swap;

/// Steps whose cotangent of `aux` is kept: all of them where it is a factor of the weight gradient.
fn d_aux_steps<T>(spec: &GruSpec<T>, steps: usize) -> usize {
    match spec.reset {
        GruReset::After => steps,
        GruReset::Before => 1,
    }
}

/// `infer = reserve(1 step)`, `forward = 0`, `backward = T·N·3H + (T or 1)·N·H + 2·N·P`: what the bodies below
/// need; `T` with the reset after the product, 1 before it.
#[must_use]
pub fn lens<T: Scalar>(spec: &GruSpec<T>, steps: usize, rows: usize) -> BufferLens {
    let d_pre = crate::shape::product("gru: workspace", &[steps, rows, spec.gate_rows()]);
    BufferLens {
        reserve: spec.reserve_len(steps, rows),
        infer: spec.reserve_len(1, rows),
        backward: d_pre + d_aux_steps(spec, steps) * rows * spec.hidden + 2 * rows * spec.output(),
        ..BufferLens::default()
    }
}

/// One pass over time: overwrites `y`, `h_n` and the whole reserve.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: GruForward<'_, T>) {
    run.check(0, 0);
    let GruForward { spec, direction, steps, params, x, mut y, h_n, reserve, .. } = run;
    let GruReserveMut { mut h, mut gates, mut aux } = reserve;
    let (step_count, two_h) = (x.steps(), 2 * spec.hidden);
    let ([b_rz, b_n], [b_hrz, b_hn]) = (halves(params.b_ih, two_h), halves(params.b_hh, two_h));

    ragged::start(h.at_mut(direction.initial_slot(step_count)), run.h0);
    input::fill(gates.rb_mut().cols_range(0, two_h), [b_rz, b_hrz]);
    match spec.reset {
        GruReset::After => {
            input::fill(gates.rb_mut().cols_range(two_h, spec.gate_rows()), [b_n, None]);
            input::fill(aux.rb_mut(), [b_hn, None]);
        }
        GruReset::Before => input::fill(gates.rb_mut().cols_range(two_h, spec.gate_rows()), [b_n, b_hn]),
    }
    input::forward(backend, gates.rb_mut(), steps, x, params.w_ih);
    for k in 0..step_count {
        let t = direction.step(k, step_count);
        let (h_prev, mut h) = h.pair(direction.from_slot(t), direction.to_slot(t));
        let (mut gates, mut aux) = (gates.at_mut(t), aux.at_mut(t));
        forward_step(backend, spec.reset, params.w_hh, h_prev, gates.rb_mut(), aux.rb_mut(), h.rb_mut());
        ragged::carry(steps, t, h.rb_mut(), h_prev);
        ragged::clear(steps, t, gates);
        ragged::clear(steps, t, aux);
        if let Some(y) = &mut y {
            ragged::emit(steps, t, y.at_mut(t), h.rb());
        }
    }
    h_n.into_iter().for_each(|mut h_n| h_n.copy_from(h.rb().at(direction.final_slot(step_count))));
}

/// The products of one step and the pointwise kernels around them.
fn forward_step<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    reset: GruReset,
    w_hh: MatRef<'_, T>,
    h_prev: MatRef<'_, T>,
    mut gates: MatMut<'_, T>,
    mut aux: MatMut<'_, T>,
    h: MatMut<'_, T>,
) {
    let two_h = 2 * h.cols();
    let (w_rz, w_n) = (w_hh.rows_range(0, two_h), w_hh.rows_range(two_h, w_hh.rows()));
    backend.matmul(gates.rb_mut().cols_range(0, two_h), Accum::Add, h_prev, w_rz.t());
    match reset {
        GruReset::After => {
            backend.matmul(aux.rb_mut(), Accum::Add, h_prev, w_n.t());
            backend.gru_pointwise_forward(GruStep { gates, aux: aux.rb(), h_prev, h });
        }
        GruReset::Before => {
            backend.gru_gates_forward(GruGates { gates: gates.rb_mut(), h_prev, aux: aux.rb_mut() });
            let all = gates.cols();
            backend.matmul(gates.rb_mut().cols_range(two_h, all), Accum::Add, aux.rb(), w_n.t());
            backend.gru_candidate_forward(GruCandidate { gates, h_prev, h });
        }
    }
}

/// BPTT: accumulates into `d_params`, overwrites the state cotangent and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: GruBackward<'_, T>) {
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    run.check(0, lens(&run.spec, step_count, rows).backward);
    let GruBackward { spec, direction, steps, params, x, reserve, d_y, mut d_h_trace, workspace, .. } = run;
    let (p, two_h, kept) = (spec.output(), 2 * spec.hidden, d_aux_steps(&spec, step_count));
    let sizes = [step_count * rows * spec.gate_rows(), kept * rows * spec.hidden, rows * p, rows * p];
    let ([d_pre, d_aux, d_h, d_h_prev], _) = carve("gru_backward", workspace, sizes);
    let mut d_pre = SeqMut::new(d_pre, step_count, rows, spec.gate_rows());
    let mut d_aux = SeqMut::new(d_aux, kept, rows, spec.hidden);
    let (mut d_h, mut d_h_prev) = (MatMut::new(d_h, rows, p), MatMut::new(d_h_prev, rows, p));

    ragged::start(d_h.rb_mut(), run.d_h_n);
    for k in (0..step_count).rev() {
        let t = direction.step(k, step_count);
        let h_prev = reserve.h.at(direction.from_slot(t));
        d_y.iter().for_each(|d_y| ragged::add_live(steps, t, d_h.rb_mut(), d_y.at(t)));
        d_h_trace.iter_mut().for_each(|trace| trace.at_mut(direction.to_slot(t)).copy_from(d_h.rb()));
        let (mut d_pre, mut d_aux) = (d_pre.at_mut(t), d_aux.at_mut(if kept == 1 { 0 } else { t }));
        backward_step(
            backend,
            spec.reset,
            params.w_hh,
            GruStepGrad {
                gates: reserve.gates.at(t),
                aux: reserve.aux.at(t),
                h_prev,
                d_h: d_h.rb(),
                d_pre: d_pre.rb_mut(),
                d_aux: d_aux.rb_mut(),
                d_h_prev: d_h_prev.rb_mut(),
            },
        );
        ragged::clear(steps, t, d_pre);
        ragged::clear(steps, t, d_aux);
        ragged::carry(steps, t, d_h_prev.rb_mut(), d_h.rb());
        swap(&mut d_h, &mut d_h_prev);
    }
    d_h_trace.into_iter().for_each(|mut trace| trace.at_mut(direction.initial_slot(step_count)).copy_from(d_h.rb()));
    run.d_h0.into_iter().for_each(|mut d_h0| d_h0.copy_from(d_h.rb()));

    let (d_pre, d_aux) = (d_pre.rb(), d_aux.rb());
    if let Some(d_params) = run.d_params {
        let h_prev = reserve.h.slice(direction.from_slot(0), direction.from_slot(0) + step_count);
        let (d_pre_rz, d_pre_n) = (d_pre.cols_range(0, two_h), d_pre.cols_range(two_h, spec.gate_rows()));
        // The candidate's recurrent product reads h_prev and sees d_aux, or reads aux and sees d_pre_n.
        let (d_product, factor) = match spec.reset {
            GruReset::After => (d_aux, h_prev),
            GruReset::Before => (d_pre_n, reserve.aux),
        };
        let mut d_w_hh = d_params.w_hh;
        weights::input(backend, d_params.w_ih, steps, d_pre, x);
        weights::outer(backend, d_w_hh.rb_mut().rows_range(0, two_h), steps, d_pre_rz, h_prev);
        weights::outer(backend, d_w_hh.rows_range(two_h, spec.gate_rows()), steps, d_product, factor);
        weights::bias(d_params.b_ih, steps, d_pre);
        if let Some((d_b_rz, d_b_n)) = d_params.b_hh.map(|b| b.split_at_mut(two_h)) {
            weights::bias(Some(d_b_rz), steps, d_pre_rz);
            weights::bias(Some(d_b_n), steps, d_product);
        }
    }
    if let Some(d_x) = run.d_x {
        input::backward(backend, d_x, run.d_x_accum, steps, d_pre, params.w_ih);
    }
}

/// The pullbacks of one step and the products between them.
fn backward_step<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    reset: GruReset,
    w_hh: MatRef<'_, T>,
    step: GruStepGrad<'_, T>,
) {
    let GruStepGrad { gates, aux, h_prev, d_h, mut d_pre, mut d_aux, mut d_h_prev } = step;
    let (two_h, all) = (2 * h_prev.cols(), w_hh.rows());
    let (w_rz, w_n) = (w_hh.rows_range(0, two_h), w_hh.rows_range(two_h, all));
    match reset {
        GruReset::After => {
            backend.gru_pointwise_backward(GruStepGrad {
                gates,
                aux,
                h_prev,
                d_h,
                d_pre: d_pre.rb_mut(),
                d_aux: d_aux.rb_mut(),
                d_h_prev: d_h_prev.rb_mut(),
            });
            backend.matmul(d_h_prev.rb_mut(), Accum::Add, d_aux.rb(), w_n);
        }
        GruReset::Before => {
            let grad = GruCandidateGrad { gates, h_prev, d_h, d_pre: d_pre.rb_mut(), d_h_prev: d_h_prev.rb_mut() };
            backend.gru_candidate_backward(grad);
            backend.matmul(d_aux.rb_mut(), Accum::Replace, d_pre.rb().cols_range(two_h, all), w_n);
            let (d_pre, d_h_prev) = (d_pre.rb_mut(), d_h_prev.rb_mut());
            backend.gru_gates_backward(GruGatesGrad { gates, h_prev, d_aux: d_aux.rb(), d_pre, d_h_prev });
        }
    }
    backend.matmul(d_h_prev, Accum::Add, d_pre.rb().cols_range(0, two_h), w_rz);
}

/// One-step windows of [`forward`] over a reserve in the workspace: the state moves in place, nothing is kept.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: GruInfer<'_, T>) {
    let GruInfer { spec, direction, steps, params, x, .. } = run;
    let (step_count, rows) = (x.steps(), x.rows());
    run.check(0, lens(&spec, step_count, rows).infer);
    let GruInfer { mut h, mut y, workspace, .. } = run;
    for k in 0..step_count {
        let t = direction.step(k, step_count);
        forward(
            backend,
            GruForward {
                spec,
                direction,
                steps: steps.window(t),
                params,
                packed: &[],
                x: x.slice(t, t + 1),
                h0: Some(h.rb()),
                y: y.as_mut().map(|y| y.rb_mut().slice(t, t + 1)),
                h_n: None,
                reserve: GruReserveMut::new(&spec, 1, rows, &mut *workspace),
                workspace: &mut [],
            },
        );
        let reserve = GruReserve::new(&spec, 1, rows, workspace);
        h.copy_from(reserve.h.at(direction.final_slot(1)));
    }
}

/// The part of a bias before `at` and the part from it on.
fn halves<T>(bias: Option<&[T]>, at: usize) -> [Option<&[T]>; 2] {
    bias.map_or([None, None], |bias| {
        let (rz, n) = bias.split_at(at);
        [Some(rz), Some(n)]
    })
}
