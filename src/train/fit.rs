//! `sequences → batches of an epoch`: a fit over rows that do not follow each other.

use super::epochs::Moment;
use super::scores::{Scores, evaluate};
use super::trainer::Trainer;
use crate::data::{Order, Padded, Sequences};
use crate::error::{Error, Result};
use rnn_kernels::{Backend, Scalar};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// How [`Trainer::fit`] goes over its data.
///
/// ```
/// use recurrent::train::Fit;
///
/// let fit = Fit::epochs(200).batch(16).plateau(0.5, 5).patience(20);
/// assert_eq!(serde_json::from_str::<Fit>(&serde_json::to_string(&fit).unwrap()).unwrap(), fit);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The most epochs.
    pub epochs: u64,
    /// `N`, sequences of a batch.
    #[serde(default = "batch")]
    pub batch: usize,
    /// Which sequences come together, and when.
    #[serde(default)]
    pub order: Order,
    /// How much lower a [score](super::Epoch::score) must be to be better than the best, not negative.
    #[serde(default)]
    pub least_gain: f64,
    /// What becomes of the rate when scores stop falling.
    #[serde(default)]
    pub plateau: Option<Plateau>,
    /// After how many epochs without a better one the fit ends.
    #[serde(default)]
    pub patience: Option<u64>,
    /// Whether the network has the parameters of the best epoch at the end, rather than those of the last.
    #[serde(default = "yes")]
    pub keep_best: bool,
}

/// `η ← factor · η` after `patience` epochs without a better one, but not below `floor` times the rate of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plateau {
    /// In `(0, 1)`.
    pub factor: f64,
    /// At least 1.
    pub patience: u64,
    /// In `[0, 1]`.
    #[serde(default)]
    pub floor: f64,
    /// Whether parameters and moments go back to those of the best epoch, too.
    #[serde(default)]
    pub back_to_best: bool,
}

impl Fit {
    /// So many epochs of shuffled batches of 32 sequences.
    #[must_use]
    pub fn epochs(epochs: u64) -> Self {
        let (batch, order) = (batch(), Order::Shuffled);
        Self { epochs, batch, order, least_gain: 0.0, plateau: None, patience: None, keep_best: true }
    }

    /// The same with so many sequences of a batch.
    #[must_use]
    pub fn batch(self, sequences: usize) -> Self {
        Self { batch: sequences, ..self }
    }

    /// The same in this order.
    #[must_use]
    pub fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// The same with the rate multiplied by `factor` after so many epochs without a better one, going back to the best parameters.
    #[must_use]
    pub fn plateau(self, factor: f64, patience: u64) -> Self {
        Self { plateau: Some(Plateau { factor, patience, floor: 0.0, back_to_best: true }), ..self }
    }

    /// The same, ended after so many epochs without a better one.
    #[must_use]
    pub fn patience(self, epochs: u64) -> Self {
        Self { patience: Some(epochs), ..self }
    }

