//! The command line.

use clap::{Args, Parser};
use recurrent::backend::Backend;
use recurrent::checkpoint::Every;
use rnn_backend_faer::Faer;
use rnn_backend_naive::{MatrixMultiply, Naive};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

const ENDINGS: &str = "SIGINT, SIGTERM, SIGHUP, an error and a panic save what was learnt first.\n\
    Exit status: 0 done, 1 an error, 2 a wrong option, 101 a panic, 128 + N the end by signal N.";

/// Train a character-level recurrent language model and compare it with n-grams.
///
/// Without --text it learns the sources and documents of this checkout. The last tenth of the text is held out.
#[derive(Clone, Debug, Parser)]
#[command(allow_negative_numbers = true, after_help = ENDINGS)]
pub struct Options {
    /// UTF-8 text to learn instead of the checkout
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    #[command(flatten)]
    pub fixed: Fixed,
    /// What computes: a triple loop, the crate matrixmultiply, faer and SIMD on one thread or on all of the machine
    #[arg(long, value_parser = ["naive", "matrixmultiply", "faer", "faer-parallel"], default_value = "faer-parallel")]
    pub backend: String,
    /// Steps to make now
    #[arg(long, value_name = "STEPS")]
    pub steps: Option<u64>,
    /// Wall-clock time to take, evaluation included [default: 60, unlimited with --steps]
    #[arg(long, value_name = "SECONDS", value_parser = number("a finite number above 0", 5e-324..f64::INFINITY))]
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
    #[arg(long, value_name = "TEXT", default_value = "\n", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub prime: String,
    /// Temperature of the sample: 0 always takes the likeliest character
    #[arg(long, default_value_t = 0.7, value_parser = number("a finite number, 0 or above", 0.0..f64::INFINITY))]
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

/// What a run fixes when it begins.
#[derive(Clone, Debug, Args, serde::Serialize)]
pub struct Fixed {
    /// The recurrent cell [default: lstm]
    #[arg(long, value_parser = ["elman", "lstm", "gru"])]
    pub cell: Option<String>,
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
    #[arg(long, value_name = "RATE", value_parser = number("a number above 0 within the range of f32", 1e-45..3.403e38))]
    pub rate: Option<f64>,
    /// Steps until the learning rate has fallen to its end [default: 2500]
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    pub horizon: Option<u64>,
}

/// What computes.
pub fn backend(name: &str) -> Arc<dyn Backend<f32>> {
    match name {
        "naive" => Arc::new(Naive),
        "matrixmultiply" => Arc::new(MatrixMultiply),
        "faer" => Arc::new(Faer::sequential()),
        _ => Arc::new(Faer::parallel(std::thread::available_parallelism().map_or(1, usize::from))),
    }
}

/// A parser of numbers in this range.
fn number(expected: &'static str, range: Range<f64>) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| text.parse().ok().filter(|number| range.contains(number)).ok_or(format!("expected {expected}"))
}
