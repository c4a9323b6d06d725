//! The types of loom, under the names that the pool uses.

use core::time::Duration;

pub use loom::cell::UnsafeCell;
pub use loom::hint::spin_loop;
pub use loom::sync::atomic::{AtomicUsize, Ordering};
pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
pub use loom::thread::{Builder, JoinHandle, park};
pub use std::sync::TryLockError;

/// Another turn is another order of the same actions.
pub const TURNS: usize = 1;
pub const TURNS_BEFORE_SLEEP: usize = 1;

/// A clock that stands still for those who measure, and has run out for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Instant;

impl Instant {
    pub fn now() -> Self {
        Self
    }

    pub fn elapsed(&self) -> Duration {
        Duration::MAX
    }

    pub fn saturating_duration_since(&self, _earlier: Self) -> Duration {
        Duration::ZERO
    }

    pub fn checked_add(&self, _duration: Duration) -> Option<Self> {
        Some(Self)
    }
}
