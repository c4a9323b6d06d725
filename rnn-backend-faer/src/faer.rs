//! [`Faer`]: instruction set, threads, compiled cells.

use std::sync::Arc;

use crate::layer::compiled::Compiled;
use crate::recurrence::Scan;
use crate::simd::{Accuracy, Isa, Simd};
use crate::threads::{ThreadsError, Workers};

/// faer's matmul for large products, packed panels for recurrent ones, vector kernels for the gates, threads.
///
/// Cloning is cheap and shares the threads. The bits of every result are the same for any number of threads.
#[derive(Clone, Debug)]
pub struct Faer {
    pub(crate) simd: Simd,
    pub(crate) workers: Workers,
    pub(crate) compiled: Arc<[Compiled]>,
    pub(crate) scan: Scan,
}

impl Default for Faer {
    /// [`Faer::sequential`].
    fn default() -> Self {
        Self::sequential()
    }
}

impl Faer {
    /// On the calling thread alone.
    #[must_use]
    pub fn sequential() -> Self {
        Self { simd: Simd::detect(), workers: Workers::caller(), compiled: Arc::default(), scan: Scan::default() }
    }

    /// On `threads` threads, the calling one among them; 0 counts as 1.
    ///
    /// As [`try_parallel`](Faer::try_parallel), for programs that know the machine.
    ///
    /// # Panics
    /// If the threads cannot be had, after those started have ended.
    #[must_use]
    pub fn parallel(threads: usize) -> Self {
        Self::try_parallel(threads).unwrap_or_else(|error| panic!("Faer::parallel: {error}"))
    }

    /// On `threads` threads, the calling one among them; 0 counts as 1.
    ///
    /// They wait between calls, awake for about as long as they have worked and at most a tenth of a millisecond, then asleep,
    /// and end with the last clone of this value.
    ///
    /// A call waits for no thread that has not begun: what the others have not, the calling thread does itself, with the same
    /// bits. Where they come late again and again, because the cores have other work, calls do without them for up to two
    /// seconds. So the value is of use in a process forked from this one, too, on the calling thread alone; only a piece of
    /// [`Backend::join`](rnn_kernels::Backend::join) must not fork and return.
    ///
    /// # Errors
    /// If there are more than 65 536, no memory for them, or the system refuses one; those started before have then ended.
    pub fn try_parallel(threads: usize) -> Result<Self, ThreadsError> {
        Ok(Self {
            simd: Simd::detect(),
            workers: Workers::pool(threads)?,
            compiled: Arc::default(),
            scan: Scan::default(),
        })
    }

    /// On the threads of a rayon pool. Entering the pool from outside allocates.
    #[cfg(feature = "rayon")]
    #[must_use]
    pub fn on_rayon(pool: Arc<rayon::ThreadPool>) -> Self {
        Self { simd: Simd::detect(), workers: Workers::rayon(pool), compiled: Arc::default(), scan: Scan::default() }
    }

    /// The same backend with this instruction set forced, if the machine has it: for tests, and to compare machines.
    ///
    /// faer chooses its own instructions, so all products with plain rows then go to our kernels.
    #[must_use]
    pub fn with_isa(self, isa: Isa) -> Option<Self> {
        Simd::new(isa).map(|simd| Self { simd: simd.with_accuracy(self.accuracy()), ..self })
    }

    /// The same backend with σ and tanh of activations and gates of this accuracy; [`Accuracy::Ulp1`] until it is set.
    ///
    /// A cell given to [`with_compiled`](Faer::with_compiled) keeps [`Accuracy::Ulp1`], and so do losses.
    #[must_use]
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { simd: self.simd.with_accuracy(accuracy), ..self }
    }

    /// The same backend with the kernels of a cell that was compiled for it, for one number type: clones made from now on have them.
    #[must_use]
    pub fn with_compiled(self, compiled: Compiled) -> Self {
        Self { compiled: self.compiled.iter().cloned().chain([compiled]).collect(), ..self }
    }

    /// The same backend with linear recurrences taken this way through time; [`Scan::Sequential`] until it is set.
    #[must_use]
    pub fn with_scan(self, scan: Scan) -> Self {
        Self { scan, ..self }
    }

    /// How many threads a call may use.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.threads()
    }

    /// How accurate σ and tanh of activations and gates are.
    #[must_use]
    pub fn accuracy(&self) -> Accuracy {
        self.simd.accuracy()
    }

    /// The instruction set in use.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.simd.isa()
    }
}
