//! What a run of the suite found, in numbers and in one screen of text.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A broken law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// The case it was found on.
    pub found: String,
    /// The plainest case on which it still fails.
    pub case: String,
    /// How many cases shrinking tried.
    pub tried: usize,
    /// Block, gate, unit, time and row of the worst element, or what happened.
    pub place: String,
    /// Its numbers: error, bound, ratio.
    pub numbers: String,
    /// Error over bound, where there is one.
    pub ratio: Option<f64>,
}

/// What one law saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LawReport {
    /// `group::name`.
    pub id: String,
    /// The clause of the contract.
    pub clause: String,
    /// Cases that were decided.
    pub cases: usize,
    /// Elements compared.
    pub comparisons: usize,
    /// The largest error/bound; `None` where all was compared bit for bit.
    pub ratio: Option<f64>,
    /// Cases the law says nothing about, with the reason of the last.
    pub skipped: usize,
    /// Why.
    pub skip_reason: Option<String>,
    /// Cases that could not decide and were drawn again.
    pub inconclusive: usize,
    /// Set if the law is broken.
    pub broken: Option<Broken>,
}

impl LawReport {
    /// The law held, on something.
    #[must_use]
    pub fn passes(&self) -> bool {
        // A law that is skipped everywhere must say why; one that compared nothing otherwise proves nothing.
        let seen = self.comparisons > 0 || (self.cases == 0 && self.skipped > 0);
        self.broken.is_none() && seen
    }
}

/// What a run of the suite found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The backend's `Debug` form.
    pub backend: String,
    /// `f32` or `f64`.
    pub number: String,
    /// What random cases followed from.
    pub seed: u64,
    /// Every law that was run.
    pub laws: Vec<LawReport>,
}

impl Report {
    /// Something was run and every law held. An empty run is a failure.
    #[must_use]
    pub fn passes(&self) -> bool {
        !self.laws.is_empty() && self.laws.iter().all(LawReport::passes)
    }

    /// The laws that did not hold.
    pub fn failures(&self) -> impl Iterator<Item = &LawReport> {
        self.laws.iter().filter(|law| !law.passes())
    }

    /// Laws, cases, comparisons.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let sum = |of: fn(&LawReport) -> usize| self.laws.iter().map(of).sum();
        [self.laws.len(), sum(|law| law.cases), sum(|law| law.comparisons)]
    }

    /// The largest error/bound of all laws.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.laws.iter().filter_map(|law| law.ratio).fold(0.0, f64::max)
    }

    /// # Panics
    /// If a law is broken or nothing was run; the message is the report.
    pub fn assert_passes(&self) {
        assert!(self.passes(), "{self}");
    }

    fn describe(&self, law: &LawReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rnn-check FAIL  {}  backend={}  {}", law.id, self.backend, self.number)?;
        writeln!(f, " clause  {}", law.clause)?;
        let Some(broken) = &law.broken else {
            return writeln!(f, " nothing was compared: {} cases, {} skipped", law.cases, law.skipped);
        };
        writeln!(f, " case    {}", broken.case)?;
        if broken.case != broken.found {
            writeln!(f, " shrunk  from {} in {} tries", broken.found, broken.tried)?;
        }
        writeln!(f, " worst   {}", broken.place)?;
        if !broken.numbers.is_empty() {
            writeln!(f, "         {}", broken.numbers)?;
        }
        writeln!(f, " run     seed {:#x}, case {} of this law", self.seed, law.cases + 1)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [laws, cases, comparisons] = self.counts();
        for law in self.failures() {
            self.describe(law, f)?;
        }
        write!(
            f,
            "{} {}: {laws} laws, {cases} cases, {comparisons} comparisons, {} failed, {} skipped, {} inconclusive, largest ratio {:.3}",
            self.backend,
            self.number,
            self.failures().count(),
            self.laws.iter().map(|law| law.skipped).sum::<usize>(),
            self.laws.iter().map(|law| law.inconclusive).sum::<usize>(),
            self.ratio(),
        )?;
        if laws == 0 { write!(f, "\nnothing was run, which is a failure") } else { Ok(()) }
    }
}
