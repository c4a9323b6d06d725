//! Who remembers for how long? The classic tasks of long memory for a dozen networks, from a plain Elman network to linear recurrences:
//! `cargo run --release --example classic_tasks -- adding --steps 100 --cell gru`, or all networks without `--cell`.
//!
//! Each task is a [`Task`](task::Task) in a file of its own that names whose definition it follows. All networks have the same trainer, optimiser,
//! rate and sequences, and fifteen seconds each unless told otherwise: this shows what each learns in that time, and not what it could with
//! settings of its own. Beside the result of a test stand that of who has no memory, and what others published. The README beside this file has
//! tables of both, and the commands that made them.

mod adding;
#[path = "../progress/bar.rs"]
mod bar;
mod chart;
mod compare;
mod copy;
mod echo;
mod echoes;
mod latch;
mod learn;
mod marks;
mod measure;
mod memorisation;
mod models;
mod multiplication;
mod options;
mod permutation;
mod reber;
mod rows;
mod summary;
mod task;
mod temporal_order;

use chart::Chart;
use clap::Parser;
use options::{Command, Options};
use recurrent::Result;
use recurrent::file::{check_outputs, in_folder, write_atomically};
use std::io::Write;
use std::process::ExitCode;
use summary::Line;

fn main() -> ExitCode {
    match run(&Options::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "classic_tasks: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    let common = command.common();
    let product =
        || in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/target/classic_tasks"), &format!("{}.svg", command.name()));
    let svg = common.svg.clone().map_or_else(product, Ok)?;
    // Training takes minutes: where the results go is examined before.
    check_outputs([], [("--svg", Some(&*svg)), ("--summary", common.summary.as_deref())])?;
    let (lines, chart) = results(command)?;
    summary::print_spreads(&lines);
    write_atomically(&svg, chart.draw()?.as_bytes())?;
    println!("chart {}", svg.display());
    common.summary.as_ref().map_or(Ok(()), |path| summary::write(path, &lines))
}

fn results(command: &Command) -> Result<(Vec<Line>, Chart)> {
    match command {
        Command::Delay(echo) => echoes::delays(echo),
        Command::Sine(echo) => echoes::sines(echo),
        Command::Adding { variant, learning } => {
            compare::compare(&adding::Adding { steps: learning.steps(50), variant: *variant }, learning)
        }
        Command::Multiplication(learning) => {
            compare::compare(&multiplication::Multiplication { steps: learning.steps(50) }, learning)
        }
        Command::Copy(learning) => compare::compare(&copy::Copying { steps: learning.steps(20) }, learning),
        Command::TemporalOrder { symbols, learning } => {
            compare::compare(&temporal_order::TemporalOrder { steps: learning.steps(50), signs: *symbols }, learning)
        }
        Command::Reber(learning) => compare::compare(&reber::Reber { steps: learning.steps(30) }, learning),
        Command::Latch(learning) => compare::compare(&latch::Latch { steps: learning.steps(50) }, learning),
        Command::Memorisation(learning) => {
            compare::compare(&memorisation::Memorisation { steps: learning.steps(20) }, learning)
        }
        Command::Permutation(learning) => {
            compare::compare(&permutation::Permutation { steps: learning.steps(50) }, learning)
        }
    }
}
