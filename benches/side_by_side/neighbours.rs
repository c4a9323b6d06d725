//! Threads that do nothing but keep a core busy.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// What `work` gives, made while so many threads never rest.
pub fn beside<R>(neighbours: usize, work: impl FnOnce() -> R) -> R {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let neighbour = || {
            while !over.load(Ordering::Relaxed) {
                black_box((0..1000_u64).fold(0, |sum, i| black_box(sum ^ i)));
            }
        };
        (0..neighbours).for_each(|_| drop(scope.spawn(neighbour)));
        let made = work();
        over.store(true, Ordering::Relaxed);
        made
    })
}
