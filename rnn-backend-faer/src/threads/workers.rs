//! Who runs the tasks: the caller alone, a pool of our own, or a given rayon pool.

use std::sync::Arc;

use super::Pool;

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
    /// # Panics
    /// If the system refuses a thread.
    pub fn pool(threads: usize) -> Self {
        if threads <= 1 { Self::caller() } else { Self(Kind::Pool(Arc::new(Pool::new(threads)))) }
    }

    /// The threads of a rayon pool. Entering it from outside allocates.
    #[cfg(feature = "rayon")]
    pub fn rayon(pool: Arc<rayon::ThreadPool>) -> Self {
        Self(Kind::Rayon(pool))
    }

    /// How many threads a run may use.
    pub fn threads(&self) -> usize {
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
        matches!(self.0, Kind::Pool(_))
    }

    /// Calls `task` once for each of `0..tasks` and returns when all are done.
    ///
    /// # Panics
    /// With the first panic of a task.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        match &self.0 {
            Kind::Caller => (0..tasks).for_each(task),
            Kind::Pool(pool) => pool.run(tasks, task),
            #[cfg(feature = "rayon")]
            Kind::Rayon(pool) => pool.install(|| {
                use rayon::iter::{IntoParallelIterator, ParallelIterator};
                (0..tasks).into_par_iter().for_each(task);
            }),
        }
    }

    /// Blocks of rows so that every thread gets one, or one block if the work is not worth sharing.
    ///
    /// Only for tasks whose result does not depend on how rows are grouped.
    pub fn block(&self, rows: usize, worth_sharing: bool) -> usize {
        if worth_sharing { rows.div_ceil(self.threads()).max(1) } else { rows.max(1) }
    }
}
