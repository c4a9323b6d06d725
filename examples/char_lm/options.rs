//! The command line.

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, ValueEnum};
use recurrent::backend::Backend;
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Activation, Result};
use rnn_backend_faer::Faer;
use rnn_backend_naive::{MatrixMultiply, Naive};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// Train a character-level recurrent language model and compare it with n-grams.
///
/// Without --text it learns the sources and documents of this checkout. The last tenth of the text is held out.
#[derive(Clone, Debug, Parser)]
#[command(after_help = "SIGINT, SIGTERM, SIGHUP, an error and a panic save what was learnt first.\n\
    Exit status: 0 done, 1 an error, 2 a wrong option, 101 a panic, 128 + N the end by signal N.")]
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
    #[arg(long, value_name = "L", value_parser = clap::value_parser!(u32).range(1..=1000))]
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
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
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
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub seconds: Option<f64>,
    /// How often the checkpoint is written while training: after so many STEPS, or SECONDS with an s
    #[arg(long, value_name = "STEPS|SECONDSs", default_value = "30s")]
    pub save_every: Every,
    /// Continue the run of the checkpoint; what it fixes may be left out
    #[arg(long)]
    pub resume: bool,
    /// Begin anew although the file of --checkpoint exists, and replace it
    #[arg(long, conflicts_with = "resume")]
    pub overwrite: bool,
    /// Only print a sample of the checkpoint
    #[arg(long, conflicts_with_all = ["resume", "overwrite"])]
    pub sample_only: bool,
    /// Characters of the sample
    #[arg(long, value_name = "CHARACTERS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub sample: u32,
    /// What the sample begins with
    #[arg(long, value_name = "TEXT", default_value = "\n", value_parser = NonEmptyStringValueParser::new())]
    pub prime: String,
    /// Temperature of the sample: 0 always takes the likeliest character
    #[arg(long, default_value_t = 0.7, value_parser = temperature, allow_negative_numbers = true)]
    pub temperature: f64,
    /// Draw among the K likeliest characters only
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub top_k: Option<u32>,
    /// Where the checkpoint is [default: target/char_lm/char_lm.ckpt of the checkout, where a new run keeps the one
    /// before as char_lm.previous.ckpt]
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

/// A measure of how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Every {
    Steps(u64),
    Seconds(f64),
}

impl FromStr for Every {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_suffix('s') {
            Some(text) => seconds(text).ok().map(Self::Seconds),
            None => text.parse().ok().filter(|&steps| steps > 0).map(Self::Steps),
        }
        .ok_or_else(|| "expected a number of steps above 0, as 500, or of seconds, as 30s".into())
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    number(text, "a finite number above 0", |seconds| seconds > 0.0 && seconds.is_finite())
}

fn temperature(text: &str) -> Result<f64, String> {
    number(text, "a finite number, 0 or above", |temperature| temperature >= 0.0 && temperature.is_finite())
}

#[allow(clippy::cast_possible_truncation)] // as the training step rounds it
fn rate(text: &str) -> Result<f64, String> {
    number(text, "a number above 0 within the range of f32", |rate| rate as f32 > 0.0 && (rate as f32).is_finite())
}

fn number(text: &str, expected: &str, holds: fn(f64) -> bool) -> Result<f64, String> {
    text.parse().ok().filter(|&number| holds(number)).ok_or_else(|| format!("expected {expected}"))
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
        config.init.forget_bias = (self == CellName::Lstm).then_some(1.0.into());
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
