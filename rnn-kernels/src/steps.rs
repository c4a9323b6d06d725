//! `live(t, n) = start + t < length[n]`: which rows a step belongs to.

use core::iter::FusedIterator;
use core::ops::Range;

/// Which rows each step belongs to. A row that a step does not belong to keeps its state.
///
/// Lengths are those of the whole sequence, in any order, zero included; `start` is the time of step 0 of
/// this window, so that the windows of truncated BPTT share one list of lengths.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Steps<'a> {
    lengths: Option<&'a [usize]>,
    start: usize,
}

/// Rows whose products are taken together: a flat product would give `0 · NaN` from padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All steps of all rows as one matrix `[T · N, …]`.
    Flat,
    /// The first `live` steps of one row.
    Row {
        /// The row.
        n: usize,
        /// How many of its steps are its own.
        live: usize,
    },
}

impl<'a> Steps<'a> {
    /// Every step belongs to every row.
    #[must_use]
    pub const fn all() -> Self {
        Self { lengths: None, start: 0 }
    }

    /// Step `t` belongs to row `n` if `t < lengths[n]`; `lengths` is `[N]`.
    #[must_use]
    pub const fn ragged(lengths: &'a [usize]) -> Self {
        Self { lengths: Some(lengths), start: 0 }
    }

    /// The same rows, seen from a window whose step 0 is `start` steps later.
    #[must_use]
    pub fn window(self, start: usize) -> Self {
        // Beyond `usize` no length is left, as at its end.
        Self { start: self.start.saturating_add(start), ..self }
    }

    /// The lengths, if rows differ.
    #[inline]
    #[must_use]
    pub fn lengths(&self) -> Option<&'a [usize]> {
        self.lengths
    }

    /// The time of step 0 of this window.
    #[inline]
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Whether step `t` of this window belongs to row `n`.
    #[inline]
    #[must_use]
    pub fn live(&self, t: usize, n: usize) -> bool {
        // Not `start + t < length`: the sum may not fit.
        self.lengths.is_none_or(|lengths| t < lengths[n].saturating_sub(self.start))
    }

    /// How many of the `steps` steps of this window belong to row `n`: always its first ones.
    #[inline]
    #[must_use]
    pub fn live_steps(&self, n: usize, steps: usize) -> usize {
        self.lengths.map_or(steps, |lengths| lengths[n].saturating_sub(self.start).min(steps))
    }

    /// The rows that step `t` does not belong to, of `rows`.
    pub fn finished(self, t: usize, rows: usize) -> impl Iterator<Item = usize> {
        let rows = if self.lengths.is_some() { rows } else { 0 };
        (0..rows).filter(move |&n| !self.live(t, n))
    }

    /// Those of `rows` that step `t` belongs to, neighbours together.
    pub fn live_runs(self, t: usize, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let mut from = rows.start;
        core::iter::from_fn(move || {
            let live = |n: &usize| self.live(t, *n);
            let start = (from..rows.end).find(live)?;
            let whole = self.lengths.is_none();
            let end = if whole { rows.end } else { (start..rows.end).find(|n| !live(n)).unwrap_or(rows.end) };
            from = end;
            Some(start..end)
        })
    }

    /// The parts over which weight gradients are summed: everything at once, or row by row
    /// where lengths differ or a view is not `flat`.
    pub fn parts(self, steps: usize, rows: usize, flat: bool) -> impl FusedIterator<Item = Part> + use<'a> {
        let whole = flat && self.lengths.is_none();
        let count = if whole { 1 } else { rows };
        (0..count).map(move |n| if whole { Part::Flat } else { Part::Row { n, live: self.live_steps(n, steps) } })
    }

    #[track_caller]
    pub(crate) fn check(&self, kernel: &str, rows: usize) {
        if let Some(lengths) = self.lengths {
            crate::shape::expect(kernel, "steps.lengths", [lengths.len()], "[N]", [rows]);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Part, Steps};
    use std::vec::Vec;

    #[test]
    fn a_window_sees_what_is_left_of_each_row() {
        let steps = Steps::ragged(&[5, 0, 3]).window(2);
        assert_eq!((0..3).map(|n| steps.live_steps(n, 2)).collect::<Vec<_>>(), [2, 0, 1]);
        assert!(steps.live(0, 2) && !steps.live(1, 2));
        assert_eq!(steps.finished(1, 3).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_window_of_a_window_keeps_the_lengths_and_adds_the_starts() {
        let lengths = [5, 0, 3];
        let steps = Steps::ragged(&lengths).window(2).window(5);
        assert_eq!((steps.lengths(), steps.start()), (Some(&lengths[..]), 7));
        assert_eq!((Steps::all().lengths(), Steps::all().window(3).start()), (None, 3));
    }

    #[test]
    fn a_window_behind_every_step_belongs_to_no_row() {
        let steps = Steps::ragged(&[2, usize::MAX]).window(usize::MAX - 1).window(9);
        assert_eq!(steps.start(), usize::MAX);
        assert!((0..2).all(|n| !steps.live(0, n) && !steps.live(5, n) && steps.live_steps(n, 7) == 0));
        assert_eq!(steps.finished(3, 2).count(), 2);
    }

    #[test]
    fn live_rows_come_in_runs_of_neighbours() {
        let steps = Steps::ragged(&[3, 3, 0, 1, 2]);
        assert_eq!(steps.live_runs(0, 0..5).collect::<Vec<_>>(), [0..2, 3..5]);
        assert_eq!(steps.live_runs(1, 0..5).collect::<Vec<_>>(), [0..2, 4..5]);
        assert_eq!(steps.live_runs(0, 1..4).collect::<Vec<_>>(), [1..2, 3..4]);
        assert_eq!(steps.live_runs(7, 0..5).count(), 0);
        assert_eq!((Steps::all().live_runs(7, 0..5).next(), Steps::all().live_runs(7, 0..5).count()), (Some(0..5), 1));
        assert_eq!(Steps::all().live_runs(7, 3..3).count(), 0);
    }

    #[test]
    fn whole_batches_are_one_part_and_ragged_ones_a_part_per_row() {
        assert_eq!(Steps::all().parts(4, 3, true).collect::<Vec<_>>(), [Part::Flat]);
        assert_eq!(Steps::all().parts(4, 2, false).count(), 2);
        let ragged = Steps::ragged(&[1, 9]).parts(4, 2, true).collect::<Vec<_>>();
        assert_eq!(ragged, [Part::Row { n: 0, live: 1 }, Part::Row { n: 1, live: 4 }]);
    }
}
