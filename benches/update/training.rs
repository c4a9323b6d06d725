//! A network with a batch, a step of its training and the parts of that step.

use crate::side_by_side::{Effort, Number, time, values};
use recurrent::backend::Faer;
use recurrent::network::{Config, Cotangents, Purpose, RecurrentSpec};
use recurrent::optim::{Optimiser, clip_norm};
use recurrent::train::{Settings, Trainer};
use recurrent::{Activation, Batch, Network, Parameters, SeqRef, State, Targets, Workspace};
use rnn_kernels::Backend;
use std::hint::black_box;

/// Steps of a batch.
const STEPS: usize = 60;
/// Symbols or features, and outputs.
const WIDTH: usize = 88;
/// Labels of a row, for CTC.
const LABELS: usize = 20;
/// So small that the weights stay what they are.
const RATE: f64 = 1e-6;

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Cell {
    Lstm,
    Gru,
    Elman,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Head {
    /// One of 88 symbols after each symbol
    Softmax,
    /// 88 yes-or-no outputs a step, from as many features
    Bernoulli,
    /// 20 labels a row from 88 features a step
    Ctc,
}

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub cell: Cell,
    pub head: Head,
    pub hidden: usize,
    pub rows: usize,
}

impl Setting {
    pub fn label(&self) -> String {
        format!("{:?} H{} N{} {:?}", self.cell, self.hidden, self.rows, self.head).to_lowercase()
    }

    fn config(&self) -> Config {
        let input = if self.head == Head::Softmax { Config::one_hot(WIDTH) } else { Config::features(WIDTH) };
        let layers = input.recurrent(match self.cell {
            Cell::Lstm => RecurrentSpec::lstm(self.hidden),
            Cell::Gru => RecurrentSpec::gru(self.hidden),
            Cell::Elman => RecurrentSpec::elman(self.hidden, Activation::Tanh),
        });
        match self.head {
            Head::Softmax => layers.softmax(WIDTH),
            Head::Bernoulli => layers.bernoulli(WIDTH),
            Head::Ctc => layers.ctc(WIDTH),
        }
    }
}

/// Seconds of a step and of its parts.
#[derive(Clone, Copy, Debug)]
pub struct Parts(pub [f64; 7]);

impl Parts {
    pub const NAMES: [&str; 7] = ["step", "passes", "loss", "zero", "clip", "adam", "pack"];
    pub const WORST: Self = Self([f64::INFINITY; 7]);

    pub fn min(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].min(other.0[i])))
    }

    /// The share of a step that is not passes.
    pub fn outside(self) -> f64 {
        1.0 - self.0[1] / self.0[0]
    }
}

/// What a batch is made of.
struct Data<T> {
    rows: usize,
    symbols: Vec<u32>,
    features: Vec<T>,
    probabilities: Vec<T>,
    labels: Vec<u32>,
    counts: Vec<usize>,
}

impl<T: Number> Data<T> {
    #[allow(clippy::cast_possible_truncation)] // small numbers
    fn new(rows: usize) -> Self {
        let features = values(STEPS * rows * WIDTH, 1);
        Self {
            rows,
            symbols: (0..STEPS * rows + rows).map(|i| (i * i % WIDTH) as u32).collect(),
            probabilities: (0..features.len()).map(|i| if i % 16 == 0 { T::ONE } else { T::ZERO }).collect(),
            features,
            labels: (0..LABELS * rows).map(|i| (1 + i * i % (WIDTH - 1)) as u32).collect(),
            counts: vec![LABELS; rows],
        }
    }

    fn batch(&self, head: Head) -> (Batch<'_, T>, Targets<'_, T>) {
        let features = Batch::features(&self.features, [STEPS, self.rows, WIDTH]);
        let (batch, targets) = match head {
            Head::Softmax => {
                let batch = Batch::symbols(&self.symbols[..STEPS * self.rows], [STEPS, self.rows]);
                (batch, Targets::Classes(&self.symbols[self.rows..]))
            }
            Head::Bernoulli => (features, Targets::Values(&self.probabilities)),
            Head::Ctc => (features, Targets::Labels { labels: &self.labels, counts: &self.counts }),
        };
        (batch.expect("the sizes agree"), targets)
    }
}

pub struct Training<T: Number> {
    head: Head,
    data: Data<T>,
    trainer: Trainer<T, Faer>,
    network: Network<T, Faer>,
    workspace: Workspace<T>,
    state: State<T>,
    cotangents: Vec<T>,
    gradients: Parameters<T>,
    adam: Optimiser<T>,
    limit: f64,
}

impl<T: Number> Training<T>
where
    Faer: Backend<T>,
{
    pub fn new(setting: Setting) -> Self {
        let Setting { head, rows, .. } = setting;
        let network =
            || Network::<T, _>::with_backend(&setting.config(), 1, Faer::sequential()).expect("a valid configuration");
        let trainer = Trainer::new(network(), Settings::adam(RATE).clip_norm(1.0)).expect("valid settings");
        let network = network();
        let adam = Optimiser::adam(&network).expect("it fits into memory");
        Self {
            head,
            data: Data::new(rows),
            trainer,
            workspace: Workspace::new(),
            state: network.state(rows).expect("it fits into memory"),
            cotangents: values(STEPS * rows * WIDTH, 2),
            gradients: network.gradients().expect("it fits into memory"),
            network,
            adam,
            limit: 1.0,
        }
    }

    /// The median time of the step, then of each part.
    pub fn parts(&mut self, effort: Effort) -> Parts {
        let Self { head, data, trainer, network, workspace, state, cotangents, gradients, adam, limit } = self;
        let (batch, targets) = data.batch(*head);
        let step = time(effort, || {
            black_box(trainer.step(&batch, targets).expect("valid data"));
        });
        let output = SeqRef::new(cotangents, STEPS, data.rows, WIDTH);
        let passes = time(effort, || {
            state.as_mut_slice().fill(T::ZERO);
            black_box(network.forward(workspace, &batch, state).expect("valid data"));
            let cotangents = Cotangents { output: Some(output), state: None };
            network.backward(workspace, cotangents, gradients).expect("finite numbers");
        });
        let with_loss = time(effort, || {
            state.as_mut_slice().fill(T::ZERO);
            let loss = network.loss_and_gradients(workspace, &batch, targets, state, gradients);
            black_box(loss.expect("valid data"));
        });
        let zero = time(effort, || black_box(&mut *gradients).fill_zero());
        gradients.iter_mut().zip(cotangents.iter().cycle()).for_each(|(g, &x)| *g = x);
        // Clipped a little at every call, as they are in most steps of many trainings.
        let clip = time(effort, || {
            *limit *= 1.0 - 1e-6;
            black_box(clip_norm(black_box(gradients), *limit).expect("finite gradients"));
        });
        let mut params = network.parameters().to_vec();
        let of_adam = time(effort, || adam.step(&mut params, black_box(gradients), RATE).expect("one length"));
        let pack = time(effort, || {
            network.update(|p| _ = black_box(p));
            network.keep_packed_for(Purpose::Train).expect("it fits into memory");
        });
        let [step, passes, with_loss, zero, clip, of_adam, pack] =
            [step, passes, with_loss, zero, clip, of_adam, pack].map(|timing| timing.median);
        Parts([step, passes, (with_loss - passes).max(0.0), zero, clip, of_adam, pack])
    }
}
