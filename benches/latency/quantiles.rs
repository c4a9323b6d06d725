//! What a person asks about many times.

use std::fmt;
use std::time::Duration;

/// In seconds.
#[derive(Clone, Copy, Debug)]
pub struct Quantiles {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub worst: f64,
}

impl Quantiles {
    /// # Panics
    /// Without a time.
    pub fn of(times: &[Duration]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let at = |thousandths: usize| sorted[(sorted.len() - 1) * thousandths / 1000].as_secs_f64();
        Self { p50: at(500), p99: at(990), p999: at(999), worst: at(1000) }
    }

    fn each(self) -> [f64; 4] {
        [self.p50, self.p99, self.p999, self.worst]
    }

    /// Ratios to another one's, as cells of a table.
    pub fn over(self, other: &Quantiles) -> String {
        let ratios = self.each().into_iter().zip(other.each()).map(|(one, other)| format!("{:.2}×", one / other));
        ratios.collect::<Vec<_>>().join(" | ")
    }
}

impl fmt::Display for Quantiles {
    /// Microseconds, as cells of a table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.each().map(|seconds| match 1e6 * seconds {
            micros @ ..100.0 => format!("{micros:.2}"),
            micros => format!("{micros:.0}"),
        });
        write!(f, "{}", cells.join(" | "))
    }
}
