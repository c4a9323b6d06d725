//! `h_t, c_t = LSTM(x_t, h_{t−1}, c_{t−1})` over time, and BPTT.
//!
//! Forward, per step: `gates = b + W_ih x_t + W_hh h_{t−1}`, then the pointwise kernel. Backward, per step:
//! the pullback gives `d_pre`, then `d_h_{t−1} = W_hhᵀ d_pre`; the weight gradients are products over all steps.

use super::{input, ragged, weights};
use crate::accum::Accum;
use crate::backend::Backend;
use crate::buffer::{BufferLens, carve};
use crate::cell::{
    LstmBackward, LstmForward, LstmInfer, LstmReserve, LstmReserveMut, LstmSpec, LstmStep, LstmStepGrad,
};
use crate::scalar::Scalar;
use crate::view::{MatMut, SeqMut};
use core::mem::swap;

/// `infer = reserve(1 step)`, `forward = 0`, `backward = T·N·4H + 2·N·(P+H)`: what the bodies below need.
#[must_use]
pub fn lens<T: Scalar>(spec: &LstmSpec<T>, steps: usize, rows: usize) -> BufferLens {
    let d_pre = crate::shape::product("lstm: workspace", &[steps, rows, spec.gate_rows()]);
    BufferLens {
        reserve: spec.reserve_len(steps, rows),
        infer: spec.reserve_len(1, rows),
        backward: d_pre + 2 * rows * (spec.output() + spec.hidden),
        ..BufferLens::default()
    }
}

/// One pass over time: overwrites `y`, `h_n`, `c_n` and the whole reserve.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: LstmForward<'_, T>) {
    run.check(0, 0);
    let LstmForward { direction, steps, params, x, mut y, h_n, c_n, reserve, .. } = run;
    let LstmReserveMut { mut h, mut c, mut gates, .. } = reserve;
    let (step_count, last) = (x.steps(), direction.final_slot(x.steps()));

    ragged::start(h.at_mut(direction.initial_slot(step_count)), run.h0);
    ragged::start(c.at_mut(direction.initial_slot(step_count)), run.c0);
    input::fill(gates.rb_mut(), [params.b_ih, params.b_hh]);
    input::forward(backend, gates.rb_mut(), steps, x, params.w_ih);
    for k in 0..step_count {
        let t = direction.step(k, step_count);
        let (h_prev, mut h) = h.pair(direction.from_slot(t), direction.to_slot(t));
        let (c_prev, mut c) = c.pair(direction.from_slot(t), direction.to_slot(t));
        let mut gates = gates.at_mut(t);
        backend.matmul(gates.rb_mut(), Accum::Add, h_prev, params.w_hh.t());
        backend.lstm_pointwise_forward(LstmStep { gates: gates.rb_mut(), c_prev, c: c.rb_mut(), h: h.rb_mut() });
        ragged::carry(steps, t, h.rb_mut(), h_prev);
        ragged::carry(steps, t, c, c_prev);
        ragged::clear(steps, t, gates);
        if let Some(y) = &mut y {
            ragged::emit(steps, t, y.at_mut(t), h.rb());
        }
    }
    h_n.into_iter().for_each(|mut h_n| h_n.copy_from(h.rb().at(last)));
    c_n.into_iter().for_each(|mut c_n| c_n.copy_from(c.rb().at(last)));
}

