//! `L + λ Ω`: the regulariser of Elman layers in every pass that gives a loss and its gradients.

use super::plan::Stage;
use super::{Network, Parameters, Workspace};
use crate::error::{Error, Result};
use crate::number::in_type;
use crate::regulariser::{ElmanPass, OmegaScratch, add_omega};
use rnn_kernels::{Backend, Direction, Known, MatMut, MatRef, Scalar, SeqRef};

/// What a workspace has of the regulariser.
#[derive(Debug)]
pub(crate) struct Omega<T> {
    /// `λ`; 0 is none.
    weight: f64,
    /// `Ω` of the pass at hand.
    value: f64,
    scratch: OmegaScratch<T>,
}

/// Which part of `λ` the terms of a pass have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// All of it.
    Whole,
    /// As its targets have of the weight that the loss is divided by.
    OfWeight,
}

impl Share {
    /// For a pass whose targets have the weight `own`, and a loss divided by `weight`, or by `own`.
    pub fn of(self, own: f64, weight: Option<f64>) -> f64 {
        match (self, weight) {
            (Share::OfWeight, Some(weight)) if weight > 0.0 => own / weight,
            (Share::OfWeight, Some(_)) => 0.0,
            _ => 1.0,
        }
    }
}

impl<T> Default for Omega<T> {
    fn default() -> Self {
        Self { weight: 0.0, value: 0.0, scratch: OmegaScratch::default() }
    }
}

impl<T> Omega<T> {
    pub fn is_on(&self) -> bool {
        self.weight > 0.0
    }

    /// Before a pass.
    pub fn begin(&mut self) {
        self.value = 0.0;
    }
}

impl<T: Scalar> Workspace<T> {
    /// `λ`: every pass with this workspace that gives a loss and its gradients gives the gradients of `L + λ Ω`, with `∂⁺Ω/∂W_hh` in the place
    /// of a derivative of `Ω` ([`add_omega`]); the loss stays `L`. 0, the default, is none.
    ///
    /// `Ω` is that of the batch, added up over all layers and directions, and over the windows of
    /// [`truncated_bptt`](Network::truncated_bptt). Where batches are added up
    /// ([`loss_and_gradients_over`](Network::loss_and_gradients_over)), each has the share of `λ` that its targets have of the weight.
    /// It costs two products `[T·N, H]` by `[H, H]` and two buffers `[T, N, H]`, beside what a [trace](Workspace::trace) costs.
    ///
    /// Those passes refuse a network with a cell that is no Elman network ([`Error::Kind`]), and so does
    /// [`recomputed_bptt`](Network::recomputed_bptt) any. [`Network::backward`] knows no loss and adds nothing.
    ///
    /// # Errors
    /// [`Error::Range`] if it is not a finite number ≥ 0 in `T`.
    pub fn regularise_omega(&mut self, weight: f64) -> Result<()> {
        in_type::<T>(weight, |x| x >= 0.0 && x.is_finite())
            .map_err(|found| Error::range("weight of omega", "a finite number ≥ 0", found))?;
        self.omega.weight = weight;
        Ok(())
    }

    /// `Ω` of the last pass, without its weight.
    ///
    /// # Errors
    /// [`Error::Order`] unless the last pass gave a loss and its gradients with a [weight](Self::regularise_omega) above 0.
    pub fn omega(&self) -> Result<f64> {
        self.after_backward("omega", self.omega.is_on(), "regularise_omega(λ > 0)")?;
        Ok(self.omega.value)
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// `Ok` if every recurrent layer is an Elman network, which `Ω` is about alone.
    pub(crate) fn check_elman(&self, what: &str) -> Result<()> {
        match self.plan.recurrent().find(|layer| !matches!(layer.spec.cell().known(), Some(Known::Elman(_)))) {
            None => Ok(()),
            Some(layer) => {
                let found = serde_json::to_string(&layer.cell).unwrap_or_else(|_| layer.cell.name().into());
                let expected = "an Elman network, h = σ(W_hh h₋₁ + …), with tanh, relu, sigmoid or identity";
                Err(Error::kind(format!("{what} of recurrent layer {}", layer.label), expected, found))
            }
        }
    }

    /// `gradients += share · λ ∂⁺Ω/∂W_hh` after a backward pass that recorded its traces.
    pub(super) fn add_omega(
        &self,
        workspace: &mut Workspace<T>,
        share: f64,
        gradients: &mut Parameters<T>,
    ) -> Result<()> {
        let Workspace { dims, timing, outputs, traces, omega, .. } = workspace;
        let (steps, rows) = (dims.steps, dims.rows);
        let (live, starts) = (timing.live(*dims), timing.starts(*dims));
        // A row that starts anew at a step does not go on from the state before it.
        let counts = |t, n| live.live(t, n) && starts.is_none_or(|starts| !starts[t * rows + n]);
        for (stage, output) in self.plan.stages.iter().zip(outputs) {
            let Stage::Recurrent(layer) = stage else { continue };
            let Some(Known::Elman(activation)) = layer.spec.cell().known() else { continue };
            let (hidden, y) = (layer.spec.size().hidden, SeqRef::new(output, steps, rows, layer.width()));
            let block = layer.spec.blocks().iter().find(|block| block.name == "weight_hh");
            let block = block.map_or(0..0, |block| block.range.clone());
            for (k, way) in layer.ways.iter().enumerate() {
                let trace = SeqRef::new(&traces[way.slot], steps + 1, rows, hidden);
                let pass = ElmanPass {
                    activation,
                    w_hh: MatRef::new(&self.parameters[way.params.clone()][block.clone()], hidden, hidden),
                    states: y.cols_range(k * hidden, (k + 1) * hidden),
                    cotangents: match way.direction {
                        Direction::Forward => trace.slice(1, steps + 1),
                        Direction::Reverse => trace.slice(0, steps),
                    },
                };
                let d_w_hh = MatMut::new(&mut gradients[way.params.clone()][block.clone()], hidden, hidden);
                let scale = share * omega.weight;
                omega.value += add_omega(&*self.backend, pass, counts, scale, d_w_hh, &mut omega.scratch)?;
            }
        }
        Ok(())
    }
}
