//! Time on a processor, as Linux counts it for each thread.

use std::fs;
use std::time::Duration;

/// Of the calling thread since it began.
pub fn of_this_thread() -> Option<Duration> {
    first_number(&fs::read_to_string("/proc/thread-self/schedstat").ok()?)
}

/// Of all threads of this process that a backend has made, since they began.
pub fn of_workers() -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let thread = thread.ok()?.path();
        if fs::read_to_string(thread.join("comm")).ok()?.starts_with("recurrent") {
            sum += first_number(&fs::read_to_string(thread.join("schedstat")).ok()?)?;
        }
    }
    Some(sum)
}

/// Nanoseconds.
fn first_number(line: &str) -> Option<Duration> {
    Some(Duration::from_nanos(line.split_whitespace().next()?.parse().ok()?))
}
