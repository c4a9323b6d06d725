//! When to ask other threads for help, and how long to stay awake for the next task.
//!
//! Waiting for a thread that the system has put aside lasts as long as the system likes. So a caller that has waited far longer
//! than it worked does without help for a multiple of what it lost, and for longer each time that it happens again.

use core::time::Duration;

use super::sync::{Instant, TURNS, spin_loop};

/// A wait so many times as long as the caller's own work is too long: were the tasks only unequal, then doing all of them alone
/// would take at most 1 + 1/4 times as long.
const TOO_LONG: u32 = 3;
/// The rest after a lost wait, in such waits: so at most a ninth of the time is lost.
const REST: u32 = 8;
/// Rests end, however often the threads are late: a busy machine is quiet again some day.
const LONGEST_REST: Duration = Duration::from_secs(2);
/// Wake-ups in a row of threads that came when nothing was left to do, after which they are no longer woken for a while.
const IN_VAIN: u32 = 8;
/// The rest after them: a wake-up takes some ten microseconds of two threads, a twentieth of this.
const REST_FROM_WAKING: Duration = Duration::from_millis(2);

/// How a run ended, for the next ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Other threads helped, and the caller did not sleep.
    Helped,
    /// The caller slept so long, after it had worked so long.
    Slept { worked: Duration, slept: Duration },
    /// Threads were woken but did nothing.
    InVain,
    /// Nobody slept, and nobody helped.
    Alone,
}

/// What callers remember of earlier runs.
#[derive(Debug)]
pub struct Pace {
    /// Until then runs go without help.
    rest: Option<Rest>,
    in_vain: u32,
}

#[derive(Clone, Copy, Debug)]
struct Rest {
    end: Instant,
    length: Duration,
}

impl Pace {
    pub fn new() -> Self {
        Self { rest: None, in_vain: 0 }
    }

    /// Whether a run that begins now goes without help.
    pub fn rests(&self, now: Instant) -> bool {
        self.rest.is_some_and(|rest| now < rest.end)
    }

    /// Takes note of a run. The clock is read only if that leads to a rest.
    pub fn note(&mut self, end: End, now: impl Fn() -> Instant) {
        match end {
            End::Alone => {}
            End::InVain if self.in_vain < IN_VAIN => self.in_vain += 1,
            End::InVain => self.rest_from(now(), REST_FROM_WAKING),
            End::Slept { worked, slept } if slept > worked.saturating_mul(TOO_LONG) => {
                self.rest_from(now(), slept.saturating_mul(REST));
            }
            End::Helped | End::Slept { .. } => self.in_vain = 0,
        }
    }

    /// Rests for `length`, or for twice as long as the last time if that is not long ago.
    fn rest_from(&mut self, now: Instant, length: Duration) {
        let again = self.rest.filter(|last| now.saturating_duration_since(last.end) < last.length.saturating_mul(4));
        let length = again.map_or(length, |last| length.max(last.length.saturating_mul(2))).min(LONGEST_REST);
        self.rest = now.checked_add(length).map(|end| Rest { end, length });
    }
}

/// The least time that a thread stays awake after a task or a wake-up: several steps of a sequence whose units are shared out.
const SHORTEST_WATCH: Duration = Duration::from_micros(20);
/// The longest, about what waking it would cost.
const LONGEST_WATCH: Duration = Duration::from_micros(100);

/// How long a thread without a task may stay awake: in total no longer than it worked, and a bit for each task or wake-up.
#[derive(Debug)]
pub struct Watch {
    left: Duration,
}

impl Watch {
    pub fn new() -> Self {
        Self { left: Duration::ZERO }
    }

    /// Work, or a wake-up after which some is to be expected, earns some of it.
    pub fn earn(&mut self, worked: Duration) {
        self.left = self.left.saturating_add(worked).clamp(SHORTEST_WATCH, LONGEST_WATCH);
    }

    /// Spends it until `condition` is true or nothing is left; whether it became true.
    pub fn until(&mut self, condition: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        loop {
            for _ in 0..TURNS {
                if condition() {
                    self.left = self.left.saturating_sub(begun.elapsed());
                    return true;
                }
                spin_loop();
            }
            if begun.elapsed() >= self.left {
                self.left = Duration::ZERO;
                return false;
            }
        }
    }
}
