//! `rnn-check`: the suite from the command line.

#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::main() {
        Ok(cli::Outcome::Holds) => ExitCode::SUCCESS,
        Ok(cli::Outcome::Broken) => ExitCode::from(1),
        Err(error) => {
            eprintln!("rnn-check: {error}");
            ExitCode::from(2)
        }
    }
}
