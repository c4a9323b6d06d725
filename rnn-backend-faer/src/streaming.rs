//! `h ← cell(x_t, h)` in place, for few rows: the pass that keeps nothing, without the driver around it.
//!
//! With one row of few units the views, slots and checks of a general driver cost more than the arithmetic. Here a step is
//! the biases, two products from panels and the gates, and a row that a step does not belong to is left alone.

use rnn_kernels::{Accum, ElmanInfer, GruInfer, GruReset, LstmInfer, MatMut, MatRef, SeqMut, SeqRef, Steps};

use crate::number::Number;
use crate::pointwise::{activate, thirds_mut};
use crate::simd::Simd;
use crate::simd::gates::{gru_after, gru_before, lstm};
use crate::simd::product::{Product, packed};

/// The weights of a step as panels: `w_hh` (for a GRU the rows of `r z`), the rows of its `n`, `w_ih`.
pub type Weights<'a, T> = [&'a [T]; 3];

/// One Elman layer.
pub fn elman<T: Number>(simd: Simd, [w_hh, _, w_ih]: Weights<'_, T>, x: SeqRef<'_, T>, run: ElmanInfer<'_, T>) {
    let ElmanInfer { spec, direction, steps, params, mut h, mut y, workspace, .. } = run;
    let hidden = spec.hidden;
    let pre = &mut workspace[..x.rows() * hidden];
    for t in (0..x.steps()).map(|k| direction.step(k, x.steps())) {
        fill(pre, hidden, params.b_ih, params.b_hh);
        add_product(simd, pre, [hidden, hidden], x.at(t), w_ih);
        add_product(simd, pre, [hidden, hidden], h.rb(), w_hh);
        for n in (0..x.rows()).filter(|&n| steps.live(t, n)) {
            let pre = &mut pre[n * hidden..][..hidden];
            activate(simd, spec.activation, pre);
            h.row_mut(n).copy_from_slice(pre);
        }
        emit(&mut y, steps, t, h.rb());
    }
}

/// One LSTM layer.
pub fn lstm<T: Number>(simd: Simd, [w_hh, _, w_ih]: Weights<'_, T>, x: SeqRef<'_, T>, run: LstmInfer<'_, T>) {
    let LstmInfer { spec, direction, steps, params, mut h, mut c, mut y, workspace, .. } = run;
    let (hidden, width) = (spec.hidden, 4 * spec.hidden);
    let (pre, rest) = workspace.split_at_mut(x.rows() * width);
    let c_prev = &mut rest[..if x.rows() > 0 { hidden } else { 0 }];
    for t in (0..x.steps()).map(|k| direction.step(k, x.steps())) {
        fill(pre, width, params.b_ih, params.b_hh);
        add_product(simd, pre, [width, width], x.at(t), w_ih);
        add_product(simd, pre, [width, width], h.rb(), w_hh);
        for n in (0..x.rows()).filter(|&n| steps.live(t, n)) {
            c_prev.copy_from_slice(c.row_mut(n));
            let gates = &mut pre[n * width..][..width];
            lstm::forward(simd, lstm::Forward { gates, c_prev, c: c.row_mut(n), h: h.row_mut(n) });
        }
        emit(&mut y, steps, t, h.rb());
    }
}

/// One GRU layer.
pub fn gru<T: Number>(simd: Simd, [w_rz, w_n, w_ih]: Weights<'_, T>, x: SeqRef<'_, T>, run: GruInfer<'_, T>) {
    let GruInfer { spec, direction, steps, params, mut h, mut y, workspace, .. } = run;
    let (hidden, two_h, width, rows) = (spec.hidden, 2 * spec.hidden, 3 * spec.hidden, x.rows());
    let (pre, rest) = workspace.split_at_mut(rows * width);
    let (aux, rest) = rest.split_at_mut(rows * hidden);
    let h_prev = &mut rest[..if rows > 0 { hidden } else { 0 }];
    let b_hn = params.b_hh.map(|b| &b[two_h..]);
    for t in (0..x.steps()).map(|k| direction.step(k, x.steps())) {
        match spec.reset {
            GruReset::Before => fill(pre, width, params.b_ih, params.b_hh),
            GruReset::After => {
                fill(pre, width, params.b_ih, params.b_hh.map(|b| &b[..two_h]));
                fill(aux, hidden, b_hn, None);
                add_product(simd, aux, [hidden, hidden], h.rb(), w_n);
            }
        }
        add_product(simd, pre, [width, width], x.at(t), w_ih);
        add_product(simd, pre, [two_h, width], h.rb(), w_rz);
        if spec.reset == GruReset::Before {
            for n in 0..rows {
                let [r, z, _] = thirds_mut(&mut pre[n * width..][..width]);
                let aux = &mut aux[n * hidden..][..hidden];
                gru_before::reset(simd, gru_before::Reset { r, z, h_prev: h.rb().row(n), aux });
            }
            if let Some(pre_n) = pre.get_mut(two_h..) {
                add_product(simd, pre_n, [hidden, width], MatRef::new(aux, rows, hidden), w_n);
            }
        }
        for n in (0..rows).filter(|&n| steps.live(t, n)) {
            h_prev.copy_from_slice(h.row_mut(n));
            let (gates, h) = (&mut pre[n * width..][..width], h.row_mut(n));
            match spec.reset {
                GruReset::After => {
                    let aux = &aux[n * hidden..][..hidden];
                    gru_after::forward(simd, gru_after::Forward { gates, aux, h_prev, h });
                }
                GruReset::Before => {
                    let [_, z, n] = thirds_mut(gates);
                    gru_before::blend(simd, gru_before::Blend { z, n, h_prev, h });
                }
            }
        }
        emit(&mut y, steps, t, h.rb());
    }
}

/// `pre[n] = b_ih + b_hh` for every row of `width`; a shorter `b_hh` is added to the first columns, none is 0.
fn fill<T: Number>(pre: &mut [T], width: usize, b_ih: Option<&[T]>, b_hh: Option<&[T]>) {
    for pre in pre.chunks_exact_mut(width.max(1)) {
        match b_ih {
            Some(b_ih) => pre.copy_from_slice(b_ih),
            None => pre.fill(T::default()),
        }
        if let Some(b_hh) = b_hh {
            pre.iter_mut().zip(b_hh).for_each(|(pre, &b)| *pre += b);
        }
    }
}

/// `c[n, ..cols] += a[n] · B` for rows of C `stride` apart.
fn add_product<T: Number>(simd: Simd, c: &mut [T], [cols, c_stride]: [usize; 2], a: MatRef<'_, T>, b: &[T]) {
    let ([rows, depth], (a, a_stride)) = (a.shape(), a.storage());
    packed(simd, Product { c, c_stride, accum: Accum::Add, a, a_stride, b, b_stride: 0, rows, cols, depth });
}

/// `y[t] = h` where the step belongs to the row, 0 elsewhere.
fn emit<T: Number>(y: &mut Option<SeqMut<'_, T>>, steps: Steps<'_>, t: usize, h: MatRef<'_, T>) {
    let Some(y) = y else { return };
    let mut y: MatMut<'_, T> = y.at_mut(t);
    for n in 0..h.rows() {
        if steps.live(t, n) {
            y.row_mut(n).copy_from_slice(h.row(n));
        } else {
            y.row_mut(n).fill(T::default());
        }
    }
}
