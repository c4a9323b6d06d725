//! What the machine can do: multiply-adds per second, and bytes read per second by working set.

use crate::kernel::{Instructions, Number, read};
use crate::memory::Pages;
use crate::together::{Tries, rate, tries};
use std::time::Duration;

/// How long limits are measured.
#[derive(Clone, Copy, Debug)]
pub struct Care {
    pub tries: usize,
    pub time: Duration,
    /// Bytes of the largest working set of a thread.
    pub largest: usize,
}

impl Care {
    pub const FULL: Care = Care { tries: 5, time: Duration::from_millis(25), largest: 128 << 20 };
    pub const QUICK: Care = Care { tries: 1, time: Duration::ZERO, largest: 32 << 10 };
}

/// Floating-point operations per second on so many threads.
pub fn peak<T: Number>(on: Instructions, threads: usize, care: Care) -> Tries {
    tries(care.tries, |_| rate(threads, care.time, |_| T::multiply_add(on, 20_000)))
}

/// Bytes per second that threads read together, by the working set of each.
#[derive(Clone, Debug)]
pub struct Bandwidth {
    pub threads: usize,
    /// Working sets in ascending order: bytes, and the rate.
    pub sweep: Vec<(usize, Tries)>,
}

impl Bandwidth {
    /// Reads working sets of 8 KiB, 12 KiB, 16 KiB, 24 KiB … again and again.
    pub fn measure(on: Instructions, threads: usize, care: Care) -> Self {
        let pages: Vec<Pages> = (0..threads).map(|_| Pages::new(care.largest)).collect();
        let doubled = std::iter::successors(Some(8_usize << 10), |set| Some(2 * set));
        let sets = doubled.flat_map(|set| [set, set + set / 2]).take_while(|&set| set <= care.largest);
        let sweep = sets.map(|set| {
            // About a megabyte between two looks at the clock.
            let rounds = (1_usize << 20).div_ceil(set);
            let work = |thread: usize| {
                read(on, &pages[thread].numbers()[..set / size_of::<f32>()], rounds);
                (rounds * set) as f64
            };
            (set, tries(care.tries, |_| rate(threads, care.time, work)))
        });
        Self { threads, sweep: sweep.collect() }
    }

    /// Bytes per second at a working set that the threads share out among them.
    ///
    /// The best rate at any working set of that size or more, as a larger one cannot come faster: what looks like it is
    /// a slow moment at the smaller one.
    pub fn at(&self, working_set: f64) -> f64 {
        let share = working_set / self.threads as f64;
        let rates = self.sweep.iter().filter(|(set, _)| *set as f64 >= share).map(|(_, tries)| tries.best);
        let largest = self.sweep.last().map_or(0.0, |(_, tries)| tries.best);
        rates.fold(largest, f64::max)
    }
}
