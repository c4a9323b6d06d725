//! `output, state = network(x, state)` without what backward needs: whole sequences, and one step at a time.
//!
//! The passes of a network that know no loss and keep nothing but the state; those for training are in `train`.

use super::plan::InputKind;
use super::{Batch, Network, State, Workspace};
use crate::error::{Error, Result, check_len};
use rnn_kernels::{Backend, MatRef, Scalar, SeqRef, Use};

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// `output = network(x, state)`; the output is that of [`forward`](Self::forward), the state moves in place.
    ///
    /// Batch, state and parameters are examined as there, output and final state are not: a state that overflowed is
    /// refused by the next call it is given to.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward).
    pub fn infer<'w>(
        &self,
        workspace: &'w mut Workspace<T>,
        batch: &Batch<'_, T>,
        state: &mut State<T>,
    ) -> Result<SeqRef<'w, T>> {
        self.load(workspace, &batch.without_noise(), state)?;
        workspace.grow(&*self.backend, &self.plan, false)?;
        self.run("infer", workspace, state, Use::Infer)?;
        Ok(self.output(workspace))
    }

    /// One step of `N` streams of symbols, one symbol each: the output `[N, O]`.
    ///
    /// Allocates nothing once the workspace has seen a step of as many rows and the thread has made one.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward), and [`Error::Kind`] if the network has a reverse
    /// direction.
    pub fn step_symbols<'w>(
        &self,
        workspace: &'w mut Workspace<T>,
        symbols: &[u32],
        state: &mut State<T>,
    ) -> Result<MatRef<'w, T>> {
        check_len("symbols [N]", state.rows(), symbols.len())?;
        self.step(workspace, &Batch::symbols(symbols, [1, state.rows()])?, state)
    }

    /// One step of `N` streams of real vectors `[N, C]`: the output `[N, O]`.
    ///
    /// Allocates nothing once the workspace has seen a step of as many rows and the thread has made one.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward), and [`Error::Kind`] if the network has a reverse
    /// direction.
    pub fn step_features<'w>(
        &self,
        workspace: &'w mut Workspace<T>,
        features: &[T],
        state: &mut State<T>,
    ) -> Result<MatRef<'w, T>> {
        let InputKind::Features { width } = self.plan.input else {
            return Err(Error::kind("step", "symbols", "real vectors"));
        };
        self.step(workspace, &Batch::features(features, [1, state.rows(), width])?, state)
    }

    /// One step of `N` streams as a batch of one step, which may have [masks](super::Mask): the output `[N, O]`.
    ///
    /// Allocates nothing once the workspace has seen a step of as many rows and the thread has made one.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward), and [`Error::Kind`] if the network has a reverse direction, [`Error::Range`] if the batch
    /// has another number of steps than 1.
    pub fn step<'w>(
        &self,
        workspace: &'w mut Workspace<T>,
        batch: &Batch<'_, T>,
        state: &mut State<T>,
    ) -> Result<MatRef<'w, T>> {
        self.plan.check_causal("step")?;
        if batch.steps() != 1 {
            return Err(Error::range("step, batch", "one step", batch.steps()));
        }
        Ok(self.infer(workspace, batch, state)?.at(0))
    }
}
