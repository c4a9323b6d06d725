//! `h_t = σ(b + W_ih x_t + W_hh h_{t−1})` over time, and BPTT.

use super::{input, ragged, weights};
use crate::accum::Accum;
use crate::backend::Backend;
use crate::buffer::{BufferLens, carve};
use crate::cell::{
    ElmanBackward, ElmanForward, ElmanInfer, ElmanReserve, ElmanReserveMut, ElmanSpec, ElmanStep, ElmanStepGrad,
};
use crate::scalar::Scalar;
use crate::view::{MatMut, SeqMut};
use core::mem::swap;

/// `infer = reserve(1 step)`, `forward = 0`, `backward = T·N·H + 2·N·P`: what the bodies below need.
#[must_use]
pub fn lens<T: Scalar>(spec: &ElmanSpec<T>, steps: usize, rows: usize) -> BufferLens {
    let d_pre = crate::shape::product("elman: workspace", &[steps, rows, spec.gate_rows()]);
    BufferLens {
        reserve: spec.reserve_len(steps, rows),
        infer: spec.reserve_len(1, rows),
        backward: d_pre + 2 * rows * spec.output(),
        ..BufferLens::default()
    }
}

/// One pass over time: overwrites `y`, `h_n` and the whole reserve. The slots of `h` take the pre-activations.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: ElmanForward<'_, T>) {
    run.check(0, 0);
    let ElmanForward { spec, direction, steps, params, x, mut y, h_n, reserve, .. } = run;
    let mut h = reserve.h;
    let step_count = x.steps();

    let first = direction.to_slot(0);
    let mut pre = h.rb_mut().slice(first, first + step_count);
    input::fill(pre.rb_mut(), [params.b_ih, params.b_hh]);
    input::forward(backend, pre, steps, x, params.w_ih);
    ragged::start(h.at_mut(direction.initial_slot(step_count)), run.h0);
    for k in 0..step_count {
        let t = direction.step(k, step_count);
        let (h_prev, mut h) = h.pair(direction.from_slot(t), direction.to_slot(t));
        backend.matmul(h.rb_mut(), Accum::Add, h_prev, params.w_hh.t());
        backend.elman_pointwise_forward(ElmanStep { activation: spec.activation, h: h.rb_mut() });
        ragged::carry(steps, t, h.rb_mut(), h_prev);
        if let Some(y) = &mut y {
            ragged::emit(steps, t, y.at_mut(t), h.rb());
        }
    }
    h_n.into_iter().for_each(|mut h_n| h_n.copy_from(h.rb().at(direction.final_slot(step_count))));
}

/// BPTT: accumulates into `d_params`, overwrites the state cotangent and the trace, `d_x` as its `Accum` says.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: ElmanBackward<'_, T>) {
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    run.check(0, lens(&run.spec, step_count, rows).backward);
    let ElmanBackward { spec, direction, steps, params, x, reserve, d_y, mut d_h_trace, workspace, .. } = run;
    let p = spec.output();
    let ([d_pre, d_h, d_h_prev], _) =
        carve("elman_backward", workspace, [step_count * rows * spec.gate_rows(), rows * p, rows * p]);
    let mut d_pre = SeqMut::new(d_pre, step_count, rows, spec.gate_rows());
    let (mut d_h, mut d_h_prev) = (MatMut::new(d_h, rows, p), MatMut::new(d_h_prev, rows, p));

    ragged::start(d_h.rb_mut(), run.d_h_n);
    for k in (0..step_count).rev() {
        let t = direction.step(k, step_count);
        let to = direction.to_slot(t);
        d_y.iter().for_each(|d_y| ragged::add_live(steps, t, d_h.rb_mut(), d_y.at(t)));
        d_h_trace.iter_mut().for_each(|trace| trace.at_mut(to).copy_from(d_h.rb()));
        let mut d_pre = d_pre.at_mut(t);
        backend.elman_pointwise_backward(ElmanStepGrad {
            activation: spec.activation,
            h: reserve.h.at(to),
            d_h: d_h.rb(),
            d_pre: d_pre.rb_mut(),
        });
        ragged::clear(steps, t, d_pre.rb_mut());
        backend.matmul(d_h_prev.rb_mut(), Accum::Replace, d_pre.rb(), params.w_hh);
        ragged::carry(steps, t, d_h_prev.rb_mut(), d_h.rb());
        swap(&mut d_h, &mut d_h_prev);
    }
    d_h_trace.into_iter().for_each(|mut trace| trace.at_mut(direction.initial_slot(step_count)).copy_from(d_h.rb()));
    run.d_h0.into_iter().for_each(|mut d_h0| d_h0.copy_from(d_h.rb()));

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
pub fn infer<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, run: ElmanInfer<'_, T>) {
    let ElmanInfer { spec, direction, steps, params, x, .. } = run;
    let (step_count, rows) = (x.steps(), x.rows());
    run.check(0, lens(&spec, step_count, rows).infer);
    let ElmanInfer { mut h, mut y, workspace, .. } = run;
    for k in 0..step_count {
        let t = direction.step(k, step_count);
        forward(
            backend,
            ElmanForward {
                spec,
                direction,
                steps: steps.window(t),
                params,
                packed: &[],
                x: x.slice(t, t + 1),
                h0: Some(h.rb()),
                y: y.as_mut().map(|y| y.rb_mut().slice(t, t + 1)),
                h_n: None,
                reserve: ElmanReserveMut::new(&spec, 1, rows, &mut *workspace),
                workspace: &mut [],
            },
        );
        let reserve = ElmanReserve::new(&spec, 1, rows, workspace);
        h.copy_from(reserve.h.at(direction.final_slot(1)));
    }
}
