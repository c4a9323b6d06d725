//! Models that others trained: look into them, convert, run and time them.
//!
//! ```sh
//! cargo run --release --example model -- inspect model.keras
//! cargo run --release --example model -- convert model.keras model.onnx
//! cargo run --release --example model -- run model.onnx --input x.npz --output y.npz
//! cargo run --release --example model -- bench model.onnx
//! ```
//! README.md shows what each prints.

mod bench;
mod convert;
mod format;
mod guess;
mod inspect;
mod load;
mod options;
mod run;
mod table;
mod tensors;
#[cfg(test)]
mod tests;

use clap::Parser;
use options::{Command, Options};
use recurrent::error::{Error, Result};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = execute(&Options::parse()).and_then(|text| {
        std::io::stdout().write_all(text.as_bytes()).map_err(|source| Error::io("writing", "standard output", source))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "model: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a command has to say.
fn execute(options: &Options) -> Result<String> {
    match &options.command {
        Command::Inspect { file, told } => inspect::inspect(file, told),
        Command::Convert { file, out, told, written } => convert::convert(file, out, told, written),
        Command::Run { file, told, input, output } => run::run(file, told, input, output),
        Command::Bench { file, told, effort } => bench::bench(file, told, effort),
    }
}
