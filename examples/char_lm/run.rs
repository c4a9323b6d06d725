//! `clip → Adam → carry the state on`: truncated BPTT over contiguous streams of the text.

use super::corpus::Corpus;
use recurrent::backend::Backend;
use recurrent::checkpoint::Checkpoint;
use recurrent::network::{Config, Network, Parameters, State, Workspace};
use recurrent::optim::{Adam, Optimiser, Rule, Schedule, clip_norm};
use recurrent::rng::Rng;
use recurrent::text::Vocabulary;
use recurrent::{Batch, Cells, Error, Result, Targets};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A network on a backend chosen at run time.
pub type Net = Network<f32, dyn Backend<f32>>;
/// A run between two steps, as a file keeps it.
pub type Saved = Checkpoint<f32, Kept>;

/// What a run keeps beside the fields of every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub settings: Settings,
    pub vocabulary: Vocabulary,
    pub curve: Curve,
}

/// What a run fixes when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// `N`.
    pub rows: usize,
    /// `T`.
    pub window: usize,
    pub seed: u64,
    pub schedule: Schedule,
    /// Of the gradient norm.
    pub limit: f64,
}

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Bits per character of the batch of every step.
    pub training: Vec<f32>,
    /// After so many steps, bits per character of the held-out text.
    pub validation: Vec<(u64, f64)>,
}

/// One step, for display.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Of the batch, per character.
    pub bits: f64,
    /// Of the gradient before clipping.
    pub norm: f64,
}

/// A training run.
#[derive(Debug)]
pub struct Run {
    pub network: Net,
    pub kept: Kept,
    optimiser: Optimiser<f32>,
    gradients: Parameters<f32>,
    workspace: Workspace<f32>,
    state: State<f32>,
    /// The state after the step at hand, which becomes `state` when the step is done.
    carried: State<f32>,
    rng: Rng,
    step: u64,
    /// Where in its stretch of the text each row goes on reading.
    cursor: usize,
    window: Window,
    /// Parameters and moments belong together; not during an update, nor after one that a panic broke off.
    whole: bool,
}

/// `x[t, n] = text[n · S + cursor + t]`, the target is the character after it; row `n` reads the stretch of `S`
/// characters that begins at `n · S`.
#[derive(Debug, Default)]
struct Window {
    x: Vec<u32>,
    targets: Vec<u32>,
}

