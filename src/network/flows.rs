//! `‖∂L/∂h_s‖` of every recurrent layer: how the gradient of a loss fares on its way back through a network.

use super::{Batch, Network, RecurrentLayer, Workspace};
use crate::error::{Error, Result};
use crate::gradient_flow::GradientFlow;
use crate::loss::Targets;
use crate::memory::reserve;
use rnn_kernels::{Backend, IGNORE, Scalar};

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// `‖∂L/∂h_s‖`, `s = 0 … T`, of every recurrent layer in each of its directions, for the mean loss of a batch from a state of 0.
    ///
    /// To see how far back one output reaches, let it be the only one with a target.
    ///
    /// # Errors
    /// Those of [`loss_and_gradients`](Self::loss_and_gradients) and of [`GradientFlow::of`].
    pub fn gradient_flows(
        &self,
        workspace: &mut Workspace<T>,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
    ) -> Result<Vec<(RecurrentLayer, GradientFlow)>> {
        let recorded = std::mem::replace(&mut workspace.record_traces, true);
        let flows = self.recorded_flows(workspace, batch, targets);
        workspace.record_traces = recorded;
        flows
    }

    /// The same for the loss of the last of these symbols alone, each symbol being predicted from those before it: how far back that one
    /// prediction reaches.
    ///
    /// # Errors
    /// As there, and [`Error::Len`] of less than two symbols.
    pub fn last_symbol_flows(
        &self,
        workspace: &mut Workspace<T>,
        symbols: &[u32],
    ) -> Result<Vec<(RecurrentLayer, GradientFlow)>> {
        let Some((last, x)) = symbols.split_last().filter(|(_, x)| !x.is_empty()) else {
            return Err(Error::len("symbols, the last of which is predicted", 2, symbols.len()));
        };
        let mut targets = Vec::new();
        reserve("targets", &mut targets, x.len())?;
        targets.resize(x.len() - 1, IGNORE);
        targets.push(*last);
        self.gradient_flows(workspace, &Batch::symbols(x, [x.len(), 1])?, Targets::Classes(&targets))
    }

    fn recorded_flows(
        &self,
        workspace: &mut Workspace<T>,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
    ) -> Result<Vec<(RecurrentLayer, GradientFlow)>> {
        let (mut state, mut gradients) = (self.state(batch.rows())?, self.gradients()?);
        self.loss_and_gradients(workspace, batch, targets, &mut state, &mut gradients)?;
        let flow = |layer: RecurrentLayer| {
            let flow = GradientFlow::of(workspace.trace(layer.layer, layer.direction)?, layer.direction)?;
            Ok((layer, flow))
        };
        self.recurrent_layers().map(flow).collect()
    }
}
