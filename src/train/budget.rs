//! `max(steps made / steps, time / seconds)`: how much a fit may take, and how much of it is used.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What ends a fit before its own end: a number of steps, a time, a flag such as a signal sets. The first of them counts.
///
/// ```
/// use recurrent::train::Budget;
///
/// let budget = Budget { steps: Some(20), ..Budget::from_step(100) };
/// assert_eq!((budget.used(105), budget.used(120)), (0.25, 1.0));
/// assert!(budget.flow(119).is_continue() && budget.flow(120).is_break());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    /// How many steps had been made when it began.
    pub first: u64,
    /// How many may be made beside those.
    pub steps: Option<u64>,
    /// When it began.
    pub begin: Instant,
    /// How many seconds may pass since then.
    pub seconds: Option<f64>,
    /// The time that something else takes after the fit, out of the seconds.
    pub spare: Duration,
    /// Ends it when it is set.
    pub stop: Option<&'a AtomicBool>,
}

impl Budget<'_> {
    /// One without limits that begins now, after so many steps.
    #[must_use]
    pub fn from_step(first: u64) -> Self {
        Self { first, steps: None, begin: Instant::now(), seconds: None, spare: Duration::ZERO, stop: None }
    }

    /// What is used after so many steps in all: at least 1 if nothing is left, 0 of what has no limit.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a share
    pub fn used(&self, step: u64) -> f64 {
        let made = step.saturating_sub(self.first);
        let time = |seconds: f64| (self.begin.elapsed() + self.spare).as_secs_f64() / seconds;
        let steps = |steps: u64| if made < steps { made as f64 / steps as f64 } else { 1.0 };
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return 1.0;
        }
        self.seconds.map_or(0.0, time).max(self.steps.map_or(0.0, steps))
    }

    /// What an observer of a fit answers after so many steps in all.
    pub fn flow(&self, step: u64) -> ControlFlow<()> {
        if self.used(step) < 1.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    #[test]
    fn the_first_limit_counts() {
        let endless = Budget::from_step(3);
        assert_eq!(endless.used(u64::MAX), 0.0);
        let steps = Budget { steps: Some(8), ..endless };
        assert_eq!([2, 3, 5, 11, 12].map(|step| steps.used(step)), [0.0, 0.0, 0.25, 1.0, 1.0]);
        // Whatever the time is: what comes after takes more than there is.
        let late = Budget { seconds: Some(10.0), spare: Duration::from_secs(11), ..steps };
        assert!(late.used(3) > 1.0);
        // Half of the time is another's, and this test takes no tenth of it.
        let hour = Budget { seconds: Some(3600.0), spare: Duration::from_secs(1800), ..endless };
        assert!((0.5..0.6).contains(&hour.used(3)));
        assert!(Budget { steps: Some(0), ..endless }.flow(3).is_break());
    }

    #[test]
    fn a_flag_ends_it() {
        let stop = AtomicBool::new(false);
        let budget = Budget { stop: Some(&stop), ..Budget::from_step(0) };
        assert!(budget.flow(0).is_continue());
        stop.store(true, Ordering::Relaxed);
        assert!(budget.flow(0).is_break());
    }
}
