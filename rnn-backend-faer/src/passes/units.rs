//! One row on several threads: each computes some of the units of every step.
//!
//! A single row cannot be shared out as rows are. But the units of a step depend on nothing of that step, only on the whole
//! state before: so threads take whole panels of units, with their gates, and meet after every step. A meeting costs less
//! than half a microsecond as long as the threads have not gone to sleep, and each of them reads its own part of the
//! weights from its own caches, which is what one row waits for. Where another thread does not come in time, the caller computes
//! its units, too: the same operations with the same operands, whoever does them.

use rnn_kernels::MatMut;

use crate::number::Number;
use crate::simd::vector::line_len;
use crate::threads::Workers;

/// Multiply-adds of a step from which its units are shared out.
const WORTH_MEETING: usize = 40_000;

/// Multiply-adds of a pass from which its steps may be: waking a thread takes as long as this.
const WORTH_WAKING: usize = 2_000_000;

/// Threads that share the units of a step.
#[derive(Clone, Copy, Debug)]
pub struct Units<'a>(&'a Workers);

impl<'a> Units<'a> {
    /// The threads for a pass over so many steps and rows, of so many multiply-adds with old states a step, if it is one that
    /// shares units out: one row, whole panels of units, and enough to do.
    pub fn of<T>(workers: &'a Workers, multiply_adds: usize, units: usize, steps: usize, rows: usize) -> Option<Self> {
        let panels = units.is_multiple_of(line_len::<T>());
        let worth = multiply_adds >= WORTH_MEETING && steps.saturating_mul(multiply_adds) >= WORTH_WAKING;
        (rows == 1 && workers.meet_often() && panels && worth).then_some(Self(workers))
    }

    /// Cuts all rows, each as long as there are units, into the same blocks of units, and calls `task(first unit, blocks)`
    /// once for each, on any thread.
    ///
    /// # Panics
    /// If a row does not have as many units as the others, or if panels do not divide them.
    pub fn share<T: Number, const K: usize>(self, rows: [&mut [T]; K], task: impl Fn(usize, [&mut [T]; K]) + Sync) {
        let line = line_len::<T>();
        let panels = rows[0].len() / line;
        let block = self.0.block(panels, true);
        let rows = rows.map(|row| MatMut::new(row, panels, line));
        self.0.by_rows(panels, block, rows, |first, blocks| {
            task(first * line, blocks.map(|block| block.storage().0));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_every_row_reaches_one_task() {
        let workers = Workers::pool(3).expect("the system gives the threads");
        let (mut a, mut b) = (vec![0.0_f32; 7 * 16], vec![0.0_f32; 7 * 16]);
        Units(&workers).share([&mut a, &mut b], |first, [a, b]| {
            for (j, (a, b)) in a.iter_mut().zip(b).enumerate() {
                (*a, *b) = (*a + (first + j) as f32, *b - (first + j) as f32);
            }
        });
        for j in 0..7 * 16 {
            assert_eq!((a[j], b[j]), (j as f32, -(j as f32)));
        }
    }

    #[test]
    fn only_one_row_of_whole_panels_with_enough_to_do_is_shared_by_units() {
        let workers = Workers::pool(2).expect("the system gives the threads");
        let shared = |hidden, steps, rows| Units::of::<f32>(&workers, 4 * hidden * hidden, hidden, steps, rows);
        assert!(shared(256, 50, 1).is_some());
        assert!(shared(256, 50, 2).is_none() && shared(250, 50, 1).is_none());
        assert!(shared(32, 1000, 1).is_none() && shared(256, 1, 1).is_none());
        assert!(Units::of::<f32>(&Workers::caller(), 1024 * 256, 256, 50, 1).is_none());
    }
}
