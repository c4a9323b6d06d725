//! The loop: runs of inputs shared among threads, exact values shared among backends.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use super::format::Format;
use super::inputs::Run;
use super::table::Table;
use super::tally::{Results, Tally};
use super::{Extent, Function, special};
use rnn_kernels::{Backend, MatMut};

/// How far a sweep is. Called from several threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Inputs all backends have been applied to.
    pub done: u64,
    /// Inputs there are.
    pub total: u64,
}

/// How many inputs lie between two calls of the progress function.
const STEP: u64 = 1 << 22;

/// Applies σ and tanh of every backend to the inputs of the extent, on as many threads as the machine runs at once (a backend
/// that has threads of its own only makes it slower).
///
/// Memory is bounded by a few hundred kilobytes a thread. All figures but the seconds are the same for any number of threads.
///
/// # Panics
/// If a backend does.
pub fn sweep<T: Format>(
    backends: &[(&str, &dyn Backend<T>)],
    extent: Extent,
    progress: &(dyn Fn(Progress) + Sync),
) -> Table {
    let start = Instant::now();
    let runs = T::runs(extent);
    let total = runs.iter().map(|run| 2 * run.len as u64).sum();
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = || {
        let mut worker = Worker::new(backends);
        while let Some(&run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
            worker.run(run);
            let inputs = 2 * run.len as u64;
            let before = done.fetch_add(inputs, Ordering::Relaxed);
            if before / STEP != (before + inputs) / STEP {
                progress(Progress { done: before + inputs, total });
            }
        }
        worker.tallies
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(runs.len());
    let mut parts: Vec<Vec<Tally>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut tallies = parts.pop().unwrap_or_default();
    for part in &parts {
        tallies.iter_mut().zip(part).for_each(|(sum, tally)| sum.add(tally));
    }
    progress(Progress { done: total, total });
    let rows = subjects(backends).zip(&tallies).map(|((name, backend, function), tally)| {
        let (specials, broken) = special::check(backend, function);
        tally.row(name, specials, broken)
    });
    let rows = rows.collect();
    Table { number: T::NAME.into(), extent, threads, seconds: start.elapsed().as_secs_f64(), rows }
}

/// Both functions of each backend, in the order of the rows.
fn subjects<'a, T: Format>(
    backends: &'a [(&'a str, &'a dyn Backend<T>)],
) -> impl Iterator<Item = (&'a str, &'a dyn Backend<T>, Function)> {
    let of = |&(name, backend): &(&'a str, &'a dyn Backend<T>)| Function::ALL.map(|function| (name, backend, function));
    backends.iter().flat_map(of)
}

/// One thread's sums and buffers.
struct Worker<'a, T: Format> {
    backends: &'a [(&'a str, &'a dyn Backend<T>)],
    tallies: Vec<Tally>,
    a: Vec<T>,
    minus_a: Vec<T>,
    of_plus: Vec<T>,
    of_minus: Vec<T>,
    exact_plus: Vec<T::Exact>,
    exact_minus: Vec<T::Exact>,
}

impl<'a, T: Format> Worker<'a, T> {
    fn new(backends: &'a [(&'a str, &'a dyn Backend<T>)]) -> Self {
        Self {
            backends,
            tallies: subjects(backends).map(|(_, _, function)| Tally::new(function)).collect(),
            a: Vec::new(),
            minus_a: Vec::new(),
            of_plus: Vec::new(),
            of_minus: Vec::new(),
            exact_plus: Vec::new(),
            exact_minus: Vec::new(),
        }
    }

    fn run(&mut self, run: Run) {
        let is_nan = run.from >= T::FINITE;
        // The neighbour above the run belongs to the next one; here only the order of its result is looked at.
        let above = u64::from(!is_nan && run.from + (run.len as u64) < T::FINITE);
        let magnitudes = run.from..run.from + run.len as u64 + above;
        self.a.clear();
        self.a.extend(magnitudes.clone().map(T::from_bits));
        self.minus_a.clear();
        self.minus_a.extend(magnitudes.map(|magnitude| T::from_bits(magnitude | T::SIGN)));
        for function in Function::ALL {
            if !is_nan {
                T::exact(function, &self.a[..run.len], &mut self.exact_plus, &mut self.exact_minus);
            }
            let chosen = subjects(self.backends).zip(&mut self.tallies).filter(|((_, _, f), _)| *f == function);
            for ((_, backend, _), tally) in chosen {
                let start = Instant::now();
                for (y, x) in [(&mut self.of_plus, &self.a), (&mut self.of_minus, &self.minus_a)] {
                    y.clone_from(x);
                    let row = MatMut::new(y, 1, x.len());
                    backend.activation_forward(function.activation(), row);
                }
                tally.seconds += start.elapsed().as_secs_f64();
                if is_nan {
                    tally.nan(&self.of_plus);
                    tally.nan(&self.of_minus);
                    continue;
                }
                let results = Results {
                    a: &self.a[..],
                    of_plus: &self.of_plus,
                    of_minus: &self.of_minus,
                    exact_plus: &self.exact_plus,
                    exact_minus: &self.exact_minus,
                };
                tally.finite(run, &results);
            }
        }
    }
}
