//! Numbers translated from English words to digits and back, by an encoder and a decoder with attention, and beam search:
//! `cargo run --release --example translate -- --direction to-words`.
//!
//! It learns from most numbers and is tested on others, a minute for each direction by default; a translation is right if no symbol of it is
//! wrong. Beside the result stands that of a translation word by word, which knows no context. The README beside this file has figures.

#[path = "../progress/bar.rs"]
mod bar;
mod chart;
mod numbers;
mod options;
mod run;
mod split;
mod translator;
mod word_by_word;

use bar::Bar;
use clap::Parser;
use options::Options;
use recurrent::file::{check_outputs, in_folder, write_atomically};
use recurrent::{Error, Result};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match translate(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "translate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn translate(options: &Options) -> Result<()> {
    let product = || in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/target/translate"), "translate.svg");
    let svg = options.svg.clone().map_or_else(product, Ok)?;
    check_outputs([], [("--svg", Some(&*svg)), ("--summary", options.summary.as_deref())])?;
    let models = options.models();
    let (bar, mut runs) = (Bar::of_runs(models.len()), Vec::new());
    println!("{}", run::HEAD);
    for (direction, seed) in models {
        let run = run::learn(direction, seed, options, |share, now| bar.within(runs.len(), share, now))?;
        bar.aside(|| run.summary.print());
        runs.push(run);
    }
    drop(bar);
    for run in &runs {
        println!("\n{}, seed {}, of the test:", run.summary.direction.name(), run.summary.seed);
        run.shown.iter().for_each(|line| println!("    {line}"));
    }
    write_atomically(&svg, chart::draw(&runs)?.as_bytes())?;
    println!("chart {}", svg.display());
    let Some(path) = &options.summary else { return Ok(()) };
    let summaries: Vec<_> = runs.iter().map(|run| &run.summary).collect();
    write_atomically(path, &serde_json::to_vec_pretty(&summaries).map_err(Error::application)?)
}
