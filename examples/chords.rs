//! Which notes sound next? Ragged sequences of binary vectors, with dropout, a plateau, early stopping and the best epoch kept:
//! `cargo run --release --example chords -- --checkpoint chords.ckpt`. Stopped and started again, it goes on where it was.

use clap::Parser;
use recurrent::checkpoint::{Checkpoint, Limits};
use recurrent::data::{Input, TargetKind};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::train::{Fit, Moment, Settings, Trainer};
use recurrent::{Cells, DefaultBackend, Network, Result, Sequences};
use std::{ops::ControlFlow, path::PathBuf};

/// Learn which notes of two octaves sound next in generated progressions of chords.
#[derive(Parser)]
struct Options {
    /// Hidden units of the LSTM
    #[arg(long, default_value_t = 64)]
    hidden: usize,
    /// Epochs at most
    #[arg(long, default_value_t = 100)]
    epochs: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Kept after every epoch; if it is there, the run goes on from it
    #[arg(long)]
    checkpoint: Option<PathBuf>,
}

const NOTES: usize = 24;

/// Progressions in a random key: a bass and a triad, of which a note is left out now and then; the root moves on a circle of fifths.
fn progressions(count: usize, rng: &mut Rng) -> Result<Sequences<f32>> {
    let mut data = Sequences::features(NOTES, TargetKind::NextStep)?;
    for _ in 0..count {
        let (mut root, steps) = (rng.below(12), 8 + rng.below(40));
        let mut x = vec![0.0; steps * NOTES];
        for step in x.chunks_mut(NOTES) {
            for note in [root, 12 + root, 12 + (root + 4) % 12, 12 + (root + 7) % 12] {
                step[note] = if rng.uniform() < 0.9 { 1.0 } else { 0.0 };
            }
            root = (root + if rng.uniform() < 0.8 { 7 } else { 2 }) % 12;
        }
        data.push(Input::Features(&x))?;
    }
    Ok(data)
}

fn main() -> Result<()> {
    let Options { hidden, epochs, seed, checkpoint } = Options::parse();
    let mut rng = Rng::seed(seed);
    let [train, validation, test] = progressions(500, &mut rng)?.split(&[0.7, 0.15, 0.15], &mut rng)?;

    let mut trainer: Trainer<f32> = match checkpoint.as_ref().filter(|path| path.exists()) {
        Some(path) => {
            Checkpoint::<f32>::read(path, Limits::default())?.trainer(DefaultBackend::default(), &Cells::new())?
        }
        None => {
            let config = Config::features(NOTES).recurrent(RecurrentSpec::lstm(hidden)).dropout(0.3).bernoulli(NOTES);
            Trainer::new(Network::new(&config, seed)?, Settings::adam(0.01).clip_norm(1.0).seed(seed))?
        }
    };
    let fit = Fit::epochs(epochs).batch(16).plateau(0.5, 4).patience(10);
    trainer.fit(&fit, &train, Some(&validation), |trainer, moment| {
        let Moment::Epoch(epoch, best) = moment else { return Ok(ControlFlow::Continue(())) };
        let (number, star) = (trainer.progress().epochs.len(), if best { "*" } else { "" });
        println!(
            "epoch {number:3}: training {:.3}, validation {:.3} nats a step{star}",
            epoch.training.mean(),
            epoch.score()
        );
        if let Some(path) = &checkpoint {
            Checkpoint::of(trainer, ())?.write(path)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let scores = trainer.evaluate(&test, 16)?;
    println!(
        "test: {:.3} nats a step, {:.1} % of notes",
        scores.loss.mean(),
        100.0 * scores.accuracy().unwrap_or_default()
    );
    Ok(())
}
