//! `x [T, N, C]` or `[T, N]` symbols, with the length of each row: what a pass over time reads.

use super::mask::{GivenMasks, Mask};
use super::state::State;
use crate::error::{Error, Result, check_len, checked_product};
use rnn_kernels::{Held, SeqRef};

/// A batch of sequences, or a window of one.
///
/// Rows may have any lengths, in any order, zero included. What lies beyond a row's length is never read.
///
/// A batch without rows may claim any number of steps: nothing in it bounds them, and a pass over it takes none.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    pub(crate) input: BatchInput<'a, T>,
    pub(crate) lengths: Option<&'a [usize]>,
    /// The time of step 0.
    pub(crate) start: usize,
    pub(crate) masks: GivenMasks<'a, T>,
    /// `[T, N]`: the steps that rows skip, and what the output shows there.
    pub(crate) skipped: Option<(&'a [bool], Held)>,
    /// `[T, N]`: before which steps rows start anew, and the state they start from.
    pub(crate) starts: Option<(&'a [bool], Option<&'a State<T>>)>,
    /// The seed of random masks.
    pub(crate) noise: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum BatchInput<'a, T> {
    Features(SeqRef<'a, T>),
    /// The symbol of step `t` of row `n` is `index[t · strides[0] + n · strides[1]]`.
    Symbols {
        index: &'a [u32],
        steps: usize,
        rows: usize,
        strides: [usize; 2],
    },
}

impl<'a, T> Batch<'a, T> {
    fn of(input: BatchInput<'a, T>) -> Self {
        Self { input, lengths: None, start: 0, masks: GivenMasks::none(), skipped: None, starts: None, noise: None }
    }

    /// Real vectors, time-major: `x[t, n, c] = data[(t · N + n) · C + c]`, shape `[T, N, C]`.
    ///
    /// # Errors
    /// [`Error::Len`] if the number of elements is another, [`Error::Overflow`] if it does not fit.
    pub fn features(data: &'a [T], [steps, rows, width]: [usize; 3]) -> Result<Self> {
        check_len("features [T, N, C]", checked_product("features [T, N, C]", &[steps, rows, width])?, data.len())?;
        Ok(SeqRef::new(data, steps, rows, width).into())
    }

    /// Real vectors, batch-first: `x[t, n, c] = data[(n · T + t) · C + c]`, shape `[N, T, C]`. Targets, marks and masks are time-major in
    /// any case: [`time_major`](crate::data::time_major) makes them so.
    ///
    /// # Errors
    /// [`Error::Len`] if the number of elements is another, [`Error::Overflow`] if it does not fit.
    pub fn batch_first(data: &'a [T], [rows, steps, width]: [usize; 3]) -> Result<Self> {
        check_len("features [N, T, C]", checked_product("features [N, T, C]", &[steps, rows, width])?, data.len())?;
        Ok(SeqRef::batch_first(data, rows, steps, width).into())
    }

    /// Symbols, time-major: the one of step `t` of row `n` is `index[t · N + n]`, shape `[T, N]`.
    ///
    /// # Errors
    /// [`Error::Len`] if the number of elements is another, [`Error::Overflow`] if it does not fit.
    pub fn symbols(index: &'a [u32], [steps, rows]: [usize; 2]) -> Result<Self> {
        check_len("symbols [T, N]", checked_product("symbols [T, N]", &[steps, rows])?, index.len())?;
        Ok(Self::of(BatchInput::Symbols { index, steps, rows, strides: [rows, 1] }))
    }

    /// Symbols, batch-first: the one of step `t` of row `n` is `index[n · T + t]`, shape `[N, T]`. Targets, marks and masks are time-major
    /// in any case: [`time_major`](crate::data::time_major) makes them so.
    ///
    /// # Errors
    /// [`Error::Len`] if the number of elements is another, [`Error::Overflow`] if it does not fit.
    pub fn symbols_batch_first(index: &'a [u32], [rows, steps]: [usize; 2]) -> Result<Self> {
        check_len("symbols [N, T]", checked_product("symbols [N, T]", &[rows, steps])?, index.len())?;
        Ok(Self::of(BatchInput::Symbols { index, steps, rows, strides: [1, steps] }))
    }

    /// The same batch whose row `n` has `lengths[n]` valid steps.
    ///
    /// # Errors
    /// [`Error::Len`] if there is not one length a row, [`Error::Range`] if one is larger than `T`.
    pub fn with_lengths(self, lengths: &'a [usize]) -> Result<Self> {
        let (steps, start) = (self.steps(), self.start);
        let end = start.saturating_add(steps);
        if let Some(n) = lengths.iter().position(|&length| length > end) {
            return Err(Error::range(format!("lengths[{n}]"), format!("at most T = {steps}"), lengths[n]));
        }
        self.with_window_of(lengths, start)
    }

    /// The same batch as the window that begins at step `start` of sequences with these lengths: step `t` belongs to row
    /// `n` if `start + t < lengths[n]`, so that none does beyond every length.
    ///
    /// # Errors
    /// [`Error::Len`] if there is not one length a row.
    pub fn with_window_of(self, lengths: &'a [usize], start: usize) -> Result<Self> {
        check_len("lengths [N]", self.rows(), lengths.len())?;
        Ok(Self { lengths: Some(lengths), start, ..self })
    }

    /// The same batch with these masks, `[T, N, W]` in time order; a [window](Self::window) of it has their part. They are examined when
    /// the batch is given to a network, and take the place of masks that were given before.
    #[must_use]
    pub fn with_masks(self, masks: &'a [Mask<'a, T>]) -> Self {
        Self { masks: GivenMasks::new(masks, self.steps()), ..self }
    }

    /// The same batch whose row `n` skips step `t` if `skipped[t, n]`, shape `[T, N]`: its states stay what they are, in every layer,
    /// its input there is never read, and it has no target there. The output there is 0, or that of the layers above the last
    /// recurrent one over the state that was kept, as `held` says. A row's last step is the last one it does not skip.
    ///
    /// # Errors
    /// [`Error::Len`] if there is not one mark for each step of each row.
    pub fn skipping(self, skipped: &'a [bool], held: Held) -> Result<Self> {
        check_len("skipped [T, N]", checked_product("skipped [T, N]", &[self.steps(), self.rows()])?, skipped.len())?;
        Ok(Self { skipped: Some((skipped, held)), ..self })
    }

    /// The same batch whose row `n` starts anew from a state of 0, or of what is [learned](field@super::RecurrentSpec::learned_initial), before step `t` if `starts[t, n]`, shape `[T, N]`: several sequences one
    /// after another in one row, in every layer. A reverse direction starts anew where it comes to that step, from its other side. No
    /// derivative crosses such a border.
    ///
    /// Each step at which any row starts anew ends a window that is computed by itself: where there are many, batches of rows that are
    /// short are faster.
    ///
    /// # Errors
    /// [`Error::Len`] if there is not one mark for each step of each row.
    pub fn starting_anew(self, starts: &'a [bool]) -> Result<Self> {
        check_len("starts [T, N]", checked_product("starts [T, N]", &[self.steps(), self.rows()])?, starts.len())?;
        Ok(Self { starts: Some((starts, None)), ..self })
    }

    /// The same from row `n` of this state, or from its [beginning](State#rows-at-their-beginning) if it is there. The gradient is summed over
    /// all starts, [`Workspace::d_start`](super::Workspace::d_start).
    ///
    /// # Errors
    /// [`Error::Len`] if there is not one mark for each step of each row. A state that does not fit is an error of the pass.
    pub fn starting_anew_from(self, starts: &'a [bool], state: &'a State<T>) -> Result<Self> {
        let batch = self.starting_anew(starts)?;
        Ok(Self { starts: Some((starts, Some(state))), ..batch })
    }

    /// The same batch with noise: training passes over it draw the masks of [dropout](super::DropoutSpec) and the
    /// [drawn](super::Draw) masks of cells from this seed, and nothing else. Without noise, and in passes that do not train, dropout is
    /// the identity and a drawn mask its mean. A mask that the batch [gives](Self::with_masks) is never drawn.
    ///
    /// A [window](Self::window) is a batch of its own, and draws its masks from its first step on; those that stay for a sequence are the
    /// same in all windows of a batch.
    #[must_use]
    pub fn with_noise(self, seed: u64) -> Self {
        Self { noise: Some(seed), ..self }
    }

    /// `T`.
    #[must_use]
    pub fn steps(&self) -> usize {
        match &self.input {
            BatchInput::Features(x) => x.steps(),
            BatchInput::Symbols { steps, .. } => *steps,
        }
    }

    /// `N`.
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.input {
            BatchInput::Features(x) => x.rows(),
            BatchInput::Symbols { rows, .. } => *rows,
        }
    }
}

