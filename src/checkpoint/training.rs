//! `θ, moments, k, random state, cursor, h, c`: the content of a checkpoint.

use super::file::{read, write_atomically};
use super::{CheckpointFault as Fault, Digest, Limits, Stored, decode, encode};
use crate::error::{Error, Result};
use crate::finite::check_finite;
use crate::network::Config;
use crate::optim::{Optimiser, Schedule};
use crate::rng::Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Everything a training run is between two steps. `A` is what the application wants beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Stored, A: Serialize", deserialize = "T: Stored, A: DeserializeOwned"))]
pub struct Checkpoint<T, A = ()> {
    /// The network.
    pub config: Config,
    /// `θ`, flat.
    pub parameters: Vec<T>,
    /// The rule, its moments and how many steps it has made.
    pub optimiser: Optimiser<T>,
    /// The learning rate as a function of the step.
    pub schedule: Schedule,
    /// `k`, the next step of the schedule.
    pub step: u64,
    /// The random state.
    pub rng: Rng,
    /// The next position in the data.
    pub cursor: u64,
    /// `N`, the rows of the carried state.
    pub rows: u64,
    /// The state carried from window to window, flat.
    pub state: Vec<T>,
    /// What the data was.
    pub text_digest: Digest,
    /// What the application keeps.
    pub application: A,
}

impl<T: Stored, A: Serialize + DeserializeOwned> Checkpoint<T, A> {
    /// Writes it to `path`, atomically.
    ///
    /// # Errors
    /// If a number is not finite, so that it could not be read back, or the file cannot be written; what was at
    /// `path` before is untouched then.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.check()?;
        write_atomically(path, &encode::<T>(self).map_err(|fault| in_file(path, fault))?)
    }

    /// Reads and examines the one at `path`.
    ///
    /// # Errors
    /// If the file cannot be read, or [`Error::Checkpoint`] with the [fault](Fault).
    pub fn read(path: impl AsRef<Path>, limits: Limits) -> Result<Self> {
        let path = path.as_ref();
        let checkpoint: Self =
            decode::<T, _>(&read(path, limits.bytes)?, limits).map_err(|fault| in_file(path, fault))?;
        checkpoint.check().map_err(|error| in_file(path, Fault::Invalid { found: error.to_string() }))?;
        Ok(checkpoint)
    }

    /// Whether its numbers are finite and its settings in range, and whether the moments fit the parameters.
    ///
    /// # Errors
    /// If not; the message says where.
    pub fn check(&self) -> Result<()> {
        check_finite("parameters", &self.parameters)?;
        check_finite("state", &self.state)?;
        self.optimiser.check(self.parameters.len())?;
        self.schedule.check::<T>()
    }

    /// Whether it is one of a run on these data.
    ///
    /// # Errors
    /// If the digest is another: continuing on other data would not be the same run.
    pub fn expect_text(&self, digest: Digest) -> Result<()> {
        if self.text_digest == digest {
            return Ok(());
        }
        Err(Error::format("checkpoint, text", format!("the text with digest {}", self.text_digest), digest))
    }

    /// Whether it is one of this network.
    ///
    /// # Errors
    /// If its configuration is another.
    pub fn expect_config(&self, config: &Config) -> Result<()> {
        if self.config == *config {
            return Ok(());
        }
        Err(Error::config("checkpoint", format!("{config:?}"), format!("{:?}", self.config)))
    }
}

fn in_file(path: &Path, fault: Fault) -> Error {
    Error::Checkpoint { path: path.into(), fault }
}
