//! `median [least, most]` over committees: the table that a run prints and the summary that it writes.

use super::intervals::quantile;
use super::measures::{Ahead, Measures, NOMINAL, Next};
use super::options::Options;
use serde::Serialize;
use std::fmt;

/// Root mean squared errors of others, one step ahead: of 1921 to 1955 from the years before, whose average relative variances of 0.086 and
/// 0.097 are in units of 1535.
const PUBLISHED: [(&str, f64); 2] =
    [("network of Weigend, Huberman & Rumelhart 1990", 11.49), ("threshold autoregression, Tong & Lim 1980", 12.20)];

/// What committees of several seeds reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// Of these numbers, at least one.
    pub fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        Self { median: quantile(&numbers, 0.5), least: numbers[0], most: numbers[numbers.len() - 1] }
    }
}

/// One step ahead and many, of all committees.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub column: String,
    /// Numbers tested on.
    pub test: usize,
    pub persistence: f64,
    pub autoregression: f64,
    pub committee: Spread,
    /// The share of the test within its interval, which is nominally so large, and the mean width of intervals.
    pub nominal: f64,
    pub coverage: Spread,
    pub width: Spread,
    pub published: Vec<(&'static str, f64)>,
    pub committees: Vec<Measures>,
}

impl Report {
    /// Of committees, at least one, on the same numbers; `is_own` says that they are the sunspots.
    pub fn of(committees: Vec<Measures>, column: &str, options: &Options, is_own: bool) -> Self {
        let first = &committees[0].ahead[0];
        let spread = |of: fn(&Ahead) -> f64| Spread::of(committees.iter().map(|measures| of(&measures.ahead[0])));
        let as_published = is_own && (options.leave_out, options.test) == (53, 35);
        Self {
            column: column.into(),
            test: options.test.into(),
            persistence: first.persistence,
            autoregression: first.autoregression,
            committee: spread(|ahead| ahead.committee),
            nominal: NOMINAL,
            coverage: spread(|ahead| ahead.coverage),
            width: spread(|ahead| ahead.width),
            published: if as_published { PUBLISHED.to_vec() } else { vec![] },
            committees,
        }
    }

    /// The median over committees of each column, so many steps ahead.
    fn median(&self, h: usize, of: fn(&Ahead) -> f64) -> f64 {
        Spread::of(self.committees.iter().map(|measures| of(&measures.ahead[h]))).median
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { committee, coverage, width, .. } = self;
        let members = Spread::of(self.committees.iter().flat_map(|measures| measures.members.iter().copied()));
        let (count, nominal) = (self.committees.len(), 100.0 * self.nominal);
        writeln!(f, "root mean squared error of the last {} numbers, one step ahead", self.test)?;
        writeln!(f, "  persistence     {:8.2}", self.persistence)?;
        writeln!(f, "  autoregression  {:8.2}", self.autoregression)?;
        let Spread { median, least, most } = committee;
        writeln!(f, "  networks        {median:8.2}   median of {count} committees, {least:.2} to {most:.2}")?;
        writeln!(
            f,
            "  one network     {:8.2}   median of all, {:.2} to {:.2}",
            members.median, members.least, members.most
        )?;
        self.published.iter().try_for_each(|(name, error)| writeln!(f, "  published       {error:8.2}   {name}"))?;
        let [median, least, most] = [coverage.median, coverage.least, coverage.most].map(|share| 100.0 * share);
        write!(f, "  {median:.0} % ({least:.0} to {most:.0}) lie within their {nominal:.0} % intervals, ")?;
        writeln!(f, "{:.1} wide in the mean\n", width.median)?;
        writeln!(f, "steps ahead  persistence  autoregression  networks  within {nominal:.0} %  width")?;
        for (h, Ahead { steps, persistence, autoregression, .. }) in self.committees[0].ahead.iter().enumerate() {
            let percent = 100.0 * self.median(h, |ahead| ahead.coverage);
            write!(f, "{steps:11}  {persistence:11.2}  {autoregression:14.2}  ")?;
            write!(f, "{:8.2}  {percent:9.0} %  ", self.median(h, |ahead| ahead.committee))?;
            writeln!(f, "{:5.1}", self.median(h, |ahead| ahead.width))?;
        }
        let first = &self.committees[0];
        write!(f, "\nimportance of lags, from 1 on:")?;
        first.importance.iter().rev().try_for_each(|grown| write!(f, " {grown:.3}"))?;
        write!(f, "\nto come:")?;
        for Next { forecast, low, high } in &first.next {
            write!(f, " {forecast:.1} ({low:.0} to {high:.0})")?;
        }
        writeln!(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn a_spread_is_the_middle_and_both_ends() {
        let spread = |numbers: &[f64]| Spread::of(numbers.iter().copied());
        assert_eq!(spread(&[5.0, 1.0, 3.0]), Spread { median: 3.0, least: 1.0, most: 5.0 });
        assert_eq!(spread(&[2.0, 1.0]), Spread { median: 1.5, least: 1.0, most: 2.0 });
    }
}
