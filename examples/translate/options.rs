//! The command line.

use super::numbers::{MOST, Side};
use serde::Serialize;
use std::path::PathBuf;

/// Learn to translate numbers between English words and digits, and test it on numbers that were not learnt from.
#[derive(Debug, clap::Parser)]
pub struct Options {
    /// Which way [default: both, one after the other]
    #[arg(long, value_enum)]
    pub direction: Option<Direction>,
    /// Texts that a beam search keeps at every step
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub beam: u8,
    /// Numbers are below this
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=i64::from(MOST)))]
    pub below: u32,
    /// Hidden units in each direction
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub hidden: u16,
    /// Numbers of a batch
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub batch: u16,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 3e-3)]
    pub rate: f64,
    /// Most seconds of training of a model [default: 60, none if there are updates]
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Most updates of a model; alone, it makes a run repeatable
    #[arg(long)]
    pub updates: Option<u64>,
    /// The first seed of weights, split and batches
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many seeds, one after the other
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub seeds: u8,
    /// Write the results as JSON, too
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Where the chart goes [default: target/translate/translate.svg of the checkout]
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// "forty two" becomes 4 2
    ToDigits,
    /// 4 2 becomes "forty two"
    ToWords,
}

impl Direction {
    /// What it reads and what it writes.
    pub fn sides(self) -> [Side; 2] {
        match self {
            Direction::ToDigits => [Side::Words, Side::Digits],
            Direction::ToWords => [Side::Digits, Side::Words],
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Direction::ToDigits => "words to digits",
            Direction::ToWords => "digits to words",
        }
    }
}

impl Options {
    /// Every model that is asked for: its direction and its seed.
    pub fn models(&self) -> Vec<(Direction, u64)> {
        let directions = self.direction.map_or(vec![Direction::ToDigits, Direction::ToWords], |one| vec![one]);
        let seeds = || (0..self.seeds).map(|k| self.seed.wrapping_add(u64::from(k)));
        directions.into_iter().flat_map(|direction| seeds().map(move |seed| (direction, seed))).collect()
    }
}