impl<T: Copy> Batch<'_, T> {
    /// The same as passes see it that do not train.
    pub(crate) fn without_noise(&self) -> Self {
        Self { noise: None, ..*self }
    }

    /// Steps `from..to` as a window of truncated BPTT: lengths still count from the start of the sequences.
    ///
    /// # Errors
    /// [`Error::Range`] if there are no such steps.
    pub fn window(&self, from: usize, to: usize) -> Result<Self> {
        if from > to || to > self.steps() {
            return Err(Error::range("window", format!("within 0..{}", self.steps()), format!("{from}..{to}")));
        }
        let input = match self.input {
            BatchInput::Features(x) => BatchInput::Features(x.slice(from, to)),
            // Without rows there is nothing to begin at.
            BatchInput::Symbols { index, rows, strides, .. } => {
                let index = index.get(from * strides[0]..).unwrap_or(&[]);
                BatchInput::Symbols { index, steps: to - from, rows, strides }
            }
        };
        let marks = from * self.rows()..to * self.rows();
        Ok(Self {
            input,
            start: self.start.saturating_add(from),
            masks: self.masks.window(from),
            skipped: self.skipped.map(|(skipped, held)| (&skipped[marks.clone()], held)),
            starts: self.starts.map(|(starts, state)| (&starts[marks], state)),
            ..*self
        })
    }
}

impl<'a, T> From<SeqRef<'a, T>> for Batch<'a, T> {
    fn from(x: SeqRef<'a, T>) -> Self {
        Self::of(BatchInput::Features(x))
    }
}
