//! Why there are no threads.

use std::io;

/// Why a backend with threads of its own could not be made. No thread of it is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadsError {
    /// More threads than a pool may have.
    #[error("a backend has at most {most} threads, not {asked}")]
    #[non_exhaustive]
    TooMany {
        /// Threads asked for.
        asked: usize,
        /// The most a pool may have.
        most: usize,
    },
    /// There is no memory for what belongs to each thread.
    #[error("no memory for {asked} threads")]
    #[non_exhaustive]
    Memory {
        /// Threads asked for.
        asked: usize,
    },
    /// The system refused a thread.
    #[error("the system refused thread {} of {asked}", .given + 1)]
    #[non_exhaustive]
    Refused {
        /// Threads asked for, the calling one among them.
        asked: usize,
        /// Threads that were there before the refusal, the calling one among them; those started have ended.
        given: usize,
        /// What the system said.
        source: io::Error,
    },
}
