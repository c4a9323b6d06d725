//! Backends that show what the suite can see: with one bug each, which must be rejected, and right in unusual ways, which
//! must be accepted.

mod backward;
mod bug;
mod correct;
mod forward;
mod head;
mod packed;
mod plain;
mod pointwise;
mod product;
mod registry;
mod way;
mod window;

pub use bug::Bug;
pub use correct::Correct;
pub use plain::Plain;
pub use registry::{REGISTRY, Row};
pub use way::Way;

use crate::real::Real;
use rnn_kernels::{
    Accum, Activation, AffineBackward, AffineForward, Backend, BernoulliCrossEntropy, BufferLens, Effort,
    ElmanBackward, ElmanForward, ElmanInfer, ElmanSpec, ElmanStep, ElmanStepGrad, EmbeddingBackward, EmbeddingForward,
    GruBackward, GruCandidate, GruCandidateGrad, GruForward, GruGates, GruGatesGrad, GruInfer, GruSpec, GruStep,
    GruStepGrad, LstmBackward, LstmForward, LstmInfer, LstmSpec, LstmStep, LstmStepGrad, MatMut, MatRef, Params,
    SoftmaxCrossEntropy, SquaredError, Use, sequence,
};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

/// The reference with one bug.
pub struct Planted {
    /// Which.
    pub bug: Bug,
    calls: AtomicUsize,
    last: Mutex<Vec<f64>>,
}

impl fmt::Debug for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Planted").field(&self.bug).finish()
    }
}

impl Planted {
    /// The reference with this bug.
    #[must_use]
    pub fn new(bug: Bug) -> Self {
        Self { bug, calls: AtomicUsize::new(0), last: Mutex::default() }
    }

    fn with_room(&self, mut lens: BufferLens, weights: [usize; 2]) -> BufferLens {
        if self.bug.packs() {
            let len = |usage| packed::len(Some(self.bug), usage, weights);
            (lens.packed_infer, lens.packed_train) = (len(Use::Infer), len(Use::Train));
        }
        lens
    }

    fn write_packed<T: Real>(&self, usage: Use, params: Params<'_, T>, packed: &mut [T]) {
        if self.bug.packs() {
            packed::pack(Some(self.bug), &self.last, usage, params.w_hh, packed);
        }
    }
}

