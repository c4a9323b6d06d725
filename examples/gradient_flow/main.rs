//! Why recurrent networks are hard to train, made visible: `cargo run --release --example gradient_flow`.
//!
//! A gradient goes back through many steps of Elman networks whose recurrent weights are scaled below, at and above the
//! critical spectral radius, of an LSTM and of a GRU: a table and an SVG of `‖∂L/∂h_t‖`. The linear network is held
//! against its closed form.

mod cases;
mod chart;

use cases::{Measured, RADII, cases, closed_form, largest_deviation, linear, measure};
use clap::Parser;
use recurrent::checkpoint::write_atomically;
use recurrent::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Follow a gradient back through time in recurrent networks of several kinds.
#[derive(Debug, Parser)]
struct Options {
    /// Steps the gradient goes back
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    steps: u16,
    /// Hidden units
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    hidden: u16,
    /// Seed of the weights, the input and the direction of the gradient
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the chart goes [default: target/gradient_flow/gradient_flow.svg of the checkout]
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gradient_flow: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let (steps, hidden) = (usize::from(options.steps), usize::from(options.hidden));
    let mut measured: Vec<Measured> =
        cases(hidden).iter().map(|case| measure(case, steps, options.seed)).collect::<Result<_>>()?;
    let mut deviation = 0.0_f64;
    for radius in RADII {
        let case = measure(&linear(radius, hidden), steps, options.seed)?;
        deviation = deviation.max(largest_deviation(&case.norms, &closed_form(radius, steps)));
        measured.push(case);
    }
    print!("{}", table(&measured, steps));
    println!();
    for case in &measured {
        match &case.conditions {
            Some(conditions) => println!(
                "{:25}  ρ = {:.4}, σ_max = {:.4}: {}",
                case.name,
                conditions.spectral_radius.value,
                conditions.largest_singular_value.value,
                conditions.verdict()
            ),
            None => {
                println!("{:25}  gated: the conditions are about one recurrent product and do not apply", case.name)
            }
        }
    }
    println!("\nlinear networks against ρ^(T−t): largest relative deviation {deviation:.1e}");
    let path = path(options.svg.as_deref())?;
    write_atomically(&path, chart::draw(&measured)?.as_bytes())?;
    println!("chart {}", path.display());
    Ok(())
}

/// `‖∂L/∂h_t‖` at five times for each network.
fn table(measured: &[Measured], steps: usize) -> String {
    let times = [4, 3, 2, 1, 0].map(|quarter| steps * quarter / 4);
    let head = times.map(|t| format!("{:>11}", format!("t = {t}"))).concat();
    let mut table = format!("‖∂L/∂h_t‖                  {head}\n");
    for case in measured {
        let norms = times.map(|t| format!("{:11.2e}", case.norms[t])).concat();
        table += &format!("{:25}  {norms}\n", case.name);
    }
    table
}

/// The path asked for, or a file among the build products, whose folder is made if need be.
fn path(path: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = path {
        return Ok(path.into());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("gradient_flow");
    std::fs::create_dir_all(&folder).map_err(|source| Error::Io { doing: "creating", path: folder.clone(), source })?;
    Ok(folder.join("gradient_flow.svg"))
}
