//! Arguments of connectionist temporal classification: labels that are not aligned with the steps.

use crate::shape::expect;
use crate::view::{MatMut, MatRef};

/// The class that is no label.
pub const BLANK: u32 = 0;

/// `loss[n] = −ln p(l_n | a_n)`, `p(l | a) = Σ_π Π_t softmax(a_t)[π_t]` over all paths `π` that read `l`, with its gradient in the logits.
///
/// A path names one class a step. It reads as its labels once repetitions are merged and the [blank](BLANK) is left out. Where no path
/// reads them, since there are too few steps, the loss is `+∞` and its gradient NaN.
///
/// Every step is in time order, row `n` of step `t` at `t·N + n`. Source: Graves et al. 2006; the blank is PyTorch's default.
#[derive(Debug)]
pub struct Ctc<'a, T> {
    /// `[T·N, V]`.
    pub logits: MatRef<'a, T>,
    /// Those of all rows, one row after another, each in `1..V`.
    pub labels: &'a [u32],
    /// `[N]`: how many labels each row has.
    pub counts: &'a [usize],
    /// `[T·N]`: which steps are a row's; `None` is all. The logits of others are never read.
    pub live: Option<&'a [bool]>,
    /// `[N]` out, overwritten: nats.
    pub loss: &'a mut [T],
    /// `[T·N, V]` out, overwritten: `scale · (softmax(a_t) − p(π_t = · | l))`; 0 where a step is not the row's.
    pub d_logits: Option<MatMut<'a, T>>,
    /// `∂L/∂loss[n]`.
    pub scale: T,
    /// At least [`workspace`](Self::workspace) numbers, whatever the number type of the logits; their contents are arbitrary before and after.
    pub workspace: &'a mut [f64],
}

impl<T> Ctc<'_, T> {
    /// How many numbers of workspace rows of at most so many steps and labels need; `None` if that cannot be counted.
    #[must_use]
    pub fn workspace(steps: usize, classes: usize, labels: usize) -> Option<usize> {
        let places = labels.checked_mul(2)?.checked_add(3)?;
        let of_outputs = steps.checked_mul(classes.checked_add(1)?)?;
        let of_paths = steps.checked_add(1)?.checked_mul(places)?.checked_mul(4)?;
        of_outputs.checked_add(of_paths)?.checked_add(places.checked_mul(3)?)?.checked_add(classes.checked_mul(2)?)
    }

    /// Checks every shape and label; returns `[T, N, V]`.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) -> [usize; 3] {
        let ([m, v], n) = (self.logits.shape(), self.counts.len());
        let kernel = "ctc";
        let steps = m.checked_div(n).unwrap_or(0);
        expect(kernel, "logits", self.logits.shape(), "[T·N, V]", [steps * n, v]);
        let sum = self.counts.iter().fold(0_usize, |sum, &count| sum.saturating_add(count));
        expect(kernel, "labels", [self.labels.len()], "[Σ counts]", [sum]);
        expect(kernel, "live", [self.live.map_or(m, <[bool]>::len)], "[T·N]", [m]);
        expect(kernel, "loss", [self.loss.len()], "[N]", [n]);
        expect(kernel, "d_logits", self.d_logits.as_ref().map_or([m, v], MatMut::shape), "[T·N, V]", [m, v]);
        if let Some(at) = self.labels.iter().position(|&label| label == BLANK || label as usize >= v) {
            panic!("ctc: labels[{at}] is {}; it must be in 1..{v}", self.labels[at]);
        }
        let needed = Self::workspace(steps, v, self.counts.iter().copied().max().unwrap_or(0)).unwrap_or(usize::MAX);
        let found = self.workspace.len();
        assert!(found >= needed, "ctc: workspace has {found} numbers; it must have at least {needed}");
        [steps, n, v]
    }
}