/// BPTT: accumulates into `d_params`, overwrites the state cotangents and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: LstmBackward<'_, T>) {
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    run.check(0, lens(&run.spec, step_count, rows).backward);
    let LstmBackward { spec, direction, steps, params, x, reserve, d_y, mut d_h_trace, workspace, .. } = run;
    let (p, hidden) = (spec.output(), spec.hidden);
    let sizes = [step_count * rows * spec.gate_rows(), rows * p, rows * p, rows * hidden, rows * hidden];
    let ([d_pre, d_h, d_h_prev, d_c, d_c_prev], _) = carve("lstm_backward", workspace, sizes);
    let mut d_pre = SeqMut::new(d_pre, step_count, rows, spec.gate_rows());
    let (mut d_h, mut d_h_prev) = (MatMut::new(d_h, rows, p), MatMut::new(d_h_prev, rows, p));
    let (mut d_c, mut d_c_prev) = (MatMut::new(d_c, rows, hidden), MatMut::new(d_c_prev, rows, hidden));

    ragged::start(d_h.rb_mut(), run.d_h_n);
    ragged::start(d_c.rb_mut(), run.d_c_n);
    for k in (0..step_count).rev() {
        let t = direction.step(k, step_count);
        let (from, to) = (direction.from_slot(t), direction.to_slot(t));
        d_y.iter().for_each(|d_y| ragged::add_live(steps, t, d_h.rb_mut(), d_y.at(t)));
        d_h_trace.iter_mut().for_each(|trace| trace.at_mut(to).copy_from(d_h.rb()));
        let mut d_pre = d_pre.at_mut(t);
        backend.lstm_pointwise_backward(LstmStepGrad {
            gates: reserve.gates.at(t),
            c_prev: reserve.c.at(from),
            c: reserve.c.at(to),
            d_h: d_h.rb(),
            d_c: d_c.rb(),
            d_c_prev: d_c_prev.rb_mut(),
            d_pre: d_pre.rb_mut(),
        });
        ragged::clear(steps, t, d_pre.rb_mut());
        ragged::carry(steps, t, d_c_prev.rb_mut(), d_c.rb());
        backend.matmul(d_h_prev.rb_mut(), Accum::Replace, d_pre.rb(), params.w_hh);
        ragged::carry(steps, t, d_h_prev.rb_mut(), d_h.rb());
        swap(&mut d_h, &mut d_h_prev);
        swap(&mut d_c, &mut d_c_prev);
    }
    d_h_trace.into_iter().for_each(|mut trace| trace.at_mut(direction.initial_slot(step_count)).copy_from(d_h.rb()));
    run.d_h0.into_iter().for_each(|mut d_h0| d_h0.copy_from(d_h.rb()));
    run.d_c0.into_iter().for_each(|mut d_c0| d_c0.copy_from(d_c.rb()));

    let d_pre = d_pre.rb();
    if let Some(d_params) = run.d_params {
        let h_prev = reserve.h.slice(direction.from_slot(0), direction.from_slot(0) + step_count);
        weights::input(backend, d_params.w_ih, steps, d_pre, x);
        weights::outer(backend, d_params.w_hh, steps, d_pre, h_prev);
        weights::bias(d_params.b_ih, steps, d_pre);
        weights::bias(d_params.b_hh, steps, d_pre);
    }
    if let Some(d_x) = run.d_x {
        input::backward(backend, d_x, run.d_x_accum, steps, d_pre, params.w_ih);
    }
}

/// One-step windows of [`forward`] over a reserve in the workspace: the state moves in place, nothing is kept.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: LstmInfer<'_, T>) {
    let LstmInfer { spec, direction, steps, params, x, .. } = run;
    let (step_count, rows) = (x.steps(), x.rows());
    run.check(0, lens(&spec, step_count, rows).infer);
    let LstmInfer { mut h, mut c, mut y, workspace, .. } = run;
    for k in 0..step_count {
        let t = direction.step(k, step_count);
        forward(
            backend,
            LstmForward {
                spec,
                direction,
                steps: steps.window(t),
                params,
                packed: &[],
                x: x.slice(t, t + 1),
                h0: Some(h.rb()),
                c0: Some(c.rb()),
                y: y.as_mut().map(|y| y.rb_mut().slice(t, t + 1)),
                h_n: None,
                c_n: None,
                reserve: LstmReserveMut::new(&spec, 1, rows, &mut *workspace),
                workspace: &mut [],
            },
        );
        let reserve = LstmReserve::new(&spec, 1, rows, workspace);
        h.copy_from(reserve.h.at(direction.final_slot(1)));
        c.copy_from(reserve.c.at(direction.final_slot(1)));
    }
}
