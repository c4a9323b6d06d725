//! What the decoder reads in training: `y_{t−1}` or a symbol of its own.

use super::session::Decoding;
use super::source::Source;
use super::workspace::Workspace;
use super::{EncoderDecoder, EncoderDecoderConfig};
use crate::decoding::Continue;
use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::rng::Rng;
use crate::sampling::{Sampler, Sampling};
use rnn_kernels::{Backend, IGNORE, Scalar};
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

/// Targets as they are used: `[T, N]`, `T` the longest with its end.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub steps: usize,
    /// With the end.
    pub lengths: Vec<usize>,
    /// What the decoder reads; the end symbol beyond a row's length.
    pub inputs: Vec<u32>,
    /// What it should write; [`IGNORE`] beyond a row's length.
    pub outputs: Vec<u32>,
}

impl Targets {
    pub fn load<R: AsRef<[u32]>>(&mut self, config: &EncoderDecoderConfig, rows: &[R]) -> Result<()> {
        let (symbols, end) = (config.target.symbols, config.target.end);
        for (n, row) in rows.iter().enumerate() {
            if let Some(t) = row.as_ref().iter().position(|&y| y as usize >= symbols || y == end) {
                let expected = format!("below {symbols} and not the end, {end}");
                return Err(Error::range(format!("targets[{n}][{t}]"), expected, row.as_ref()[t]));
            }
        }
        self.lengths.clear();
        self.lengths.extend(rows.iter().map(|row| row.as_ref().len() + 1));
        self.steps = self.lengths.iter().copied().max().unwrap_or(0);
        let len = crate::error::checked_product("targets [T, N]", &[self.steps, rows.len()])?;
        self.inputs.clear();
        self.outputs.clear();
        reserve("targets [T, N]", &mut self.inputs, len)?;
        reserve("targets [T, N]", &mut self.outputs, len)?;
        for (t, row) in (0..self.steps).flat_map(|t| rows.iter().map(move |row| (t, row.as_ref()))) {
            let before = if t == 0 { config.target.begin } else { row.get(t - 1).copied().unwrap_or(end) };
            self.inputs.push(before);
            self.outputs.push(if t == row.len() { end } else { row.get(t).copied().unwrap_or(IGNORE) });
        }
        Ok(())
    }
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
