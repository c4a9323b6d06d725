//! Where and how a law is broken: the worst element, and the pattern of all errors of its array.

use super::block::{Block, Element};
use super::{Stop, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The place where a law is broken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Block, gate, unit, time and row of the worst element, or what happened.
    pub place: String,
    /// The numbers, where there are any.
    pub numbers: String,
    /// Error over bound, where there is one.
    pub ratio: Option<f64>,
    /// What the errors of the whole array look like, where an array is wrong.
    pub pattern: Option<Pattern>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if !self.numbers.is_empty() {
            write!(f, "\n         {}", self.numbers)?;
        }
        Ok(())
    }
}

/// A failure that needs words only.
pub(crate) fn fail(place: impl Into<String>) -> Stop {
    Stop::Fail(Box::new(Failure { place: place.into(), ..Failure::default() }))
}

/// `Ok` if the fact holds.
pub(crate) fn ensure(fact: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if fact { Ok(super::Evidence::facts(1)) } else { Err(fail(otherwise())) }
}

/// Which indices of an axis hold a rejected element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// These, ascending.
    pub bad: Vec<usize>,
    /// Of so many.
    pub of: usize,
}

/// What the errors of one array look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// The array.
    pub block: String,
    /// Its worst element.
    pub worst: Element,
    /// Its elements.
    pub elements: usize,
    /// How many of them were rejected.
    pub rejected: usize,
    /// The blocks and gates they lie in, where there are any: `weight_hh gate f`.
    pub gates: Vec<String>,
    /// The steps they lie in.
    pub steps: Option<Profile>,
    /// The rows they lie in.
    pub rows: Option<Profile>,
    /// `got − want`, element by element; of a long array the means over up to [`Pattern::LONGEST`] stretches. Where an error is no
    /// finite number, 1 for each of these and 0 for the others.
    pub errors: Vec<f64>,
}

impl Pattern {
    /// The most numbers a pattern keeps.
    pub const LONGEST: usize = 1024;

    /// The pattern of `errors = got − want`, of which those at `rejected` were too large; `worst` is the worst of them.
    #[must_use]
    pub fn new(block: &Block<'_>, errors: &[f64], rejected: &[usize], worst: usize) -> Self {
        let elements: Vec<Element> = rejected.iter().map(|&index| block.element(index)).collect();
        let gate = |e: &Element| {
            let words: Vec<&str> = e.part.as_deref().into_iter().collect();
            match (&e.gate, words.first()) {
                (Some(gate), Some(part)) => Some(format!("{part} gate {gate}")),
                (Some(gate), None) => Some(format!("gate {gate}")),
                (None, part) => part.map(ToString::to_string),
            }
        };
        let gates: BTreeSet<String> = elements.iter().filter_map(gate).collect();
        let profile = |of: Option<usize>, at: fn(&Element) -> Option<usize>| {
            let bad: BTreeSet<usize> = elements.iter().filter_map(at).collect();
            of.map(|of| Profile { bad: bad.into_iter().collect(), of })
        };
        let (steps, rows) = block.extent(errors.len());
        Self {
            block: block.name.into(),
            worst: block.element(worst),
            elements: errors.len(),
            rejected: rejected.len(),
            gates: gates.into_iter().collect(),
            steps: profile(steps, |e| e.step),
            rows: profile(rows, |e| e.row),
            errors: folded(errors),
        }
    }

    /// `⟨a, b⟩ / (‖a‖ ‖b‖)` of the errors; `None` between arrays of other names or lengths, and where there is no error.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> Option<f64> {
        if (&self.block, self.elements) != (&other.block, other.elements) {
            return None;
        }
        // Scaled to a largest entry of 1, so that no square over- or underflows.
        let scaled = |v: &[f64]| {
            let largest = v.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            (largest > 0.0).then(|| v.iter().map(|v| v / largest).collect::<Vec<f64>>())
        };
        let (a, b) = (scaled(&self.errors)?, scaled(&other.errors)?);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        // A rounding may lead beyond 1.
        Some((dot(&a, &b) / (dot(&a, &a).sqrt() * dot(&b, &b).sqrt())).clamp(-1.0, 1.0))
    }
}

