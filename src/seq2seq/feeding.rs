//! What the decoder reads in training: `y_{t−1}` or a symbol of its own.

use super::EncoderDecoder;
use super::session::Decoding;
use super::source::Source;
use super::targets::Targets;
use super::workspace::Workspace;
use crate::decoding::Continue;
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::sampling::{Sampler, Sampling};
use rnn_kernels::{Backend, Scalar};
use serde::{Deserialize, Serialize};

/// What the decoder reads at every step but the first, which is the begin symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Feeding {
    /// The target's symbol: teacher forcing (Williams & Zipser 1989).
    #[default]
    Teacher,
    /// With probability `own` a symbol that the model draws from what it read so far, else the target's: scheduled sampling (Bengio, Vinyals,
    /// Jaitly & Shazeer 2015). With 0 it is teacher forcing, with 1 the model runs free.
    ///
    /// The symbols are drawn first, in a pass of their own, and the loss and its gradient are those of the decoder that is given them: no
    /// derivative goes through a choice. The same seed and parameters give the same symbols, which [`Workspace::inputs`] shows; each row
    /// has a generator of its own, so that they do not depend on the rows beside it.
    Scheduled {
        /// The probability, in `[0, 1]`.
        own: f64,
        /// How a symbol is drawn.
        sampling: Sampling,
        /// What everything is drawn from.
        seed: u64,
    },
}

impl<T: Scalar, B: Backend<T> + ?Sized> EncoderDecoder<T, B> {
    /// Replaces inputs in the workspace by symbols of the model's own, as the feeding says.
    pub(super) fn feed(&self, workspace: &mut Workspace<T>, source: Source<'_, T>, feeding: Feeding) -> Result<()> {
        let Feeding::Scheduled { own, sampling, seed } = feeding else { return Ok(()) };
        if !(0.0..=1.0).contains(&own) {
            return Err(Error::range("feeding: own", "a number in [0, 1]", own));
        }
        let mut sampler = Sampler::new(sampling)?;
        let Targets { steps, lengths, inputs, .. } = &mut workspace.targets;
        let mut decoding = Decoding::new(self, source.without_noise())?;
        let (rows, symbols) = (lengths.len(), self.config.target.symbols);
        let mut seeds = Rng::seed(seed);
        let mut rngs: Vec<Rng> = (0..rows).map(|_| Rng::seed(seeds.next_u64())).collect();
        let (from, mut log_p): (Vec<usize>, _) = ((0..rows).collect(), Vec::new());
        for t in 1..*steps {
            log_p.clear();
            decoding.advance(&from, &inputs[(t - 1) * rows..t * rows], &mut log_p)?;
            for n in (0..rows).filter(|&n| t < lengths[n]) {
                if rngs[n].uniform() < own {
                    inputs[t * rows + n] = sampler.draw(&log_p[n * symbols..][..symbols], &mut rngs[n])?;
                }
            }
        }
        Ok(())
    }
}
