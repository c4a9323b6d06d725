//! `text → windows of N rows`: a fit over one long text, the state carried from window to window.

use super::epochs::Moment;
use super::fit::{Fit, Plateau};
use super::progress::Reading;
use super::scores::{Scores, evaluate_text};
use super::trainer::Trainer;
use crate::data::Order;
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::text::{Passage, Streams};
use rnn_kernels::{Backend, Scalar};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// How [`Trainer::fit_text`] goes over its text.
///
/// ```
/// use recurrent::train::TextFit;
///
/// let fit = TextFit::new([32, 16], 200).epochs(50).patience(5);
/// assert_eq!(serde_json::from_str::<TextFit>(&serde_json::to_string(&fit).unwrap()).unwrap(), fit);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextFit {
    /// `T`, steps of a window: how far a gradient reaches back at most.
    pub window: usize,
    /// `N`, rows that are read side by side.
    pub rows: usize,
    /// Windows of an epoch, at least 1. An epoch is what lies between two looks at the validation text, however long the text is.
    pub epoch: u64,
    /// The most epochs.
    pub epochs: u64,
    /// As in [`Fit`].
    #[serde(default)]
    pub least_gain: f64,
    /// As in [`Fit`].
    #[serde(default)]
    pub plateau: Option<Plateau>,
    /// As in [`Fit`].
    #[serde(default)]
    pub patience: Option<u64>,
    /// As in [`Fit`].
    #[serde(default = "super::fit::yes")]
    pub keep_best: bool,
}

impl TextFit {
    /// Windows of `T` steps and `N` rows, so many of them an epoch, without end.
    #[must_use]
    pub fn new([steps, rows]: [usize; 2], epoch: u64) -> Self {
        let (window, epochs) = (steps, u64::MAX);
        Self { window, rows, epoch, epochs, least_gain: 0.0, plateau: None, patience: None, keep_best: true }
    }

    /// The same with an end after so many epochs.
    #[must_use]
    pub fn epochs(self, epochs: u64) -> Self {
        Self { epochs, ..self }
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

    /// What it has in common with a fit over sequences.
    fn common(&self) -> Fit {
        let Self { epochs, least_gain, plateau, patience, keep_best, .. } = *self;
        Fit { epochs, batch: 1, order: Order::InSequence, least_gain, plateau, patience, keep_best }
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> Trainer<T, B> {
    /// `x[t, n] = text[n·S + cursor + t]`, `target = text[… + 1]`: reads a text as [`Streams`], each window a [step](Self::step) from the state
    /// of the one before, until [`TextFit::epochs`] or the patience is over; after each epoch scores `validation`. Returns whether it ended
    /// rather than was stopped: `observe` is told of every window and every epoch, may [keep](crate::checkpoint::Checkpoint::of) the
    /// trainer, and stops the fit by `ControlFlow::Break` or an error of its own.
    ///
    /// Where the text starts over, the state is 0. The shifts of those starts have a generator of their own, seeded by `!seed` of
    /// [`Settings::seed`](super::Settings::seed), so that they do not depend on noise.
    ///
    /// Called again, it goes on where it was: stopped anywhere, kept, read and called with the same arguments, it gives the bits of a fit
    /// that was not stopped. An epoch ends where the number of windows so far is a multiple of [`TextFit::epoch`].
    ///
    /// # Errors
    /// Those of [`step`](Self::step), of [`Streams::new`] and, if a setting of the fit is out of range, [`Error::Range`]; [`Error::Kind`] unless
    /// the trainer [carries states](super::Settings::carry_state). The fit can go on from there.
    pub fn fit_text(
        &mut self,
        fit: &TextFit,
        text: &[u32],
        validation: Option<&Passage<'_>>,
        mut observe: impl FnMut(&Self, Moment<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<bool> {
        let common = fit.common();
        common.check()?;
        if fit.epoch == 0 {
            return Err(Error::range("fit: epoch", "at least 1 window", 0));
        }
        if !self.settings.carry_state {
            return Err(Error::kind("fit_text, carry_state", "true, since windows follow each other", "false"));
        }
        let shape = [fit.window, fit.rows];
        let mut streams = match &self.kept.progress.reading {
            Some(reading) => Streams::resume(text, shape, reading.position)?,
            None => {
                let mut rng = Rng::seed(!self.settings.seed);
                let streams = Streams::new(text, shape, &mut rng)?;
                self.kept.progress.reading = Some(Reading { position: streams.position(), rng, windows: 0 });
                streams
            }
        };
        self.epochs(
            &common,
            &mut observe,
            |trainer, observe| trainer.text_epoch(fit, &mut streams, observe),
            |trainer| validation.map(|passage| trainer.evaluate_text(passage)).transpose(),
        )
    }

    /// Scores of the network as it is on the symbols of a passage, without noise.
    ///
    /// # Errors
    /// Those of [`Network::evaluate`](crate::Network::evaluate).
    pub fn evaluate_text(&mut self, passage: &Passage<'_>) -> Result<Scores> {
        evaluate_text(&self.network, &mut self.workspace, passage)
    }

    /// The windows of the epoch at hand that are still to do.
    fn text_epoch(
        &mut self,
        fit: &TextFit,
        streams: &mut Streams<&[u32]>,
        observe: &mut impl FnMut(&Self, Moment<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        loop {
            let progress = &self.kept.progress;
            let Some(mut reading) = progress.reading.clone() else { unreachable!("the fit has begun") };
            let over = reading.windows % fit.epoch;
            if over == 0 && progress.batches > 0 {
                return Ok(ControlFlow::Continue(()));
            }
            let all = usize::try_from(progress.batches.saturating_add(fit.epoch - over)).unwrap_or(usize::MAX);
            let window = streams.next_window(&mut reading.rng)?;
            let state =
                if window.starts_over() { self.network.state(fit.rows)? } else { self.initial_state(fit.rows)? };
            let step = self.step_from(state, &window.batch()?, window.targets())?;
            if window.starts_over() && step.left_out.is_some() {
                self.start_over(); // what is carried is of the stretches' ends
            }
            (reading.position, reading.windows) = (streams.position(), reading.windows + 1);
            let progress = &mut self.kept.progress;
            progress.batches += 1;
            progress.loss += step.loss;
            progress.reading = Some(reading);
            if observe(self, Moment::Step(&step, all))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}
