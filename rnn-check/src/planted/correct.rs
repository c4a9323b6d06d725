//! Right in unusual ways: other orders of summation, other accumulators, activations that use all of their claim.

use super::packed;
use super::plain::{in_order, product};
use super::way::Way;
use super::window::{self, Slip};
use crate::real::Real;
use rnn_kernels::{
    Accum, Activation, Backend, BufferLens, ElmanBackward, ElmanForward, ElmanInfer, ElmanSpec, ElmanStep, GruBackward,
    GruCandidate, GruCandidateGrad, GruForward, GruGates, GruInfer, GruSpec, GruStep, GruStepGrad, LstmBackward,
    LstmForward, LstmInfer, LstmSpec, LstmStep, LstmStepGrad, MatMut, MatRef, Params, Use, check_matmul, sequence,
};
use std::sync::Mutex;

/// The reference, differently.
#[derive(Clone, Copy, Debug)]
pub struct Correct(pub Way);

fn pairwise<T: Real>(terms: &[T]) -> T {
    match terms {
        [] => T::ZERO,
        [one] => *one,
        _ => {
            let (a, b) = terms.split_at(terms.len() / 2);
            pairwise(a) + pairwise(b)
        }
    }
}

fn compensated<T: Real>(start: T, terms: impl Iterator<Item = T>) -> T {
    let (mut sum, mut lost) = (start, T::ZERO);
    for term in terms {
        let term = term - lost;
        let next = sum + term;
        // Infinity minus infinity would turn an infinite sum into NaN.
        lost = if next.is_finite() { (next - sum) - term } else { T::ZERO };
        sum = next;
    }
    sum
}

/// One ulp up or down, as the bits say; values that must be exact (0, 1/2, ±1) stay.
fn noisy<T: Real>(v: T) -> T {
    let exact = [0.0, 0.5, 1.0].contains(&v.abs().to_f64()) || v.is_nan();
    match (exact, v.bits().count_ones() % 2) {
        (true, _) => v,
        (_, 0) => v.above(),
        _ => v.below(),
    }
}

impl Correct {
    fn with_room(self, mut lens: BufferLens, weights: [usize; 2]) -> BufferLens {
        if self.0 == Way::Packed {
            let len = |usage| packed::len(None, usage, weights);
            (lens.packed_infer, lens.packed_train) = (len(Use::Infer), len(Use::Train));
        }
        lens
    }

    fn write_packed<T: Real>(self, usage: Use, params: Params<'_, T>, to: &mut [T]) {
        if self.0 == Way::Packed {
            packed::pack(None, &Mutex::default(), usage, params.w_hh, to);
        }
    }

    /// `w_hh`, row by row.
    fn weights<T: Real>(self, usage: Use, params: Params<'_, T>, from: &[T]) -> Vec<T> {
        let shape = params.w_hh.shape();
        if self.0 == Way::Packed { packed::unpack(None, usage, shape, from) } else { window::elements(params.w_hh) }
    }

    fn act<T: Real>(self, activation: Activation, x: T) -> T {
        let y = activation.apply(x);
        let smooth = matches!(activation, Activation::Tanh | Activation::Sigmoid);
        if self.0 == Way::NoisyActivations && smooth { noisy(y) } else { y }
    }
    /// `(1 − z) n + z h`.
    fn blend<T: Real>(self, z: T, n: T, h: T) -> T {
        match self.0 {
            Way::Interpolated => n + z * (h - n),
            Way::FusedCells => z.fma(h - n, n),
            _ => (T::ONE - z) * n + z * h,
        }
    }

    /// `d (1 − z)`.
    fn share<T: Real>(self, d: T, z: T) -> T {
        match self.0 {
            Way::Interpolated => d - d * z,
            Way::FusedCells => (-d).fma(z, d),
            _ => d * (T::ONE - z),
        }
    }

    /// `d (h − n)`.
    fn across<T: Real>(self, d: T, h: T, n: T) -> T {
        match self.0 {
            Way::Distributed => d * h - d * n,
            Way::FusedCells => d.fma(h, -(d * n)),
            _ => d * (h - n),
        }
    }

    /// `d σ′` of `s = σ(·)`.
    fn through_sigmoid<T: Real>(self, d: T, s: T) -> T {
        match self.0 {
            Way::Distributed => d * (s - s * s),
            Way::Interpolated => d * s * (T::ONE - s),
            Way::FusedCells => d * (-s).fma(s, s),
            _ => d * (s * (T::ONE - s)),
        }
    }

