//! What a run of the suite found, in numbers and in one screen of text.

use crate::bound::{Size, Tally};
use crate::case::Token;
use crate::law::Pattern;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A planted bug that errs alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hint {
    /// Its name in [`planted::Bug`](crate::planted::Bug).
    pub bug: String,
    /// What is wrong there.
    pub description: String,
    /// The cosine of both error patterns on one case; 1 for the same words where a failure has no pattern.
    pub likeness: f64,
}

/// A broken law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// The case it was found on.
    pub found: String,
    /// The plainest case on which it still fails.
    pub case: String,
    /// How many cases shrinking tried.
    pub tried: usize,
    /// Reruns that case; `None` where no single case is to blame.
    pub token: Option<Token>,
    /// Block, gate, unit, time and row of the worst element, or what happened.
    pub place: String,
    /// Its numbers: error, bound, ratio.
    pub numbers: String,
    /// Error over bound, where there is one. (JSON has no infinity: it comes back as `None`.)
    pub ratio: Option<f64>,
    /// Where the errors lie, and which they are.
    pub pattern: Option<Pattern>,
    /// The planted bugs most like it on the case it was found on, the likest first.
    pub hints: Vec<Hint>,
    /// Whether the reference breaks the law on that case as well, under the same claims.
    pub reference_too: bool,
}

impl Broken {
    /// A law that is broken without a case to blame.
    #[must_use]
    pub fn in_words(place: impl Into<String>) -> Self {
        Self {
            found: String::new(),
            case: String::new(),
            tried: 0,
            token: None,
            place: place.into(),
            numbers: String::new(),
            ratio: None,
            pattern: None,
            hints: vec![],
            reference_too: false,
        }
    }
}

/// A promise that a backend does not make, tried on it all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The promise.
    pub promise: String,
    /// Cases on which it was tried.
    pub cases: usize,
    /// It was kept on all of them.
    pub kept: bool,
}

/// What one law saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// The same by the length of sums, of what was compared with the oracle. (Two runs of one backend may differ by less
    /// than either is wrong: their ratio says nothing about a bound, and is in no class.)
    pub sizes: BTreeMap<Size, Tally>,
    /// Cases the law says nothing about.
    pub skipped: usize,
    /// Why, and how many of them.
    pub skips: BTreeMap<String, usize>,
    /// Cases that could not decide and were drawn again.
    pub inconclusive: usize,
    /// Promises the backend does not make.
    pub probes: Vec<Probe>,
    /// Set if the law is broken as the claims expect: the reason they give.
    pub expected: Option<String>,
    /// Set if the law is broken.
    pub broken: Option<Broken>,
    /// Time it took.
    pub seconds: f64,
}

impl LawReport {
    /// The reason of a skip of a case that the law ran on and found nothing to compare in: no step, no row.
    pub const NOTHING: &'static str = "nothing was compared";

    /// The law held, on something; or it is broken as expected.
    #[must_use]
    pub fn passes(&self) -> bool {
        // A law that is skipped everywhere must say why, and that nothing was there is no reason: it proves nothing.
        let explained = self.cases == 0 && self.skips.keys().any(|reason| reason != Self::NOTHING);
        if self.broken.is_some() { self.expected.is_some() } else { self.comparisons > 0 || explained }
    }

