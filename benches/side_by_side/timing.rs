//! The median time of a call.

use std::time::{Duration, Instant};

/// How long to time a call.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// At least this long, after a warm-up of a quarter of it.
    pub time: Duration,
    /// At least this many samples, however long they take. With one, a call that lasts longer than `time` is not
    /// repeated.
    pub samples: usize,
}

/// Seconds per call.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Of the samples.
    pub median: f64,
    /// Of the samples.
    pub min: f64,
    /// Calls timed.
    pub calls: usize,
}

/// A sample lasts at least this long, so that the clock's own time does not count.
const SAMPLE: f64 = 20e-6;
/// More samples do not move a median.
const ENOUGH: usize = 2000;

/// Times `call`: warm-up, then samples of as many calls as make one measurable.
pub fn time(effort: Effort, mut call: impl FnMut()) -> Timing {
    let warm_up = Instant::now();
    let mut once = seconds(1, &mut call);
    if effort.samples <= 1 && once >= effort.time.as_secs_f64() {
        return Timing { median: once, min: once, calls: 1 };
    }
    while warm_up.elapsed() < effort.time / 4 {
        once = seconds(1, &mut call);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small positive count
    let calls = (SAMPLE / once.max(1e-9)).ceil() as usize;
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < effort.samples || (start.elapsed() < effort.time && times.len() < ENOUGH) {
        times.push(seconds(calls, &mut call));
    }
    times.sort_by(f64::total_cmp);
    Timing { median: times[times.len() / 2], min: times[0], calls: calls * times.len() }
}

fn seconds(calls: usize, call: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(|_| call());
    start.elapsed().as_secs_f64() / calls as f64
}