    /// `d tanh′` of `t = tanh(·)`.
    fn through_tanh<T: Real>(self, d: T, t: T) -> T {
        match self.0 {
            Way::Distributed => d - d * (t * t),
            Way::Interpolated => d * (T::ONE - t * t),
            Way::FusedCells => d * (-t).fma(t, T::ONE),
            _ => d * ((T::ONE - t) * (T::ONE + t)),
        }
    }

    fn sigmoid<T: Real>(self, x: T) -> T {
        self.act(Activation::Sigmoid, x)
    }
    fn tanh<T: Real>(self, x: T) -> T {
        self.act(Activation::Tanh, x)
    }
}

/// Puts the weights that were packed into a run, in place of those it was given.
macro_rules! unpacked {
    ($self:ident, $run:ident, $lens:ident, $usage:expr) => {
        $run.check($self.$lens(&$run.spec, 1, 1).packed($usage), 0);
        let [rows, cols] = $run.params.w_hh.shape();
        let w = $self.weights($usage, $run.params, $run.packed);
        let mut $run = $run;
        $run.params.w_hh = MatRef::new(&w, rows, cols);
    };
}

impl<T: Real> Backend<T> for Correct {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let way = self.0;
        if way == Way::Transposed {
            let mut turned: Vec<T> = vec![T::ZERO; c.rows() * c.cols()];
            let [rows, cols] = c.shape();
            check_matmul(&c, &a, &b);
            product(MatMut::new(&mut turned, cols, rows), Accum::Replace, b.t(), a.t(), |start, terms| {
                terms.fold(start, |sum, (a, b)| sum + a * b)
            });
            for (m, n) in (0..rows).flat_map(|m| (0..cols).map(move |n| (m, n))) {
                let there = if accum == Accum::Add { c.row_mut(m)[n] } else { T::ZERO };
                c.row_mut(m)[n] = turned[n * rows + m] + there;
            }
            return;
        }
        if matches!(way, Way::NoisyActivations | Way::StepByStep | Way::TimeBlocked | Way::Packed)
            || matches!(way, Way::Interpolated | Way::Distributed | Way::FusedCells)
        {
            return in_order(c, accum, a, b);
        }
        product(c, accum, a, b, |start, terms| {
            let pairs: Vec<(T, T)> = terms.collect();
            let products = || pairs.iter().map(|&(a, b)| a * b);
            let add = |sum: T, term: T| sum + term;
            match way {
                Way::Reversed => products().rev().fold(T::ZERO, add) + start,
                Way::Pairwise => start + pairwise(&products().collect::<Vec<T>>()),
                Way::Compensated => compensated(start, products()),
                Way::Fused => pairs.iter().fold(start, |sum, &(a, b)| a.fma(b, sum)),
                Way::WideAccumulator => {
                    T::from_f64(pairs.iter().fold(start.to_f64(), |sum, (a, b)| sum + a.to_f64() * b.to_f64()))
                }
                Way::FourLanes => {
                    let lane = |k: usize| products().skip(k).step_by(4).fold(T::ZERO, add);
                    start + ((lane(0) + lane(1)) + (lane(2) + lane(3)))
                }
                Way::StartInTheMiddle => {
                    let half = pairs.len() / 2;
                    products().skip(half).fold(products().take(half).fold(T::ZERO, add) + start, add)
                }
                _ => products().fold(start, add),
            }
        });
    }

    fn elman_lens(&self, spec: &ElmanSpec<T>, steps: usize, rows: usize) -> BufferLens {
        self.with_room(sequence::elman::lens(spec, steps, rows), [spec.gate_rows(), spec.hidden])
    }
    fn elman_pack(&self, _spec: &ElmanSpec<T>, usage: Use, params: Params<'_, T>, packed: &mut [T]) {
        self.write_packed(usage, params, packed);
    }
    fn elman_infer(&self, run: ElmanInfer<'_, T>) {
        unpacked!(self, run, elman_lens, Use::Infer);
        sequence::elman::infer(self, run);
    }
    fn elman_forward(&self, run: ElmanForward<'_, T>) {
        unpacked!(self, run, elman_lens, Use::Train);
        match self.0 {
            Way::StepByStep => window::elman_forward(self, run, Slip::None),
            _ => sequence::elman::forward(self, run),
        }
    }
    fn elman_backward(&self, run: ElmanBackward<'_, T>) {
        unpacked!(self, run, elman_lens, Use::Train);
        match self.0 {
            Way::TimeBlocked => window::elman_backward(self, run, 2, Slip::None),
            _ => sequence::elman::backward(self, run),
        }
    }

    fn lstm_lens(&self, spec: &LstmSpec<T>, steps: usize, rows: usize) -> BufferLens {
        self.with_room(sequence::lstm::lens(spec, steps, rows), [spec.gate_rows(), spec.hidden])
    }
    fn lstm_pack(&self, _spec: &LstmSpec<T>, usage: Use, params: Params<'_, T>, packed: &mut [T]) {
        self.write_packed(usage, params, packed);
    }
    fn lstm_infer(&self, run: LstmInfer<'_, T>) {
        unpacked!(self, run, lstm_lens, Use::Infer);
        sequence::lstm::infer(self, run);
    }
    fn lstm_forward(&self, run: LstmForward<'_, T>) {
        unpacked!(self, run, lstm_lens, Use::Train);
        match self.0 {
            Way::StepByStep => window::lstm_forward(self, run, Slip::None),
            _ => sequence::lstm::forward(self, run),
        }
    }
    fn lstm_backward(&self, run: LstmBackward<'_, T>) {
        unpacked!(self, run, lstm_lens, Use::Train);
        match self.0 {
            Way::TimeBlocked => window::lstm_backward(self, run, 2, Slip::None),
            _ => sequence::lstm::backward(self, run),
        }
    }

    fn gru_lens(&self, spec: &GruSpec<T>, steps: usize, rows: usize) -> BufferLens {
        self.with_room(sequence::gru::lens(spec, steps, rows), [spec.gate_rows(), spec.hidden])
    }
    fn gru_pack(&self, _spec: &GruSpec<T>, usage: Use, params: Params<'_, T>, packed: &mut [T]) {
        self.write_packed(usage, params, packed);
    }
    fn gru_infer(&self, run: GruInfer<'_, T>) {
        unpacked!(self, run, gru_lens, Use::Infer);
        sequence::gru::infer(self, run);
    }
    fn gru_forward(&self, run: GruForward<'_, T>) {
        unpacked!(self, run, gru_lens, Use::Train);
        match self.0 {
            Way::StepByStep => window::gru_forward(self, run, Slip::None),
            _ => sequence::gru::forward(self, run),
        }
    }
    fn gru_backward(&self, run: GruBackward<'_, T>) {
        unpacked!(self, run, gru_lens, Use::Train);
        match self.0 {
            Way::TimeBlocked => window::gru_backward(self, run, 2, Slip::None),
            _ => sequence::gru::backward(self, run),
        }
    }

    fn activation_forward(&self, activation: Activation, mut y: MatMut<'_, T>) {
        for m in 0..y.rows() {
            y.row_mut(m).iter_mut().for_each(|y| *y = self.act(activation, *y));
        }
    }

    fn elman_pointwise_forward(&self, step: ElmanStep<'_, T>) {
        self.activation_forward(step.activation, step.h);
    }

    fn lstm_pointwise_forward(&self, mut step: LstmStep<'_, T>) {
        step.check();
        let [rows, hidden] = step.c.shape();
        for n in 0..rows {
            let (gates, c_prev) = (step.gates.row_mut(n), step.c_prev.row(n));
            let (c, h) = (step.c.row_mut(n), step.h.row_mut(n));
            for j in 0..hidden {
                let (i, f) = (self.sigmoid(gates[j]), self.sigmoid(gates[hidden + j]));
                let (g, o) = (self.tanh(gates[2 * hidden + j]), self.sigmoid(gates[3 * hidden + j]));
                c[j] = if self.0 == Way::FusedCells { f.fma(c_prev[j], i * g) } else { f * c_prev[j] + i * g };
                h[j] = o * self.tanh(c[j]);
                (gates[j], gates[hidden + j], gates[2 * hidden + j], gates[3 * hidden + j]) = (i, f, g, o);
            }
        }
    }

    fn gru_pointwise_forward(&self, mut step: GruStep<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let (aux, h_prev) = (step.aux.row(row), step.h_prev.row(row));
            let (gates, h) = (step.gates.row_mut(row), step.h.row_mut(row));
            for j in 0..hidden {
                let (r, z) = (self.sigmoid(gates[j]), self.sigmoid(gates[hidden + j]));
                let n = self.tanh(gates[2 * hidden + j] + r * aux[j]);
                h[j] = self.blend(z, n, h_prev[j]);
                (gates[j], gates[hidden + j], gates[2 * hidden + j]) = (r, z, n);
            }
        }
    }

    fn gru_gates_forward(&self, mut step: GruGates<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let h_prev = step.h_prev.row(row);
            let (gates, aux) = (step.gates.row_mut(row), step.aux.row_mut(row));
            for j in 0..hidden {
                (gates[j], gates[hidden + j]) = (self.sigmoid(gates[j]), self.sigmoid(gates[hidden + j]));
                aux[j] = gates[j] * h_prev[j];
            }
        }
    }

    fn gru_candidate_forward(&self, mut step: GruCandidate<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let h_prev = step.h_prev.row(row);
            let (gates, h) = (step.gates.row_mut(row), step.h.row_mut(row));
            for j in 0..hidden {
                let n = self.tanh(gates[2 * hidden + j]);
                gates[2 * hidden + j] = n;
                h[j] = self.blend(gates[hidden + j], n, h_prev[j]);
            }
        }
    }

    fn lstm_pointwise_backward(&self, mut step: LstmStepGrad<'_, T>) {
        step.check();
        let [rows, hidden] = step.c.shape();
        for n in 0..rows {
            let (gates, c_prev, c) = (step.gates.row(n), step.c_prev.row(n), step.c.row(n));
            let (d_h, d_c) = (step.d_h.row(n), step.d_c.row(n));
            let (d_c_prev, d_pre) = (step.d_c_prev.row_mut(n), step.d_pre.row_mut(n));
            for j in 0..hidden {
                let (i, f, g, o) = (gates[j], gates[hidden + j], gates[2 * hidden + j], gates[3 * hidden + j]);
                let t = c[j].tanh();
                let d_c = d_c[j] + self.through_tanh(d_h[j] * o, t);
                d_pre[j] = self.through_sigmoid(d_c * g, i);
                d_pre[hidden + j] = self.through_sigmoid(d_c * c_prev[j], f);
                d_pre[2 * hidden + j] = self.through_tanh(d_c * i, g);
                d_pre[3 * hidden + j] = self.through_sigmoid(d_h[j] * t, o);
                d_c_prev[j] = d_c * f;
            }
        }
    }

    fn gru_pointwise_backward(&self, mut step: GruStepGrad<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let (gates, aux, h_prev, d_h) =
                (step.gates.row(row), step.aux.row(row), step.h_prev.row(row), step.d_h.row(row));
            let (d_pre, d_aux) = (step.d_pre.row_mut(row), step.d_aux.row_mut(row));
            let d_h_prev = step.d_h_prev.row_mut(row);
            for j in 0..hidden {
                let (r, z, n) = (gates[j], gates[hidden + j], gates[2 * hidden + j]);
                let d_n = self.through_tanh(self.share(d_h[j], z), n);
                d_pre[j] = self.through_sigmoid(d_n * aux[j], r);
                d_pre[hidden + j] = self.through_sigmoid(self.across(d_h[j], h_prev[j], n), z);
                d_pre[2 * hidden + j] = d_n;
                d_aux[j] = d_n * r;
                d_h_prev[j] = d_h[j] * z;
            }
        }
    }

    fn gru_candidate_backward(&self, mut step: GruCandidateGrad<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let (gates, h_prev, d_h) = (step.gates.row(row), step.h_prev.row(row), step.d_h.row(row));
            let d_pre = step.d_pre.row_mut(row);
            let d_h_prev = step.d_h_prev.row_mut(row);
            for j in 0..hidden {
                let (z, n) = (gates[hidden + j], gates[2 * hidden + j]);
                d_pre[hidden + j] = self.through_sigmoid(self.across(d_h[j], h_prev[j], n), z);
                d_pre[2 * hidden + j] = self.through_tanh(self.share(d_h[j], z), n);
                d_h_prev[j] = d_h[j] * z;
            }
        }
    }
}
