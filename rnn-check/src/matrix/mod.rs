//! What the suite can see: every planted bug against every law.
//!
//! Each bug of [`planted`](crate::planted) is put into the reference alone and the whole suite is run on it, in f32 and in
//! f64; a law that fails **kills** the bug. Each correct variant is run too and must pass every law. A law that is the only
//! killer of some bug is a **sole killer**; one that kills only what others kill as well is **defence in depth**.
//!
//! Everything here runs the reference kernels, which use no vector instructions and no clock, so the numbers are the same on
//! every machine.

mod compute;
mod grid;
mod markdown;
mod registry;

pub(crate) use compute::SLOW;
pub use compute::{kill_lines, kill_matrix};
pub use registry::registry_markdown;

use crate::law::DEFENCE_IN_DEPTH;
use crate::promise::CONCURRENCY;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A planted bug and the laws that reject it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub bug: String,
    /// What is wrong, in words.
    pub description: String,
    /// Laws that fail in f32, in the order of reports.
    pub f32: Vec<String>,
    /// Laws that fail in f64.
    pub f64: Vec<String>,
}

impl Row {
    /// The laws that fail in either number type.
    ///
    /// That of concurrent callers is among them only where no other is: what it says of a bug that counts calls depends on
    /// the scheduler.
    pub fn killers(&self) -> impl Iterator<Item = &str> {
        let more = self.f64.iter().filter(|law| !self.f32.contains(law));
        let all: Vec<&str> = self.f32.iter().chain(more).map(String::as_str).collect();
        let alone = all.len() == 1;
        all.into_iter().filter(move |law| alone || *law != CONCURRENCY)
    }

    /// The law that alone rejects it.
    #[must_use]
    pub fn sole_killer(&self) -> Option<&str> {
        let mut killers = self.killers();
        let first = killers.next()?;
        killers.next().is_none().then_some(first)
    }
}

/// A correct backend that a law rejected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FalseAlarm {
    /// The variant.
    pub variant: String,
    /// `f32` or `f64`.
    pub number: String,
    /// The laws.
    pub laws: Vec<String>,
}

/// Planted bugs × laws, and the correct variants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KillMatrix {
    /// How many bugs were planted.
    pub planted: usize,
    /// How many of them at least one law rejects.
    pub killed: usize,
    /// The others.
    pub survivors: Vec<String>,
    /// How many unusual correct backends were run.
    pub correct_variants: usize,
    /// Which of them were rejected.
    pub rejected_variants: Vec<FalseAlarm>,
    /// The largest error/bound of the reference and of every correct variant, law by law and number type by number type.
    pub largest_ratios: BTreeMap<String, BTreeMap<String, f64>>,
    /// Laws that alone reject some bug, with these bugs.
    pub sole_killers: BTreeMap<String, Vec<String>>,
    /// Laws that reject bugs, each of which another law rejects too.
    pub defence_in_depth: Vec<String>,
    /// Laws that reject none of the bugs.
    pub idle: Vec<String>,
    /// Every law that was run, in the order of reports.
    pub laws: Vec<String>,
    /// The matrix, row by row.
    pub bugs: Vec<Row>,
}

impl KillMatrix {
    /// Every bug is rejected, every correct variant accepted, and every law rejects something or is listed with the reason
    /// why nothing can be planted for it ([`DEFENCE_IN_DEPTH`]).
    #[must_use]
    pub fn passes(&self) -> bool {
        let excused = |law: &String| DEFENCE_IN_DEPTH.iter().any(|(listed, _)| listed == law);
        let all_killed = self.planted > 0 && self.survivors.is_empty();
        let all_accepted = self.correct_variants > 0 && self.rejected_variants.is_empty();
        all_killed && all_accepted && self.idle.iter().all(excused)
    }

    /// The sums, from the rows.
    fn of(
        laws: Vec<String>,
        bugs: Vec<Row>,
        correct_variants: usize,
        rejected_variants: Vec<FalseAlarm>,
        largest_ratios: BTreeMap<String, BTreeMap<String, f64>>,
    ) -> Self {
        let survivors: Vec<String> =
            bugs.iter().filter(|row| row.killers().next().is_none()).map(|row| row.bug.clone()).collect();
        let mut sole_killers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &bugs {
            if let Some(law) = row.sole_killer() {
                sole_killers.entry(law.into()).or_default().push(row.bug.clone());
            }
        }
        let kills = |law: &&String| bugs.iter().any(|row| row.killers().any(|killer| killer == law.as_str()));
        let (killing, idle): (Vec<&String>, Vec<&String>) = laws.iter().partition(kills);
        let defence = killing.into_iter().filter(|law| !sole_killers.contains_key(*law)).cloned().collect();
        let idle = idle.into_iter().cloned().collect();
        Self {
            planted: bugs.len(),
            killed: bugs.len() - survivors.len(),
            survivors,
            correct_variants,
            rejected_variants,
            largest_ratios,
            defence_in_depth: defence,
            idle,
            sole_killers,
            laws,
            bugs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bug: &str, f32: &[&str], f64: &[&str]) -> Row {
        let owned = |laws: &[&str]| laws.iter().map(ToString::to_string).collect();
        Row { bug: bug.into(), description: format!("{bug} in words"), f32: owned(f32), f64: owned(f64) }
    }

    pub(super) fn example() -> KillMatrix {
        let laws = ["g::first", "g::second", "g::third", "g::idle"].map(String::from).to_vec();
        let bugs = vec![
            row("A", &["g::first"], &["g::first"]),
            row("B", &["g::second"], &["g::second", "g::third"]),
            row("C", &[], &[]),
        ];
        let ratios = BTreeMap::from([("g::first".into(), BTreeMap::from([("f32".into(), 0.25)]))]);
        KillMatrix::of(laws, bugs, 8, vec![], ratios)
    }

    #[test]
    fn a_bug_that_no_law_rejects_survives_and_the_matrix_does_not_pass() {
        let matrix = example();
        assert_eq!((matrix.planted, matrix.killed), (3, 2));
        assert_eq!(matrix.survivors, ["C"]);
        assert!(!matrix.passes());
    }

    #[test]
    fn a_law_is_a_sole_killer_defence_in_depth_or_idle() {
        let matrix = example();
        assert_eq!(matrix.sole_killers, BTreeMap::from([("g::first".into(), vec!["A".into()])]));
        assert_eq!(matrix.defence_in_depth, ["g::second", "g::third"]);
        assert_eq!(matrix.idle, ["g::idle"]);
    }

    #[test]
    fn a_rejected_variant_or_an_empty_matrix_does_not_pass() {
        let full = KillMatrix::of(vec!["g::a".into()], vec![row("A", &["g::a"], &[])], 8, vec![], BTreeMap::new());
        assert!(full.passes());
        let alarm = FalseAlarm { variant: "Fused".into(), number: "f32".into(), laws: vec!["g::a".into()] };
        assert!(!KillMatrix { rejected_variants: vec![alarm], ..full }.passes());
        assert!(!KillMatrix::of(vec![], vec![], 8, vec![], BTreeMap::new()).passes());
    }

    #[test]
    fn a_law_that_rejects_nothing_must_be_listed_with_a_reason() {
        let with = |law: &str| {
            KillMatrix::of(vec!["g::a".into(), law.into()], vec![row("A", &["g::a"], &[])], 8, vec![], BTreeMap::new())
        };
        assert!(!with("g::idle").passes());
        assert!(with(DEFENCE_IN_DEPTH[0].0).passes());
    }
}
