//! `T, N, C` of the batch at hand, or of the window of it that a pass is about.

use rnn_kernels::Held;
use std::ops::Range;

/// The steps and rows of a pass.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dims {
    /// `T` as the caller counts it.
    pub given: usize,
    /// `T`, or 0 without rows: a number of steps without an element is no measure of the data, and may be any.
    pub steps: usize,
    pub rows: usize,
    /// `C` of real input, else 0.
    pub width: usize,
    /// The time of step 0, from which lengths are counted.
    pub start: usize,
    /// Step 0 among the steps that the workspace took in.
    pub first: usize,
    pub ragged: bool,
    /// What the output shows where rows skip steps, if they do.
    pub held: Option<Held>,
    /// Whether rows start anew.
    pub anew: bool,
}

impl Dims {
    /// Steps `from..to` of it.
    pub fn window(self, from: usize, to: usize) -> Self {
        let (start, first) = (self.start.saturating_add(from), self.first + from);
        Self { given: to - from, steps: to - from, start, first, ..self }
    }

    /// What there is once rows were read out: one step, which belongs to every row.
    pub fn read_out(self) -> Self {
        Self { given: 1, steps: 1, ragged: false, held: None, anew: false, ..self }
    }

    /// Where its steps lie among what the workspace took in, `width` numbers for each row.
    pub fn range(self, width: usize) -> Range<usize> {
        let row = self.rows * width;
        self.first * row..(self.first + self.steps) * row
    }
}
