//! An index of what the backend overrides.

use rnn_kernels::{
    Accum, Activation, Backend, Backward, BernoulliCrossEntropy, BufferLens, Ctc, Effort, Forward, Infer,
    LinearBackward, LinearForward, MatMut, MatRef, SoftmaxCrossEntropy, Spec, SquaredError, Use, sequence,
};

use crate::faer::Faer;
use crate::layer::provided::Provided;
use crate::{layer, loss, passes, pointwise, product, recurrence, simd};

/// The backend for one number type, compiled here and once: a generic implementation would be compiled again, with
/// every kernel and instruction set behind it, by each program that uses it.
macro_rules! backend_for {
    ($T:ty) => {
        impl Backend<$T> for Faer {
            fn matmul(&self, c: MatMut<'_, $T>, accum: Accum, a: MatRef<'_, $T>, b: MatRef<'_, $T>) {
                product::product(self.simd, &self.workers, c, accum, a, b);
            }

            // Passes of this backend multiply by whole matrices alone; heads and fixed maps take the provided ones.
            fn lens(&self, spec: &Spec<$T>, steps: usize, rows: usize) -> BufferLens {
                if spec.plan().whole { layer::lens(self, spec, steps, rows) } else { sequence::lens(spec, steps, rows) }
            }
            fn pack(&self, spec: &Spec<$T>, usage: Use, params: &[$T], packed: &mut [$T]) {
                if spec.plan().whole {
                    layer::pack(self, spec, usage, params, packed);
                }
            }
            fn infer(&self, run: Infer<'_, $T>) {
                if run.spec.plan().whole { layer::infer(self, run) } else { sequence::infer(&Provided(self), run) }
            }
            fn forward(&self, run: Forward<'_, $T>) {
                if run.spec.plan().whole { layer::forward(self, run) } else { sequence::forward(&Provided(self), run) }
            }
            fn backward(&self, run: Backward<'_, $T>) {
                if run.spec.plan().whole {
                    layer::backward(self, run)
                } else {
                    sequence::backward(&Provided(self), run)
                }
            }

            fn join(&self, effort: Effort, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
                if passes::worth_joining(&self.workers, effort) {
                    self.workers.join([first, second]);
                } else {
                    first();
                    second();
                }
            }
            fn linear_forward(&self, run: LinearForward<'_, $T>) {
                recurrence::forward(self, run);
            }
            fn linear_backward(&self, run: LinearBackward<'_, $T>) {
                recurrence::backward(self, run);
            }
            fn activation_forward(&self, activation: Activation, h: MatMut<'_, $T>) {
                pointwise::activation(self.simd, &self.workers, activation, h);
            }
            fn softmax_cross_entropy(&self, loss: SoftmaxCrossEntropy<'_, $T>) {
                loss::softmax_cross_entropy(self.simd, loss);
            }
            fn bernoulli_cross_entropy(&self, loss: BernoulliCrossEntropy<'_, $T>) {
                loss::bernoulli_cross_entropy(self.simd, loss);
            }
            fn squared_error(&self, loss: SquaredError<'_, $T>) {
                loss::squared_error(self.simd, loss);
            }
            fn ctc(&self, loss: Ctc<'_, $T>) {
                simd::paths::ctc(self.simd, loss);
            }
        }
    };
}
backend_for!(f32);
backend_for!(f64);
