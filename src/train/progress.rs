//! `epoch, order, best, patience`: where a fit stands, as data.

use super::scores::Scores;
use crate::loss::Loss;
use crate::rng::Rng;
use crate::text::Position;
use serde::{Deserialize, Serialize};

/// Where [`Trainer::fit`](super::Trainer::fit) or [`fit_text`](super::Trainer::fit_text) stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Epochs that are over.
    pub epochs: Vec<Epoch>,
    /// Batches of the epoch at hand that are done.
    pub(crate) batches: u64,
    /// The random state that the order of the epoch at hand was drawn from; `None` between epochs.
    pub(crate) order: Option<Rng>,
    /// Of the batches that are done.
    pub(crate) loss: Loss,
    /// The best epoch so far, counted from 0.
    pub best: Option<Best>,
    /// Epochs since the best, for early stopping.
    pub(crate) waited: u64,
    /// Epochs since the best or since the rate was last lowered.
    pub(crate) on_plateau: u64,
    /// Why the fit ended, if it has.
    pub ended: Option<Ended>,
    /// Where a fit over a text reads on.
    #[serde(default)]
    pub(crate) reading: Option<Reading>,
}

/// Where a text is read on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    /// Before the next window.
    pub position: Position,
    /// Of the shifts with which reading starts over.
    pub rng: Rng,
    /// Windows so far.
    pub windows: u64,
}

/// One pass over the training rows, or so many windows of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// Mean loss of a target in training, each batch with the parameters it found, its noise included.
    pub training: Loss,
    /// On the validation rows after the epoch, without noise.
    pub validation: Option<Scores>,
    /// The learning rate at its end.
    pub rate: f64,
    /// Updates so far.
    pub updates: u64,
}

impl Epoch {
    /// What is to be as low as can be: the mean loss of validation, or else of training.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.validation.map_or(self.training.mean(), |scores| scores.loss.mean())
    }
}

/// The best epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Counted from 0.
    pub epoch: u64,
    /// Its [score](Epoch::score).
    pub score: f64,
}

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Every epoch was done.
    Epochs,
    /// No epoch was better for as many as the patience allows.
    Patience,
}
