//! Passes on a machine that is busy: how long they take at the middle, at the 99th percentile and at worst, and what they cost.
//!
//! `cargo bench --bench busy -- --callers 8 --threads 2 --neighbours 2`; all options with `--help`. Callers run passes of a layer
//! at once, on `Faer::sequential()` and on `Faer::parallel(n)` in turn, round after round, beside threads that never sleep. One
//! slow moment of the machine then hits both.

use clap::{Parser, ValueEnum};
use cpu::{of_this_thread, of_workers};
use latency::{Calls, Latency};
use rnn_backend_faer::Faer;
use serde::Serialize;
use side_by_side::{Cell, Mode, Problem, Shape, beside, feature_line, label};
use std::fmt;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

mod cpu;
mod latency;
#[path = "../side_by_side/mod.rs"]
mod side_by_side;

/// Time passes while the cores have other work
#[derive(Parser)]
#[command(name = "cargo bench --bench busy --")]
struct Options {
    /// Threads that call passes, all at once
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    callers: u16,
    /// Threads of a parallel backend
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Threads that do nothing but keep a core busy
    #[arg(long, default_value_t = 2)]
    neighbours: usize,
    /// Who shares a parallel backend
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["own", "shared"])]
    pools: Vec<Pools>,
    /// Seconds of a round of one backend
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Rounds of each backend
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Milliseconds between two passes of a caller
    #[arg(long, default_value_t = 0)]
    pause: u64,
    /// Lines of JSON instead of a table
    #[arg(long)]
    json: bool,
    #[arg(long, hide = true)]
    bench: bool,
}

/// Who shares a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Pools {
    /// Each caller has its own.
    Own,
    /// All callers have one.
    Shared,
}

/// A single row whose units are shared out, and a batch whose rows are.
const PASSES: [(Mode, Shape); 2] = [(Mode::Forward, [50, 1, 128, 128]), (Mode::Train, [50, 16, 64, 128])];

#[derive(Serialize)]
struct Line {
    pass: String,
    backend: String,
    pools: Pools,
    callers: u16,
    neighbours: usize,
    #[serde(flatten)]
    latency: Latency,
}

fn main() {
    let options = Options::parse();
    println!("{}; {} callers, {} neighbours", feature_line(), options.callers, options.neighbours);
    for &pools in &options.pools {
        for (mode, shape) in PASSES {
            let pass = format!("lstm {} {}", mode.name(), label(shape));
            let [alone, helped] = measure(&options, pools, mode, shape).map(Calls::latency);
            let backends = [("sequential".into(), &alone), (format!("parallel({})", options.threads), &helped)];
            for (backend, latency) in backends {
                let (pass, latency) = (pass.clone(), latency.clone());
                let Options { callers, neighbours, .. } = options;
                let line = Line { pass, backend, pools, callers, neighbours, latency };
                if options.json {
                    println!("{}", serde_json::to_string(&line).expect("numbers and names can be written"));
                } else {
                    println!("{line}, of sequential: {}", line.latency.over(&alone));
                }
            }
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { pass, backend, latency, .. } = self;
        let pools = if self.pools == Pools::Own { "own" } else { "shared" };
        write!(f, "{pass:<30} {backend:<11} {pools:<6} {latency}")
    }
}

/// The calls of `Faer::sequential()` and of `Faer::parallel(n)`.
fn measure(options: &Options, pools: Pools, mode: Mode, shape: Shape) -> [Calls; 2] {
    let shared = Faer::parallel(options.threads);
    let parallel = |_| match pools {
        Pools::Own => Faer::parallel(options.threads),
        Pools::Shared => shared.clone(),
    };
    let alone: Vec<_> = (0..options.callers).map(|_| Faer::sequential()).collect();
    let helped: Vec<_> = (0..options.callers).map(parallel).collect();
    let mut problems = [&alone, &helped].map(|backends| {
        backends.iter().map(|backend| Problem::<f32>::new(backend, Cell::Lstm, shape)).collect::<Vec<_>>()
    });
    let mut calls = [Calls::default(), Calls::default()];
    for _ in 0..options.rounds {
        for (problems, calls) in problems.iter_mut().zip(&mut calls) {
            calls.add(round(options, mode, problems));
        }
    }
    calls
}

/// All callers at once for some time.
fn round(options: &Options, mode: Mode, problems: &mut [Problem<'_, f32>]) -> Calls {
    let start = Barrier::new(problems.len());
    let workers_before = of_workers();
    let mut all = Calls::default();
    let work = || {
        thread::scope(|scope| {
            let caller = |problem| scope.spawn(|| call_for_some_time(options, mode, problem, &start));
            let callers: Vec<_> = problems.iter_mut().map(caller).collect();
            callers.into_iter().for_each(|caller| all.add(caller.join().expect("a pass does not panic")));
        });
    };
    beside(options.neighbours, work);
    all.add_cpu(of_workers().zip(workers_before).map(|(after, before)| after.saturating_sub(before)));
    all
}

fn call_for_some_time(options: &Options, mode: Mode, problem: &mut Problem<'_, f32>, start: &Barrier) -> Calls {
    problem.run(mode);
    start.wait();
    let (began, long, cpu_before) = (Instant::now(), Duration::from_secs_f64(options.seconds), of_this_thread());
    let mut times = Vec::new();
    while times.is_empty() || began.elapsed() < long {
        let call = Instant::now();
        problem.run(mode);
        times.push(call.elapsed());
        if options.pause > 0 {
            thread::sleep(Duration::from_millis(options.pause));
        }
    }
    let cpu = of_this_thread().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    Calls { times, cpu }
}
