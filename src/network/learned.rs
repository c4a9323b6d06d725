//! `∂L/∂h_0 = Σ_n ∂L/∂h_0[n]`: the gradient of learned initial states is the sum of those of the rows that begin.
//!
//! A row that has made no step is at its beginning, whatever windows went by. So learned states have the gradient of the windows in which
//! rows begin, and none of those that go on from a state that was carried, as truncated BPTT has it of every state before a window.

use super::dims::Dims;
use super::timing::Timing;
use super::{Network, Parameters, Workspace};
use rnn_kernels::{Backend, Scalar};

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// `∂L/∂θ += Σ_n ∂L/∂h_0[n]` over the rows that began with the pass at hand, after its way back.
    pub(super) fn give_to_initial(&self, workspace: &Workspace<T>, gradients: &mut Parameters<T>) {
        if self.plan.state.is_learned() {
            workspace.d_initial.add_to_initial(&workspace.began, gradients);
        }
    }

    /// The same of the rows that started anew from their beginning, after the way back through the whole batch: their cotangents are
    /// summed over all windows.
    pub(super) fn give_to_starts(&self, workspace: &Workspace<T>, gradients: &mut Parameters<T>) {
        if self.plan.state.is_learned() && workspace.dims.anew {
            workspace.d_anew.add_to_initial(workspace.anew.beginning(), gradients);
        }
    }
}

/// Whether a pass moves row `n`: by a step, or by a start.
pub(super) fn moves(timing: &Timing, dims: Dims, n: usize) -> bool {
    let live = timing.live(dims);
    let starts = |t: usize| timing.starts(dims).is_some_and(|starts| starts[t * dims.rows + n]);
    (0..live.end(n, dims.steps)).any(|t| live.live(t, n) || starts(t))
}
