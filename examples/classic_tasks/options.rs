//! The command line.

use super::adding::Variant;
use super::learn::Effort;
use super::models::Setup;
use std::path::PathBuf;

/// Train networks of many cells on the classic tasks of long memory, and compare them with what needs none and with published figures.
#[derive(Debug, clap::Parser)]
pub struct Options {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add the two numbers of a sequence that are marked
    Adding {
        /// Whose adding problem
        #[arg(long, value_enum, default_value = "arjovsky")]
        variant: Variant,
        #[command(flatten)]
        learning: Learning,
    },
    /// Multiply them
    Multiplication(Learning),
    /// Say ten symbols again after T blanks
    Copy(Learning),
    /// Say in which order two or three signs came
    TemporalOrder {
        /// How many signs
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=3))]
        symbols: u8,
        #[command(flatten)]
        learning: Learning,
    },
    /// Foretell strings of the embedded Reber grammar of at most T symbols
    Reber(Learning),
    /// Say which sign a sequence began with
    Latch(Learning),
    /// Say ten symbols of five values again after T blanks; no other answer counts
    Memorisation(Learning),
    /// Say which of two symbols the first of a random sequence was
    Permutation(Learning),
    /// Repeat what was heard T steps before, by an echo-state network
    Delay(Echo),
    /// Go on with a sine for T steps, by an echo-state network
    Sine(Echo),
}

#[derive(Debug, clap::Args)]
pub struct Learning {
    /// T of the task's definition [default: 20 of copy and memorisation, 30 of reber, else 50]
    #[arg(long, value_parser = clap::value_parser!(u16).range(20..=10_000))]
    pub steps: Option<u16>,
    /// A network or a cell by its name, several times if there are several [default: twelve, from elman to slstm]
    #[arg(long, value_name = "NAME")]
    pub cell: Vec<String>,
    #[command(flatten)]
    pub setup: Setup,
    #[command(flatten)]
    pub effort: Effort,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, clap::Args)]
pub struct Echo {
    /// T [default: 4, 8, 16 and 20 of delay, 50 of sine]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub steps: Option<u16>,
    /// Units of the reservoir; published figures are of 20
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(4..=1000))]
    pub units: u16,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, clap::Args)]
pub struct Common {
    /// The first seed of weights and sequences
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many seeds, one after the other
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub seeds: u8,
    /// Write the results as JSON, too
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Where the chart goes [default: target/classic_tasks/TASK.svg of the checkout]
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

impl Common {
    /// The seeds.
    pub fn seeds(&self) -> impl ExactSizeIterator<Item = u64> + use<> {
        let first = self.seed;
        (0..self.seeds).map(move |k| first.wrapping_add(u64::from(k)))
    }
}

impl Learning {
    /// T, or what it is if it was not given.
    pub fn steps(&self, default: usize) -> usize {
        self.steps.map_or(default, usize::from)
    }
}

impl Command {
    /// As on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Adding { .. } => "adding",
            Command::Multiplication(_) => "multiplication",
            Command::Copy(_) => "copy",
            Command::TemporalOrder { .. } => "temporal-order",
            Command::Reber(_) => "reber",
            Command::Latch(_) => "latch",
            Command::Memorisation(_) => "memorisation",
            Command::Permutation(_) => "permutation",
            Command::Delay(_) => "delay",
            Command::Sine(_) => "sine",
        }
    }

    /// What all have.
    pub fn common(&self) -> &Common {
        match self {
            Command::Delay(echo) | Command::Sine(echo) => &echo.common,
            Command::Adding { learning, .. }
            | Command::Multiplication(learning)
            | Command::Copy(learning)
            | Command::TemporalOrder { learning, .. }
            | Command::Reber(learning)
            | Command::Latch(learning)
            | Command::Memorisation(learning)
            | Command::Permutation(learning) => &learning.common,
        }
    }
}
