//! The command line.

use clap::{Parser, ValueEnum};
use recurrent::backend::Backend;
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Activation, Result};
use rnn_backend_faer::Faer;
use rnn_backend_naive::{MatrixMultiply, Naive};
use std::path::PathBuf;
use std::sync::Arc;

/// Train a character-level recurrent language model and compare it with n-grams.
///
/// Without --text it learns the sources and documents of this checkout. The last tenth of the text is held out.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// UTF-8 text to learn instead of the checkout
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    /// The recurrent cell [default: lstm]
    #[arg(long, value_enum)]
    pub cell: Option<CellName>,
    /// Hidden units of a layer [default: 128]
    #[arg(long, value_name = "H", value_parser = clap::value_parser!(u32).range(1..))]
    pub hidden: Option<u32>,
    /// Stacked layers [default: 1]
    #[arg(long, value_name = "L", value_parser = clap::value_parser!(u32).range(1..))]
    pub layers: Option<u32>,
    /// Rows of a batch: as many places of the text are read side by side [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// Steps gradients reach back: the window of truncated BPTT [default: 32]
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Seed of the parameters, the batches and the sample [default: 1]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Peak of the learning rate [default: 0.02]
    #[arg(long, value_name = "RATE")]
    pub rate: Option<f64>,
    /// Steps until the learning rate has fallen to its end [default: 2500]
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    pub horizon: Option<u64>,
    /// What computes
    #[arg(long, value_enum, default_value = "faer-parallel")]
    pub backend: BackendName,
    /// Steps to make now
    #[arg(long, value_name = "STEPS")]
    pub steps: Option<u64>,
    /// Wall-clock time to take, evaluation included [default: 60, unlimited with --steps]
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// Continue the run of the checkpoint; what it fixes may be left out
    #[arg(long)]
    pub resume: bool,
    /// Only print a sample of the checkpoint
    #[arg(long, conflicts_with = "resume")]
    pub sample_only: bool,
    /// Characters of the sample
    #[arg(long, value_name = "CHARACTERS", default_value_t = 600)]
    pub sample: usize,
    /// What the sample begins with
    #[arg(long, value_name = "TEXT", default_value = "\n")]
    pub prime: String,
    /// Temperature of the sample: 0 always takes the likeliest character
    #[arg(long, default_value_t = 0.7)]
    pub temperature: f64,
    /// Draw among the K likeliest characters only
    #[arg(long, value_name = "K")]
    pub top_k: Option<usize>,
    /// Where the checkpoint is [default: target/char_lm/char_lm.ckpt of the checkout]
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Where the chart goes [default: target/char_lm/char_lm.svg of the checkout]
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Where a summary goes, as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

/// A recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CellName {
    /// `h = tanh(W x + U h + b)`
    Elman,
    /// Long short-term memory
    Lstm,
    /// Gated recurrent unit
    Gru,
}

/// A backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// A triple loop
    Naive,
    /// The crate matrixmultiply
    Matrixmultiply,
    /// faer and SIMD, one thread
    Faer,
    /// faer and SIMD, as many threads as the machine has
    FaerParallel,
}

/// The name of a value on the command line.
pub fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().into())
}

impl CellName {
    /// A network that reads and predicts `symbols` symbols.
    pub fn config(self, symbols: usize, hidden: usize, layers: usize) -> Config {
        let layer = match self {
            CellName::Elman => RecurrentSpec::elman(hidden, Activation::Tanh),
            CellName::Lstm => RecurrentSpec::lstm(hidden),
            CellName::Gru => RecurrentSpec::gru(hidden),
        };
        let mut config = Config::one_hot(symbols).recurrent(layer.layers(layers)).softmax(symbols);
        config.init.forget_bias = (self == CellName::Lstm).then_some(1.0);
        config
    }
}

impl BackendName {
    /// The backend itself.
    pub fn backend(self) -> Result<Arc<dyn Backend<f32>>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(match self {
            BackendName::Naive => Arc::new(Naive),
            BackendName::Matrixmultiply => Arc::new(MatrixMultiply),
            BackendName::Faer => Arc::new(Faer::sequential()),
            BackendName::FaerParallel => Arc::new(Faer::parallel(threads)),
        })
    }
}
