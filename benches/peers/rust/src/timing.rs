//! The median time of a call, taken as `worker.py` takes it.

use std::time::{Duration, Instant};

/// Seconds per call.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub median: f64,
    pub min: f64,
    /// Calls timed.
    pub calls: usize,
}

const AT_LEAST: usize = 3;
/// More samples do not move a median.
const ENOUGH: usize = 2000;

/// A warm-up of a quarter of `time`, then samples for `time`.
pub fn time(secs: f64, mut call: impl FnMut()) -> Timing {
    let time = Duration::from_secs_f64(secs);
    let warm_up = Instant::now();
    call();
    while warm_up.elapsed() < time / 4 {
        call();
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < AT_LEAST || (start.elapsed() < time && times.len() < ENOUGH) {
        let before = Instant::now();
        call();
        times.push(before.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Timing { median: times[times.len() / 2], min: times[0], calls: times.len() }
}
