//! `θ, moments, k, random state, cursor, h, c`: the content of a checkpoint.

use super::format::{Opened, open};
use super::{CheckpointFault as Fault, Digest, Limits, Stored, Training, version_1, version_2};
use crate::cells::{CellRecord, Cells, expect};
use crate::error::{Error, Result};
use crate::file::{read, write_atomically};
use crate::finite::check_finite;
use crate::network::{Config, LayerSpec, Network, Parameters};
use crate::optim::{Optimiser, Schedule};
use crate::rng::Rng;
use rnn_kernels::Backend;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;

/// Everything a training run is between two steps. `A` is what the application wants beside it.
///
/// `A` may be anything that serde writes and reads without being asked for the type. Its own collections are serde's: they
/// grow with the bytes that are there, but end the program when memory ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<T, A = ()> {
    /// The network.
    pub config: Config,
    /// The cells of its recurrent layers: [`Network::cells`]. None in a file that was written before files had them.
    pub cells: Vec<CellRecord>,
    /// `θ`, flat.
    pub parameters: Vec<T>,
    /// The rule, its moments and how many steps it has made.
    pub optimiser: Optimiser<T>,
    /// The learning rate as a function of the step; a trainer's warm-up is among its settings.
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
    /// What a trainer is beside all this, if it is of one.
    pub training: Option<Training<T>>,
    /// What the application keeps.
    pub application: A,
}

impl<T: Stored, A: Serialize + DeserializeOwned> Checkpoint<T, A> {
    /// [`write_with`](Self::write_with) the limits that [`read`](Self::read) has by default.
    ///
    /// # Errors
    /// As there.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write_with(path, Limits::default())
    }

    /// Writes it to `path` as [`write_atomically`] does, in memory of the size of the file.
    ///
    /// # Errors
    /// If it could not be read back within these limits: a number is not finite, a setting out of range
    /// ([`check`](Self::check)), the file larger ([`Error::Checkpoint`]); [`Error::Memory`]; or if the file cannot be
    /// written. What was at `path` before is untouched then, but for [`Error::Replaced`].
    pub fn write_with(&self, path: impl AsRef<Path>, limits: Limits) -> Result<()> {
        let path = path.as_ref();
        self.check()?;
        write_atomically(path, &version_2::encode(self, limits).map_err(|fault| in_file(path, fault))?)
    }

    /// Reads and examines the one at `path`, in memory of twice the size of the file beside the application's value.
    ///
    /// # Errors
    /// If the file cannot be read or is not a regular one, [`Error::Memory`], or [`Error::Checkpoint`] with the
    /// [fault](Fault).
    pub fn read(path: impl AsRef<Path>, limits: Limits) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path, limits.bytes, |found| in_file(path, Fault::TooLarge { limit: limits.bytes, found }))?;
        Self::decode(&bytes, limits).map_err(|fault| in_file(path, fault))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// If [`decode`](Self::decode) could not read them within these limits, or memory ends.
    pub fn encode(&self, limits: Limits) -> Result<Vec<u8>, Fault> {
        self.check().map_err(|error| Fault::Invalid { found: error.to_string() })?;
        version_2::encode(self, limits)
    }

    /// What these bytes hold, of this or of an earlier version of the format. Asks for no more memory than they justify.
    ///
    /// # Errors
    /// As the module describes: every fault has its own variant.
    pub fn decode(bytes: &[u8], limits: Limits) -> Result<Self, Fault> {
        let checkpoint: Self = match open::<T>(bytes, limits)? {
            Opened::Version1(payload) => version_1::decode(payload)?,
            Opened::Version2(parts) => version_2::decode(parts)?,
        };
        checkpoint.check().map_err(|error| Fault::Invalid { found: error.to_string() })?;
        Ok(checkpoint)
    }

    /// Its network: that of the configuration with the cells of a registry, and its parameters. Nothing is drawn.
    ///
    /// # Errors
    /// Those of [`Network::with_backend`]; [`Error::Len`] if the number of parameters is not that of the network;
    /// [`Error::Equation`] if a cell of the registry has another equation than the one that the parameters belong to.
    pub fn network<B: Backend<T> + ?Sized>(&self, backend: impl Into<Arc<B>>, cells: &Cells) -> Result<Network<T, B>> {
        Network::with_parameters(&self.config, backend.into(), cells, |made, blocks| {
            self.expect_cells(made)?;
            let mut parameters = Parameters::zeros(blocks)?;
            parameters.copy_from_flat(&self.parameters)?;
            Ok(parameters)
        })
    }

    /// Whether its numbers are finite and its settings in range, and whether the moments fit the parameters and the cells
    /// the configuration.
    ///
    /// # Errors
    /// If not; the message says where.
    pub fn check(&self) -> Result<()> {
        check_finite("parameters", &self.parameters)?;
        check_finite("state", &self.state)?;
        self.optimiser.check(self.parameters.len())?;
        self.check_cells()?;
        if let Some(training) = &self.training {
            training.check(self.parameters.len(), self.step, self.rows)?;
        }
        self.schedule.check::<T>()
    }

    /// Of every recurrent layer a record with the name that the configuration has; or none at all.
    fn check_cells(&self) -> Result<()> {
        let of_layer = |layer: &LayerSpec| match layer {
            LayerSpec::Recurrent(spec) => (spec.cell.name().to_owned(), spec.layers),
            LayerSpec::Dense(_) | LayerSpec::Dropout(_) => (String::new(), 0),
        };
        let mut found = self.cells.iter();
        let fits = self.config.layers.iter().map(of_layer).all(|(name, layers)| {
            // No layer more than there are records, whatever a configuration says.
            layers <= self.cells.len()
                && found.by_ref().take(layers).filter(|record| record.cell == name).count() == layers
        });
        if self.cells.is_empty() || fits && found.next().is_none() {
            return Ok(());
        }
        let found: Vec<_> = self.cells.iter().map(|record| format!("{} in {}", record.cell, record.layer)).collect();
        Err(Error::format("cells", "those of the configuration, layer by layer", found.join(", ")))
    }

    /// Whether these are the cells it was written with; any are, if it was written before files had them.
    ///
    /// # Errors
    /// [`Error::Equation`] if one of them has another equation, [`Error::Kind`] if they are others altogether.
    pub fn expect_cells(&self, cells: &[CellRecord]) -> Result<()> {
        if self.cells.is_empty() { Ok(()) } else { expect(&self.cells, cells) }
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

pub(super) fn in_file(path: &Path, fault: Fault) -> Error {
    match fault {
        Fault::Memory { part, bytes } => Error::Memory {
            what: format!("checkpoint {}, {part}", path.display()),
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        },
        fault => Error::Checkpoint { path: path.into(), fault },
    }
}
