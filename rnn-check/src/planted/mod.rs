//! Backends that show what the suite can see: with one bug each, which must be rejected, and correct in unusual ways, which
//! must be accepted.

mod backward;
mod bug;
mod correct;
mod ctc;
mod forward;
mod head;
mod packed;
mod plain;
mod product;
mod rearranged;
mod recurrence;
mod registry;
mod reset;
mod slips;
#[cfg(test)]
mod tests;
mod trial;
mod unit;
mod way;
mod window;

pub use bug::Bug;
pub use correct::Correct;
pub use plain::Plain;
pub use registry::{REGISTRY, Row};
pub use slips::{Slip, Slipped, slips};
pub use way::Way;

use crate::real::Real;
use rnn_kernels::{
    Accum, Activation, AffineBackward, AffineForward, Backend, Backward, BernoulliCrossEntropy, BufferLens, Ctc,
    Effort, EmbeddingBackward, EmbeddingForward, Forward, Infer, LinearBackward, LinearForward, MatMut, MatRef,
    SoftmaxCrossEntropy, Spec, SquaredError, UnitBackward, UnitForward, Use, sequence,
};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard};

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

    /// What a forgetful backend remembers.
    fn last(&self) -> MutexGuard<'_, Vec<f64>> {
        self.last.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Where a block of the parameters lies; nowhere if the cell has none of that name.
fn block<T>(spec: &Spec<T>, name: &str) -> Range<usize> {
    spec.blocks().iter().find(|block| block.name == name).map_or(0..0, |block| block.range.clone())
}

/// The elements, row by row.
fn elements<T: Real>(m: MatRef<'_, T>) -> Vec<T> {
    (0..m.rows()).flat_map(|n| m.row(n).to_vec()).collect()
}

impl<T: Real> Backend<T> for Planted {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        product::run(self, c, accum, a, b);
    }
    fn unit_forward(&self, unit: UnitForward<'_, T>) {
        unit::forward(self.bug, unit);
    }
    fn unit_backward(&self, unit: UnitBackward<'_, T>) {
        unit::backward(self.bug, unit);
    }
    fn lens(&self, spec: &Spec<T>, steps: usize, rows: usize) -> BufferLens {
        let lens = sequence::lens(spec, steps, rows);
        if self.bug.packs() { packed::with_room(Some(self.bug), spec, lens) } else { lens }
    }
    fn pack(&self, spec: &Spec<T>, usage: Use, params: &[T], packed: &mut [T]) {
        if self.bug.packs() {
            packed::pack(Some(self.bug), &self.last, spec, usage, params, packed);
        }
    }
    fn infer(&self, run: Infer<'_, T>) {
        forward::infer(self, run);
    }
    fn forward(&self, run: Forward<'_, T>) {
        forward::forward(self, run);
    }
    fn backward(&self, run: Backward<'_, T>) {
        backward::backward(self, run);
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
    fn linear_forward(&self, run: LinearForward<'_, T>) {
        recurrence::forward(self.bug, run);
    }
    fn linear_backward(&self, run: LinearBackward<'_, T>) {
        recurrence::backward(self.bug, run);
    }
    fn affine_forward(&self, layer: AffineForward<'_, T>) {
        head::affine_forward(self, layer);
    }
    fn affine_backward(&self, layer: AffineBackward<'_, T>) {
        head::affine_backward(self, layer);
    }
    fn activation_forward(&self, activation: Activation, y: MatMut<'_, T>) {
        unit::activation_forward(self.bug, activation, y);
    }
    fn activation_backward(&self, activation: Activation, y: MatRef<'_, T>, d: MatMut<'_, T>) {
        let slope = if self.bug == Bug::DenseSlope { Activation::Sigmoid } else { activation };
        let activation = if activation == Activation::Tanh { slope } else { activation };
        rnn_kernels::reference::activation::backward(activation, y, d);
    }
    fn embedding_forward(&self, layer: EmbeddingForward<'_, T>) {
        head::embedding_forward(self.bug, layer);
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
    fn ctc(&self, loss: Ctc<'_, T>) {
        ctc::ctc(self.bug, loss);
    }
}
