//! A character-level language model: `cargo run --release --example char_lm`.
//!
//! Learns the checkout's own sources and documents (or `--text FILE`), compares itself with what counts alone can do,
//! prints a sample, and leaves a checkpoint and a chart. `--help` lists the settings.

pub(crate) mod chart;
pub(crate) mod options;
pub(crate) mod run;
pub(crate) mod session;

use clap::Parser;
use options::Options;
use recurrent::signals;
use session::complain;

fn main() {
    std::process::exit(call(&Options::parse()).into())
}

/// The program after its command line, to its exit status.
pub(crate) fn call(options: &Options) -> u8 {
    signals::watch().unwrap_or_else(|error| complain(format!("signals will end the run without saving: {error}")));
    match session::run(options, &signals::STOP).inspect_err(|error| complain(error)) {
        Ok(true) => 0,
        Ok(false) => signals::exit_status(),
        Err(_) => 1,
    }
}
