//! What a streaming step takes, and what of it is the step: `cargo bench --bench stream`.
//!
//! One row, `C = H`, one thread. *Step* is `Backend::infer` of one step with every buffer at hand, *push* is
//! [`Stream::push`](recurrent::Stream::push) of a network of that layer alone. A pass takes minimum and median of each in turn; the
//! estimate is the least of all passes. `benches/peers/stream.py` runs this in turn with RTNeural.

use clap::Parser;
use recurrent::Stream;
use recurrent::backend::{Accuracy, Faer};
use recurrent::kernels::{Activation, GruReset};
use recurrent::network::{CellSpec, Config, Network, RecurrentSpec};
use side_by_side::{Cell, Effort, Mode, Problem, Timing, feature_line, time, values};
use std::time::Duration;

#[path = "side_by_side/mod.rs"]
mod side_by_side;

/// Times of a streaming step.
#[derive(Parser)]
struct Options {
    /// Cells
    #[arg(long, value_enum, value_delimiter = ',', default_value = "lstm,gru,rnn")]
    cells: Vec<Cell>,
    /// Units of the layer
    #[arg(long, value_delimiter = ',', default_value = "8,16,24,32,64,128,256")]
    hidden: Vec<usize>,
    /// Interleaved passes
    #[arg(long, default_value_t = 5)]
    passes: usize,
    /// Seconds for each in each pass
    #[arg(long, default_value_t = 0.1)]
    secs: f64,
    /// A line of JSON for each, in seconds, in place of the table
    #[arg(long)]
    json: bool,
    /// Given by `cargo bench`; without it everything runs once
    #[arg(long)]
    bench: bool,
    /// Given by `cargo test`; everything runs once
    #[arg(long)]
    test: bool,
}

/// Minimum and median of each.
#[derive(Clone, Copy)]
struct Least {
    step: [f64; 2],
    push: [f64; 2],
}

fn main() {
    let options = Options::parse();
    let once = options.test || !options.bench;
    let effort = match once {
        true => Effort { time: Duration::ZERO, samples: 1 },
        false => Effort { time: Duration::from_secs_f64(options.secs), samples: 20 },
    };
    if !options.json {
        println!("{}", feature_line());
        println!("least of {} interleaved passes, ns; Faer on one thread, f32", options.passes);
        println!("{:<18} {:>9} {:>9} {:>9} {:>9}", "minimum, median", "step", "push", "step", "push");
    }
    for (&cell, &hidden) in options.cells.iter().flat_map(|cell| options.hidden.iter().map(move |h| (cell, h))) {
        for accuracy in [Accuracy::Ulp1, Accuracy::Fast] {
            let passes = if once { 1 } else { options.passes };
            let least = measure(cell, hidden, accuracy, effort, passes);
            let Least { step, push } = least;
            let name = cell.name();
            if options.json {
                println!(
                    r#"{{"cell": "{name}", "H": {hidden}, "accuracy": "{accuracy:?}", "step": {step:?}, "push": {push:?}}}"#
                );
            } else {
                let [a, b, c, d] = [step[0], push[0], step[1], push[1]].map(|seconds| 1e9 * seconds);
                println!("{:<18} {a:>9.0} {b:>9.0} {c:>9.0} {d:>9.0}", format!("{name} {hidden} {accuracy:?}"));
            }
        }
    }
}

fn measure(cell: Cell, hidden: usize, accuracy: Accuracy, effort: Effort, passes: usize) -> Least {
    let backend = Faer::sequential().with_accuracy(accuracy);
    let mut problem = Problem::<f32>::new(&backend, cell, [1, 1, hidden, hidden]);
    let spec = match cell {
        Cell::Elman => CellSpec::elman(Activation::Tanh),
        Cell::Lstm => CellSpec::lstm(),
        Cell::Gru => CellSpec::gru(GruReset::After),
    };
    let config = Config::features(hidden).recurrent(RecurrentSpec::new(spec, hidden));
    let network = Network::<f32, Faer>::with_backend(&config, 1, backend.clone()).expect("it fits into memory");
    let mut stream = Stream::new(network).expect("a network in one direction");
    let x: Vec<f32> = values(hidden, 7);
    let mut least = Least { step: [f64::INFINITY; 2], push: [f64::INFINITY; 2] };
    let lower = |least: &mut [f64; 2], Timing { min, median, .. }: Timing| {
        *least = [least[0].min(min), least[1].min(median)];
    };
    for _ in 0..passes {
        lower(&mut least.step, time(effort, || problem.run(Mode::Infer)));
        lower(&mut least.push, time(effort, || assert!(stream.push(&x).is_ok())));
    }
    least
}
