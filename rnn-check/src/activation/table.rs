//! What a sweep found: one row for each backend and function.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Extent, Function};
use crate::claims::Claims;
use crate::real::PerType;

/// The outcome of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// `f32` or `f64`.
    pub number: String,
    /// Which inputs.
    pub extent: Extent,
    /// On how many threads it ran.
    pub threads: usize,
    /// How long it took, in seconds, exact values included.
    pub seconds: f64,
    /// One for each backend and function, in the order of the backends.
    pub rows: Vec<Row>,
}

/// What one function of one backend does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The name it was given.
    pub backend: String,
    /// σ or tanh.
    pub function: Function,
    /// Patterns it was applied to, NaN and infinities included.
    pub inputs: u64,
    /// The largest error over all finite inputs.
    pub worst: Place,
    /// Results that are not the number nearest to the exact value.
    pub misrounded: u64,
    /// Of those, what rounding an f64 within 4 ulp of the exact value gives. 0 for f64.
    pub double_roundings: u64,
    /// Results so near to half way between two numbers that the reference cannot tell which is nearer. Expected: 0.
    pub undecided: u64,
    /// Neighbouring inputs whose results are in the wrong order: `x < x′`, `f(x) > f(x′)`. `at` is the smaller magnitude.
    pub decreasing: Violations,
    /// How many numbers the largest of those steps back goes.
    pub step_back: u64,
    /// tanh: `f(−x) ≠ −f(x)`.
    pub odd: Violations,
    /// σ: the largest `|σ(x) + σ(−x) − 1|`, in ulp of the numbers from ½ to 1.
    pub complement: Place,
    /// Results outside `[0, 1]` or `[−1, 1]`.
    pub outside: Violations,
    /// NaN inputs whose result is not NaN.
    pub nan_lost: u64,
    /// How many special values were looked at.
    pub specials: usize,
    /// The special values that are not what they must be.
    pub broken_specials: Vec<SpecialValue>,
    /// `Σ bits(f(x)) · w(x)` modulo 2⁶⁴ over all finite inputs, in hexadecimal: equal for equal results.
    pub digest: String,
    /// Seconds of one thread that the backend took.
    pub seconds: f64,
    /// The largest error in each quarter of a binade, from negative to positive arguments, where there were inputs.
    pub curve: Vec<Cell>,
}

/// An error and where it occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// In ulp.
    pub ulp: f64,
    /// The argument.
    pub x: f64,
}

impl Place {
    /// Keeps the larger of two; of equals, the one at the smaller magnitude, so that no order of threads shows.
    pub(super) fn see(&mut self, other: Place) {
        if other.ulp > self.ulp || (other.ulp == self.ulp && other.x.abs() < self.x.abs()) {
            *self = other;
        }
    }
}

/// How often a property was broken, and where first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Violations {
    /// How often.
    pub count: u64,
    /// The argument of the smallest magnitude.
    pub first: Option<f64>,
}

impl Violations {
    pub(super) fn add(&mut self, other: Violations) {
        self.count += other.count;
        self.first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(if (b.abs(), b) < (a.abs(), a) { b } else { a }),
            (a, b) => a.or(b),
        };
    }

    pub(super) fn see(&mut self, x: f64) {
        self.add(Violations { count: 1, first: Some(x) });
    }
}

/// A special value that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpecialValue {
    /// The argument, in words.
    pub x: String,
    /// The result.
    pub got: String,
    /// What it must be.
    pub want: String,
}

/// A piece of the error curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The end of smaller magnitude.
    pub from: f64,
    /// The end of larger magnitude, outside.
    pub to: f64,
    /// The largest error between.
    pub ulp: f64,
}

