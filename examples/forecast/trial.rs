//! `z[..split]` to learn from, `z[split..]` to test on: a series cut in two.

use super::chart::Points;
use super::options::Options;
use super::series::Scale;
use recurrent::{Error, Result};
use std::ops::Range;

/// A series on its scale, and where its test begins.
#[derive(Debug)]
pub struct Trial {
    pub values: Vec<f64>,
    z: Vec<f64>,
    scale: Scale,
    pub split: usize,
    pub lags: usize,
    first: f64,
}

impl Trial {
    /// Of these values, in the example's own case the sunspots.
    pub fn new(values: Vec<f64>, options: &Options, is_own: bool) -> Result<Self> {
        let (lags, test) = (usize::from(options.lags), usize::from(options.test));
        // An autoregression has more windows than weights then, and every network some that it is not trained on.
        let needed = 3 * lags + 10 + test;
        if values.len() < needed {
            let expected = format!("at least {needed} numbers for {lags} lags and {test} to test on");
            return Err(Error::format("the series", expected, values.len()));
        }
        let split = values.len() - test;
        let scale = Scale::fit(&values[..split], options.root || is_own)?;
        let z = scale.apply(&values)?;
        let first = options.first.unwrap_or(if is_own { 1700 } else { 0 }).into();
        Ok(Self { values, z, scale, split, lags, first })
    }

    /// The windows `[N, L]` before the test, and what came next.
    pub fn past(&self) -> (Vec<f64>, &[f64]) {
        (self.windows(self.lags..self.split), &self.z[self.lags..self.split])
    }

    /// The windows `[N, L]` of the test, and what came next.
    pub fn test(&self) -> (Vec<f64>, &[f64]) {
        (self.windows(self.split..self.z.len()), &self.z[self.split..])
    }

    /// The window after which nothing is known.
    pub fn last(&self) -> &[f64] {
        &self.z[self.z.len() - self.lags..]
    }

    /// The numbers before each of these places.
    fn windows(&self, places: Range<usize>) -> Vec<f64> {
        places.flat_map(|t| &self.z[t - self.lags..t]).copied().collect()
    }

    /// From the scale of the models to that of the series.
    pub fn invert(&self, z: &[f64]) -> Result<Vec<f64>> {
        self.scale.invert(z)
    }

    /// Numbers from this place on, with their times.
    #[allow(clippy::cast_precision_loss)] // places in a series
    pub fn points(&self, from: usize, values: &[f64]) -> Points {
        values.iter().enumerate().map(|(k, value)| (self.first + (from + k) as f64, *value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn windows_end_before_their_target_and_the_test_is_the_end() {
        let options = Options::parse_from(["forecast", "--lags", "2", "--test", "3", "--first", "50"]);
        let trial = Trial::new((0..20).map(|t| f64::from(t * t)).collect(), &options, false).unwrap();
        let (windows, targets) = trial.past();
        assert_eq!((windows.len(), targets.len()), (2 * 15, 15));
        assert_eq!(windows[2..4], [windows[1], targets[0]]);
        let (windows, targets) = trial.test();
        let [first, came] = [&windows[..2], targets].map(|z| trial.invert(z).unwrap());
        let near = |found: &[f64], expected: &[f64]| found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-9);
        assert!(near(&first, &[225.0, 256.0]) && near(&came, &[289.0, 324.0, 361.0]));
        assert_eq!(trial.points(17, &[1.0, 2.0]), [(67.0, 1.0), (68.0, 2.0)]);
    }

    #[test]
    fn the_scale_knows_nothing_of_the_test() {
        let options = Options::parse_from(["forecast", "--lags", "2", "--test", "3"]);
        let mut values: Vec<f64> = (0..20).map(f64::from).collect();
        let before = Trial::new(values.clone(), &options, false).unwrap();
        values[17..].fill(1e6);
        let after = Trial::new(values, &options, false).unwrap();
        assert_eq!(before.past(), after.past());
    }
}
