//! A character-level language model: `cargo run --release --example char_lm`.
//!
//! Learns the checkout's own sources and documents (or `--text FILE`), compares itself with what counts alone can do,
//! prints a sample, and leaves a checkpoint and a chart. `--help` lists the settings.

pub(crate) mod chart;
pub(crate) mod corpus;
pub(crate) mod options;
pub(crate) mod outputs;
#[path = "../common/place.rs"]
pub(crate) mod place;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod saving;
pub(crate) mod session;
pub(crate) mod signals;
pub(crate) mod training;
pub(crate) mod validation;

use clap::Parser;
use options::Options;
use session::Ending;
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(call(&Options::parse()))
}

/// The program after its command line, to its exit status.
pub(crate) fn call(options: &Options) -> u8 {
    if let Err(error) = signals::watch() {
        report::complain(&format!("signals will end the run without saving: {error}"));
    }
    match session::run(options, &signals::STOP) {
        Ok(Ending::Done) => 0,
        Ok(Ending::Stopped) => signals::exit_status(),
        Err(error) => {
            report::complain(&error.to_string());
            1
        }
    }
}