fn folded(errors: &[f64]) -> Vec<f64> {
    let finite = errors.iter().all(|e| e.is_finite());
    let value = |e: &f64| if finite { *e } else { f64::from(u8::from(!e.is_finite())) };
    let stretch = errors.len().div_ceil(Pattern::LONGEST).max(1);
    // A mean, not a sum: it cannot overflow.
    errors.chunks(stretch).map(|part| part.iter().map(|e| value(e) / stretch as f64).sum()).collect()
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} of {}", self.rejected, self.elements, self.block)?;
        match &self.gates[..] {
            [] => {}
            [one] => write!(f, ", all in {one}")?,
            some if some.len() <= 6 => write!(f, ", in {}", some.join(", "))?,
            many => write!(f, ", in {} and {} more", many[..5].join(", "), many.len() - 5)?,
        }
        if let Some(Profile { bad, of }) = &self.steps
            && let (Some(first), Some(last)) = (bad.first(), bad.last())
        {
            write!(f, "; first bad step t={first}, last t={last} of {of}")?;
        }
        if let Some(Profile { bad, of }) = &self.rows {
            let list: Vec<String> = bad.iter().take(12).map(ToString::to_string).collect();
            let more = if bad.len() > list.len() { ", …" } else { "" };
            write!(f, "; {}/{of} rows: {}{more}", bad.len(), list.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;

    fn errors(len: usize, at: &[(usize, f64)]) -> Vec<f64> {
        let mut errors = vec![0.0; len];
        at.iter().for_each(|&(i, e)| errors[i] = e);
        errors
    }

    fn pattern(block: &Block<'_>, len: usize, at: &[(usize, f64)]) -> Pattern {
        let rejected: Vec<usize> = at.iter().map(|(i, _)| *i).collect();
        Pattern::new(block, &errors(len, at), &rejected, rejected[0])
    }

    #[test]
    fn a_pattern_says_which_gates_steps_and_rows() {
        let problem = Case::plain().problem::<f32>(); // T N C H = 3 2 5 4
        let params = Block::params("d_params", &problem);
        let all = pattern(&params, 16 * 11, &[(5 * 4 + 2, 1.0), (5 * 5, -1.0)]);
        assert_eq!(all.gates, ["weight_ih gate f"]);
        assert_eq!(all.to_string(), "2/176 of d_params, all in weight_ih gate f");
        let gates = Block::gates("gates", &problem);
        let all = pattern(&gates, 16 * 6, &[(16 * 3 + 13, 1.0), (16 * 5 + 2, 1.0)]);
        let text = "2/96 of gates, in gate i, gate o; first bad step t=1, last t=2 of 3; 1/2 rows: 1";
        assert_eq!(all.to_string(), text);
        assert_eq!(all.worst.to_string(), "gates[t=1, row 1, gate o, unit 1]");
    }

    #[test]
    fn the_cosine_of_a_multiple_is_one_and_of_errors_elsewhere_nothing() {
        let block = Block::matrix("m", 4);
        let of = |at: &[(usize, f64)]| pattern(&block, 8, at);
        let a = of(&[(1, 2.0), (2, -4.0)]);
        // Sums of two products, two roots and a quotient: fewer than nine roundings of numbers up to 1.
        let close = |b: &Pattern, want: f64| a.cosine(b).is_some_and(|c| (c - want).abs() < 1e-15);
        assert!(close(&of(&[(1, 1e-200), (2, -2e-200)]), 1.0));
        assert!(close(&of(&[(1, -1.0), (2, 2.0)]), -1.0));
        assert!(close(&of(&[(0, 1.0)]), 0.0));
        assert_eq!(a.cosine(&of(&[(1, 0.0)])), None);
        assert_eq!(a.cosine(&pattern(&Block::matrix("other", 4), 8, &[(1, 2.0)])), None);
        assert_eq!(a.cosine(&pattern(&block, 12, &[(1, 2.0)])), None);
    }

    #[test]
    fn errors_that_are_no_numbers_count_by_where_they_are() {
        let block = Block::matrix("m", 4);
        let all = pattern(&block, 4, &[(1, f64::NAN), (2, 1e300), (3, f64::INFINITY)]);
        assert_eq!(all.errors, [0.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn a_long_array_is_kept_short_and_loses_no_stretch() {
        let block = Block::matrix("m", 1);
        let len = 10 * Pattern::LONGEST + 7;
        let all = pattern(&block, len, &[(len - 1, 1.0)]);
        assert!(all.errors.len() <= Pattern::LONGEST && all.elements == len);
        assert!(all.errors.last().is_some_and(|&e| e > 0.0));
    }

    #[test]
    fn a_failure_survives_json() {
        let block = Block::matrix("m", 4);
        let failure = Failure {
            place: "here".into(),
            ratio: Some(1.5),
            pattern: Some(pattern(&block, 8, &[(1, 0.1)])),
            ..Failure::default()
        };
        let text = serde_json::to_string(&failure).expect("plain data");
        assert_eq!(serde_json::from_str::<Failure>(&text).expect("its own text"), failure);
    }
}
