//! `η(0) (k + 1)/w` for `k < w`, then `η(k − w)`: a linear warm-up in front of any schedule.

use super::Schedule;
use crate::error::{Error, Result};
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// `η(0) (k + 1)/w` for `k < w`, then `η(k − w)`; a function of the step alone, as a schedule is.
///
/// The first step after the warm-up is as long as its last one: both have the first rate of the schedule. `w = 0` is none. Source: Goyal et al.
/// 2017, §2.2, gradual warm-up, from `η/w` on.
///
/// ```
/// use recurrent::optim::Schedule;
///
/// let rates = Schedule::Exponential { rate: 8.0, factor: 0.5 }.warm_up(2);
/// assert_eq!([0, 1, 2, 3, 4].map(|k| rates.rate(k)), [4.0, 8.0, 8.0, 4.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// `w`.
    pub steps: u64,
    /// `η`.
    pub then: Schedule,
}

impl Schedule {
    /// The same after a linear warm-up of so many steps.
    #[must_use]
    pub fn warm_up(self, steps: u64) -> WarmUp {
        WarmUp { steps, then: self }
    }
}

impl WarmUp {
    /// The rate of `step`, counted from 0; finite and not negative if [`check`](Self::check) holds.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // steps beyond 2⁵³ are not reached
    pub fn rate(&self, step: u64) -> f64 {
        match step.checked_sub(self.steps) {
            Some(after) => self.then.rate(after),
            // The quotient first: it is at most 1, and so the product no larger than the rate.
            None => self.then.rate(0) * ((step + 1) as f64 / self.steps as f64),
        }
    }

    /// Whether every setting lies in its range: [`Schedule::check`].
    ///
    /// # Errors
    /// If one does not; the message names it.
    pub fn check<T: Scalar>(&self) -> Result<()> {
        self.then.check::<T>()
    }

    /// Whether a run of `updates` steps comes to the end of the warm-up, and to that of a cosine behind it.
    ///
    /// # Errors
    /// [`Error::Range`] if not; the message has both numbers.
    pub fn check_run(&self, updates: u64) -> Result<()> {
        let (what, needed) = match (self.steps, self.then.length()) {
            (warm_up, 0) => ("warm-up", warm_up),
            (0, cosine) => ("cosine", cosine),
            (warm_up, cosine) => ("warm-up and the cosine", warm_up.saturating_add(cosine)),
        };
        if needed <= updates {
            return Ok(());
        }
        let expected = format!("at most {updates}, the updates of the run");
        Err(Error::range(format!("schedule: steps of the {what}"), expected, needed))
    }
}
