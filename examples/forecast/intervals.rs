//! `[q(5 %), q(95 %)]` of draws: intervals and how often they hold what came.

/// What a value lies in with some probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// The middle `share` of these draws.
    pub fn of(mut draws: Vec<f64>, share: f64) -> Self {
        draws.sort_by(f64::total_cmp);
        let tail = (1.0 - share) / 2.0;
        Self { low: quantile(&draws, tail), high: quantile(&draws, 1.0 - tail) }
    }

    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    pub fn width(self) -> f64 {
        self.high - self.low
    }
}

/// The quantile `p` of ascending numbers, at least one: linear between the two at `p (n − 1)` (type 7 of Hyndman & Fan 1996).
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // places among draws
pub fn quantile(ascending: &[f64], p: f64) -> f64 {
    let place = p.clamp(0.0, 1.0) * (ascending.len() - 1) as f64;
    let (below, above) = (ascending[place.floor() as usize], ascending[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// The share of values that their intervals hold.
#[allow(clippy::cast_precision_loss)]
pub fn coverage(intervals: &[Interval], values: &[f64]) -> f64 {
    let held = intervals.iter().zip(values).filter(|(interval, value)| interval.holds(**value)).count();
    held as f64 / values.len() as f64
}

/// `√(Σ (x̂ − x)² / n)`.
#[allow(clippy::cast_precision_loss)]
pub fn root_mean_square(forecasts: &[f64], values: &[f64]) -> f64 {
    let sum: f64 = forecasts.iter().zip(values).map(|(forecast, value)| (forecast - value).powi(2)).sum();
    (sum / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_linearly_between_its_neighbours() {
        let numbers = [1.0, 2.0, 4.0, 8.0, 16.0];
        let found = [0.0, 0.25, 0.375, 0.5, 0.9, 1.0].map(|p| quantile(&numbers, p));
        let expected = [1.0, 2.0, 3.0, 4.0, 12.8, 16.0];
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12), "{found:?}");
        assert_eq!(quantile(&[3.0], 0.7), 3.0);
    }

    #[test]
    fn an_interval_is_the_middle_of_draws_in_any_order() {
        let draws = (0..=100).rev().map(f64::from).collect();
        let interval = Interval::of(draws, 0.9);
        assert!((interval.low - 5.0).abs() < 1e-9 && (interval.high - 95.0).abs() < 1e-9, "{interval:?}");
        assert!((interval.width() - 90.0).abs() < 1e-9);
    }

    #[test]
    fn coverage_counts_values_within_their_own_interval_ends_included() {
        let interval = |low, high| Interval { low, high };
        let intervals = [interval(0.0, 1.0), interval(5.0, 6.0), interval(-1.0, 1.0), interval(2.0, 3.0)];
        assert_eq!(coverage(&intervals, &[1.0, 1.0, 0.0, 3.5]), 0.5);
    }

    #[test]
    fn the_root_mean_square_is_that_by_hand() {
        assert_eq!(root_mean_square(&[1.0, 2.0, 7.0, 0.0], &[1.0, 5.0, 3.0, 0.0]), 2.5);
    }
}
