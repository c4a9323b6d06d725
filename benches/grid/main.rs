//! The grid: one line per cell, shape, pass, number type and number of threads.
//!
//! `cargo bench --bench grid -- --json FILE --shapes "50,16,64,128;100,1,32,32" --modes fwd,train,step`; all options
//! with `--help`. Without `--shapes` the twelve shapes at which recurrent layers are commonly compared.
//!
//! Estimate: the lowest of the medians of at least five interleaved passes. Spread: the highest of them over the
//! lowest; where it is large, the machine was busy with something else.

use clap::Parser;
use line::seconds;
use measure::{backends, measure};
use output::Output;
use selection::{Dtype, Selection};
use side_by_side::{Number, feature_line};
use std::io;

mod given;
mod line;
mod measure;
mod output;
mod selection;
mod setting;
#[path = "../side_by_side/mod.rs"]
mod side_by_side;

/// Time a recurrent layer, pass by pass, at any shapes
#[derive(Parser)]
#[command(name = "cargo bench --bench grid --")]
struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Measure nothing: answer layers on the standard input with their hidden states
    #[arg(long)]
    given: bool,
}

fn main() -> io::Result<()> {
    let Options { selection, given } = Options::parse();
    if given {
        return given::answer(&selection);
    }
    let mut output = Output::new(selection.json.as_deref())?;
    output.text(&format!("{}; the lowest of the medians of {} passes", feature_line(), selection.passes()));
    for dtype in &selection.dtype {
        match dtype {
            Dtype::F32 => grid::<f32>(&selection, &mut output)?,
            Dtype::F64 => grid::<f64>(&selection, &mut output)?,
        }
    }
    Ok(())
}

fn grid<T: Number>(selection: &Selection, output: &mut Output) -> io::Result<()> {
    let backends = backends::<T>(selection);
    for (shape, passes) in selection.shapes() {
        for (setting, line) in measure(selection, &backends, shape, &passes) {
            let (label, time) = (setting.label(T::NAME), seconds(line.median_s));
            output.text(&format!("{label:<48} {time:>11} {:>8.1} GFLOP/s  spread {:.2}", line.gflops, line.spread));
            output.json(&line)?;
        }
    }
    Ok(())
}
