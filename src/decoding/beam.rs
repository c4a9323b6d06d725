//! `ŷ = argmax ln p(y) / |y|^α` over the texts whose beginnings are among the `width` likeliest at every step.

use super::stepwise::symbol;
use super::{Continue, Hypothesis, advance, check, normalised};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// How wide a search is, and what it looks for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beam {
    /// How many beginnings are kept at every step, those that end there among them.
    pub width: usize,
    /// `α ≥ 0` of the [score](Hypothesis::score).
    pub length_penalty: f64,
}

/// A beginning that goes on.
#[derive(Clone, Debug)]
struct Open {
    symbols: Vec<u32>,
    log_p: f64,
    /// Its place in the last call of the model.
    place: usize,
}

/// A continuation of one.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    parent: usize,
    symbol: usize,
    /// Of the symbol.
    step: f64,
    /// Of the whole.
    log_p: f64,
}

/// What is known of one row.
#[derive(Debug)]
struct Row {
    open: Vec<Open>,
    /// Best first, at most `width`.
    ended: Vec<Hypothesis>,
}

/// For each row the best texts that were found, at most `width`, best first: those that ended and those that were cut at `longest` symbols,
/// the end counted.
///
/// At every step the `width` likeliest of all continuations by one symbol are kept; those that end leave the beam, so that it becomes
/// narrower by them for this step alone. A row is done when no beginning in its beam can become better than the `width` texts it has: `ln p`
/// only falls, so `ln p / longest^α` bounds what becomes of a beginning (Huang, Zhao & Ma 2017). Continuations of probability 0 are none.
///
/// Among continuations that are equally likely the one with the likelier last symbol comes first, then that of the likelier beginning, then the
/// smaller symbol; among texts of equal score the shorter, then the smaller.
///
/// # Errors
/// [`Error::Range`] if `longest` or the width is 0 or the penalty is negative or not finite; those of the model.
pub fn beam(model: &mut impl Continue, longest: usize, beam: Beam) -> Result<Vec<Vec<Hypothesis>>> {
    check(model, longest)?;
    let Beam { width, length_penalty } = beam;
    if width == 0 {
        return Err(Error::range("beam: width", "at least 1", 0));
    }
    if !(length_penalty >= 0.0 && length_penalty.is_finite()) {
        return Err(Error::range("beam: length_penalty", "a finite number ≥ 0", length_penalty));
    }
    let (end, symbols, begin) = (model.end() as usize, model.symbols(), model.begin());
    let first = |n| Row { open: vec![Open { symbols: Vec::new(), log_p: 0.0, place: n }], ended: Vec::new() };
    let mut rows: Vec<Row> = (0..model.rows()).map(first).collect();
    let mut log_p = Vec::new();
    for length in 1..=longest {
        let open = || rows.iter().flat_map(|row| &row.open);
        let from: Vec<usize> = open().map(|open| open.place).collect();
        let last: Vec<u32> = open().map(|open| open.symbols.last().copied().unwrap_or(begin)).collect();
        if from.is_empty() {
            break;
        }
        advance(model, &from, &last, &mut log_p)?;
        let mut place = 0;
        for row in &mut rows {
            let log_p = &log_p[place * symbols..][..row.open.len() * symbols];
            let first = place;
            place += row.open.len();
            let kept = likeliest(&row.open, log_p, symbols, width);
            let mut open = Vec::with_capacity(kept.len());
            for Candidate { parent, symbol: next, log_p, .. } in kept {
                let mut text = row.open[parent].symbols.clone();
                if next == end {
                    row.ended.push(Hypothesis { symbols: text, log_probability: log_p, ended: true });
                } else {
                    text.push(symbol(next)?);
                    open.push(Open { symbols: text, log_p, place: first + parent });
                }
            }
            row.open = open;
            if length == longest {
                let cut =
                    |Open { symbols, log_p, .. }: Open| Hypothesis { symbols, log_probability: log_p, ended: false };
                row.ended.extend(row.open.drain(..).map(cut));
            }
            row.ended.sort_by(|a, b| better_first(a, b, length_penalty));
            row.ended.truncate(width);
            // The first beginning is the likeliest.
            if let ([.., worst], Some(best)) = (&row.ended[..], row.open.first())
                && row.ended.len() == width
                && worst.score(length_penalty) >= normalised(best.log_p, longest, length_penalty)
            {
                row.open.clear();
            }
        }
    }
    Ok(rows.into_iter().map(|row| row.ended).collect())
}

/// The `width` likeliest continuations, likeliest first.
fn likeliest(open: &[Open], log_p: &[f64], symbols: usize, width: usize) -> Vec<Candidate> {
    let all = log_p.iter().enumerate().filter(|(_, step)| **step > f64::NEG_INFINITY);
    let mut all: Vec<Candidate> = all
        .map(|(k, &step)| {
            let (parent, symbol) = (k / symbols, k % symbols);
            Candidate { parent, symbol, step, log_p: open[parent].log_p + step }
        })
        .collect();
    // Stable: what is equal in both stays in the order of beginnings, then symbols.
    all.sort_by(|a, b| descending(a.log_p, b.log_p).then(descending(a.step, b.step)));
    all.truncate(width);
    all
}

fn descending(a: f64, b: f64) -> Ordering {
    b.partial_cmp(&a).unwrap_or(Ordering::Equal) // NaN was refused
}

fn better_first(a: &Hypothesis, b: &Hypothesis, length_penalty: f64) -> Ordering {
    let length = |text: &Hypothesis| text.symbols.len() + usize::from(text.ended);
    descending(a.score(length_penalty), b.score(length_penalty))
        .then(length(a).cmp(&length(b)))
        .then_with(|| a.symbols.cmp(&b.symbols))
}
