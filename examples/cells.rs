//! Every cell by its name on one small task: `cargo run --release --example cells -- --cell gru`, or all of them without `--cell`.
//!
//! The adding problem: twelve numbers, of which two are marked; their sum is asked for at the end. All cells have the same width,
//! optimiser and rate, which suits some better than others: this shows that each runs and learns, not which is best.

use clap::Parser;
use recurrent::checkpoint::write_atomically;
use recurrent::network::{CellSpec, Config, DenseSpec, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule, clip_norm};
use recurrent::rng::Rng;
use recurrent::{Activation, Batch, Cells, Network, Targets, Workspace};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

const STEPS: usize = 12;
const ROWS: usize = 32;
const UNITS: usize = 16;
/// An error that nobody has who does not know which numbers are marked.
const LEARNT: f64 = 0.02;

/// Train cells to add two marked numbers.
#[derive(Debug, Parser)]
struct Options {
    /// A cell by its name, or by name and options as JSON: '{"lstm": {"forget": "coupled"}}' [default: every one]
    #[arg(long, value_name = "NAME")]
    cell: Vec<String>,
    /// Most steps of training
    #[arg(long, default_value_t = 600)]
    steps: u32,
    /// Seed of weights and data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the table as JSON, too
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Line {
    cell: CellSpec,
    parameters: usize,
    /// Steps until the error was below the threshold.
    learnt_after: Option<u32>,
    /// The mean squared error on numbers it was not trained on.
    error: f64,
    seconds: f64,
}

/// `x [T, N, 2]`, numbers and marks, and the sums of the marked ones.
fn numbers(rng: &mut Rng, rows: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut x, mut sums) = (vec![0.0; STEPS * rows * 2], vec![0.0; rows]);
    for n in 0..rows {
        let marked = [rng.below(STEPS / 2), STEPS / 2 + rng.below(STEPS / 2)];
        for t in 0..STEPS {
            let number = rng.uniform();
            x[(t * rows + n) * 2] = number;
            if marked.contains(&t) {
                x[(t * rows + n) * 2 + 1] = 1.0;
                sums[n] += number;
            }
        }
    }
    (x, sums)
}

fn train(cell: CellSpec, options: &Options) -> recurrent::Result<Line> {
    // Some cells read their input unit by unit, so that it must be as wide as they are; some are linear and cannot choose by the mark.
    let config = Config::features(2).dense(DenseSpec::new(UNITS, Activation::Relu));
    let config = config.recurrent(RecurrentSpec::new(cell.clone(), UNITS)).last_step().linear(1);
    let mut network = Network::<f64>::new(&config, options.seed)?;
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len())?;
    let (mut workspace, mut gradients, mut rng) = (Workspace::new(), network.gradients()?, Rng::seed(options.seed));
    let (start, held_out) = (Instant::now(), numbers(&mut rng, 8 * ROWS));
    let mut line = Line { cell, parameters: gradients.len(), learnt_after: None, error: f64::INFINITY, seconds: 0.0 };
    for step in 1..=options.steps {
        let (x, sums) = numbers(&mut rng, ROWS);
        let (batch, targets) = (Batch::features(&x, [STEPS, ROWS, 2])?, Targets::Values(&sums));
        gradients.fill_zero();
        network.loss_and_gradients(&mut workspace, &batch, targets, &mut network.state(ROWS)?, &mut gradients)?;
        clip_norm(&mut gradients, 1.0)?;
        network.update(|parameters| optimiser.step(parameters, &gradients, 1e-2))?;
        if step % 20 == 0 || step == options.steps {
            let (batch, targets) = (Batch::features(&held_out.0, [STEPS, 8 * ROWS, 2])?, Targets::Values(&held_out.1));
            line.error = network.evaluate(&mut workspace, &batch, targets, &mut network.state(8 * ROWS)?)?.mean();
            if line.error < LEARNT {
                line.learnt_after = Some(step);
                break;
            }
        }
    }
    line.seconds = start.elapsed().as_secs_f64();
    Ok(line)
}

/// Cells that have heads of 64 units or 16 states a unit by default get some that fit here.
fn by_name(name: &str) -> CellSpec {
    match name {
        "mlstm" => CellSpec::new(name).with("head", UNITS / 2),
        "gated_delta" => CellSpec::new(name).with("key", UNITS / 2).with("value", UNITS / 2),
        "mamba" => CellSpec::new(name).with("states", 4),
        _ => name.into(),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let said = |text: &String| if text.starts_with('{') { serde_json::from_str(text) } else { Ok(by_name(text)) };
    let mut cells: Vec<CellSpec> = options.cell.iter().map(said).collect::<Result<_, _>>()?;
    if cells.is_empty() {
        cells = Cells::new().names().map(by_name).collect();
    }
    println!("error of who always says 1, the mean: {:.4}; learnt below {LEARNT}", 1.0 / 6.0);
    println!("{:44} {:>10} {:>12} {:>8} {:>8}", "cell", "parameters", "learnt after", "error", "seconds");
    let mut lines = Vec::new();
    for cell in cells {
        let line = train(cell, &options)?;
        let after = line.learnt_after.map_or("not learnt".into(), |steps| format!("{steps} steps"));
        let name = serde_json::to_string(&line.cell)?;
        println!("{name:44} {:10} {after:>12} {:8.4} {:8.2}", line.parameters, line.error, line.seconds);
        lines.push(line);
    }
    if let Some(path) = &options.summary {
        write_atomically(path, &serde_json::to_vec_pretty(&lines)?)?;
    }
    Ok(())
}
