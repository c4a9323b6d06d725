//! All or nothing: state and gradients as a call found them, given back if it fails.

use super::dims::Dims;
use super::workspace::Done;
use super::{Network, Parameters, State, Workspace};
use crate::buffer::Aligned;
use crate::error::Result;
use crate::finite::{NonFinite, check_finite};
use rnn_kernels::{Backend, Scalar};

/// What a call found.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    state: Aligned<T>,
    gradients: Aligned<T>,
    zero_gradients: bool,
}

impl<T: Scalar> Default for Kept<T> {
    fn default() -> Self {
        Self { state: Aligned::default(), gradients: Aligned::default(), zero_gradients: true }
    }
}

impl<T: Scalar> Kept<T> {
    /// Copies a state.
    pub fn keep_state(&mut self, state: &State<T>) -> Result<()> {
        copy("state to go back to", &mut self.state, state.as_slice())
    }

    /// Copies gradients, unless they are 0 as before most steps: the room for a copy is then there but never touched.
    pub fn keep_gradients(&mut self, gradients: &Parameters<T>) -> Result<()> {
        const WHAT: &str = "gradients to go back to";
        self.zero_gradients = is_zero(gradients);
        if self.zero_gradients {
            self.gradients.reserve(WHAT, gradients.len())
        } else {
            copy(WHAT, &mut self.gradients, gradients)
        }
    }

    /// The state is what it was.
    pub fn give_back_state(&self, state: &mut State<T>) {
        let flat = state.as_mut_slice();
        flat.copy_from_slice(&self.state[..flat.len()]);
    }

    /// The gradients are what they were.
    pub fn give_back_gradients(&self, gradients: &mut Parameters<T>) {
        if self.zero_gradients {
            gradients.fill_zero();
        } else {
            let len = gradients.len();
            gradients.copy_from_slice(&self.gradients[..len]);
        }
    }
}

fn copy<T: Scalar>(what: &str, to: &mut Aligned<T>, from: &[T]) -> Result<()> {
    to.grow(what, from.len())?;
    to[..from.len()].copy_from_slice(from);
    Ok(())
}

/// Whether all are 0; stops within some hundred numbers of one that is not.
fn is_zero<T: Scalar>(values: &[T]) -> bool {
    // A sum has no branch in it, so that it is computed in vectors.
    values.chunks(256).all(|chunk| chunk.iter().map(|&x| u32::from(x != T::ZERO)).sum::<u32>() == 0)
}

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
                done => done,
            };
        }
        result
    }
}

/// `Ok` if the gradients of a backward pass are finite: of the parameters, the initial state, and the input if recorded.
fn check_gradients<T: Scalar>(workspace: &Workspace<T>, gradients: &Parameters<T>) -> Result<()> {
    gradients.check_finite("gradients")?;
    check_finite("gradient of the state", workspace.d_initial.as_slice())?;
    let Dims { steps, rows, width, .. } = workspace.dims;
    if !workspace.record_d_x {
        return Ok(());
    }
    check_finite("gradient of the input", &workspace.d_x[..steps * rows * width])
}
