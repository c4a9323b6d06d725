//! A training run: what it fixes when it begins, and whether one to resume is the one that is asked for.

use super::options::{Fixed, Options, backend};
use recurrent::backend::Backend;
use recurrent::checkpoint::{self, Checkpoint, Limits, expect_same};
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::train::{Curve, Settings, Trainer};
use recurrent::{Cells, Network, Result, optim::Schedule, text::Corpus, text::Vocabulary};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// A network on a backend chosen at run time.
pub type Net = Network<f32, dyn Backend<f32>>;
pub type Run = checkpoint::Run<f32, dyn Backend<f32>, Kept>;
/// A run between two steps, as a file keeps it.
pub type Saved = Checkpoint<f32, (Kept, Curve)>;

/// What a file has beside the trainer and the curve. Earlier versions of this program wrote the same, without a trainer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// `N` and `T`.
    pub rows: usize,
    pub window: usize,
    pub seed: u64,
    pub schedule: Schedule,
    /// Of the gradient norm.
    pub limit: f64,
    pub vocabulary: Vocabulary,
}

fn settings(kept: &Kept) -> Settings {
    Settings::adam(0.0).schedule(kept.schedule).clip_norm(kept.limit).carry_state().seed(kept.seed)
}

/// The run that the options ask for, from its beginning.
pub fn begin(options: &Options, corpus: &Corpus) -> Result<Run> {
    let Fixed { cell, hidden, layers, batch, window, seed, rate, horizon } = options.fixed.clone();
    let size = |asked: Option<u32>, otherwise: usize| asked.map_or(otherwise, |size| size as usize);
    let (rate, steps, seed) = (rate.unwrap_or(0.02), horizon.unwrap_or(2500), seed.unwrap_or(1));
    let (cell, vocabulary) = (cell.as_deref().unwrap_or("lstm"), corpus.vocabulary().clone());
    let schedule = Schedule::Cosine { rate, end: rate / 20.0, warm_up: steps / 20, steps };
    let stack = RecurrentSpec::new(CellSpec::new(cell), size(hidden, 128)).layers(size(layers, 1));
    let mut config = Config::one_hot(vocabulary.len()).recurrent(stack).softmax(vocabulary.len());
    config.init.forget_bias = (cell == "lstm").then_some(1.0.into());
    let kept = Kept { rows: size(batch, 16), window: size(window, 32), seed, schedule, limit: 1.0, vocabulary };
    let network = Net::with_backend(&config, seed, backend(&options.backend))?;
    Ok(Run::new(Trainer::new(network, settings(&kept))?, kept, corpus.digest()))
}

/// The run of a file, if it is one of this text and of what the options say.
pub fn resume(options: &Options, corpus: &Corpus, checkpoint: &Path) -> Result<Run> {
    let saved = Saved::read(checkpoint, Limits::default())?;
    let run = Run::resume(saved, corpus.digest(), settings, backend(&options.backend), &Cells::new())?;
    let (kept, schedule) = (&run.application, json!(run.application.schedule));
    let layers = run.trainer.network().recurrent_layers().count();
    let first = run.trainer.network().recurrent_layers().next();
    let held = json!({
        "cell": first.as_ref().map(|layer| &layer.cell), "hidden": first.map(|layer| layer.hidden), "layers": layers,
        "batch": kept.rows, "window": kept.window, "seed": kept.seed,
        "rate": schedule["cosine"]["rate"], "horizon": schedule["cosine"]["steps"],
    });
    expect_same(&options.fixed, &held, |option| format!("--{option}"))?;
    Ok(run)
}