impl<T: Real> Backend<T> for Planted {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        product::run(self, c, accum, a, b);
    }
    fn elman_pointwise_forward(&self, step: ElmanStep<'_, T>) {
        pointwise::elman_forward(self.bug, step);
    }
    fn lstm_pointwise_forward(&self, step: LstmStep<'_, T>) {
        pointwise::lstm_forward(self.bug, step);
    }
    fn lstm_pointwise_backward(&self, step: LstmStepGrad<'_, T>) {
        pointwise::lstm_backward(self.bug, step);
    }
    fn gru_pointwise_forward(&self, step: GruStep<'_, T>) {
        pointwise::gru_forward(self.bug, step);
    }
    fn gru_pointwise_backward(&self, step: GruStepGrad<'_, T>) {
        pointwise::gru_backward(self.bug, step);
    }
    fn gru_gates_forward(&self, step: GruGates<'_, T>) {
        pointwise::gru_gates_forward(self.bug, step);
    }
    fn gru_candidate_forward(&self, step: GruCandidate<'_, T>) {
        pointwise::gru_candidate_forward(self.bug, step);
    }
    fn gru_candidate_backward(&self, step: GruCandidateGrad<'_, T>) {
        pointwise::gru_candidate_backward(self.bug, step);
    }
    fn elman_lens(&self, spec: &ElmanSpec<T>, steps: usize, rows: usize) -> BufferLens {
        self.with_room(sequence::elman::lens(spec, steps, rows), [spec.gate_rows(), spec.hidden])
    }
    fn elman_pack(&self, _spec: &ElmanSpec<T>, usage: Use, params: Params<'_, T>, packed: &mut [T]) {
        self.write_packed(usage, params, packed);
    }
    fn elman_forward(&self, run: ElmanForward<'_, T>) {
        forward::elman_forward(self, run);
    }
    fn elman_backward(&self, run: ElmanBackward<'_, T>) {
        backward::elman_backward(self, run);
    }
    fn elman_infer(&self, run: ElmanInfer<'_, T>) {
        forward::elman_infer(self, run);
    }
    fn lstm_lens(&self, spec: &LstmSpec<T>, steps: usize, rows: usize) -> BufferLens {
        self.with_room(sequence::lstm::lens(spec, steps, rows), [spec.gate_rows(), spec.hidden])
    }
    fn lstm_pack(&self, _spec: &LstmSpec<T>, usage: Use, params: Params<'_, T>, packed: &mut [T]) {
        self.write_packed(usage, params, packed);
    }
    fn lstm_forward(&self, run: LstmForward<'_, T>) {
        forward::lstm_forward(self, run);
    }
    fn lstm_backward(&self, run: LstmBackward<'_, T>) {
        backward::lstm_backward(self, run);
    }
    fn lstm_infer(&self, run: LstmInfer<'_, T>) {
        forward::lstm_infer(self, run);
    }
    fn gru_lens(&self, spec: &GruSpec<T>, steps: usize, rows: usize) -> BufferLens {
        self.with_room(sequence::gru::lens(spec, steps, rows), [spec.gate_rows(), spec.hidden])
    }
    fn gru_pack(&self, _spec: &GruSpec<T>, usage: Use, params: Params<'_, T>, packed: &mut [T]) {
        self.write_packed(usage, params, packed);
    }
    fn gru_forward(&self, run: GruForward<'_, T>) {
        forward::gru_forward(self, run);
    }
    fn gru_backward(&self, run: GruBackward<'_, T>) {
        backward::gru_backward(self, run);
    }
    fn gru_infer(&self, run: GruInfer<'_, T>) {
        forward::gru_infer(self, run);
    }
    fn join(&self, _effort: Effort, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
        first();
        if self.bug != Bug::JoinForgetsOne {
            second();
        }
        if self.bug == Bug::JoinRepeatsOne {
            first();
        }
    }
    fn elman_pointwise_backward(&self, step: ElmanStepGrad<'_, T>) {
        pointwise::elman_backward(self.bug, step);
    }
    fn gru_gates_backward(&self, step: GruGatesGrad<'_, T>) {
        pointwise::gru_gates_backward(self.bug, step);
    }
    fn affine_forward(&self, layer: AffineForward<'_, T>) {
        head::affine_forward(self, layer);
    }
    fn embedding_forward(&self, layer: EmbeddingForward<'_, T>) {
        head::embedding_forward(self.bug, layer);
    }
    fn affine_backward(&self, layer: AffineBackward<'_, T>) {
        head::affine_backward(self, layer);
    }
    fn activation_forward(&self, activation: Activation, y: MatMut<'_, T>) {
        pointwise::activation_forward(self.bug, activation, y);
    }
    fn activation_backward(&self, activation: Activation, y: MatRef<'_, T>, d: MatMut<'_, T>) {
        let slope = if self.bug == Bug::DenseSlope { Activation::Sigmoid } else { activation };
        let activation = if activation == Activation::Tanh { slope } else { activation };
        rnn_kernels::reference::activation::backward(activation, y, d);
    }
    fn embedding_backward(&self, layer: EmbeddingBackward<'_, T>) {
        head::embedding_backward(self.bug, layer);
    }
    fn softmax_cross_entropy(&self, loss: SoftmaxCrossEntropy<'_, T>) {
        head::softmax(self.bug, loss);
    }
    fn bernoulli_cross_entropy(&self, loss: BernoulliCrossEntropy<'_, T>) {
        head::bernoulli(self.bug, loss);
    }
    fn squared_error(&self, loss: SquaredError<'_, T>) {
        head::squared_error(self.bug, loss);
    }
}
