//! The command line.

use clap::{Parser, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// Say which class a sequence belongs to, by recurrent networks with several kinds of output, beside simple classifiers.
///
/// Without --data it tells nine speakers by their vowels. A table has one step of a sequence a line: a column says which sequence, one which
/// class, a whole number from 0 on, and all others are features.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// A table of comma-separated values to learn from, with names in its first line
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// A table like it to test on [default: a quarter of the sequences of --data, drawn at random]
    #[arg(long, value_name = "FILE", requires = "data")]
    pub test: Option<PathBuf>,
    /// The column that says which sequence a line belongs to
    #[arg(long, value_name = "NAME", default_value = "utterance")]
    pub key: String,
    /// The column that says which class
    #[arg(long, value_name = "NAME", default_value = "speaker")]
    pub class: String,
    /// Which outputs to compare
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Output::Last, Output::Final, Output::Pooled])]
    pub output: Vec<Output>,
    /// The cell, by any name that a configuration takes
    #[arg(long, default_value = "gru")]
    pub cell: String,
    /// Units of a direction
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub hidden: u16,
    /// Epochs at most
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub epochs: u64,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 0.01)]
    pub rate: f64,
    /// Networks of each kind, each from a seed of its own
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub seeds: u16,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the picture goes [default: target/classify/classify.svg of the checkout]
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Where a summary goes, as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

/// What of a sequence decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// The last step of a network in one direction
    Last,
    /// The final states of a network in both directions, each of which has seen all steps
    Final,
    /// Every step of a network in both directions: probabilities of all steps, multiplied
    Pooled,
}

impl Output {
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last step",
            Self::Final => "final states",
            Self::Pooled => "pooled steps",
        }
    }
}
