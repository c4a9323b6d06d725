//! Which steps the rows of a batch have, and before which they start anew: copies of what a batch says.

use super::dims::Dims;
use crate::error::Result;
use crate::memory::reserve;
use rnn_kernels::Steps;

/// Of the batch that a workspace took in; empty where it says nothing.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    /// `[N]`.
    pub lengths: Vec<usize>,
    /// `[T, N]`.
    skipped: Vec<bool>,
    /// `[T, N]`.
    starts: Vec<bool>,
}

impl Timing {
    pub fn load(&mut self, lengths: &[usize], skipped: &[bool], starts: &[bool]) -> Result<()> {
        self.lengths.clear();
        reserve("lengths", &mut self.lengths, lengths.len())?;
        self.lengths.extend_from_slice(lengths);
        for (what, to, from) in [("holes", &mut self.skipped, skipped), ("starts", &mut self.starts, starts)] {
            to.clear();
            reserve(what, to, from.len())?;
            to.extend_from_slice(from);
        }
        Ok(())
    }

    /// Which rows the steps of `dims` belong to.
    pub fn live(&self, dims: Dims) -> Steps<'_> {
        let steps = if dims.ragged { Steps::ragged(&self.lengths).window(dims.start) } else { Steps::all() };
        match dims.held {
            Some(held) => steps.skipping(&self.skipped[dims.range(1)], dims.rows, held),
            None => steps,
        }
    }

    /// `[T, N]`: which rows start anew before which of the steps of `dims`, if any may.
    pub fn starts(&self, dims: Dims) -> Option<&[bool]> {
        dims.anew.then(|| &self.starts[dims.range(1)])
    }
}
