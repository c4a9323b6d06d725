//! `∂L/∂output = 0` where no target counts: which rows and steps of a batch the cotangent of a loss can reach.
//!
//! Such a zero is known before anything is multiplied. It is left out by its place, since `0 · ∞` is NaN and a step
//! that does not count may well have overflowed; a cotangent is never asked whether it happens to be 0.

use super::dims::Dims;
use super::plan::Recurrent;
use super::timing::Timing;
use crate::buffer::Aligned;
use crate::error::Result;
use crate::memory::reserve;
use rnn_kernels::{Direction, MatMut, MatRef, Scalar, Steps};

/// Which outputs of a batch count.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// By output row: `[T · N]`, or `[N]` where rows are read out.
    pub marks: Vec<bool>,
    /// By row of the batch: how many of its steps there are up to the last one that counts.
    ends: Vec<usize>,
    /// By row of the batch: its length, or 0 if nothing of it counts.
    whole: Vec<usize>,
    /// Whether there are outputs that belong to their row and do not count.
    some_left_out: bool,
}

/// Where the cotangent of the output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// From the loss: it is 0 where no target counts, and there is none of the final state.
    Loss,
    /// From the caller: nothing is known of it.
    Caller,
}

/// What the cotangent of what a stage wrote can reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach<'a> {
    /// Every step that belongs to its row.
    Everything,
    /// The outputs with a mark.
    Outputs(&'a Counted),
    /// Of each row its first steps, in a forward direction and in a reverse one.
    Ends(&'a [usize], &'a [usize]),
}

impl Counted {
    /// Takes in which outputs count, after `marks` were set; `output` is the batch as the output sees it, which may be one
    /// step of each row alone, `once`.
    pub fn measure(&mut self, dims: Dims, timing: &Timing, (once, output): (bool, Dims), count: usize) -> Result<()> {
        let (live, rows) = (timing.live(dims), dims.rows);
        let outputs = timing.live(output);
        let shown = |n: usize| (0..outputs.end(n, output.steps)).filter(|&t| outputs.shows(t, n)).count();
        self.some_left_out = count != (0..rows).map(shown).sum::<usize>();
        self.ends.clear();
        self.whole.clear();
        reserve("ends of rows", &mut self.ends, rows)?;
        reserve("ends of rows", &mut self.whole, rows)?;
        for n in 0..rows {
            let last = (0..output.steps).rev().find(|t| self.marks[t * rows + n]);
            let whole = last.map_or(0, |_| live.end(n, dims.steps));
            self.whole.push(whole);
            // A row that is read out once is read at its end, or both ways through the states that its whole pass leaves.
            self.ends.push(if once { whole } else { last.map_or(0, |last| last + 1) });
        }
        Ok(())
    }

    /// Of rows that count later in the batch, too, a cotangent comes from the end of this window: they go back from there. `later`
    /// says which rows these are, and then also which count in this window.
    pub fn go_back_from_the_end(&mut self, dims: Dims, timing: &Timing, later: &mut [bool]) {
        let live = timing.live(dims);
        for (n, later) in later.iter_mut().enumerate() {
            if *later {
                (self.ends[n], self.whole[n]) = (live.end(n, dims.steps), live.end(n, dims.steps));
            }
            *later |= self.whole[n] > 0;
        }
    }

    /// Whether there are outputs that do not count.
    pub fn leave_out(&self) -> bool {
        self.some_left_out
    }

    /// What a cotangent of the output reaches at first.
    pub fn reach(&self, upstream: Upstream) -> Reach<'_> {
        if upstream == Upstream::Loss && self.some_left_out { Reach::Outputs(self) } else { Reach::Everything }
    }
}

impl<'a> Reach<'a> {
    /// The same, seen from a recurrent layer: how far its forward direction goes back in each row.
    pub fn of_steps(self) -> Self {
        match self {
            Reach::Outputs(counted) => Reach::Ends(&counted.ends, &counted.whole),
            Reach::Ends(..) | Reach::Everything => self,
        }
    }

    /// What a recurrent layer hands down. A reverse direction carries a cotangent from the first step of a row to its
    /// very end.
    pub fn below<T>(self, layer: &Recurrent<T>) -> Self {
        let forward = layer.ways.iter().all(|way| way.direction == Direction::Forward);
        match self.of_steps() {
            Reach::Ends(_, whole) if !forward => Reach::Ends(whole, whole),
            same => same,
        }
    }

    /// The steps through which a direction goes back, of those that are `live`.
    ///
    /// A forward direction begins at a row's last step that counts: behind it there is no cotangent, and a row that a
    /// step does not belong to hands on the 0 it has. A reverse direction began its forward pass at the row's end and
    /// must go back to it, unless nothing of the row counts.
    pub fn steps(self, direction: Direction, live: Steps<'a>) -> Steps<'a> {
        match (self.of_steps(), direction) {
            (Reach::Ends(ends, _), Direction::Forward) => live.until(ends),
            (Reach::Ends(_, whole), Direction::Reverse) => live.until(whole),
            _ => live,
        }
    }

    /// Whether row `k` of `[T · N]` certainly has no cotangent.
    pub fn leaves_out(self, k: usize, rows: usize) -> bool {
        match self {
            Reach::Everything => false,
            Reach::Outputs(counted) => !counted.marks[k],
            Reach::Ends(ends, _) => k / rows >= ends[k % rows],
        }
    }

    /// `x [M, K]` as it is, or a copy with 0 in the rows that are left out.
    ///
    /// The product with the copy adds the same terms in the same order, so that its bits are those of all rows.
    pub fn only<'x, T: Scalar>(self, x: MatRef<'x, T>, rows: usize, copy: &'x mut Aligned<T>) -> MatRef<'x, T> {
        if let Reach::Everything = self {
            return x;
        }
        let [m, width] = x.shape();
        let copy = &mut copy[..m * width];
        let mut masked = MatMut::new(&mut *copy, m, width);
        for k in 0..m {
            if self.leaves_out(k, rows) {
                masked.row_mut(k).fill(T::ZERO);
            } else {
                masked.row_mut(k).copy_from_slice(x.row(k));
            }
        }
        MatRef::new(copy, m, width)
    }

    /// `d [M, K]` is 0 in the rows that are left out.
    pub fn clear<T: Scalar>(self, mut d: MatMut<'_, T>, rows: usize) {
        if let Reach::Everything = self {
            return;
        }
        (0..d.rows()).filter(|&k| self.leaves_out(k, rows)).for_each(|k| d.row_mut(k).fill(T::ZERO));
    }
}
