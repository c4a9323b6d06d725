//! `moments, random state, carried state, counts`: what goes from one step to the next, and what a step tells of itself.

use super::progress::Progress;
use super::snapshot::Snapshot;
use crate::loss::Loss;
use crate::network::State;
use crate::optim::Optimiser;
use crate::rng::Rng;
use serde::{Deserialize, Serialize};

/// What goes from one step to the next, beside the parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept<T> {
    pub optimiser: Optimiser<T>,
    pub rng: Rng,
    /// Carried from batch to batch; of no rows before the first.
    pub state: State<T>,
    pub count: Counts,
    /// What was gathered since the last update, empty if that is nothing.
    pub gathered: Vec<T>,
    /// To go back to from numbers that are not finite.
    pub good: Option<Snapshot<T>>,
    /// The best so far.
    pub best: Option<Snapshot<T>>,
    pub progress: Progress,
}

/// What a trainer has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Updates so far: `k` of the schedule.
    pub updates: u64,
    /// Batches that were left out since a number was not finite.
    pub skipped: u64,
    /// How often parameters went back to what they were.
    pub returned: u64,
    /// Batches gathered since the last update.
    pub gathered: u64,
    /// The weight of their targets: how many there are, unless classes have weights.
    pub weight: f64,
    /// What a plateau has left of the rate.
    pub factor: f64,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Of the batch, with the noise and the parameters that its gradients were computed with; 0 of a batch that was left out.
    pub loss: Loss,
    /// How many updates were made: 0 where gradients are still gathered, several where the batch has [windows](super::Settings::windows).
    pub updates: u64,
    /// Of the last update.
    pub rate: f64,
    /// The largest norm of a gradient before it was clipped; `None` unless [`Clip::Norm`](super::Clip::Norm) measured one.
    pub norm: Option<f64>,
    /// `Ω` of the batch without its weight, summed over its windows; `None` without [`Settings::omega`](super::Settings::omega).
    pub omega: Option<f64>,
    /// The number that was not finite, if the [settings](super::OnNonFinite) leave such batches out.
    pub left_out: Option<String>,
}
