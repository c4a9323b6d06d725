//! Who runs the tasks: the caller alone, a pool of our own, or a given rayon pool.

use core::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::ThreadsError;
#[cfg(feature = "rayon")]
use super::panics::Panics;
use super::pool::Pool;

std::thread_local! {
    /// Whether this thread does one piece of a [`join`](Workers::join), and the others are not to be asked for.
    static IN_PIECE: Cell<bool> = const { Cell::new(false) };
}

/// Threads to share work out to. Clones share them.
#[derive(Clone, Debug)]
pub struct Workers(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Caller,
    Pool(Arc<Pool>),
    #[cfg(feature = "rayon")]
    Rayon(Arc<rayon::ThreadPool>),
}

impl Workers {
    /// The calling thread alone.
    pub fn caller() -> Self {
        Self(Kind::Caller)
    }

    /// `threads` threads, the calling one among them.
    ///
    /// # Errors
    /// If they cannot be had.
    pub fn pool(threads: usize) -> Result<Self, ThreadsError> {
        Ok(if threads <= 1 { Self::caller() } else { Self(Kind::Pool(Arc::new(Pool::new(threads)?))) })
    }

    /// The threads of a rayon pool. Entering it from outside allocates.
    #[cfg(feature = "rayon")]
    pub fn rayon(pool: Arc<rayon::ThreadPool>) -> Self {
        Self(Kind::Rayon(pool))
    }

    /// How many threads a run may use: one within a piece of a [`join`](Workers::join).
    pub fn threads(&self) -> usize {
        if in_piece() { 1 } else { self.most_threads() }
    }

    /// How many threads a run may use outside any piece.
    pub fn most_threads(&self) -> usize {
        match &self.0 {
            Kind::Caller => 1,
            Kind::Pool(pool) => pool.threads(),
            #[cfg(feature = "rayon")]
            Kind::Rayon(pool) => pool.current_num_threads(),
        }
    }

    /// Whether several threads may be asked for at every step of a sequence: entering a rayon pool from outside takes as long
    /// as many steps.
    pub fn meet_often(&self) -> bool {
        matches!(self.0, Kind::Pool(_)) && !in_piece()
    }

    /// Calls `task` once for each of `0..tasks`, and returns when nobody does any of them any more.
    ///
    /// # Panics
    /// With a panic of a task: the first one on the calling thread alone, where no task follows it; on several threads one of
    /// them, after all tasks.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        match &self.0 {
            Kind::Caller => (0..tasks).for_each(task),
            Kind::Pool(pool) => pool.run(tasks, task),
            #[cfg(feature = "rayon")]
            Kind::Rayon(pool) => {
                use rayon::iter::{IntoParallelIterator, ParallelIterator};
                // Caught here, because rayon drops the second panic while the first one unwinds: one that panics again ended
                // the process.
                let panics = Panics::default();
                pool.install(|| (0..tasks).into_par_iter().for_each(|i| panics.catch(|| task(i))));
                panics.resume();
            }
        }
    }

    /// Calls both pieces, on two threads if the other one comes in time; each keeps to itself until its piece is done.
    ///
    /// # Panics
    /// As [`run`](Workers::run).
    pub fn join(&self, pieces: [&mut (dyn FnMut() + Send); 2]) {
        let pieces = pieces.map(Mutex::new);
        self.run(2, &|i| {
            let _alone = Alone::begin();
            // Task `i` alone locks piece `i`, and once. A piece may panic with the lock: nobody asks for it again.
            pieces[i].lock().unwrap_or_else(PoisonError::into_inner)();
        });
    }

    /// Blocks of rows so that every thread gets one, or one block if the work is not worth sharing.
    ///
    /// Only for tasks whose result does not depend on how rows are grouped.
    pub fn block(&self, rows: usize, worth_sharing: bool) -> usize {
        if worth_sharing { rows.div_ceil(self.threads()).max(1) } else { rows.max(1) }
    }
}

/// Whether this thread does a piece of a join. A thread that is about to end, where this is no longer known, asks for no help.
fn in_piece() -> bool {
    IN_PIECE.try_with(Cell::get).unwrap_or(true)
}

/// As long as it lives, this thread does a piece of a join.
struct Alone {
    before: bool,
}

impl Alone {
    fn begin() -> Self {
        Self { before: IN_PIECE.try_with(|piece| piece.replace(true)).unwrap_or(true) }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = IN_PIECE.try_with(|piece| piece.set(self.before));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::thread;

    #[test]
    fn both_pieces_are_done_on_two_threads_that_ask_for_no_others() {
        let workers = Workers::pool(3).expect("the system gives three threads");
        let (mut first, mut second, both) = (None, None, Barrier::new(2));
        let seen = || {
            both.wait();
            Some((thread::current().id(), workers.threads(), workers.meet_often()))
        };
        workers.join([&mut || first = seen(), &mut || second = seen()]);
        let (Some((a, 1, false)), Some((b, 1, false))) = (first, second) else { panic!("{first:?} {second:?}") };
        assert_ne!(a, b);
        assert_eq!((workers.threads(), workers.meet_often()), (3, true));
    }

    #[test]
    fn a_panic_in_a_piece_reaches_the_caller_and_leaves_the_threads_as_they_were() {
        let workers = Workers::pool(2).expect("the system gives two threads");
        let joined = catch_unwind(AssertUnwindSafe(|| workers.join([&mut || panic!("a piece"), &mut || ()])));
        assert!(joined.is_err());
        assert_eq!(workers.threads(), 2);
    }
}