impl Row {
    /// Everything that contradicts the claims, in words.
    fn broken(&self, claim: f64) -> Vec<String> {
        let mut broken = Vec::new();
        let mut note = |wrong: bool, what: String| {
            if wrong {
                broken.push(format!("{} {}: {what}", self.backend, self.function.name()));
            }
        };
        let Place { ulp, x } = self.worst;
        note(ulp > claim || ulp.is_nan(), format!("{ulp:.4} ulp off at {x:e}, {claim} claimed"));
        note(self.inputs == 0, "nothing was checked".into());
        note(self.undecided > 0, format!("{} results undecided", self.undecided));
        let Violations { count, first } = self.outside;
        note(count > 0, format!("{count} results outside its range, first at {first:?}"));
        note(self.nan_lost > 0, format!("{} NaN inputs lost", self.nan_lost));
        for SpecialValue { x, got, want } in &self.broken_specials {
            note(true, format!("{got} at {x}, must be {want}"));
        }
        // |σ(x) + σ(−x) − 1| ≤ A ulp(σ(x)) + A ulp(σ(−x)), and both are at most the ulp from ½ to 1.
        let complement = self.complement;
        note(
            complement.ulp > 2.0 * claim,
            format!("σ(x) + σ(−x) is {} ulp off 1 at {:e}", complement.ulp, complement.x),
        );
        broken
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        let violations = |v: &Violations| match v.first {
            Some(x) => format!("{} (first at {x:e})", v.count),
            None => "0".into(),
        };
        let roundings = match self.double_roundings {
            0 => self.misrounded.to_string(),
            all if all == self.misrounded => format!("{all} (all double roundings)"),
            some => format!("{} ({some} double roundings)", self.misrounded),
        };
        [
            self.backend.clone(),
            self.function.name().into(),
            self.inputs.to_string(),
            format!("{:.6}", self.worst.ulp),
            format!("{:e}", self.worst.x),
            roundings,
            match self.step_back {
                0 => violations(&self.decreasing),
                most => format!("{}, by {most} at most", violations(&self.decreasing)),
            },
            match self.function {
                Function::Tanh => format!("odd but for {}", violations(&self.odd)),
                Function::Sigmoid => format!("σ(x) + σ(−x) = 1 to {} ulp", self.complement.ulp),
            },
            violations(&self.outside),
            format!("{}/{}", self.specials - self.broken_specials.len(), self.specials),
            self.nan_lost.to_string(),
            self.digest.clone(),
            format!("{:.1}", self.seconds),
        ]
    }
}

const COLUMNS: [&str; 13] = [
    "backend",
    "function",
    "inputs",
    "largest error, ulp",
    "at",
    "not correctly rounded",
    "decreasing",
    "symmetry",
    "out of range",
    "special values",
    "NaN lost",
    "digest",
    "thread seconds",
];

impl Table {
    /// Everything that contradicts the claims, in words; empty if nothing does. A table without rows contradicts all.
    ///
    /// Claims are about accuracy; range, special values and NaN are the contract's. Order of neighbours and oddness are
    /// reported in the rows and promised by nobody.
    #[must_use]
    pub fn broken(&self, claims: &Claims) -> Vec<String> {
        if self.rows.is_empty() {
            return vec!["nothing was checked".into()];
        }
        let of = |claim: PerType| if self.number == "f32" { claim.f32 } else { claim.f64 };
        let claim = |function| match function {
            Function::Sigmoid => of(claims.sigmoid_ulp),
            Function::Tanh => of(claims.tanh_ulp),
        };
        self.rows.iter().flat_map(|row| row.broken(claim(row.function))).collect()
    }

    /// The table in Markdown, with a line about the run above it.
    #[must_use]
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = format!("{}\n\n", self.title());
        text += &line(&COLUMNS.map(String::from));
        text += &line(&COLUMNS.map(|_| "---".into()));
        self.rows.iter().for_each(|row| text += &line(&row.cells()));
        text
    }

    fn title(&self) -> String {
        let inputs = match (self.extent, self.number.as_str()) {
            (Extent::Exhaustive, "f32") => "all 2³² inputs",
            (Extent::Exhaustive, _) => "dense samples",
            (Extent::Sampled, _) => "samples",
        };
        format!("{}, {inputs}: {:.1} s on {} threads", self.number, self.seconds, self.threads)
    }
}

impl fmt::Display for Table {
    /// One paragraph for each row: thirteen columns are wider than a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title())?;
        for row in &self.rows {
            let cells = row.cells();
            write!(f, "\n{} {}", cells[0], cells[1])?;
            for (name, cell) in COLUMNS.iter().zip(&cells).skip(2) {
                write!(f, "\n  {name:<22} {cell}")?;
            }
            for SpecialValue { x, got, want } in &row.broken_specials {
                write!(f, "\n  {got} at {x}, must be {want}")?;
            }
        }
        Ok(())
    }
}
