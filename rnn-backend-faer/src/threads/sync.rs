//! What the pool is built on. The model check compiles the pool over the types of the crate `loom` in place of these.

use core::cell;

pub use core::hint::spin_loop;
pub use core::sync::atomic::{AtomicUsize, Ordering};
pub use std::sync::{Arc, Condvar, Mutex, MutexGuard, TryLockError};
pub use std::thread::{Builder, JoinHandle, park};
pub use std::time::Instant;

/// Turns of a loop that looks for a task, before it looks at the clock: about a microsecond.
pub const TURNS: usize = 32;
/// Turns of a caller that waits for the last tasks, before it sleeps: some tens of microseconds.
pub const TURNS_BEFORE_SLEEP: usize = 1024;

/// A place that several threads reach, by pointers that are good for the time of a closure.
#[derive(Debug)]
pub struct UnsafeCell<T>(cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub fn new(value: T) -> Self {
        Self(cell::UnsafeCell::new(value))
    }

    /// To read.
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// To write.
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
