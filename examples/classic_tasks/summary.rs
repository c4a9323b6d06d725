//! What was found: a line for each run, the median and the spread of several seeds, and JSON.

use super::learn::Effort;
use super::models::Setup;
use recurrent::file::write_atomically;
use recurrent::{Error, Result};
use serde::Serialize;
use std::path::Path;

/// One network on one task.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub task: &'static str,
    /// Whose definition of it.
    pub variant: &'static str,
    pub steps: usize,
    pub cell: String,
    pub seed: u64,
    pub parameters: usize,
    /// Updates, or batches that were left out since a number was not finite.
    pub updates: u64,
    pub skipped: u64,
    pub metric: &'static str,
    /// JSON has no NaN: null then.
    pub value: f64,
    /// The same of who has no memory.
    pub trivial: f64,
    /// What others found, and where they say so.
    pub published: String,
    /// Of training.
    pub seconds: f64,
    /// How it was trained, if it was by gradients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<Setup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
}

pub const HEAD: &str =
    "cell                    T   seed parameters   updates  skipped        value      trivial   seconds";

impl Line {
    pub fn print(&self) {
        let Self { cell, steps, seed, parameters, updates, skipped, value, trivial, seconds, .. } = self;
        let (value, trivial) = (short(*value), short(*trivial));
        println!(
            "{cell:18} {steps:6} {seed:6} {parameters:10} {updates:9} {skipped:8} {value} {trivial} {seconds:9.1}"
        );
    }
}

/// The median and the ends of several values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Spread {
    /// NaN counts as the largest; there must be one value.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (middle, last) = (sorted.len() / 2, sorted.len() - 1);
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Self { median, low: sorted[0], high: sorted[last] }
    }
}

/// What several seeds of the same network have in common; nothing of one seed.
pub fn print_spreads(lines: &[Line]) {
    let alike = |a: &Line, b: &Line| a.cell == b.cell && a.steps == b.steps;
    let mut first: Vec<&Line> = Vec::new();
    for line in lines {
        if !first.iter().any(|seen| alike(seen, line)) {
            first.push(line);
        }
    }
    if first.len() == lines.len() {
        return;
    }
    println!("\ncell                    T  seeds       median       lowest      highest      trivial");
    for line in first {
        let values: Vec<f64> = lines.iter().filter(|other| alike(line, other)).map(|line| line.value).collect();
        let Spread { median, low, high } = Spread::of(&values);
        let [median, low, high, trivial] = [median, low, high, line.trivial].map(short);
        println!("{:18} {:6} {:6} {median} {low} {high} {trivial}", line.cell, line.steps, values.len());
    }
}

/// Twelve places are enough for what is small, too.
fn short(value: f64) -> String {
    if value == 0.0 || value.abs() >= 1e-4 { format!("{value:12.5}") } else { format!("{value:12.2e}") }
}

/// Writes the lines to a file.
pub fn write(path: &Path, lines: &[Line]) -> Result<()> {
    let text = serde_json::to_vec_pretty(lines).map_err(Error::application)?;
    write_atomically(path, &text)
}

#[cfg(test)]
mod tests {
    use super::{Line, Spread, write};

    #[test]
    fn the_spread_is_the_middle_and_the_ends() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Spread { median: 2.0, low: 1.0, high: 3.0 });
        assert_eq!(Spread::of(&[4.0, 2.0]), Spread { median: 3.0, low: 2.0, high: 4.0 });
        let with_nan = Spread::of(&[f64::NAN, 1.0, 2.0]);
        assert!(with_nan.median == 2.0 && with_nan.high.is_nan());
    }

    #[test]
    fn a_summary_has_what_is_needed_to_compare() {
        let line = Line {
            task: "copy",
            variant: "Arjovsky, Shah & Bengio 2016",
            steps: 20,
            cell: "gru".into(),
            seed: 1,
            parameters: 10,
            updates: 3,
            skipped: 0,
            metric: "cross-entropy in nats a step",
            value: f64::NAN,
            trivial: 0.5,
            published: "0.0197".into(),
            seconds: 1.0,
            setup: None,
            effort: None,
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        write(&path, &[line]).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for key in ["task", "steps", "cell", "seed", "metric", "value", "trivial", "published", "seconds"] {
            assert!(read[0].get(key).is_some(), "{key}");
        }
        assert!(read[0]["value"].is_null());
    }
}
