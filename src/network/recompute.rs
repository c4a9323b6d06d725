//! `∂L/∂θ` of a long batch in the memory of a few steps: forward twice, and back window by window.

use super::reach::Upstream;
use super::train::over;
use super::workspace::Done;
use super::{Batch, Network, Parameters, State, Workspace};
use crate::error::{Error, Result};
use crate::loss::{Loss, Targets};
use rnn_kernels::{Backend, Scalar};

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// `L` and `gradients += ∂L/∂θ` as [`loss_and_gradients`](Self::loss_and_gradients), through all of time, in the memory of
    /// `window` steps.
    ///
    /// What backward needs is kept for one window at a time and computed anew from the state before it: forward runs twice, so that a
    /// call takes some 4/3 of the time, and reserves take `window / T` of the room; beside them there are `⌈T / window⌉` states and
    /// what goes in and comes out. A window of about `√T` steps takes least.
    ///
    /// The final state, [`Workspace::d_state`] and [`Workspace::d_input`] have the bits of `loss_and_gradients`. Loss and gradients
    /// of parameters are the same sums, added up window by window.
    ///
    /// # Errors
    /// Those of `loss_and_gradients`, and [`Error::Range`] if the window is empty, [`Error::Kind`] if the network has a reverse
    /// direction or one output for each row, or if traces are recorded, which are as long
    /// as the batch, or needed by a [regulariser](Workspace::regularise_omega).
    pub fn recomputed_bptt(
        &self,
        workspace: &mut Workspace<T>,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        window: usize,
        state: &mut State<T>,
        gradients: &mut Parameters<T>,
    ) -> Result<Loss> {
        self.check_windows("recomputed_bptt")?;
        if workspace.record_traces {
            return Err(Error::kind("recomputed_bptt, record_traces", "false", "true"));
        }
        if workspace.omega.is_on() {
            return Err(Error::kind("recomputed_bptt, weight of omega", "0", "a weight above 0, which needs traces"));
        }
        if window == 0 {
            return Err(Error::range("window", "at least 1 step", 0));
        }
        self.parameters.expect_layout("gradients", gradients)?;
        self.load(workspace, batch, state)?;
        let (_, counted) = self.check_targets("recomputed_bptt", workspace, targets)?;
        let (whole, rows) = (workspace.dims, batch.rows());
        self.all_or_nothing(workspace, state, gradients, |workspace, state, gradients| {
            let before = self.states_before(workspace, window, state)?;
            if workspace.record_d_x {
                workspace.grow_d_input(whole)?;
            }
            let mut losses = vec![Loss::default(); before.len()];
            let (mut d_state, mut later) = (self.state(rows)?, vec![false; rows]);
            for (k, mut at) in before.into_iter().enumerate().rev() {
                let (from, to) = (k * window, (k + 1).saturating_mul(window).min(whole.steps));
                workspace.take_window(whole.window(from, to));
                let targets = targets.rows(from * rows, to * rows, self.plan.output);
                let (targets, own) = self.check_targets("recomputed_bptt", workspace, targets)?;
                workspace.counted.go_back_from_the_end(workspace.dims, &workspace.timing, &mut later);
                workspace.grow(&*self.backend, &self.plan, true)?;
                self.run_forward(workspace, &mut at)?;
                if to == whole.steps {
                    state.copy_from(&at);
                }
                let total = self.loss(workspace, targets, Some(over(counted.weight)));
                self.check_loss(workspace, total)?;
                losses[k] = Loss { total, ..own };
                self.run_backward(workspace, Upstream::Loss, Some(&d_state), gradients)?;
                d_state.as_mut_slice().copy_from_slice(workspace.d_state()?.as_slice());
                if workspace.record_d_x {
                    workspace.put_d_input();
                }
            }
            // The first window came last: what it hands back is that of the states before all of them.
            self.give_to_initial(workspace, gradients);
            // What is at hand is no forward pass of the whole batch.
            (workspace.dims, workspace.done) = (whole, Done::Recomputed);
            self.give_to_starts(workspace, gradients);
            Ok(losses.into_iter().fold(Loss::default(), |mut sum, loss| {
                sum += loss;
                sum
            }))
        })
    }

    /// The state before each window; one of a batch without steps.
    fn states_before(&self, workspace: &mut Workspace<T>, window: usize, state: &State<T>) -> Result<Vec<State<T>>> {
        let (whole, mut now) = (workspace.dims, state.clone());
        let mut before = vec![];
        for from in (0..whole.steps.max(1)).step_by(window) {
            let mut kept = self.state(whole.rows)?;
            kept.copy_from(&now);
            before.push(kept);
            let to = from.saturating_add(window).min(whole.steps);
            // The last window is run below, and its final state is that of the batch.
            if to < whole.steps {
                workspace.take_window(whole.window(from, to));
                workspace.grow(&*self.backend, &self.plan, true)?;
                self.run_forward(workspace, &mut now)?;
            }
        }
        Ok(before)
    }
}
