//! `live(t, n) = start + t < length[n] and not skipped[t, n]`: which rows a step belongs to.

use core::iter::FusedIterator;
use core::ops::Range;

/// Which rows each step belongs to. A row that a step does not belong to keeps its state.
///
/// Lengths are those of the whole sequence, in any order, zero included; `start` is the time of step 0 of this window, so that the
/// windows of truncated BPTT share one list of lengths.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Steps<'a> {
    lengths: Option<&'a [usize]>,
    holes: Option<Holes<'a>>,
    start: usize,
}

/// Steps before the end of a row that it skips.
#[derive(Clone, Copy, Debug)]
struct Holes<'a> {
    /// `[T, N]`, or longer.
    skipped: &'a [bool],
    rows: usize,
    held: Held,
}

/// `y` of a row at a step that it skips. Behind the end of a row `y` is 0 in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Held {
    /// 0, and `d_y` is not read there.
    #[default]
    Zero,
    /// State 0, which the row keeps: the output of its last step before, or its initial state. `d_y` joins the cotangent of that state.
    Repeat,
}

/// Rows whose products are taken together: a flat product would give `0 · NaN` from padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All steps of all rows as one matrix `[T · N, …]`.
    Flat,
    /// Neighbouring steps of one row, all of them its own.
    Row {
        /// The row.
        n: usize,
        /// The steps.
        steps: Range<usize>,
    },
}

impl<'a> Steps<'a> {
    /// Every step belongs to every row.
    #[must_use]
    pub const fn all() -> Self {
        Self { lengths: None, holes: None, start: 0 }
    }

    /// Step `t` belongs to row `n` if `t < lengths[n]`; `lengths` is `[N]`.
    #[must_use]
    pub const fn ragged(lengths: &'a [usize]) -> Self {
        Self { lengths: Some(lengths), ..Self::all() }
    }

    /// Row `n` of `rows` skips step `t` too if `skipped[t, n]`, `[T, N]` from step 0 of these steps on; `held` is what `y` shows there.
    #[must_use]
    pub const fn skipping(self, skipped: &'a [bool], rows: usize, held: Held) -> Self {
        Self { holes: Some(Holes { skipped, rows, held }), ..self }
    }

    /// The same steps and holes, of rows that end after `ends[n]` steps of this window, `[N]`, whatever their lengths were.
    #[must_use]
    pub const fn until(self, ends: &'a [usize]) -> Self {
        Self { lengths: Some(ends), start: 0, ..self }
    }

    /// The same rows, seen from a window whose step 0 is `start` steps later.
    #[must_use]
    pub fn window(self, start: usize) -> Self {
        let holes = self.holes.map(|holes| {
            let from = start.saturating_mul(holes.rows);
            Holes { skipped: holes.skipped.get(from..).unwrap_or(&[]), ..holes }
        });
        // Beyond `usize` no length is left, as at its end.
        Self { start: self.start.saturating_add(start), holes, ..self }
    }

    /// The lengths, if rows differ.
    #[inline]
    #[must_use]
    pub fn lengths(&self) -> Option<&'a [usize]> {
        self.lengths
    }

    /// What [`skipping`](Self::skipping) was given, from step 0 of this window on.
    #[inline]
    #[must_use]
    pub fn skipped(&self) -> Option<(&'a [bool], usize, Held)> {
        self.holes.map(|holes| (holes.skipped, holes.rows, holes.held))
    }

    /// The time of step 0 of this window.
    #[inline]
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Whether every step belongs to every row, whatever the window.
    #[inline]
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.lengths.is_none() && self.holes.is_none()
    }

    /// Whether step `t` of this window belongs to row `n`.
    #[inline]
    #[must_use]
    pub fn live(&self, t: usize, n: usize) -> bool {
        self.before_end(t, n) && !self.is_hole(t, n)
    }

    /// Whether `y` of row `n` is state 0 after step `t` of this window, and not 0: where the step belongs to the row, and in holes that
    /// [repeat](Held::Repeat).
    #[inline]
    #[must_use]
    pub fn shows(&self, t: usize, n: usize) -> bool {
        let repeats = self.holes.is_none_or(|holes| holes.held == Held::Repeat);
        self.before_end(t, n) && (repeats || !self.is_hole(t, n))
    }

    /// How many of the `steps` steps of this window come before the end of row `n`, holes among them.
    #[inline]
    #[must_use]
    pub fn end(&self, n: usize, steps: usize) -> usize {
        self.lengths.map_or(steps, |lengths| lengths[n].saturating_sub(self.start).min(steps))
    }

    #[inline]
    fn before_end(&self, t: usize, n: usize) -> bool {
        // Not `start + t < length`: the sum may not fit.
        self.lengths.is_none_or(|lengths| t < lengths[n].saturating_sub(self.start))
    }

    #[inline]
    fn is_hole(&self, t: usize, n: usize) -> bool {
        self.holes.is_some_and(|holes| holes.skipped[t * holes.rows + n])
    }

    /// The rows that step `t` does not belong to, of `rows`.
    pub fn idle(self, t: usize, rows: usize) -> impl Iterator<Item = usize> + use<'a> {
        let rows = if self.is_all() { 0 } else { rows };
        (0..rows).filter(move |&n| !self.live(t, n))
    }

    /// Those of `rows` that step `t` belongs to, neighbours together.
    pub fn live_runs(self, t: usize, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'a> {
        runs(rows, self.is_all(), move |n| self.live(t, n))
    }

    /// The parts over which weight gradients are summed: everything at once, or row by row and run by run
    /// where rows differ or a view is not `flat`.
    pub fn parts(self, steps: usize, rows: usize, flat: bool) -> impl FusedIterator<Item = Part> + use<'a> {
        let whole = flat && self.is_all();
        let some = move |n: usize| {
            let runs = runs(0..self.end(n, steps), self.holes.is_none(), move |t| self.live(t, n));
            runs.map(move |steps| Part::Row { n, steps })
        };
        whole.then_some(Part::Flat).into_iter().chain((0..if whole { 0 } else { rows }).flat_map(some))
    }

    #[track_caller]
    pub(crate) fn check(&self, kernel: &str, steps: usize, rows: usize) {
        if let Some(lengths) = self.lengths {
            crate::shape::expect(kernel, "steps.lengths", [lengths.len()], "[N]", [rows]);
        }
        if let Some(holes) = self.holes {
            let all = crate::shape::product(kernel, &[steps, rows]);
            crate::shape::expect(kernel, "steps.rows", [holes.rows], "[N]", [rows]);
            crate::shape::at_least(kernel, "steps.skipped", holes.skipped.len(), all);
        }
    }
}

