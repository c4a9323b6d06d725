//! Panics of tasks: the first one is kept for the caller, those after it are dropped with care.

use core::any::Any;
use core::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

/// What a panic carries. Its `Drop` is foreign code and may panic.
type Payload = Box<dyn Any + Send>;

/// The first panic of some tasks, if there was one.
#[derive(Debug, Default)]
pub struct Panics(Mutex<Option<Payload>>);

impl Panics {
    /// Calls `task` and keeps its panic, if it is the first one. Never unwinds.
    pub fn catch(&self, task: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(task)) {
            self.keep(payload);
        }
    }

    /// Takes over the panic of others, if there is one and it is the first. Never unwinds.
    pub fn take_from(&self, others: &Panics) {
        let payload = others.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        payload.into_iter().for_each(|payload| self.keep(payload));
    }

    /// Goes on with the panic, if there is one.
    pub fn resume(self) {
        let payload = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(payload) = payload {
            resume_unwind(payload);
        }
    }

    /// Drops the panic, if there is one. Never unwinds.
    pub fn clear(&self) {
        let payload = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        payload.into_iter().for_each(discard);
    }

    fn keep(&self, payload: Payload) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some(payload);
        } else {
            // Foreign code runs without the lock: it may call the pool.
            drop(first);
            discard(payload);
        }
    }
}

/// Drops what nobody is going to see. Never unwinds.
fn discard(payload: Payload) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // It comes from a `Drop` that panics, and its own may do the same: there is no end to that but to leak it.
        mem::forget(again);
    }
}
