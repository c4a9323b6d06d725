//! How many tasks the workers have done, and the sleep of a caller until they have done all of theirs.

use core::time::Duration;
use std::sync::PoisonError;

use super::sync::{AtomicUsize, Condvar, Instant, Mutex, Ordering, TURNS_BEFORE_SLEEP, spin_loop};

/// The caller sleeps, or is about to.
const ASLEEP: usize = 1;
/// One task that is done; their number is the rest of the word.
const DONE: usize = 2;

/// The caller sleeps on a condition variable: parked, it would take a wake-up that the application meant for itself.
#[derive(Debug)]
pub struct Tally {
    word: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Tally {
    pub fn new() -> Self {
        Self { word: AtomicUsize::new(0), lock: Mutex::new(()), changed: Condvar::new() }
    }

    /// Begins at 0. Every task before must have been [reported](Tally::report) and [awaited](Tally::wait).
    pub fn clear(&self) {
        self.word.store(0, Ordering::Relaxed);
    }

    /// For a worker: one more task is done.
    pub fn report(&self) {
        // From here on the caller may have returned: only the pool itself is touched.
        if self.word.fetch_add(DONE, Ordering::AcqRel) & ASLEEP != 0 {
            // The caller has held the lock from before it said that it sleeps until it did.
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.changed.notify_one();
        }
    }

    /// For the caller: returns when `tasks` tasks have been reported; for how long it slept, if it did. Never unwinds.
    pub fn wait(&self, tasks: usize) -> Option<Duration> {
        let is_done = |word: usize| word / DONE == tasks;
        for _ in 0..TURNS_BEFORE_SLEEP {
            if is_done(self.word.load(Ordering::Acquire)) {
                return None;
            }
            spin_loop();
        }
        let begun = Instant::now();
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut word = self.word.fetch_or(ASLEEP, Ordering::AcqRel);
        while !is_done(word) {
            lock = self.changed.wait(lock).unwrap_or_else(PoisonError::into_inner);
            word = self.word.load(Ordering::Acquire);
        }
        Some(Instant::now().saturating_duration_since(begun))
    }
}