    /// What an expectation makes of it: a failure is counted as expected, and a law that holds becomes one.
    pub(crate) fn expect(&mut self, reason: &str) {
        if self.broken.is_some() {
            self.expected = Some(reason.into());
        } else if self.comparisons > 0 {
            let words = format!("it was expected to fail ({reason}), and it holds: drop the expectation");
            self.broken = Some(Broken::in_words(words));
        }
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
    /// The smallest error/bound a law must reach somewhere, with a correct backend, for its bound to mean anything.
    pub const VACUOUS: f64 = 1.0 / 500.0;

    /// Something was run and every law held. An empty run is a failure.
    #[must_use]
    pub fn passes(&self) -> bool {
        !self.laws.is_empty() && self.laws.iter().all(LawReport::passes)
    }

    /// The laws that did not hold.
    pub fn failures(&self) -> impl Iterator<Item = &LawReport> {
        self.laws.iter().filter(|law| !law.passes())
    }

    /// The laws that passed because every case of theirs was skipped for a reason: they say nothing about the backend.
    pub fn silent(&self) -> impl Iterator<Item = &LawReport> {
        self.laws.iter().filter(|law| law.passes() && law.comparisons == 0 && law.broken.is_none())
    }

    /// The laws that are broken as the claims expect.
    pub fn expected_failures(&self) -> impl Iterator<Item = &LawReport> {
        self.laws.iter().filter(|law| law.expected.is_some())
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

    /// Of a reference backend: the laws and classes in which its largest error is below [`VACUOUS`](Self::VACUOUS) of the
    /// bound, with that ratio. There the bound is too wide to say much, and only a power test tells what the law still sees.
    #[must_use]
    pub fn vacuous(&self) -> Vec<(&str, Size, f64)> {
        let classes =
            self.laws.iter().flat_map(|law| law.sizes.iter().map(|(size, tally)| (&law.id[..], *size, tally)));
        classes
            .filter(|(.., tally)| tally.ratio < Self::VACUOUS)
            .map(|(id, size, tally)| (id, size, tally.ratio))
            .collect()
    }

    /// The reasons for skipped cases, and how many of each.
    #[must_use]
    pub fn skips(&self) -> BTreeMap<&str, usize> {
        let mut all = BTreeMap::new();
        for (reason, count) in self.laws.iter().flat_map(|law| &law.skips) {
            *all.entry(&reason[..]).or_default() += count;
        }
        all
    }

    /// Promises the backend could make: kept in every law they were tried in, with the number of cases.
    #[must_use]
    pub fn under_claims(&self) -> BTreeMap<&str, usize> {
        let mut all: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
        for probe in self.laws.iter().flat_map(|law| &law.probes) {
            let (cases, kept) = all.entry(&probe.promise).or_insert((0, true));
            *cases += probe.cases;
            *kept &= probe.kept;
        }
        all.into_iter().filter(|(_, (cases, kept))| *kept && *cases > 0).map(|(p, (cases, _))| (p, cases)).collect()
    }

    /// # Panics
    /// If a law is broken or nothing was run; the message is the report.
    pub fn assert_passes(&self) {
        assert!(self.passes(), "{self}");
    }

    fn describe(&self, law: &LawReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rnn-check FAIL  {}  backend={}  {}", law.id, self.backend, self.number)?;
        if !law.clause.is_empty() {
            writeln!(f, " clause  {}", law.clause)?;
        }
        let Some(broken) = &law.broken else {
            return writeln!(f, " nothing was compared: {} cases, {} skipped", law.cases, law.skipped);
        };
        if !broken.case.is_empty() {
            writeln!(f, " case    {}", broken.case)?;
        }
        if broken.case != broken.found {
            writeln!(f, " shrunk  from {} in {} tries", broken.found, broken.tried)?;
        }
        writeln!(f, " worst   {}", broken.place)?;
        if !broken.numbers.is_empty() {
            writeln!(f, "         {}", broken.numbers)?;
        }
        if let Some(pattern) = &broken.pattern {
            writeln!(f, " spread  {pattern}")?;
        }
        if broken.reference_too {
            writeln!(
                f,
                " hint    the reference breaks this law here too, under the same claims: do they promise too much?"
            )?;
        }
        for (k, hint) in broken.hints.iter().enumerate() {
            let lead = if k == 0 { "hint    errs like the planted bug" } else { "        or like" };
            writeln!(f, " {lead} {} {:.2} ({})", hint.bug, hint.likeness, hint.description)?;
        }
        if let Some(token) = &broken.token {
            writeln!(f, " replay  {}={token}", crate::case::REPLAY)?;
        }
        writeln!(f, " run     seed {:#x}, case {} of this law", self.seed, law.cases + 1)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for law in self.failures() {
            self.describe(law, f)?;
        }
        for law in self.expected_failures() {
            let place = law.broken.as_ref().map_or("", |broken| &broken.place);
            let reason = law.expected.as_deref().unwrap_or_default();
            writeln!(f, "expected failure  {} {}: {reason} · {place}", law.id, self.number)?;
        }
        for (reason, count) in self.skips() {
            writeln!(f, "skipped {count}: {reason}")?;
        }
        for law in self.silent() {
            let reasons: Vec<&str> = law.skips.keys().map(String::as_str).collect();
            writeln!(f, "says nothing  {} {}: {}", law.id, self.number, reasons.join("; "))?;
        }
        let under = self.under_claims();
        for (promise, cases) in &under {
            writeln!(f, "under-claim: {promise} (held on {cases} cases)")?;
        }
        let [laws, cases, comparisons] = self.counts();
        write!(
            f,
            "{} {}: {laws} laws, {cases} cases, {comparisons} comparisons, {} failed, {} expected failures, {} skipped, \
             {} inconclusive, {} under-claims, largest ratio {:.3}",
            self.backend,
            self.number,
            self.failures().count(),
            self.expected_failures().count(),
            self.laws.iter().map(|law| law.skipped).sum::<usize>(),
            self.laws.iter().map(|law| law.inconclusive).sum::<usize>(),
            under.len(),
            self.ratio(),
        )?;
        if laws == 0 { write!(f, "\nnothing was run, which is a failure") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(comparisons: usize) -> LawReport {
        LawReport { id: "group::name".into(), cases: 1, comparisons, ..LawReport::default() }
    }

    fn report(laws: Vec<LawReport>) -> Report {
        Report { backend: "B".into(), number: "f32".into(), seed: 1, laws }
    }

    #[test]
    fn a_run_of_nothing_a_law_of_nothing_and_a_broken_law_fail() {
        assert!(report(vec![law(3)]).passes());
        assert!(!report(vec![]).passes());
        assert!(!report(vec![law(3), law(0)]).passes());
        let broken = LawReport { broken: Some(Broken::in_words("there")), ..law(3) };
        assert!(!report(vec![law(3), broken.clone()]).passes());
        assert!(report(vec![LawReport { expected: Some("known".into()), ..broken }]).passes());
    }

    #[test]
    fn a_law_that_is_skipped_everywhere_passes_and_one_that_is_undecided_everywhere_does_not() {
        let nothing = LawReport { cases: 0, ..law(0) };
        let skipped =
            |reason: &str| LawReport { skipped: 2, skips: BTreeMap::from([(reason.into(), 2)]), ..nothing.clone() };
        assert!(skipped("not claimed").passes());
        assert!(!nothing.passes());
        let text = report(vec![law(1), skipped("not claimed")]).to_string();
        assert!(text.contains("says nothing  group::name f32: not claimed"), "{text}");
    }

    #[test]
    fn a_law_that_found_nothing_to_compare_in_any_case_fails() {
        let skips = BTreeMap::from([(LawReport::NOTHING.into(), 2)]);
        assert!(!LawReport { cases: 0, skipped: 2, skips, ..law(0) }.passes());
    }

    #[test]
    fn a_promise_is_an_under_claim_only_if_every_law_kept_it() {
        let probe = |promise: &str, cases, kept| Probe { promise: promise.into(), cases, kept };
        let with = |probes| LawReport { probes, ..law(1) };
        let report = report(vec![
            with(vec![probe("a", 2, true), probe("b", 2, true)]),
            with(vec![probe("a", 3, true), probe("b", 1, false), probe("c", 0, true)]),
        ]);
        assert_eq!(report.under_claims().into_iter().collect::<Vec<_>>(), [("a", 5)]);
        assert!(report.to_string().contains("under-claim: a (held on 5 cases)"));
        assert!(report.to_string().contains("1 under-claims"));
    }

    #[test]
    fn a_class_below_a_five_hundredth_of_its_bound_is_vacuous() {
        let tally = |ratio| Tally { comparisons: 1, ratio };
        let sizes = BTreeMap::from([(Size::Tiny, tally(0.5)), (Size::Wide, tally(0.0019))]);
        let report = report(vec![LawReport { sizes, ..law(2) }]);
        assert_eq!(report.vacuous(), [("group::name", Size::Wide, 0.0019)]);
    }
}
