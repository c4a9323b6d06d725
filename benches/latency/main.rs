//! How long each single call takes, to the slowest of a million: `cargo bench --bench latency`; all options with `--help`.
//!
//! *Push* is [`Stream::push`](recurrent::Stream::push) of one row through an LSTM and a linear head, *pass* inference of an LSTM over a batch.
//! Each is called with `Faer::sequential()` and with `Faer::parallel(n)`, on an idle machine and beside one thread for each core that
//! never rests, round after round in turn, so that one slow moment of the machine hits all. A time contains one reading of the
//! clock. Allocations of the calling thread are counted; `system_calls.py` counts what the system was asked for.

use allocation_counter::measure;
use clap::Parser;
use quantiles::Quantiles;
use recurrent::Stream;
use recurrent::backend::Faer;
use recurrent::network::{Config, Network, RecurrentSpec};
use side_by_side::{Cell, Mode, Problem, Shape, beside, feature_line, label, values};
use std::fmt;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

mod chart;
mod quantiles;
#[path = "../side_by_side/mod.rs"]
mod side_by_side;

/// Time single calls
#[derive(Parser)]
#[command(name = "cargo bench --bench latency --")]
struct Options {
    /// Pushes of each backend, idle and busy
    #[arg(long, default_value_t = 1_000_000)]
    pushes: usize,
    /// Passes of each backend, idle and busy
    #[arg(long, default_value_t = 5000)]
    passes: usize,
    /// Units of the pushed LSTM
    #[arg(long, default_value_t = 64)]
    hidden: usize,
    /// Steps, rows, features and units of a pass
    #[arg(long, value_delimiter = ',', num_args = 4, default_value = "50,16,64,128")]
    shape: Vec<usize>,
    /// Threads of the parallel backend
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Threads that never rest [default: one for each core]
    #[arg(long)]
    neighbours: Option<usize>,
    /// Rounds that the calls are shared out to
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Draw the histograms into this SVG file
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Only pushes of one backend on an idle machine, no clock: for `system_calls.py`
    #[arg(long)]
    untimed: bool,
    /// Given by `cargo bench`; without it few calls show that it works
    #[arg(long, hide = true)]
    bench: bool,
    #[arg(long, hide = true)]
    test: bool,
}

/// The calls of one kind with one backend in one surrounding.
struct Series {
    call: &'static str,
    backend: String,
    busy: bool,
    times: Vec<Duration>,
    allocations: u64,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.backend, if self.busy { "busy" } else { "idle" })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options::parse();
    if options.test || !options.bench {
        (options.pushes, options.passes, options.rounds) = (20, 4, 2);
    }
    if options.untimed {
        let mut stream = stream(options.hidden, &Faer::sequential());
        let x = values::<f32>(options.hidden, 7);
        (0..options.pushes).for_each(|_| assert!(stream.push(&x).is_ok()));
        return Ok(());
    }
    let neighbours = options.neighbours.unwrap_or(available_parallelism()?.get());
    println!("{}; busy: {neighbours} threads that never rest", feature_line());
    println!("an empty call takes {:.0} ns", 1e9 * Quantiles::of(&times(100_000, || ())).p50);
    let measured = measured(&options, neighbours);
    for call in ["push", "pass"] {
        table(&options, measured.iter().filter(|series| series.call == call));
    }
    if let Some(path) = &options.svg {
        std::fs::write(path, chart::draw(&measured)?)?;
    }
    Ok(())
}

fn stream(hidden: usize, backend: &Faer) -> Stream<f32, Faer> {
    let config = Config::features(hidden).recurrent(RecurrentSpec::lstm(hidden)).linear(1);
    let network = Network::<f32, Faer>::with_backend(&config, 1, backend.clone()).expect("it fits into memory");
    Stream::new(network).expect("a network in one direction")
}

/// The time of each of so many calls. What they are kept in is in memory before.
fn times(calls: usize, mut call: impl FnMut()) -> Vec<Duration> {
    let mut times = vec![Duration::MAX; calls];
    for time in &mut times {
        let before = Instant::now();
        call();
        *time = before.elapsed();
    }
    times
}

/// Every series, a share of each in each round.
fn measured(options: &Options, neighbours: usize) -> Vec<Series> {
    let shape: Shape = options.shape.clone().try_into().expect("four sizes");
    let backends = [Faer::sequential(), Faer::parallel(options.threads)];
    let names = ["sequential".to_string(), format!("parallel({})", options.threads)];
    let x = values::<f32>(options.hidden, 7);
    let mut streams = backends.each_ref().map(|backend| stream(options.hidden, backend));
    let mut problems = backends.each_ref().map(|backend| Problem::<f32>::new(backend, Cell::Lstm, shape));
    let mut all: Vec<Series> = Vec::new();
    for busy in [false, true] {
        for call in ["push", "pass"] {
            let series =
                |backend: &String| Series { call, backend: backend.clone(), busy, times: Vec::new(), allocations: 0 };
            all.extend(names.iter().map(series));
        }
    }
    for _ in 0..options.rounds.max(1) {
        for (index, series) in all.iter_mut().enumerate() {
            let (stream, problem) = (&mut streams[index % 2], &mut problems[index % 2]);
            let share = |calls: usize| calls.div_ceil(options.rounds.max(1));
            let mut push = || assert!(stream.push(&x).is_ok());
            let mut pass = || problem.run(Mode::Infer);
            let mut some = || match series.call {
                "push" => counted(share(options.pushes), &mut push),
                _ => counted(share(options.passes), &mut pass),
            };
            let (times, allocations) = if series.busy { beside(neighbours, some) } else { some() };
            series.times.extend(times);
            series.allocations += allocations;
        }
    }
    all
}

/// Times and allocations, after a call that sizes what is kept between calls.
fn counted(calls: usize, call: &mut dyn FnMut()) -> (Vec<Duration>, u64) {
    call();
    let mut kept = Vec::new();
    let found = measure(|| kept = times(calls, call));
    // The vector of the times is one.
    (kept, found.count_total - 1)
}

fn table<'a>(options: &Options, all: impl Iterator<Item = &'a Series>) {
    let all: Vec<&Series> = all.collect();
    let Some(first) = all.first() else { return };
    let shape = &options.shape;
    let what = match first.call {
        "push" => format!("LSTM of {} units and a linear head, one row", options.hidden),
        _ => format!("LSTM {}", label([shape[0], shape[1], shape[2], shape[3]])),
    };
    println!("\n| {}, {what}; µs | calls | p50 | p99 | p99.9 | worst | allocations |", first.call);
    println!("|---|---|---|---|---|---|---|");
    for pair in all.chunks(2) {
        let [alone, helped] = [0, 1].map(|index| Quantiles::of(&pair[index].times));
        for (series, found) in pair.iter().zip([&alone, &helped]) {
            println!("| {series} | {} | {found} | {} |", series.times.len(), series.allocations);
        }
        println!("| ratio | | {} | |", helped.over(&alone));
    }
}
