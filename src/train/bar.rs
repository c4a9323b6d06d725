//! `epoch 12 ▐████▌ 0.231 nats`: a fit as a bar on the terminal.

use super::fit::{Fit, Moment};
use super::trainer::Trainer;
use crate::error::Result;
use indicatif::{ProgressBar, ProgressStyle};
use rnn_kernels::{Backend, Scalar};
use std::ops::ControlFlow;

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
