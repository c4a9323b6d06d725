//! State and gradients as a call found them.

use super::{Parameters, State};
use crate::buffer::Aligned;
use crate::error::Result;
use crate::memory::room;
use rnn_kernels::Scalar;

/// What a call found.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    state: Aligned<T>,
    /// Which rows of the state are at their beginning.
    beginning: Vec<bool>,
    gradients: Aligned<T>,
    zero_gradients: bool,
}

impl<T: Scalar> Default for Kept<T> {
    fn default() -> Self {
        let (state, gradients) = (Aligned::default(), Aligned::default());
        Self { state, beginning: Vec::new(), gradients, zero_gradients: true }
    }
}

impl<T: Scalar> Kept<T> {
    /// Copies a state.
    pub fn keep_state(&mut self, state: &State<T>) -> Result<()> {
        const WHAT: &str = "state to go back to";
        room(WHAT, &mut self.beginning, state.beginning().len())?;
        self.beginning.clear();
        self.beginning.extend_from_slice(state.beginning());
        copy(WHAT, &mut self.state, state.as_slice())
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
        state.mark(&self.beginning);
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
