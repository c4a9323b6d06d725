//! Arguments of the output side: affine layers, activations, embeddings, losses.
//!
//! Here a row is any example: the library flattens `[T, N, …]` to `M = T·N` rows.

use crate::accum::Accum;
use crate::shape::expect;
use crate::view::{MatMut, MatRef};

/// A target that does not count: padding.
pub const IGNORE: u32 = u32::MAX;

/// `y = x Wᵀ + b`.
#[derive(Debug)]
pub struct AffineForward<'a, T> {
    /// `[M, K]`.
    pub x: MatRef<'a, T>,
    /// `[O, K]`, PyTorch's `weight`.
    pub w: MatRef<'a, T>,
    /// `[O]`.
    pub b: Option<&'a [T]>,
    /// `[M, O]` out, overwritten.
    pub y: MatMut<'a, T>,
}

/// The pullback of [`AffineForward`].
#[derive(Debug)]
pub struct AffineBackward<'a, T> {
    /// `[M, K]` in: the input of forward.
    pub x: MatRef<'a, T>,
    /// `[O, K]` in.
    pub w: MatRef<'a, T>,
    /// `[M, O]` in.
    pub d_y: MatRef<'a, T>,
    /// `[O, K]` accumulated: `+= d_yᵀ x`.
    pub d_w: Option<MatMut<'a, T>>,
    /// `[O]` accumulated: `+= Σ_m d_y[m]`.
    pub d_b: Option<&'a mut [T]>,
    /// `[M, K]` out, as `d_x_accum` says: `d_y W`.
    pub d_x: Option<MatMut<'a, T>>,
    /// Whether `d_x` is overwritten or added to.
    pub d_x_accum: Accum,
}

/// Lookup `y[m] = table[index[m]]`, the product of a one-hot row with the table.
#[derive(Debug)]
pub struct EmbeddingForward<'a, T> {
    /// `[V, E]`.
    pub table: MatRef<'a, T>,
    /// `[M]`, each below `V` or [`IGNORE`].
    pub index: &'a [u32],
    /// `[M, E]` out, overwritten; 0 where the index is [`IGNORE`].
    pub y: MatMut<'a, T>,
}

/// The pullback of [`EmbeddingForward`].
#[derive(Debug)]
pub struct EmbeddingBackward<'a, T> {
    /// `[M]`.
    pub index: &'a [u32],
    /// `[M, E]` in; rows whose index is [`IGNORE`] are never read.
    pub d_y: MatRef<'a, T>,
    /// `[V, E]` accumulated: `d_table[index[m]] += d_y[m]`.
    pub d_table: MatMut<'a, T>,
}

/// `loss[m] = ln Σ_k e^{a_k} − a_target`, with its gradient in the logits.
#[derive(Debug)]
pub struct SoftmaxCrossEntropy<'a, T> {
    /// `[M, V]`.
    pub logits: MatRef<'a, T>,
    /// `[M]`, each below `V` or [`IGNORE`].
    pub targets: &'a [u32],
    /// `[M]` out, overwritten: nats; 0 where ignored.
    pub loss: &'a mut [T],
    /// `[M, V]` out, overwritten: `scale · (softmax(a) − e_target)`; 0 where ignored.
    pub d_logits: Option<MatMut<'a, T>>,
    /// `∂L/∂loss[m]`, e.g. one over the number of targets that count.
    pub scale: T,
}

/// `loss[m] = Σ_k ln(1 + e^{a_k}) − t_k a_k`: independent Bernoulli outputs, with the gradient in the logits.
#[derive(Debug)]
pub struct BernoulliCrossEntropy<'a, T> {
    /// `[M, K]`.
    pub logits: MatRef<'a, T>,
    /// `[M, K]`, probabilities.
    pub targets: MatRef<'a, T>,
    /// `[M]`: rows that count; `None` is all. The targets and logits of others are never read.
    pub live: Option<&'a [bool]>,
    /// `[M]` out, overwritten: nats; 0 where a row does not count.
    pub loss: &'a mut [T],
    /// `[M, K]` out, overwritten: `scale · (σ(a) − t)`; 0 where a row does not count.
    pub d_logits: Option<MatMut<'a, T>>,
    /// `∂L/∂loss[m]`.
    pub scale: T,
}

