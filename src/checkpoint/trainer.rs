//! `Checkpoint ↔ Trainer`: a training run as a file holds it.

use super::{Checkpoint, Digest, Stored};
use crate::cells::Cells;
use crate::error::{Error, Result, check_len};
use crate::finite::check_finite;
use crate::network::{Network, State};
use crate::text::Position;
use crate::train::{Counts, Kept, OnNonFinite, Progress, Reading, Settings, Snapshot, Trainer};
use rnn_kernels::{Backend, Scalar};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What a [`Trainer`] is beside its network, optimiser, random and carried state.
#[derive(Clone, Debug, PartialEq)]
pub struct Training<T> {
    /// What the run fixed when it began.
    pub settings: Settings,
    /// What it has counted.
    pub counts: Counts,
    /// Where its fit stands.
    pub progress: Progress,
    /// The gradients gathered since the last update; empty if there are none.
    pub gathered: Vec<T>,
    /// What it goes back to from numbers that are not finite.
    pub good: Option<Snapshot<T>>,
    /// The best of its fit.
    pub best: Option<Snapshot<T>>,
    /// The rows of the carried state that are at their [beginning](State#rows-at-their-beginning).
    pub beginning: Vec<u64>,
}

impl<T: Scalar> Training<T> {
    /// Whether it fits a network of `params` parameters, of which `updates` were made, and a carried state of `rows` rows.
    pub(super) fn check(&self, params: usize, updates: u64, rows: u64) -> Result<()> {
        self.settings.check::<T>()?;
        if let Some(row) = self.beginning.iter().find(|&&row| row >= rows) {
            return Err(Error::format("training, rows at their beginning", format!("rows below {rows}"), row));
        }
        let Counts { updates: counted, gathered, factor, .. } = self.counts;
        if counted != updates {
            return Err(Error::format("training, updates", format!("{updates}, the step of the run"), counted));
        }
        if !(0.0..=1.0).contains(&factor) {
            return Err(Error::format("training, factor of the rate", "a number in [0, 1]", factor));
        }
        if gathered > 0 || !self.gathered.is_empty() {
            check_len("training, gathered gradients", params, self.gathered.len())?;
            check_finite("gathered gradients", &self.gathered)?;
        }
        [&self.good, &self.best].into_iter().flatten().try_for_each(|snapshot| snapshot.check(params))
    }
}

impl<T: Stored, A: Serialize + DeserializeOwned> Checkpoint<T, A> {
    /// A trainer between two steps, and what the application keeps beside it. `cursor` and `text_digest` are the application's to set.
    ///
    /// # Errors
    /// [`Error::Order`] if a panic broke an update of the trainer off.
    pub fn of<B: Backend<T> + ?Sized>(trainer: &Trainer<T, B>, application: A) -> Result<Self> {
        let Kept { optimiser, rng, state, count, gathered, good, best, progress } = trainer.keep()?;
        let (network, settings) = (trainer.network(), trainer.settings().clone());
        let beginning = state.at_beginning().map(|n| n as u64).collect();
        Ok(Self {
            config: network.config().clone(),
            cells: network.cells(),
            parameters: network.parameters().to_vec(),
            optimiser,
            schedule: settings.schedule,
            step: count.updates,
            rng,
            cursor: 0,
            rows: state.rows() as u64,
            state: state.as_slice().to_vec(),
            text_digest: Digest::of(&[]),
            training: Some(Training { settings, counts: count, progress, gathered, good, best, beginning }),
            application,
        })
    }

    /// The trainer that it is [of](Self::of), which goes on as if it had never stopped.
    ///
    /// # Errors
    /// Those of [`network`](Self::network), [`Error::Kind`] if it was not written of a trainer, [`Error::Len`] if the carried state is not
    /// one of the network.
    pub fn trainer<B: Backend<T> + ?Sized>(&self, backend: impl Into<Arc<B>>, cells: &Cells) -> Result<Trainer<T, B>> {
        let Some(training) = self.training.clone() else {
            return Err(Error::kind(
                "checkpoint",
                "one of a trainer; `trainer_with` takes its settings",
                "one without",
            ));
        };
        let network = self.network(backend, cells)?;
        let Training { settings, counts, progress, gathered, good, best, beginning } = training;
        let (optimiser, rng, mut state) = (self.optimiser.clone(), self.rng.clone(), self.carried(&network)?);
        let rows = beginning.into_iter().map(|row| usize::try_from(row).unwrap_or(usize::MAX));
        rows.into_iter().try_for_each(|row| state.reset_row(row))?;
        Trainer::assemble(
            network,
            settings,
            Kept { optimiser, rng, state, count: counts, gathered, good, best, progress },
        )
    }

    /// A trainer of one that was written before there were trainers, or without one: with these settings it goes on from its parameters,
    /// moments, count of steps, random state and carried state. If that has rows, [`Trainer::fit_text`] goes on at `cursor`, and draws its
    /// shifts from the random state.
    ///
    /// # Errors
    /// As [`trainer`](Self::trainer), and [`Error::Kind`] if the rule of the settings is another.
    pub fn trainer_with<B: Backend<T> + ?Sized>(
        &self,
        settings: Settings,
        backend: impl Into<Arc<B>>,
        cells: &Cells,
    ) -> Result<Trainer<T, B>> {
        settings.check::<T>()?;
        if settings.rule != self.optimiser.rule() {
            let [expected, found] = [self.optimiser.rule(), settings.rule].map(|rule| format!("{rule:?}"));
            return Err(Error::kind("settings, rule", expected, found));
        }
        let network = self.network(backend, cells)?;
        let good = match settings.on_non_finite {
            OnNonFinite::GoBack { .. } => Some(Snapshot::of(&self.parameters, &self.optimiser)?),
            _ => None,
        };
        let position = Position { cursor: self.cursor, starts_over: false };
        let reading = Reading { position, rng: self.rng.clone(), windows: self.step };
        let kept = Kept {
            optimiser: self.optimiser.clone(),
            rng: self.rng.clone(),
            state: self.carried(&network)?,
            count: Counts { updates: self.step, factor: 1.0, ..Counts::default() },
            gathered: Vec::new(),
            good,
            best: None,
            progress: Progress { reading: (self.rows > 0).then_some(reading), ..Progress::default() },
        };
        Trainer::assemble(network, settings, kept)
    }

    /// The carried state.
    fn carried<B: Backend<T> + ?Sized>(&self, network: &Network<T, B>) -> Result<State<T>> {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        // No more memory than there are numbers, whatever the file says.
        let numbers = rows.saturating_mul(network.state(1)?.as_slice().len());
        check_len("checkpoint, state", numbers, self.state.len())?;
        let mut state = network.state(rows)?;
        state.as_mut_slice().copy_from_slice(&self.state);
        Ok(state)
    }
}