impl Run {
    /// A run from its beginning.
    pub fn new(config: &Config, settings: Settings, corpus: &Corpus, backend: Arc<dyn Backend<f32>>) -> Result<Self> {
        settings.schedule.check::<f32>()?;
        let network = Net::with_backend(config, settings.seed, backend)?;
        let optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len())?;
        let kept = Kept { settings, vocabulary: corpus.vocabulary.clone(), curve: Curve::default() };
        // Another sequence than that of the parameters.
        let mut run = Self::assemble(network, optimiser, kept, Rng::seed(!settings.seed))?;
        run.stretch(corpus)?;
        run.start_over();
        Ok(run)
    }

    /// The run of a checkpoint.
    pub fn resume(saved: Saved, corpus: &Corpus, backend: Arc<dyn Backend<f32>>) -> Result<Self> {
        saved.expect_text(corpus.digest)?;
        let network = saved.network(backend, &Cells::new())?;
        let mut run = Self::assemble(network, saved.optimiser, saved.application, saved.rng)?;
        let state = run.state.as_mut_slice();
        if state.len() != saved.state.len() || run.kept.settings.schedule != saved.schedule {
            let (expected, found) = (format!("{} elements", state.len()), saved.state.len().to_string());
            return Err(Error::Format { what: "checkpoint, state or schedule".into(), expected, found });
        }
        state.copy_from_slice(&saved.state);
        run.step = saved.step;
        run.cursor = usize::try_from(saved.cursor).unwrap_or(usize::MAX);
        run.stretch(corpus)?;
        Ok(run)
    }

    fn assemble(network: Net, optimiser: Optimiser<f32>, kept: Kept, rng: Rng) -> Result<Self> {
        Ok(Self {
            optimiser,
            gradients: network.gradients()?,
            workspace: Workspace::new(),
            state: network.state(kept.settings.rows)?,
            carried: network.state(kept.settings.rows)?,
            network,
            kept,
            rng,
            step: 0,
            cursor: 0,
            window: Window::default(),
            whole: true,
        })
    }

    /// Everything needed to go on from here: after a step that failed or panicked, from before that step.
    ///
    /// An error if a panic broke an update off, so that some parameters are new and some are not.
    pub fn save(&self, corpus: &Corpus) -> Result<Saved> {
        if !self.whole {
            let (expected, found) = ("a whole network".into(), "one whose update was broken off".into());
            return Err(Error::Order { call: "save", expected, found });
        }
        Ok(Saved {
            config: self.network.config().clone(),
            cells: self.network.cells(),
            parameters: self.network.parameters().to_vec(),
            optimiser: self.optimiser.clone(),
            schedule: self.kept.settings.schedule,
            step: self.step,
            rng: self.rng.clone(),
            cursor: self.cursor as u64,
            rows: self.state.rows() as u64,
            state: self.state.as_slice().to_vec(),
            text_digest: corpus.digest,
            training: None,
            application: self.kept.clone(),
        })
    }

    pub fn steps(&self) -> u64 {
        self.step
    }

    /// `S`: the characters of a row's stretch that have a successor.
    fn stretch(&self, corpus: &Corpus) -> Result<usize> {
        let Settings { rows, window, .. } = self.kept.settings;
        let stretch = corpus.train().len().saturating_sub(1) / rows.max(1);
        if window == 0 || stretch < window {
            let expected = format!("at least {rows} rows of {window} characters to train on");
            let found = format!("{} characters; try a smaller --batch or --window", corpus.train().len());
            return Err(Error::Format { what: "text".into(), expected, found });
        }
        Ok(stretch)
    }

    /// Back to the beginning of each stretch, a little shifted, so that windows do not fall on the same borders again.
    fn start_over(&mut self) {
        self.cursor = self.rng.below(self.kept.settings.window);
        self.state.fill_zero();
    }

    /// One step on the next window; the state is carried on to the one after it. An error leaves the run as it was.
    pub fn step(&mut self, corpus: &Corpus) -> Result<Progress> {
        let Settings { rows, window, schedule, limit, .. } = self.kept.settings;
        let stretch = self.stretch(corpus)?;
        if self.cursor.saturating_add(window) > stretch {
            self.start_over();
            self.cursor = self.cursor.min(stretch - window);
        }
        self.window.load(corpus.train(), [window, rows], stretch, self.cursor);

        self.gradients.fill_zero();
        self.carried.as_mut_slice().copy_from_slice(self.state.as_slice());
        let batch = Batch::symbols(&self.window.x, [window, rows])?;
        let targets = Targets::Classes(&self.window.targets);
        let loss = self.network.loss_and_gradients(
            &mut self.workspace,
            &batch,
            targets,
            &mut self.carried,
            &mut self.gradients,
        )?;
        let norm = clip_norm(&mut self.gradients, limit)?;
        let rate = schedule.rate(self.step);
        self.whole = false;
        let updated = self.network.update(|parameters| self.optimiser.step(parameters, &self.gradients, rate));
        self.whole = true; // an error is found before the first parameter changes
        updated?;

        std::mem::swap(&mut self.state, &mut self.carried);
        self.step += 1;
        self.cursor += window;
        #[allow(clippy::cast_possible_truncation)]
        self.kept.curve.training.push(loss.bits() as f32);
        Ok(Progress { bits: loss.bits(), norm })
    }

    /// Notes what the held-out text costs after this step, once.
    pub fn note(&mut self, bits: f64) {
        let validation = &mut self.kept.curve.validation;
        if validation.last().is_none_or(|&(step, _)| step < self.step) {
            validation.push((self.step, bits));
        }
    }
}

impl Window {
    fn load(&mut self, text: &[u32], [steps, rows]: [usize; 2], stretch: usize, cursor: usize) {
        self.x.clear();
        self.targets.clear();
        for at in cursor..cursor + steps {
            for n in 0..rows {
                self.x.push(text[n * stretch + at]);
                self.targets.push(text[n * stretch + at + 1]);
            }
        }
    }
}
