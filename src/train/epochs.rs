//! `epoch → score → keep the best, lower the rate, stop early`: what every fit does, whatever its batches are.

use super::fit::{Fit, Plateau};
use super::kept::Step;
use super::progress::{Best, Ended, Epoch};
use super::scores::Scores;
use super::snapshot::Snapshot;
use super::trainer::Trainer;
use crate::error::Result;
use rnn_kernels::{Backend, Scalar};
use std::ops::ControlFlow;

/// What has just happened in a fit.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Moment<'a> {
    /// A batch, and how many of the epoch there are.
    Step(&'a Step, usize),
    /// An epoch is over, and whether it is the best so far.
    Epoch(&'a Epoch, bool),
}

impl<T: Scalar, B: Backend<T> + ?Sized> Trainer<T, B> {
    /// Epochs until there are enough or the patience is over: `epoch` does what is left of one and may be stopped in it, `score` follows.
    /// Whether they ended rather than were stopped.
    pub(super) fn epochs<O: FnMut(&Self, Moment<'_>) -> Result<ControlFlow<()>>>(
        &mut self,
        fit: &Fit,
        observe: &mut O,
        mut epoch: impl FnMut(&mut Self, &mut O) -> Result<ControlFlow<()>>,
        mut score: impl FnMut(&mut Self) -> Result<Option<Scores>>,
    ) -> Result<bool> {
        if self.kept.progress.ended == Some(Ended::Epochs) && (self.kept.progress.epochs.len() as u64) < fit.epochs {
            self.kept.progress.ended = None;
        }
        while self.kept.progress.ended.is_none() {
            if self.kept.progress.epochs.len() as u64 >= fit.epochs {
                self.end(fit, Ended::Epochs)?;
                break;
            }
            if epoch(self, observe)?.is_break() {
                return Ok(false);
            }
            let scores = score(self)?;
            let better = self.close_epoch(fit, scores)?;
            let progress = &self.kept.progress;
            if fit.patience.is_some_and(|patience| progress.waited >= patience) {
                self.end(fit, Ended::Patience)?;
            } else if progress.epochs.len() as u64 >= fit.epochs {
                self.end(fit, Ended::Epochs)?;
            }
            let Some(epoch) = self.kept.progress.epochs.last() else { unreachable!("an epoch was closed") };
            if observe(self, Moment::Epoch(epoch, better))?.is_break() {
                return Ok(self.kept.progress.ended.is_some());
            }
        }
        Ok(true)
    }

    /// Notes an epoch and what follows from its score; whether it is the best.
    fn close_epoch(&mut self, fit: &Fit, validation: Option<Scores>) -> Result<bool> {
        let training = std::mem::take(&mut self.kept.progress.loss);
        let epoch = Epoch { training, validation, rate: self.rate(), updates: self.kept.count.updates };
        let (number, score) = (self.kept.progress.epochs.len() as u64, epoch.score());
        let better = self.kept.progress.best.is_none_or(|best| score < best.score - fit.least_gain);
        let better = better && score.is_finite();
        if better && (fit.keep_best || fit.plateau.is_some_and(|plateau| plateau.back_to_best)) {
            self.kept.best = Some(Snapshot::of(self.network.parameters(), &self.kept.optimiser)?);
        }
        let progress = &mut self.kept.progress;
        progress.epochs.push(epoch);
        (progress.batches, progress.order) = (0, None);
        if better {
            progress.best = Some(Best { epoch: number, score });
            (progress.waited, progress.on_plateau) = (0, 0);
            return Ok(true);
        }
        (progress.waited, progress.on_plateau) = (progress.waited + 1, progress.on_plateau + 1);
        if let Some(Plateau { factor, patience, floor, back_to_best }) = fit.plateau
            && progress.on_plateau >= patience
        {
            progress.on_plateau = 0;
            self.kept.count.factor = (self.kept.count.factor * factor).max(floor);
            if back_to_best {
                self.go_to_best()?;
            }
        }
        Ok(false)
    }

    fn end(&mut self, fit: &Fit, why: Ended) -> Result<()> {
        self.kept.progress.ended = Some(why);
        if fit.keep_best { self.go_to_best() } else { Ok(()) }
    }

    fn go_to_best(&mut self) -> Result<()> {
        let Some(best) = self.kept.best.take() else { return Ok(()) };
        let gone = self.go_to(&best);
        self.kept.best = Some(best);
        gone
    }
}

/// Nothing to say: an observer for those who want none.
///
/// # Errors
/// None.
pub fn quietly<S: ?Sized>(_: &S, _: Moment<'_>) -> Result<ControlFlow<()>> {
    Ok(ControlFlow::Continue(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Loss;
    use crate::network::{Config, Network, RecurrentSpec};
    use crate::train::Settings;
    use rnn_backend_naive::Naive;
    use rnn_kernels::Activation;

    type Scripted = Trainer<f64, Naive>;

    fn trainer() -> Scripted {
        let config = Config::features(1).recurrent(RecurrentSpec::elman(1, Activation::Tanh)).linear(1);
        Trainer::new(Network::with_backend(&config, 1, Naive).unwrap(), Settings::sgd(1.0)).unwrap()
    }

    /// A fit whose epochs have these scores; each leaves its number in the first parameter. What observers heard: whether it was better.
    fn follow(trainer: &mut Scripted, fit: &Fit, scores: &[f64]) -> Vec<bool> {
        let mut heard = vec![];
        let epoch = |trainer: &mut Scripted, _: &mut _| {
            let number = trainer.kept.progress.epochs.len() as f64;
            trainer.network.update(|parameters| parameters[0] = number);
            Ok(ControlFlow::Continue(()))
        };
        let score = |trainer: &mut Scripted| {
            let score = scores[trainer.kept.progress.epochs.len()];
            Ok(Some(Scores { loss: Loss::of(score, 1), ..Scores::default() }))
        };
        let mut observe = |_: &Scripted, moment: Moment<'_>| {
            if let Moment::Epoch(_, better) = moment {
                heard.push(better);
            }
            Ok(ControlFlow::Continue(()))
        };
        assert!(trainer.epochs(fit, &mut observe, epoch, score).unwrap());
        heard
    }

    fn first_parameter(trainer: &Scripted) -> f64 {
        trainer.network.parameters()[0]
    }

    #[test]
    fn the_best_epoch_gains_at_least_what_is_asked_for_and_stays_at_the_end() {
        let scores = [4.0, 3.5, 3.0, 3.5, f64::NAN];
        let mut any = trainer();
        assert_eq!(follow(&mut any, &Fit::epochs(5), &scores), [true, true, true, false, false]);
        assert_eq!(first_parameter(&any), 2.0);
        let mut gaining = trainer();
        let fit = Fit { least_gain: 0.75, ..Fit::epochs(5) };
        assert_eq!(follow(&mut gaining, &fit, &scores), [true, false, true, false, false]);
        let mut last = trainer();
        follow(&mut last, &Fit::epochs(5).keep_last(), &scores);
        assert_eq!((first_parameter(&last), last.progress().ended), (4.0, Some(Ended::Epochs)));
    }

    #[test]
    fn patience_counts_epochs_since_the_last_better_one() {
        let mut trainer = trainer();
        let heard = follow(&mut trainer, &Fit::epochs(9).patience(2), &[4.0, 5.0, 3.0, 5.0, 5.0]);
        assert_eq!(heard, [true, false, true, false, false]);
        assert_eq!((first_parameter(&trainer), trainer.progress().ended), (2.0, Some(Ended::Patience)));
        // More epochs do not end patience; what ended by their number goes on if there are more.
        assert_eq!(follow(&mut trainer, &Fit::epochs(20).patience(2), &[]), [false; 0]);
        let mut few = self::trainer();
        follow(&mut few, &Fit::epochs(1), &[4.0]);
        assert_eq!(follow(&mut few, &Fit::epochs(1), &[4.0]), [false; 0]);
        assert_eq!(follow(&mut few, &Fit::epochs(2), &[4.0, 3.0]), [true]);
    }

    #[test]
    fn every_plateau_lowers_the_rate_and_goes_back_to_the_best() {
        let scores = [3.0, 4.0, 4.0, 4.0, 4.0, 2.0, 4.0, 4.0];
        let fit = Fit::epochs(8).plateau(0.5, 2).keep_last();
        let mut trainer = trainer();
        let mut factors = vec![];
        for epochs in 1..=8 {
            follow(&mut trainer, &Fit { epochs, ..fit.clone() }, &scores);
            factors.push((trainer.rate(), first_parameter(&trainer)));
        }
        let factors_expected = [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125];
        let parameters_expected = [0.0, 1.0, 0.0, 3.0, 0.0, 5.0, 6.0, 5.0];
        let expected: Vec<_> = factors_expected.into_iter().zip(parameters_expected).collect();
        assert_eq!(factors, expected);
    }
}
