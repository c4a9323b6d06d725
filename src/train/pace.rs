//! `b ← 0.95 b + 0.05 L, targets / time`: where a training run stands, and how fast it goes.

use super::kept::Step;
use std::fmt;

/// Where a training run stands, and how fast it goes; `Display` is a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// How much of its [budget](super::Budget::used) is used.
    pub share: f64,
    /// Steps so far.
    pub step: u64,
    /// The mean loss of a target in bits, each step counting 0.95 times as much as the one after it.
    pub bits: f64,
    /// Targets since it began.
    pub targets: f64,
    /// Seconds of training alone: without scores, saves and what an observer does.
    pub seconds: f64,
    /// Of the last gradient before it was clipped, if it was measured.
    pub norm: Option<f64>,
}

impl Pace {
    /// Before the next step, after so many in all.
    #[must_use]
    pub fn from_step(step: u64) -> Self {
        Self { step, ..Self::default() }
    }

    /// After a step, which took so many seconds.
    pub fn take(&mut self, step: u64, made: &Step, seconds: f64) {
        let old = if self.targets > 0.0 { 0.95 } else { 0.0 };
        self.step = step;
        self.bits = old * self.bits + (1.0 - old) * made.loss.bits();
        #[allow(clippy::cast_precision_loss)] // a count below 2⁵³
        let targets = made.loss.count as f64;
        self.targets += targets;
        self.seconds += seconds;
        self.norm = made.norm.or(self.norm);
    }

    /// Targets per second; 0 before the first step.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.targets / self.seconds } else { 0.0 }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (share, rate) = (100.0 * self.share, self.per_second());
        write!(f, "{share:3.0} %  step {:5}  {:.3} bits  {rate:6.0}/s", self.step, self.bits)?;
        self.norm.map_or(Ok(()), |norm| write!(f, "  |g| {norm:.3}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use crate::loss::Loss;
    use crate::train::Step;

    #[test]
    fn later_steps_count_more_and_time_is_that_of_steps() {
        let step = |nats: f64, norm| {
            let loss = Loss::of(4.0 * nats * std::f64::consts::LN_2, 4);
            Step { loss, updates: 1, rate: 0.1, norm, omega: None, left_out: None }
        };
        let mut pace = Pace::from_step(7);
        assert_eq!(pace.per_second(), 0.0);
        pace.take(8, &step(3.0, Some(0.5)), 0.5);
        pace.take(9, &step(1.0, None), 0.25);
        assert_eq!((pace.step, pace.bits, pace.norm), (9, 0.95 * 3.0 + (1.0 - 0.95) * 1.0, Some(0.5)));
        assert_eq!(pace.per_second(), 8.0 / 0.75);
        pace.share = 0.25;
        assert_eq!(pace.to_string(), " 25 %  step     9  2.900 bits      11/s  |g| 0.500");
    }
}
