//! Why recurrent networks are hard to train, made visible: `cargo run --release --example gradient_flow`.
//!
//! A gradient goes back through many steps of Elman networks whose recurrent weights are scaled below, at and above the
//! critical spectral radius, of an LSTM and of a GRU: a table and an SVG of `‖∂L/∂h_t‖`. The linear network is held
//! against its closed form.

mod cases;
mod chart;

use cases::{Measured, RADII, cases, closed_form, largest_deviation, linear, measure};
use clap::Parser;
use recurrent::file::{check_writable, in_folder, write_atomically};
use recurrent::{Error, Result};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Follow a gradient back through time in recurrent networks of several kinds.
#[derive(Debug, Parser)]
struct Options {
    // 0.9^6700 is the last power that f64 holds in full.
    /// Steps the gradient goes back
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=6000))]
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
            let _ = writeln!(std::io::stderr(), "gradient_flow: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    // Measuring may take minutes: where the chart goes is examined before.
    let products = || in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/target/gradient_flow"), "gradient_flow.svg");
    let svg = options.svg.clone().map_or_else(products, Ok)?;
    check_writable(&svg)?;
    let (steps, hidden) = (usize::from(options.steps), usize::from(options.hidden));
    let mut measured: Vec<Measured> =
        cases(hidden).iter().map(|case| measure(case, steps, options.seed)).collect::<Result<_>>()?;
    let mut deviation = 0.0_f64;
    for radius in RADII {
        let case = measure(&linear(radius, hidden), steps, options.seed)?;
        deviation = deviation.max(largest_deviation(&case.norms, &closed_form(radius, steps)));
        measured.push(case);
    }
    write_atomically(&svg, chart::draw(&measured)?.as_bytes())?;
    let text = format!(
        "{}\n{}\nlinear networks against ρ^(T−t): largest relative deviation {deviation:.1e}\nchart {}\n",
        table(&measured, steps),
        verdicts(&measured),
        svg.display()
    );
    std::io::stdout().write_all(text.as_bytes()).map_err(|source| Error::io("writing", "standard output", source))
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

/// What theory says of each network.
fn verdicts(measured: &[Measured]) -> String {
    let verdict = |case: &Measured| match &case.conditions {
        Some(conditions) => format!(
            "{:25}  ρ = {:.4}, σ_max = {:.4}: {}\n",
            case.name,
            conditions.spectral_radius.value,
            conditions.largest_singular_value.value,
            conditions.verdict()
        ),
        None => format!("{:25}  gated: the conditions are about one recurrent product and do not apply\n", case.name),
    };
    measured.iter().map(verdict).collect()
}
