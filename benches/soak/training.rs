//! Truncated BPTT with Adam over an endless text.

use crate::run::{Run, SEED, config, next};
use recurrent::checkpoint::{Checkpoint, Digest};
use recurrent::network::{Batch, Network, Parameters, State, Workspace};
use recurrent::optim::{Adam, Optimiser, Rule, Schedule, clip_norm};
use recurrent::rng::Rng;
use recurrent::{Result, Targets};

/// `T`.
const STEPS: usize = 4;
const RATE: f64 = 0.001;

/// A network in training, with its place in the text.
pub struct Training {
    network: Network<f32>,
    optimiser: Optimiser<f32>,
    state: State<f32>,
    rng: Rng,
    symbol: u32,
    workspace: Workspace<f32>,
    gradients: Parameters<f32>,
}

impl Run for Training {
    const NAME: &'static str = "training";

    fn start() -> Result<Self> {
        let network = Network::new(&config(), SEED)?;
        let optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len())?;
        let (state, gradients) = (network.state(1)?, network.gradients()?);
        let (rng, workspace) = (Rng::seed(SEED), Workspace::new());
        Ok(Self { network, optimiser, state, rng, symbol: 0, workspace, gradients })
    }

    fn advance(&mut self, steps: u64) -> Result<()> {
        for _ in 0..steps {
            let mut text = [self.symbol; STEPS + 1];
            (1..=STEPS).for_each(|t| text[t] = next(&mut self.rng, text[t - 1]));
            self.symbol = text[STEPS];
            let batch = Batch::symbols(&text[..STEPS], [STEPS, 1])?;
            self.gradients.fill_zero();
            self.network.loss_and_gradients(
                &mut self.workspace,
                &batch,
                Targets::Classes(&text[1..]),
                &mut self.state,
                &mut self.gradients,
            )?;
            clip_norm(&mut self.gradients, 1.0)?;
            self.network.update(|parameters| self.optimiser.step(parameters, &self.gradients, RATE))?;
        }
        Ok(())
    }

    fn save(&self) -> Checkpoint<f32, u64> {
        Checkpoint {
            cells: self.network.cells(),
            config: self.network.config().clone(),
            parameters: self.network.parameters().to_vec(),
            optimiser: self.optimiser.clone(),
            schedule: Schedule::Constant { rate: RATE },
            step: self.optimiser.steps(),
            rng: self.rng.clone(),
            cursor: 0,
            rows: 1,
            state: self.state.as_slice().to_vec(),
            text_digest: Digest::of(b""),
            training: None,
            application: self.symbol.into(),
        }
    }

    fn resume(saved: Checkpoint<f32, u64>) -> Result<Self> {
        let mut run = Self::start()?;
        run.network.update(|parameters| parameters.copy_from_flat(&saved.parameters))?;
        run.state.as_mut_slice().copy_from_slice(&saved.state);
        let symbol = u32::try_from(saved.application).expect("it was one");
        Ok(Self { optimiser: saved.optimiser, rng: saved.rng, symbol, ..run })
    }
}
