//! `epoch 12 ▐████▌ 0.231 nats`: a fit as a bar on the terminal.

use super::epochs::Moment;
use super::fit::Fit;
use super::pace::Pace;
use super::trainer::Trainer;
use crate::error::Result;
use indicatif::{ProgressBar, ProgressStyle};
use rnn_kernels::{Backend, Scalar};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// An observer of [`Trainer::fit`] that shows a bar for each epoch on standard error and leaves a line for each; it never stops the fit.
/// Where standard error is no terminal only the lines are written.
pub fn bar<T: Scalar, B: Backend<T> + ?Sized>(
    fit: &Fit,
) -> impl FnMut(&Trainer<T, B>, Moment<'_>) -> Result<ControlFlow<()>> + use<T, B> {
    let (bar, epochs) = (ProgressBar::new(1), fit.epochs);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    move |trainer, moment| {
        let (progress, hidden) = (trainer.progress(), bar.is_hidden());
        match moment {
            Moment::Step(step, batches) => {
                bar.set_length(batches as u64);
                bar.set_prefix(format!("epoch {}/{epochs}", progress.epochs.len() + 1));
                bar.set_position(progress.batches);
                bar.set_message(format!("{:.4}", step.loss.mean()));
            }
            Moment::Epoch(epoch, best) => {
                let (training, score, star) = (epoch.training.mean(), epoch.score(), if best { " *" } else { "" });
                let line = format!("epoch {:4}: training {training:.4}, score {score:.4}{star}", progress.epochs.len());
                if hidden {
                    eprintln!("{line}")
                } else {
                    bar.println(line)
                }
                if progress.ended.is_some() {
                    bar.finish_and_clear();
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Shows how much of a budget is used as a bar on standard error, and the [pace](Pace) beside it; where that is no terminal, `line` is told the
/// pace every five seconds.
pub fn pace_bar(mut line: impl FnMut(&Pace)) -> impl FnMut(&Pace) {
    let (bar, mut told) = (ProgressBar::new(1000), Instant::now());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar:.blue} {msg}") {
        bar.set_style(style);
    }
    move |pace| {
        if bar.is_hidden() && told.elapsed() >= Duration::from_secs(5) {
            line(pace);
            told = Instant::now();
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // of 1000
        bar.set_position((pace.share * 1000.0) as u64);
        bar.set_message(pace.to_string());
        if pace.share >= 1.0 {
            bar.finish_and_clear();
        }
    }
}