    /// The same, with the parameters of the last epoch at the end.
    #[must_use]
    pub fn keep_last(self) -> Self {
        Self { keep_best: false, ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        let range =
            |what: &str, expected: &str, found: String| Err(Error::range(format!("fit: {what}"), expected, found));
        if self.batch == 0 {
            return range("batch", "at least 1 sequence", "0".into());
        }
        if self.least_gain.is_nan() || self.least_gain < 0.0 {
            return range("least_gain", "a number ≥ 0", self.least_gain.to_string());
        }
        if self.patience == Some(0) {
            return range("patience", "at least 1 epoch", "0".into());
        }
        match self.plateau {
            Some(Plateau { factor, .. }) if !(factor > 0.0 && factor < 1.0) => {
                range("plateau, factor", "a number in (0, 1)", factor.to_string())
            }
            Some(Plateau { floor, .. }) if !(0.0..=1.0).contains(&floor) => {
                range("plateau, floor", "a number in [0, 1]", floor.to_string())
            }
            Some(Plateau { patience: 0, .. }) => range("plateau, patience", "at least 1 epoch", "0".into()),
            _ => Ok(()),
        }
    }
}

fn batch() -> usize {
    32
}

pub(super) fn yes() -> bool {
    true
}

impl<T: Scalar, B: Backend<T> + ?Sized> Trainer<T, B> {
    /// Goes over `train` until [`Fit::epochs`] or the patience is over; after each epoch scores `validation`. Returns whether it ended
    /// rather than was stopped: `observe` is told of every batch and every epoch, may [keep](crate::checkpoint::Checkpoint::of) the
    /// trainer, and stops the fit by `ControlFlow::Break` or an error of its own, such as [`Error::application`].
    ///
    /// Called again, it goes on where it was: stopped anywhere, kept, read and called with the same arguments, it gives the bits of a fit
    /// that was not stopped. Where it had ended it does nothing, unless it was for want of epochs
    /// and there are more now.
    ///
    /// The state is never carried between batches here. Gradients that are still [gathered](super::Settings::accumulate) at the end of an
    /// epoch go into the first update of the next.
    ///
    /// # Errors
    /// Those of [`step`](Self::step) and of `observe`, [`Error::Range`] if a setting of the fit is out of range, [`Error::Len`] if there is nothing to train
    /// on. The fit can go on from there. [`Error::Range`] with both numbers, before anything is done, if a warm-up or a cosine of the
    /// [schedule](super::Settings::schedule) is longer than all updates that a fit which begins can make.
    pub fn fit(
        &mut self,
        fit: &Fit,
        train: &Sequences<T>,
        validation: Option<&Sequences<T>>,
        mut observe: impl FnMut(&Self, Moment<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<bool> {
        fit.check()?;
        if train.is_empty() {
            return Err(Error::len("fit: training sequences", 1, 0));
        }
        if self.settings.carry_state {
            return Err(Error::kind("fit, carry_state", "false, since sequences do not follow each other", "true"));
        }
        if self.kept.progress.epochs.is_empty() && self.kept.progress.batches == 0 {
            self.settings.rates().check_run(self.most_updates(fit, train))?;
        }
        let mut padded = Padded::new();
        self.epochs(
            fit,
            &mut observe,
            |trainer, observe| trainer.one_epoch(fit, train, &mut padded, observe),
            |trainer| validation.map(|data| trainer.evaluate(data, fit.batch)).transpose(),
        )
    }

    /// Scores of the network as it is, `batch` sequences at a time, without noise.
    ///
    /// # Errors
    /// Those of [`Network::evaluate`](crate::Network::evaluate).
    pub fn evaluate(&mut self, data: &Sequences<T>, batch: usize) -> Result<Scores> {
        evaluate(&self.network, &mut self.workspace, data, batch)
    }

    /// Where the fit stands.
    #[must_use]
    pub fn progress(&self) -> &super::Progress {
        &self.kept.progress
    }

    /// How many updates there are when a fit that begins now has made all of its epochs and left no batch out; with
    /// [windows](super::Settings::windows), if every batch were as long as the longest sequence.
    fn most_updates(&self, fit: &Fit, train: &Sequences<T>) -> u64 {
        let batches = train.len().div_ceil(fit.batch);
        let of_batch = self.settings.windows.map_or(1, |windows| {
            train.lengths().iter().max().map_or(1, |longest| longest.div_ceil(windows.every)).max(1)
        });
        let gathered = fit.epochs.saturating_mul(batches.saturating_mul(of_batch) as u64);
        let counts = self.kept.count;
        let gathered = gathered.saturating_add(counts.gathered);
        counts.updates.saturating_add(gathered / self.settings.accumulate as u64)
    }

    /// The batches of the epoch at hand that are still to do.
    fn one_epoch(
        &mut self,
        fit: &Fit,
        train: &Sequences<T>,
        padded: &mut Padded<T>,
        observe: &mut impl FnMut(&Self, Moment<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let order = match &self.kept.progress.order {
            Some(order) => order.clone(),
            None => {
                // The generator of the order goes its own way, so that noise does not depend on the number of sequences.
                let order = crate::rng::Rng::seed(self.kept.rng.next_u64());
                self.kept.progress.order = Some(order.clone());
                order
            }
        };
        let batches = fit.order.batches(train.lengths(), fit.batch, &mut order.clone())?;
        let done = usize::try_from(self.kept.progress.batches).unwrap_or(usize::MAX);
        for rows in batches.iter().skip(done) {
            padded.load(train, rows)?;
            let step = self.step(&padded.batch()?, padded.targets()?)?;
            self.kept.progress.batches += 1;
            self.kept.progress.loss += step.loss;
            if observe(self, Moment::Step(&step, batches.len()))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::Fit;

    #[test]
    fn what_a_file_does_not_say_is_the_default() {
        assert_eq!(serde_json::from_str::<Fit>(r#"{ "epochs": 3 }"#).unwrap(), Fit::epochs(3));
    }
}