/// `loss[m] = Σ_k (y_k − t_k)²`, with its gradient.
#[derive(Debug)]
pub struct SquaredError<'a, T> {
    /// `[M, K]`.
    pub y: MatRef<'a, T>,
    /// `[M, K]`.
    pub targets: MatRef<'a, T>,
    /// `[M]`: rows that count; `None` is all. The targets and outputs of others are never read.
    pub live: Option<&'a [bool]>,
    /// `[M]` out, overwritten; 0 where a row does not count.
    pub loss: &'a mut [T],
    /// `[M, K]` out, overwritten: `scale · 2 (y − t)`; 0 where a row does not count.
    pub d_y: Option<MatMut<'a, T>>,
    /// `∂L/∂loss[m]`.
    pub scale: T,
}

impl<T> AffineForward<'_, T> {
    /// Checks every shape.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let [m, k] = self.x.shape();
        let o = self.w.rows();
        expect("affine", "w", self.w.shape(), "[O, K]", [o, k]);
        expect("affine", "b", [self.b.map_or(o, <[T]>::len)], "[O]", [o]);
        expect("affine", "y", self.y.shape(), "[M, O]", [m, o]);
    }
}

impl<T> AffineBackward<'_, T> {
    /// Checks every shape.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let ([m, k], o) = (self.x.shape(), self.w.rows());
        let kernel = "affine gradient";
        expect(kernel, "w", self.w.shape(), "[O, K]", [o, k]);
        expect(kernel, "d_y", self.d_y.shape(), "[M, O]", [m, o]);
        expect(kernel, "d_w", self.d_w.as_ref().map_or([o, k], MatMut::shape), "[O, K]", [o, k]);
        expect(kernel, "d_b", [self.d_b.as_ref().map_or(o, |b| b.len())], "[O]", [o]);
        expect(kernel, "d_x", self.d_x.as_ref().map_or([m, k], MatMut::shape), "[M, K]", [m, k]);
    }
}

#[track_caller]
fn check_index(kernel: &str, argument: &str, index: &[u32], below: usize) {
    if let Some(m) = index.iter().position(|&i| i != IGNORE && i as usize >= below) {
        panic!("{kernel}: {argument}[{m}] is {}; it must be below {below} or IGNORE", index[m]);
    }
}

impl<T> EmbeddingForward<'_, T> {
    /// Checks every shape and index.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let (m, [v, e]) = (self.index.len(), self.table.shape());
        expect("embedding", "y", self.y.shape(), "[M, E]", [m, e]);
        check_index("embedding", "index", self.index, v);
    }
}

impl<T> EmbeddingBackward<'_, T> {
    /// Checks every shape and index.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let (m, [v, e]) = (self.index.len(), self.d_table.shape());
        expect("embedding gradient", "d_y", self.d_y.shape(), "[M, E]", [m, e]);
        check_index("embedding gradient", "index", self.index, v);
    }
}

impl<T> SoftmaxCrossEntropy<'_, T> {
    /// Checks every shape and target.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let [m, v] = self.logits.shape();
        let kernel = "softmax cross-entropy";
        expect(kernel, "targets", [self.targets.len()], "[M]", [m]);
        expect(kernel, "loss", [self.loss.len()], "[M]", [m]);
        expect(kernel, "d_logits", self.d_logits.as_ref().map_or([m, v], MatMut::shape), "[M, V]", [m, v]);
        check_index(kernel, "targets", self.targets, v);
    }
}

macro_rules! check_regression {
    ($type:ident, $kernel:literal, $y:ident, $d_y:ident) => {
        impl<T> $type<'_, T> {
            /// Checks every shape.
            ///
            /// # Panics
            /// If one is wrong; the message says which, and what it must be.
            #[track_caller]
            pub fn check(&self) {
                let [m, k] = self.$y.shape();
                expect($kernel, "targets", self.targets.shape(), "[M, K]", [m, k]);
                expect($kernel, "live", [self.live.map_or(m, <[bool]>::len)], "[M]", [m]);
                expect($kernel, "loss", [self.loss.len()], "[M]", [m]);
                let found = self.$d_y.as_ref().map_or([m, k], MatMut::shape);
                expect($kernel, stringify!($d_y), found, "[M, K]", [m, k]);
            }
        }
    };
}

check_regression!(BernoulliCrossEntropy, "Bernoulli cross-entropy", logits, d_logits);
check_regression!(SquaredError, "squared error", y, d_y);
