//! The contract: what a backend must do, what it may do better, and what every caller may rely on.

use crate::accum::Accum;
use crate::activation::Activation;
use crate::buffer::{BufferLens, Use};
use crate::ctc::Ctc;
use crate::head::{
    AffineBackward, AffineForward, BernoulliCrossEntropy, EmbeddingBackward, EmbeddingForward, SoftmaxCrossEntropy,
    SquaredError,
};
use crate::linear::{LinearBackward, LinearForward};
use crate::pass::{Backward, Forward, Infer, UnitBackward, UnitForward};
use crate::plan::Spec;
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef};
use crate::{reference, sequence};
use core::fmt::Debug;

/// Linear algebra and the cells built on it, for one number type.
///
/// **One method is required**: [`matmul`](Backend::matmul). Everything else has a body that is correct; a
/// backend overrides what pays, in this order: the products, the equation of a stage, whole passes with packed weights.
///
/// What a cell computes is data, [`Cell`](crate::Cell). An override with kernels for some cells asks
/// [`known`](crate::Cell::known) which one it is given and runs the program of every other, or hands the run to the provided
/// body (`sequence::forward(self, run)`): a cell it has never heard of is computed, and no option is ignored.
///
/// # The contract
///
/// Every clause is a law of the crate rnn-check.
///
/// - **C1** Shapes are checked on entry; a mistake panics before any write, and the message lets a reader fix the call.
/// - **C2** `Replace` never reads `C`.
/// - **C3** Nothing outside a view is written.
/// - **C4** `K = 0`: `Replace` zero-fills, `Add` leaves; an empty `M·N` is a no-op.
/// - **C5** Inputs are untouched.
/// - **C6** The contents of a workspace are arbitrary before and after.
/// - **C7** Same inputs give the same bits, run after run and for any number of threads.
/// - **C8** Every result lies within a bound derived from the operations; activations within the ULP the backend declares. Sums and
///   products may be taken in any order, with or without fused multiply-adds, in wider formats. Of formulas with several usual
///   arrangements these are covered: `(1 − z) n + z h` and `n + z (h − n)`; `d (1 − z)` and `d − d z`; `d (h − n)` and `d h − d n`;
///   `s (1 − s)` and `s − s²`; `(1 − t)(1 + t)` and `1 − t²`, also with a factor distributed over them; a quotient by the sum of
///   softmax and a product with its reciprocal. The largest logit is subtracted before anything else of the loss.
///   A sum over paths ([`Ctc`]) is a sum of products of probabilities to a relative bound, however small it is.
///   Steps of a linear recurrence may be grouped in any way, as [`LinearForward`] bounds it.
/// - **C9** NaN and infinities propagate; values never panic.
/// - **C10** Reserves are interchangeable: forward by any backend, backward by any other.
/// - **C11** Parameter gradients accumulate, state cotangents overwrite, `d_x` does as its `Accum` says; backward may
///   run twice on one reserve.
/// - **C12** (a claim) No heap allocation once buffers exist and each calling thread has made one call.
/// - **C13** (a claim) A row's result does not depend on the other rows of its batch, weight gradients excepted.
///
/// `+0` and `−0` count as equal everywhere.
pub trait Backend<T: Scalar>: Debug + Send + Sync {
    /// `C = A·B` or `C += A·B`: `c [M, N]`, `a [M, K]`, `b [K, N]`; `a` and `b` may be transposed views.
    ///
    /// # Panics
    /// If the shapes do not fit.
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>);

    /// A stage of any cell after its products, on some rows: pre-activations, reads and vectors in, kept values and writes out.
    fn unit_forward(&self, unit: UnitForward<'_, T>) {
        reference::program::forward(unit);
    }
    /// The pullback of [`unit_forward`](Backend::unit_forward).
    fn unit_backward(&self, unit: UnitBackward<'_, T>) {
        reference::program::backward(unit);
    }
    /// Lengths of every buffer of a cell over `steps` steps of `rows` rows.
    fn lens(&self, spec: &Spec<T>, steps: usize, rows: usize) -> BufferLens {
        sequence::lens(spec, steps, rows)
    }
    /// Weights into the layout this backend computes fastest with; overwrites `packed`, whose length
    /// [`lens`](Backend::lens) gives. The provided bodies use the weights as they are.
    fn pack(&self, _spec: &Spec<T>, _usage: Use, _params: &[T], _packed: &mut [T]) {}
    /// A pass over time that keeps only the states; one step is streaming.
    fn infer(&self, run: Infer<'_, T>) {
        sequence::infer(self, run);
    }
    /// A pass over time that keeps what backward needs.
    fn forward(&self, run: Forward<'_, T>) {
        sequence::forward(self, run);
    }
    /// Backpropagation through the time of a forward pass.
    fn backward(&self, run: Backward<'_, T>) {
        sequence::backward(self, run);
    }

    /// Does two pieces of work that share nothing and returns when both are done: at once if this backend has threads to spare
    /// for that, and otherwise the first before the second. Each is called once, on any thread. A bidirectional layer asks for
    /// it; the pieces may call this backend, with the bits they would get alone (C7).
    ///
    /// # Panics
    /// With the panic of a piece; the other one may then not have been called.
    fn join(&self, _effort: Effort, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
        first();
        second();
    }

    /// `h_t = a_t ⊙ h_{t−1} + b_t`, a recurrence whose coefficients read no state.
    fn linear_forward(&self, run: LinearForward<'_, T>) {
        reference::linear::forward(run);
    }
    /// `g_t = d_h_t + a_{t+1} g_{t+1}`, `d_b_t = g_t`, `d_a_t = g_t h_{t−1}`, `d_initial = a_1 g_1`.
    fn linear_backward(&self, run: LinearBackward<'_, T>) {
        reference::linear::backward(run);
    }

    /// `y = x Wᵀ + b`.
    fn affine_forward(&self, layer: AffineForward<'_, T>) {
        reference::affine::forward(self, layer);
    }
    /// `d_w += d_yᵀ x`, `d_b += Σ d_y`, `d_x = d_y W`.
    fn affine_backward(&self, layer: AffineBackward<'_, T>) {
        reference::affine::backward(self, layer);
    }
    /// `y = σ(y)`, in place.
    fn activation_forward(&self, activation: Activation, y: MatMut<'_, T>) {
        reference::activation::forward(activation, y);
    }
    /// `d = d ⊙ σ′(y)`, in place.
    fn activation_backward(&self, activation: Activation, y: MatRef<'_, T>, d: MatMut<'_, T>) {
        reference::activation::backward(activation, y, d);
    }
    /// `y[m] = table[index[m]]`.
    fn embedding_forward(&self, layer: EmbeddingForward<'_, T>) {
        reference::embedding::forward(layer);
    }
    /// `d_table[index[m]] += d_y[m]`.
    fn embedding_backward(&self, layer: EmbeddingBackward<'_, T>) {
        reference::embedding::backward(layer);
    }
    /// `loss = ln Σ e^a − a_target` and its gradient.
    fn softmax_cross_entropy(&self, loss: SoftmaxCrossEntropy<'_, T>) {
        reference::loss::softmax_cross_entropy(loss);
    }
    /// `loss = Σ ln(1 + e^a) − t a` and its gradient.
    fn bernoulli_cross_entropy(&self, loss: BernoulliCrossEntropy<'_, T>) {
        reference::loss::bernoulli_cross_entropy(loss);
    }
    /// `loss = Σ (y − t)²` and its gradient.
    fn squared_error(&self, loss: SquaredError<'_, T>) {
        reference::loss::squared_error(loss);
    }
    /// `loss = −ln p(labels | a)`, a sum over all paths that read the labels, and its gradient.
    fn ctc(&self, loss: Ctc<'_, T>) {
        reference::ctc::ctc(loss);
    }
}

/// How much work a piece of [`join`](Backend::join) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Rows it could be shared out by.
    pub rows: usize,
    /// About how many multiply-adds it takes.
    pub multiply_adds: usize,
}

// Keeps the trait usable as `dyn Backend`.
const _: fn(&dyn Backend<f32>) = |_| {};

/// Checks the operands of `C = A·B` for a backend's `matmul`; returns `[M, K, N]`.
///
/// # Panics
/// If the shapes do not fit; the message gives all three.
#[track_caller]
pub fn check_matmul<T>(c: &MatMut<'_, T>, a: &MatRef<'_, T>, b: &MatRef<'_, T>) -> [usize; 3] {
    let ([m, k], n) = (a.shape(), b.cols());
    assert!(
        c.shape() == [m, n] && b.rows() == k,
        "matmul: C is {:?}, A is {:?}, B is {:?}; they must be [M, N], [M, K], [K, N]",
        c.shape(),
        a.shape(),
        b.shape()
    );
    [m, k, n]
}