/// The neighbours among `of` for which `is_in` holds, run after run; all are one run if it holds `everywhere`.
fn runs(of: Range<usize>, everywhere: bool, is_in: impl Fn(usize) -> bool) -> impl FusedIterator<Item = Range<usize>> {
    let mut from = of.start;
    core::iter::from_fn(move || {
        let start = (from..of.end).find(|&at| is_in(at))?;
        from = if everywhere { of.end } else { (start..of.end).find(|&at| !is_in(at)).unwrap_or(of.end) };
        Some(start..from)
    })
    .fuse()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Held, Part, Steps};
    use std::vec::Vec;

    #[test]
    fn a_window_sees_what_is_left_of_each_row() {
        let steps = Steps::ragged(&[5, 0, 3]).window(2);
        assert_eq!((0..3).map(|n| steps.end(n, 2)).collect::<Vec<_>>(), [2, 0, 1]);
        assert!(steps.live(0, 2) && !steps.live(1, 2));
        assert_eq!(steps.idle(1, 3).collect::<Vec<_>>(), [1, 2]);
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
        assert!((0..2).all(|n| !steps.live(0, n) && !steps.live(5, n) && steps.end(n, 7) == 0));
        assert_eq!(steps.idle(3, 2).count(), 2);
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
        assert_eq!(ragged, [Part::Row { n: 0, steps: 0..1 }, Part::Row { n: 1, steps: 0..4 }]);
    }

    /// Rows of 4, 0 and 2 steps; row 0 skips steps 1 and 2, the others skip step 0.
    const LENGTHS: [usize; 3] = [4, 0, 2];
    const SKIPPED: [bool; 12] = [false, true, true, true, false, false, true, false, false, false, false, false];

    #[test]
    fn a_row_has_the_steps_before_its_end_that_it_does_not_skip() {
        let steps = Steps::ragged(&LENGTHS).skipping(&SKIPPED, 3, Held::Zero);
        let live = |n: usize| (0..4).filter(|&t| steps.live(t, n)).collect::<Vec<_>>();
        assert_eq!([live(0), live(1), live(2)], [Vec::from([0, 3]), Vec::new(), Vec::from([1])]);
        assert_eq!((0..3).map(|n| steps.end(n, 4)).collect::<Vec<_>>(), LENGTHS);
        assert_eq!(steps.idle(1, 3).collect::<Vec<_>>(), [0, 1]);
        assert!(!steps.is_all() && steps.window(3).live(0, 0) && !steps.window(1).live(0, 0));
    }

    #[test]
    fn a_hole_shows_the_state_if_it_repeats_and_the_end_of_a_row_never_does() {
        let [zero, repeat] = [Held::Zero, Held::Repeat].map(|held| Steps::ragged(&LENGTHS).skipping(&SKIPPED, 3, held));
        let shown = |steps: Steps<'_>, n: usize| (0..4).filter(|&t| steps.shows(t, n)).collect::<Vec<_>>();
        assert_eq!([shown(zero, 0), shown(repeat, 0)], [Vec::from([0, 3]), Vec::from([0, 1, 2, 3])]);
        assert_eq!([shown(zero, 2), shown(repeat, 2)], [Vec::from([1]), Vec::from([0, 1])]);
        assert_eq!(shown(repeat, 1), []);
    }

    #[test]
    fn other_ends_count_from_the_window_and_keep_its_holes() {
        let steps = Steps::ragged(&LENGTHS).skipping(&SKIPPED, 3, Held::Zero).window(1).until(&[3, 2, 0]);
        let live = |n: usize| (0..3).filter(|&t| steps.live(t, n)).collect::<Vec<_>>();
        assert_eq!([live(0), live(1), live(2)], [Vec::from([2]), Vec::from([0, 1]), Vec::new()]);
    }

    #[test]
    fn the_parts_of_a_row_with_holes_are_its_runs_of_steps() {
        let steps = Steps::all().skipping(&SKIPPED, 3, Held::Zero);
        let parts: Vec<_> = steps.parts(4, 2, true).collect();
        let row = |n, steps| Part::Row { n, steps };
        assert_eq!(parts, [row(0, 0..1), row(0, 3..4), row(1, 1..4)]);
    }
}
