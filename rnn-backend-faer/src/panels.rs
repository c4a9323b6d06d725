//! The recurrent weights packed once, and the provided drivers run on them.
//!
//! The recurrent product is small and repeats `T` times with the same weights, so packing them again at every step is
//! what a general matmul loses. [`Panels`] is the backend with some operands replaced: whenever a driver asks for a
//! product with one of them, the panels are multiplied instead. The drivers stay the ones of rnn-kernels.

use core::fmt::Debug;

use rnn_kernels::{
    Accum, Backend, ElmanStep, ElmanStepGrad, GruCandidate, GruCandidateGrad, GruGates, GruGatesGrad, GruStep,
    GruStepGrad, LstmStep, LstmStepGrad, MatMut, MatRef, Params, Use, check_matmul,
};

use crate::number::Number;
use crate::pointwise;
use crate::product::{self, WORTH_SHARING};
use crate::simd::Simd;
use crate::simd::product::pack::{pack_panels, pack_panels_by_depth, packed_len};
use crate::simd::product::{Product, packed};
use crate::streaming::Weights;
use crate::threads::Workers;

/// At most so many operands are packed: two blocks of a GRU's `w_hh`, as they are and transposed.
const OPERANDS: usize = 4;

/// The operands `B` that are packed for a purpose, in their order in the buffer.
///
/// `cut` is the row of `w_hh` where a cell's recurrent product is cut in two: `2H` for a GRU, whose candidate has a
/// product of its own, `G·H` for the others. Streaming packs `w_ih` too: with one row it costs as much as `w_hh`.
fn operands<T: Number>(params: Params<'_, T>, cut: usize, usage: Use) -> [Option<MatRef<'_, T>>; OPERANDS] {
    let w_hh = params.w_hh;
    let (first, second) = (w_hh.rows_range(0, cut), w_hh.rows_range(cut, w_hh.rows()));
    let second = (cut < w_hh.rows()).then_some(second);
    match usage {
        Use::Infer => [Some(first.t()), second.map(|w| w.t()), Some(params.w_ih.t()), None],
        Use::Train => [Some(first.t()), second.map(|w| w.t()), Some(first), second],
    }
}

/// The elements that [`pack`] writes.
pub fn len<T: Number>(gate_rows: usize, input: usize, output: usize, cut: usize, usage: Use) -> usize {
    let second = gate_rows - cut;
    let forward = packed_len::<T>(cut, output) + packed_len::<T>(second, output);
    forward
        + match usage {
            Use::Infer => packed_len::<T>(gate_rows, input),
            Use::Train => packed_len::<T>(output, cut) + if second > 0 { packed_len::<T>(output, second) } else { 0 },
        }
}

/// Writes the operands for a purpose into `buffer`, one after another.
///
/// # Panics
/// If the buffer is shorter than [`len`].
pub fn pack<T: Number>(params: Params<'_, T>, cut: usize, usage: Use, buffer: &mut [T]) {
    let mut rest = buffer;
    for b in operands(params, cut, usage).into_iter().flatten() {
        let [depth, cols] = b.shape();
        let (panels, tail) = core::mem::take(&mut rest).split_at_mut(packed_len::<T>(cols, depth));
        let (data, stride) = b.storage();
        if b.is_transposed() {
            pack_panels(data, cols, depth, stride, panels);
        } else {
            pack_panels_by_depth(data, cols, depth, stride, panels);
        }
        rest = tail;
    }
}

/// The kernels of [`Faer`](crate::Faer) with some operands of products packed.
#[derive(Debug)]
pub struct Panels<'a, T> {
    simd: Simd,
    workers: &'a Workers,
    packed: [Option<(MatRef<'a, T>, &'a [T])>; OPERANDS],
}

impl<'a, T: Number> Panels<'a, T> {
    /// The operands of these parameters as [`pack`] left them in `buffer`.
    ///
    /// # Panics
    /// If the buffer is shorter than [`len`].
    pub fn new(
        (simd, workers): (Simd, &'a Workers),
        params: Params<'a, T>,
        cut: usize,
        usage: Use,
        buffer: &'a [T],
    ) -> Self {
        let mut rest = buffer;
        let packed = operands(params, cut, usage).map(|operand| {
            operand.map(|b| {
                let (panels, tail) = rest.split_at(packed_len::<T>(b.cols(), b.rows()));
                rest = tail;
                (b, panels)
            })
        });
        Self { simd, workers, packed }
    }

    /// The operands for streaming: `w_hh` up to the cut, `w_hh` from it on (or nothing), `w_ih`.
    pub fn streaming(&self) -> Weights<'a, T> {
        [0, 1, 2].map(|i| self.packed[i].map_or(&[][..], |(_, panels)| panels))
    }

    /// The panels of this operand, if it is one of ours: the same elements, not equal ones.
    fn find(&self, b: &MatRef<'_, T>) -> Option<&'a [T]> {
        let place = |b: &MatRef<'_, T>| (b.storage().0.as_ptr(), b.storage().1, b.shape(), b.is_transposed());
        self.packed.iter().flatten().find(|(ours, _)| place(ours) == place(b)).map(|&(_, panels)| panels)
    }
}

impl<T: Number> Backend<T> for Panels<'_, T> {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let Some(panels) = self.find(&b).filter(|_| !a.is_transposed()) else {
            return product::product(self.simd, self.workers, c, accum, a, b);
        };
        let [m, k, n] = check_matmul(&c, &a, &b);
        let block = self.workers.block(m, m * n * k >= WORTH_SHARING);
        self.workers.by_rows(m, block, [c], |from, [c]| {
            let rows = c.rows();
            let (c, c_stride) = c.storage();
            let (a, a_stride) = a.rows_range(from, from + rows).storage();
            let product = Product { c, c_stride, accum, a, a_stride, b: panels, b_stride: 0, rows, cols: n, depth: k };
            packed(self.simd, product);
        });
    }

    fn elman_pointwise_forward(&self, step: ElmanStep<'_, T>) {
        pointwise::elman_forward(self.simd, self.workers, step);
    }
    fn elman_pointwise_backward(&self, step: ElmanStepGrad<'_, T>) {
        pointwise::elman_backward(self.simd, self.workers, step);
    }
    fn lstm_pointwise_forward(&self, step: LstmStep<'_, T>) {
        pointwise::lstm_forward(self.simd, self.workers, step);
    }
    fn lstm_pointwise_backward(&self, step: LstmStepGrad<'_, T>) {
        pointwise::lstm_backward(self.simd, self.workers, step);
    }
    fn gru_pointwise_forward(&self, step: GruStep<'_, T>) {
        pointwise::gru_forward(self.simd, self.workers, step);
    }
    fn gru_pointwise_backward(&self, step: GruStepGrad<'_, T>) {
        pointwise::gru_backward(self.simd, self.workers, step);
    }
    fn gru_gates_forward(&self, step: GruGates<'_, T>) {
        pointwise::gru_gates_forward(self.simd, self.workers, step);
    }
    fn gru_gates_backward(&self, step: GruGatesGrad<'_, T>) {
        pointwise::gru_gates_backward(self.simd, self.workers, step);
    }
    fn gru_candidate_forward(&self, step: GruCandidate<'_, T>) {
        pointwise::gru_candidate_forward(self.simd, self.workers, step);
    }
    fn gru_candidate_backward(&self, step: GruCandidateGrad<'_, T>) {
        pointwise::gru_candidate_backward(self.simd, self.workers, step);
    }
}
