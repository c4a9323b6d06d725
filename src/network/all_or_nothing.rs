//! All or nothing: what a call found is given back if it fails.

use super::dims::Dims;
use super::workspace::Done;
use super::{Network, Parameters, State, Workspace};
use crate::error::Result;
use crate::finite::{NonFinite, check_finite};
use rnn_kernels::{Backend, Scalar};

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// Does `pass`; if it fails or leaves a gradient that is not finite, state and gradients are what they were.
    pub(super) fn all_or_nothing<R>(
        &self,
        workspace: &mut Workspace<T>,
        state: &mut State<T>,
        gradients: &mut Parameters<T>,
        pass: impl FnOnce(&mut Workspace<T>, &mut State<T>, &mut Parameters<T>) -> Result<R>,
    ) -> Result<R> {
        if workspace.non_finite == NonFinite::Allow {
            return pass(workspace, state, gradients);
        }
        workspace.kept.keep_state(state)?;
        let result = self
            .gradients_or_nothing(workspace, gradients, |workspace, gradients| pass(workspace, &mut *state, gradients));
        result.inspect_err(|_| workspace.kept.give_back_state(state))
    }

    /// As [`all_or_nothing`](Self::all_or_nothing), of a pass that moves no state.
    pub(super) fn gradients_or_nothing<R>(
        &self,
        workspace: &mut Workspace<T>,
        gradients: &mut Parameters<T>,
        pass: impl FnOnce(&mut Workspace<T>, &mut Parameters<T>) -> Result<R>,
    ) -> Result<R> {
        if workspace.non_finite == NonFinite::Allow {
            return pass(workspace, gradients);
        }
        workspace.kept.keep_gradients(gradients)?;
        let result =
            pass(workspace, gradients).and_then(|result| check_gradients(workspace, gradients).map(|()| result));
        if result.is_err() {
            workspace.kept.give_back_gradients(gradients);
            workspace.done = match workspace.done {
                // Its results are not to be used, but it may be tried again.
                Done::Backward(generation) => Done::Forward(generation),
                // Nor is there a forward pass to try it on.
                Done::Recomputed => Done::Nothing,
                done => done,
            };
        }
        result
    }
}

/// `Ok` if the gradients of a backward pass are finite: of the parameters, the initial state, what rows start anew from, and the input
/// if recorded.
fn check_gradients<T: Scalar>(workspace: &Workspace<T>, gradients: &Parameters<T>) -> Result<()> {
    gradients.check_finite("gradients")?;
    check_finite("gradient of the state", workspace.d_initial.as_slice())?;
    check_finite("gradient of the state to start anew from", workspace.d_anew.as_slice())?;
    let Dims { steps, rows, width, .. } = workspace.dims;
    if !workspace.record_d_x {
        return Ok(());
    }
    check_finite("gradient of the input", &workspace.d_x[..steps * rows * width])
}
