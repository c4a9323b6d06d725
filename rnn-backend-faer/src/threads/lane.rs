//! A lane: the tasks meant for one thread, which every thread may take, and the bell that wakes that thread.

use super::sync::{AtomicUsize, Ordering};

/// The owner sleeps, or is about to.
const ASLEEP: usize = 1;
/// No tasks will come any more.
const CLOSED: usize = 2;
/// One task; their number is the rest of the word.
const TASK: usize = 4;

/// So many tasks fit into a lane.
pub const MOST_TASKS: usize = usize::MAX / TASK;

/// What is in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Tasks,
    Nothing,
    /// Nothing, for ever.
    Closed,
}

/// Whether the owner of a lane has to be woken.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Asleep,
    Awake,
}

/// Everything is one word, so that no order between several words has to be argued about. It has a cache line of its own, since
/// its owner polls it.
#[repr(align(64))]
#[derive(Debug)]
pub struct Lane(AtomicUsize);

impl Lane {
    pub fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Puts tasks into the empty lane. Whoever takes one sees what was written before.
    pub fn offer(&self, tasks: usize) -> Owner {
        Owner::of(self.0.swap(tasks * TASK, Ordering::AcqRel))
    }

    /// Takes the last task out; its number, which is that of the tasks before it.
    pub fn take(&self) -> Option<usize> {
        let mut word = self.0.load(Ordering::Relaxed);
        while word >= TASK {
            match self.0.compare_exchange_weak(word, word - TASK, Ordering::Acquire, Ordering::Relaxed) {
                Ok(word) => return Some(word / TASK - 1),
                Err(now) => word = now,
            }
        }
        None
    }

    /// Takes all tasks out; how many there were.
    pub fn withdraw(&self) -> usize {
        if self.0.load(Ordering::Relaxed) < TASK {
            return 0;
        }
        self.0.fetch_and(ASLEEP | CLOSED, Ordering::AcqRel) / TASK
    }

    /// Says that no tasks will come any more.
    pub fn close(&self) -> Owner {
        Owner::of(self.0.fetch_or(CLOSED, Ordering::AcqRel))
    }

    /// For the owner.
    pub fn look(&self) -> Look {
        match self.0.load(Ordering::Acquire) {
            TASK.. => Look::Tasks,
            word if word & CLOSED != 0 => Look::Closed,
            _ => Look::Nothing,
        }
    }

    /// For the owner: says that it is going to sleep, if there is nothing to do.
    pub fn fall_asleep(&self) -> bool {
        self.0.compare_exchange(0, ASLEEP, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// For the owner: whether nobody has woken it.
    pub fn is_asleep(&self) -> bool {
        self.0.load(Ordering::Acquire) == ASLEEP
    }
}

impl Owner {
    fn of(word: usize) -> Self {
        if word & ASLEEP != 0 { Owner::Asleep } else { Owner::Awake }
    }
}
