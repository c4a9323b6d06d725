//! Backends that show what the suite can see: with one bug each, which must be rejected, and right in unusual ways, which
//! must be accepted.

mod bug;
mod correct;
mod head;
mod plain;
mod pointwise;
mod product;
mod sequence;

pub use bug::Bug;
pub use correct::{Correct, Way};
pub use plain::Plain;

use crate::real::Real;
use rnn_kernels::{
    Accum, Activation, AffineBackward, Backend, BernoulliCrossEntropy, ElmanBackward, ElmanForward, ElmanInfer,
    ElmanStep, EmbeddingBackward, GruBackward, GruCandidate, GruCandidateGrad, GruForward, GruGates, GruInfer, GruStep,
    GruStepGrad, LstmBackward, LstmForward, LstmInfer, LstmStep, LstmStepGrad, MatMut, MatRef, SoftmaxCrossEntropy,
    SquaredError,
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
    fn elman_forward(&self, run: ElmanForward<'_, T>) {
        sequence::elman_forward(self, run);
    }
    fn elman_backward(&self, run: ElmanBackward<'_, T>) {
        sequence::elman_backward(self, run);
    }
    fn elman_infer(&self, run: ElmanInfer<'_, T>) {
        sequence::elman_infer(self, run);
    }
    fn lstm_forward(&self, run: LstmForward<'_, T>) {
        sequence::lstm_forward(self, run);
    }
    fn lstm_backward(&self, run: LstmBackward<'_, T>) {
        sequence::lstm_backward(self, run);
    }
    fn lstm_infer(&self, run: LstmInfer<'_, T>) {
        sequence::lstm_infer(self, run);
    }
    fn gru_forward(&self, run: GruForward<'_, T>) {
        sequence::gru_forward(self, run);
    }
    fn gru_backward(&self, run: GruBackward<'_, T>) {
        sequence::gru_backward(self, run);
    }
    fn gru_infer(&self, run: GruInfer<'_, T>) {
        sequence::gru_infer(self, run);
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
