//! Which rows of a block a step belongs to.

use rnn_kernels::Steps;

/// The rows `first..first + rows` of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    pub steps: Steps<'a>,
    pub first: usize,
    pub rows: usize,
}

impl Live<'_> {
    /// The rows of the block that step `t` belongs to, as ranges that do not touch: a kernel computes no others.
    pub fn runs(self, t: usize) -> impl Iterator<Item = (usize, usize)> {
        let first = self.first;
        self.steps.live_runs(t, first..first + self.rows).map(move |run| (run.start - first, run.end - first))
    }

    /// The rows of the block that step `t` does not belong to.
    pub fn idle(self, t: usize) -> impl Iterator<Item = usize> {
        let rows = if self.steps.is_all() { 0 } else { self.rows };
        (0..rows).filter(move |&n| !self.steps.live(t, self.first + n))
    }

    /// Whether row `n` of the block, which step `t` does not belong to, shows its state there.
    pub fn shows(self, t: usize, n: usize) -> bool {
        self.steps.shows(t, self.first + n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_idle_rows_are_all_rows() {
        let steps = Steps::ragged(&[9, 3, 5, 0, 1, 4, 2]);
        let live = Live { steps, first: 1, rows: 6 };
        assert_eq!(live.runs(2).collect::<Vec<_>>(), [(0, 2), (4, 5)]);
        assert_eq!(live.idle(2).collect::<Vec<_>>(), [2, 3, 5]);
        assert_eq!(live.runs(8).count(), 0);
    }

    #[test]
    fn without_lengths_there_is_one_run() {
        let live = Live { steps: Steps::all(), first: 4, rows: 3 };
        assert_eq!(live.runs(7).collect::<Vec<_>>(), [(0, 3)]);
        assert_eq!(live.idle(7).count(), 0);
        assert_eq!(Live { rows: 0, ..live }.runs(7).count(), 0);
    }
}
