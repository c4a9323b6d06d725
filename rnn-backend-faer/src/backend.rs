//! [`Faer`]: the backend, an index of what it overrides.

use rnn_kernels::{
    Accum, Activation, Backend, Backward, BernoulliCrossEntropy, BufferLens, Effort, Forward, Infer, MatMut, MatRef,
    SoftmaxCrossEntropy, Spec, Use,
};

use crate::simd::{Isa, Simd};
use crate::threads::{ThreadsError, Workers};
use crate::{layer, loss, passes, pointwise, product};

/// faer's matmul for large products, packed panels for recurrent ones, vector kernels for the gates, threads.
///
/// Cloning is cheap and shares the threads. The bits of every result are the same for any number of threads.
#[derive(Clone, Debug)]
pub struct Faer {
    pub(crate) simd: Simd,
    pub(crate) workers: Workers,
}

impl Default for Faer {
    /// [`Faer::sequential`].
    fn default() -> Self {
        Self::sequential()
    }
}

impl Faer {
    /// On the calling thread alone.
    #[must_use]
    pub fn sequential() -> Self {
        Self { simd: Simd::detect(), workers: Workers::caller() }
    }

    /// On `threads` threads, the calling one among them; 0 counts as 1.
    ///
    /// As [`try_parallel`](Faer::try_parallel), for programs that know the machine.
    ///
    /// # Panics
    /// If the threads cannot be had, after those started have ended.
    #[must_use]
    pub fn parallel(threads: usize) -> Self {
        Self::try_parallel(threads).unwrap_or_else(|error| panic!("Faer::parallel: {error}"))
    }

    /// On `threads` threads, the calling one among them; 0 counts as 1.
    ///
    /// They wait between calls, awake for about as long as they have worked and at most a tenth of a millisecond, then asleep,
    /// and end with the last clone of this value.
    ///
    /// A call waits for no thread that has not begun: what the others have not, the calling thread does itself, with the same
    /// bits. Where they come late again and again, because the cores have other work, calls do without them for up to two
    /// seconds. So the value is of use in a process forked from this one, too, on the calling thread alone; only a piece of
    /// [`Backend::join`] must not fork and return.
    ///
    /// # Errors
    /// If there are more than 65 536, no memory for them, or the system refuses one; those started before have then ended.
    pub fn try_parallel(threads: usize) -> Result<Self, ThreadsError> {
        Ok(Self { simd: Simd::detect(), workers: Workers::pool(threads)? })
    }

    /// On the threads of a rayon pool. Entering the pool from outside allocates.
    #[cfg(feature = "rayon")]
    #[must_use]
    pub fn on_rayon(pool: std::sync::Arc<rayon::ThreadPool>) -> Self {
        Self { simd: Simd::detect(), workers: Workers::rayon(pool) }
    }

    /// The same backend with this instruction set forced, if the machine has it: for tests, and to compare machines.
    ///
    /// faer chooses its own instructions, so all products with plain rows then go to our kernels.
    #[must_use]
    pub fn with_isa(self, isa: Isa) -> Option<Self> {
        Simd::new(isa).map(|simd| Self { simd, ..self })
    }

    /// How many threads a call may use.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.threads()
    }

    /// The instruction set in use.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.simd.isa()
    }
}

/// The backend for one number type, compiled here and once: a generic implementation would be compiled again, with
/// every kernel and instruction set behind it, by each program that uses it.
macro_rules! backend_for {
    ($T:ty) => {
        impl Backend<$T> for Faer {
            fn matmul(&self, c: MatMut<'_, $T>, accum: Accum, a: MatRef<'_, $T>, b: MatRef<'_, $T>) {
                product::product(self.simd, &self.workers, c, accum, a, b);
            }

            fn lens(&self, spec: &Spec<$T>, steps: usize, rows: usize) -> BufferLens {
                layer::lens(spec, steps, rows)
            }
            fn pack(&self, spec: &Spec<$T>, usage: Use, params: &[$T], packed: &mut [$T]) {
                layer::pack(&self.workers, spec, usage, params, packed);
            }
            fn infer(&self, run: Infer<'_, $T>) {
                layer::infer(self, run);
            }
            fn forward(&self, run: Forward<'_, $T>) {
                layer::forward(self, run);
            }
            fn backward(&self, run: Backward<'_, $T>) {
                layer::backward(self, run);
            }

            fn join(&self, effort: Effort, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
                if passes::worth_joining(&self.workers, effort) {
                    self.workers.join([first, second]);
                } else {
                    first();
                    second();
                }
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
        }
    };
}
backend_for!(f32);
backend_for!(f64);
