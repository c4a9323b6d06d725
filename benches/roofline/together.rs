//! Work done by several threads at once, per second.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Units per second of all threads together: each repeats `work`, which says how many units it has done, until `time`
/// is over. All are at work when the clock starts: they wait for each other without sleeping, since a thread that is woken
/// may find itself on the processor of the one that woke it, and stay there for longer than is measured.
pub fn rate(threads: usize, time: Duration, work: impl Fn(usize) -> f64 + Sync) -> f64 {
    let ready = AtomicUsize::new(0);
    let one = |thread: usize| {
        work(thread); // pages, caches and the clock
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < threads {
            work(thread);
        }
        let (begin, mut units) = (Instant::now(), 0.0);
        loop {
            units += work(thread);
            let elapsed = begin.elapsed();
            if elapsed >= time {
                return units / elapsed.as_secs_f64();
            }
        }
    };
    std::thread::scope(|scope| {
        let one = &one;
        let others: Vec<_> = (1..threads).map(|thread| scope.spawn(move || one(thread))).collect();
        one(0) + others.into_iter().map(|other| other.join().expect("no panic in the work")).sum::<f64>()
    })
}

/// The best and the median of several tries: what the machine can do, and what it does when others use it as well.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    pub best: f64,
    pub median: f64,
}

/// Repeats a measurement.
pub fn tries(count: usize, measure: impl FnMut(usize) -> f64) -> Tries {
    let mut rates: Vec<f64> = (0..count).map(measure).collect();
    rates.sort_by(f64::total_cmp);
    Tries { best: rates[count - 1], median: rates[count / 2] }
}
