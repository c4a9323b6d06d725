//! A character-level language model: `cargo run --release --example char_lm`.
//!
//! Learns the checkout's own sources and documents (or `--text FILE`), compares itself with what counts alone can do,
//! prints a sample, and leaves a checkpoint and a chart. `--help` lists the settings.

pub(crate) mod chart;
pub(crate) mod corpus;
pub(crate) mod options;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod session;
pub(crate) mod validation;

use clap::Parser;
use options::Options;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl-C: the run ends after the step at hand.
static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let leave_at_once = 130; // what shells report for an interrupted program
    let handler = move || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(leave_at_once);
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("char_lm: Ctrl-C will not save: {error}");
    }
    match session::run(&Options::parse(), &STOP) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("char_lm: {error}");
            ExitCode::FAILURE
        }
    }
}
