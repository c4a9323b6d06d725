//! Why recurrent networks are hard to train, made visible: `cargo run --release --example gradient_flow`.
//!
//! A gradient goes back through many steps of every cell of the library, as its weights are drawn and with weights that are known to matter: a
//! table, and a page of small charts beside what is said of each family. What is followed is `∂L/∂s`, where `s` is all that a cell
//! hands from step to step. Linear networks are held against their closed form. Nothing is trained: gates can learn to keep more than they do
//! here, and plain networks cannot.

#[path = "../progress/bar.rs"]
mod bar;
mod cases;
mod fade;
mod families;
mod page;

use bar::Bar;
use cases::{Measured, RADII, closed_form, largest_deviation, linear, measure};
use clap::Parser;
use fade::Fade;
use families::{Family, families};
use recurrent::file::{check_outputs, in_folder, write_atomically};
use recurrent::{Error, Result};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Follow a gradient back through time in every cell.
#[derive(Debug, Parser)]
struct Options {
    // 0.9^6700 is the last power that f64 holds in full.
    /// Steps the gradient goes back
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(4..=6000))]
    steps: u16,
    /// Hidden units, a multiple of 4
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(4..=1024))]
    hidden: u16,
    /// Seeds of the weights, the input and the direction of the gradient
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    seeds: u16,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the page goes [default: target/gradient_flow/gradient_flow.svg of the checkout]
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Where a summary goes, as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
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
    let begun = Instant::now();
    // Measuring may take minutes: where things go is examined before.
    let products = || in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/target/gradient_flow"), "gradient_flow.svg");
    let svg = options.svg.clone().map_or_else(products, Ok)?;
    check_outputs([], [("--svg", Some(&*svg)), ("--summary", options.summary.as_deref())])?;
    let (steps, hidden) = (usize::from(options.steps), usize::from(options.hidden));
    if !hidden.is_multiple_of(4) {
        return Err(Error::format("--hidden", "a multiple of 4, for the modules of a clockwork", hidden));
    }
    let seeds: Vec<u64> = (0..u64::from(options.seeds)).map(|k| options.seed.wrapping_add(k)).collect();
    let found = follow(&families(hidden), steps, &seeds)?;
    let deviation = linear_deviation(hidden, steps, options.seed)?;

    let head = format!("What is left of a gradient, {steps} steps back through {hidden} units");
    write_atomically(&svg, page::draw(&found, &head)?.as_bytes())?;
    if let Some(path) = &options.summary {
        let group = |(family, fades): &(Family, Vec<Fade>)| json!({"family": family.title, "said": family.said, "measured": page::measured(fades), "networks": fades});
        let summary = json!({
            "steps": steps, "hidden": hidden, "seeds": seeds, "families": found.iter().map(group).collect::<Vec<_>>(),
            "linear_deviation": deviation, "seconds": begun.elapsed().as_secs_f64(),
        });
        write_atomically(path, format!("{summary:#}\n").as_bytes())?;
    }
    let text = format!(
        "{}\n{}\nlinear networks against ρ^(T−t): largest relative deviation {deviation:.1e}\n{:.1} s, page {}\n",
        table(&found, steps),
        verdicts(&found),
        begun.elapsed().as_secs_f64(),
        svg.display()
    );
    std::io::stdout().write_all(text.as_bytes()).map_err(|source| Error::io("writing", "standard output", source))
}

/// Every network with every seed.
fn follow(families: &[Family], steps: usize, seeds: &[u64]) -> Result<Vec<(Family, Vec<Fade>)>> {
    let networks: usize = families.iter().map(|family| family.cases.len()).sum();
    let (bar, begun) = (Bar::new(networks as u64), Instant::now());
    let (mut done, mut found) = (0, vec![]);
    for family in families {
        let mut fades = vec![];
        for case in &family.cases {
            bar.at(done, &case.name);
            let measured: Vec<Measured> =
                seeds.iter().map(|seed| measure(case, steps, *seed)).collect::<Result<_>>()?;
            fades.push(Fade::of(&measured));
            done += 1;
        }
        bar.say(&format!("{}: {:.1} s", family.title, begun.elapsed().as_secs_f64()));
        found.push((family.clone(), fades));
    }
    Ok(found)
}

/// How far linear networks are from their closed form.
fn linear_deviation(hidden: usize, steps: usize, seed: u64) -> Result<f64> {
    let of = |radius| {
        let measured = measure(&linear(radius, hidden), steps, seed)?;
        Ok(largest_deviation(&measured.norms, &closed_form(radius, steps)))
    };
    RADII.into_iter().try_fold(0.0_f64, |largest, radius| Ok(largest.max(of(radius)?)))
}

/// What is left at five distances of each network, by family.
fn table(families: &[(Family, Vec<Fade>)], steps: usize) -> String {
    let distances = [steps / 20, steps / 4, steps / 2, steps];
    let head = distances.map(|d| format!("{:>11}", format!("{d} back"))).concat();
    let mut table = String::new();
    for (family, fades) in families {
        table += &format!("{}\n{}\n{}\n", family.title, family.said, page::measured(fades));
        table += &format!("  {:26}{head}   a step\n", "‖∂L/∂s‖");
        for fade in fades {
            let left = distances.map(|d| format!("{:11.2e}", fade.median[d])).concat();
            table += &format!("  {:26}{left}   {fade}\n", fade.name);
        }
        table.push('\n');
    }
    table
}

/// What theory says of the networks it is about.
fn verdicts(families: &[(Family, Vec<Fade>)]) -> String {
    let mut text = String::new();
    for fade in families.iter().flat_map(|(_, fades)| fades) {
        if let Some(conditions) = &fade.conditions {
            let [radius, largest] = [&conditions.spectral_radius, &conditions.largest_singular_value].map(|e| e.value);
            let verdict = conditions.verdict();
            text += &format!("{:26}  ρ = {radius:.4}, σ_max = {largest:.4}: {verdict}\n", fade.name);
        }
    }
    text
}
