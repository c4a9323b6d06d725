//! One step after another, each output into a running sum.

use crate::run::{Run, SEED, config, next};
use recurrent::Result;
use recurrent::checkpoint::{Checkpoint, Digest};
use recurrent::network::{Network, Purpose, State, Workspace};
use recurrent::optim::{Optimiser, Rule, Schedule, Sgd};
use recurrent::rng::Rng;

/// A stream, with its place in the text.
pub struct Streaming {
    network: Network<f32>,
    state: State<f32>,
    rng: Rng,
    sum: u64,
    workspace: Workspace<f32>,
}

impl Run for Streaming {
    const NAME: &'static str = "streaming";

    fn start() -> Result<Self> {
        let mut network = Network::new(&config(), SEED)?;
        network.keep_packed_for(Purpose::Infer)?;
        let state = network.state(1)?;
        Ok(Self { network, state, rng: Rng::seed(SEED), sum: 0, workspace: Workspace::new() })
    }

    fn advance(&mut self, steps: u64) -> Result<()> {
        for _ in 0..steps {
            let symbol = next(&mut self.rng, u32::try_from(self.sum >> 62).expect("two bits"));
            let output = self.network.step_symbols(&mut self.workspace, &[symbol], &mut self.state)?;
            for &value in output.row(0) {
                // An odd factor loses nothing; the shift brings the high bits back to where they matter.
                self.sum = (self.sum.rotate_left(29) ^ u64::from(value.to_bits())).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
        }
        Ok(())
    }

    fn save(&self) -> Checkpoint<f32, u64> {
        let parameters = self.network.parameters().to_vec();
        Checkpoint {
            cells: self.network.cells(),
            config: self.network.config().clone(),
            // Nothing is learnt: any rule will do.
            optimiser: Optimiser::new(Rule::Sgd(Sgd::default()), parameters.len()).expect("settings within range"),
            parameters,
            schedule: Schedule::Constant { rate: 0.0 },
            step: 0,
            rng: self.rng.clone(),
            cursor: 0,
            rows: 1,
            state: self.state.as_slice().to_vec(),
            text_digest: Digest::of(b""),
            training: None,
            application: self.sum,
        }
    }

    fn resume(saved: Checkpoint<f32, u64>) -> Result<Self> {
        let mut run = Self::start()?;
        run.network.update(|parameters| parameters.copy_from_flat(&saved.parameters))?;
        run.state.as_mut_slice().copy_from_slice(&saved.state);
        Ok(Self { rng: saved.rng, sum: saved.application, ..run })
    }
}
