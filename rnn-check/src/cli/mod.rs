//! The commands: what a person says, what comes back, and what went wrong on the way.

mod activations;
mod args;
mod backend;
mod error;
mod file;
mod html;
mod list;
mod matrix;
mod progress;
mod replay;
mod report;
mod run;

use args::Command;
use error::Error;

/// What a command found out; it becomes the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything held.
    Holds,
    /// A law is broken, a bug survived, or a document is out of date.
    Broken,
}

impl Outcome {
    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Broken }
    }
}

/// Reads the command line and does what it says.
pub fn main() -> Result<Outcome, Error> {
    match args::parse()? {
        Command::List(list) => list::run(&list),
        Command::Run(run) => run::run(&run),
        Command::Replay(replay) => replay::run(&replay),
        Command::Matrix(matrix) => matrix::run(&matrix),
        Command::Report(report) => report::run(&report),
        Command::Activations(activations) => activations::run(&activations),
    }
}
