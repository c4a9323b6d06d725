//! `L = −(1/M) Σ log₂ p(xᵢ | xᵢ₋₁)`: how many bits a character costs when counts alone predict it.

use crate::error::{Error, Result};
use rnn_kernels::Scalar;
use std::collections::HashMap;
use std::hash::Hash;

/// Counts of one and of two symbols in a row, smoothed by interpolation (Witten & Bell 1991, method C; Chen & Goodman
/// 1998, §2.4).
///
/// - uniform `p₀(s) = 1/V`,
/// - unigram `p₁(s) = (c(s) + t · p₀(s)) / (n + t)`, with `t` the number of distinct symbols seen,
/// - bigram `p₂(s | r) = (c(r s) + t(r) · p₁(s)) / (c(r ·) + t(r))`, with `t(r)` the number of distinct successors of
///   `r`; where `r` was never followed by anything, `p₁(s)`.
///
/// Each sums to 1 over the vocabulary and is nowhere 0, so that a symbol unseen in training has a finite cost.
///
/// Memory: at most about 80 bytes for each distinct symbol of the text and 40 for each distinct pair, however large the
/// vocabulary.
#[derive(Clone, Debug)]
pub struct NGrams {
    symbols: usize,
    total: f64,
    /// Of the symbols that occur; how many there are is `t`.
    single: HashMap<u32, Counts>,
    pair: HashMap<(u32, u32), f64>,
}

/// What is counted of one symbol `r`.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// `c(r)`.
    own: f64,
    /// `c(r ·)`.
    followed: f64,
    /// `t(r)`.
    distinct: f64,
}

#[allow(clippy::cast_precision_loss)] // counts and sizes are far below 2⁵³
impl NGrams {
    /// Counts a training text over a vocabulary of `symbols` symbols.
    ///
    /// # Errors
    /// If a symbol is not below `symbols`, there are none, or memory for the counts cannot be had.
    pub fn fit(train: &[u32], symbols: usize) -> Result<Self> {
        if symbols == 0 {
            return Err(Error::range("n-grams: symbols", "at least 1", 0));
        }
        let mut counts = Self { symbols, total: train.len() as f64, single: HashMap::new(), pair: HashMap::new() };
        counts.check("n-grams: training text", train)?;
        for &s in train {
            entry(&mut counts.single, s)?.own += 1.0;
        }
        for pair in train.windows(2) {
            let count = entry(&mut counts.pair, (pair[0], pair[1]))?;
            *count += 1.0;
            let first = *count == 1.0;
            let before = entry(&mut counts.single, pair[0])?;
            before.followed += 1.0;
            before.distinct += if first { 1.0 } else { 0.0 };
        }
        Ok(counts)
    }

    fn check(&self, what: &str, text: &[u32]) -> Result<()> {
        match text.iter().position(|&s| s as usize >= self.symbols) {
            Some(at) => Err(Error::range(format!("{what}[{at}]"), format!("below {}", self.symbols), text[at])),
            None => Ok(()),
        }
    }

    /// `log₂ V`, bits per character.
    #[must_use]
    pub fn uniform(&self) -> f64 {
        log2(self.symbols as f64)
    }

    /// `−(1/M) Σ log₂ p₁(xᵢ)`, bits per character of `text [M]`; 0 for an empty one.
    ///
    /// # Errors
    /// If a symbol is not in the vocabulary.
    pub fn unigram(&self, text: &[u32]) -> Result<f64> {
        self.check("n-grams: text", text)?;
        Ok(mean(text.iter().map(|&s| -log2(self.p1(s)))))
    }

    /// `−(1/M) Σ log₂ p₂(xᵢ | xᵢ₋₁)`, bits per character of `text [M]`, whose first symbol follows `before`.
    ///
    /// # Errors
    /// If a symbol is not in the vocabulary.
    pub fn bigram(&self, before: u32, text: &[u32]) -> Result<f64> {
        self.check("n-grams: before", &[before])?;
        self.check("n-grams: text", text)?;
        let before = |at: usize| at.checked_sub(1).map_or(before, |at| text[at]);
        Ok(mean(text.iter().enumerate().map(|(at, &s)| -log2(self.p2(before(at), s)))))
    }

    fn p1(&self, s: u32) -> f64 {
        let uniform = 1.0 / self.symbols as f64;
        if self.total == 0.0 {
            return uniform;
        }
        let seen = self.single.len() as f64;
        (self.of(s).own + seen * uniform) / (self.total + seen)
    }

    fn p2(&self, r: u32, s: u32) -> f64 {
        let Counts { followed, distinct, .. } = self.of(r);
        if followed == 0.0 {
            return self.p1(s);
        }
        let count = self.pair.get(&(r, s)).copied().unwrap_or(0.0);
        (count + distinct * self.p1(s)) / (followed + distinct)
    }

    fn of(&self, r: u32) -> Counts {
        self.single.get(&r).copied().unwrap_or_default()
    }
}

/// The count of `key`, a new one if there is none; a table that cannot grow is an error.
fn entry<K: Eq + Hash, V: Default>(counts: &mut HashMap<K, V>, key: K) -> Result<&mut V> {
    if counts.try_reserve(1).is_err() {
        let bytes = counts.len().saturating_mul(2 * size_of::<(K, V)>());
        return Err(Error::Memory { what: "n-grams: counts".into(), bytes });
    }
    Ok(counts.entry(key).or_default())
}

fn log2(x: f64) -> f64 {
    Scalar::ln(x) / std::f64::consts::LN_2
}

#[allow(clippy::cast_precision_loss)]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::NGrams;

    /// The largest relative error of one rounding, `u`.
    const U: f64 = f64::EPSILON / 2.0;

    /// `abaac` over `abcd`.
    fn counts() -> NGrams {
        NGrams::fit(&[0, 1, 0, 0, 2], 4).unwrap()
    }

    #[test]
    fn probabilities_are_those_counted_by_hand() {
        let counts = counts();
        // n = 5, t = 3: p₁ = (c + ¾)/8.
        assert_eq!([0, 1, 2, 3].map(|s| counts.p1(s)), [3.75 / 8.0, 1.75 / 8.0, 1.75 / 8.0, 0.75 / 8.0]);
        // a is followed by b, a, c: c(a·) = t(a) = 3, so p₂(s|a) = (1 + 3 p₁(s))/6 for those.
        assert_eq!(counts.p2(0, 1), (1.0 + 3.0 * 1.75 / 8.0) / 6.0);
        assert_eq!(counts.p2(0, 3), 3.0 * (0.75 / 8.0) / 6.0);
        // b is followed by a only: c(b·) = t(b) = 1.
        assert_eq!(counts.p2(1, 0), (1.0 + 3.75 / 8.0) / 2.0);
        // c ends the text: nothing is known of what follows it.
        assert_eq!(counts.p2(2, 3), counts.p1(3));
    }

    #[test]
    fn every_distribution_sums_to_one() {
        let counts = counts();
        // Four roundings of each p₁, three more of each p₂, three of a sum of four.
        assert!(((0..4).map(|s| counts.p1(s)).sum::<f64>() - 1.0).abs() <= 7.0 * U);
        for r in 0..4 {
            assert!(((0..4).map(|s| counts.p2(r, s)).sum::<f64>() - 1.0).abs() <= 10.0 * U);
        }
    }

    #[test]
    fn code_lengths_are_mean_negative_logarithms() {
        let counts = counts();
        assert_eq!(counts.uniform(), 2.0);
        // Two terms of at most 3.5 bits: 2 u of the logarithm, 1 of ln 2, 1 of the division, 2 of what is expected; then
        // the sum of each side. Less than 7 u of 3.5.
        let most = 3.5 * 7.0 * U;
        let expected = -((3.75_f64 / 8.0).log2() + (0.75_f64 / 8.0).log2()) / 2.0;
        assert!((counts.unigram(&[0, 3]).unwrap() - expected).abs() <= most);
        let expected = -(counts.p2(1, 0).log2() + counts.p2(0, 3).log2()) / 2.0;
        assert!((counts.bigram(1, &[0, 3]).unwrap() - expected).abs() <= most);
        assert_eq!(counts.bigram(1, &[]).unwrap(), 0.0);
    }

    #[test]
    fn an_alternating_text_costs_the_bigram_almost_nothing() {
        let text: Vec<u32> = (0..10_000).map(|i| i % 2).collect();
        let counts = NGrams::fit(&text, 2).unwrap();
        assert_eq!(counts.unigram(&text).unwrap(), 1.0); // p₁ = (5000 + 2 · ½)/10 002
        // p₂ = (4999 + ½)/5000 at least, and −log₂(1 − 10⁻⁴) = 1.4428 · 10⁻⁴.
        assert!(counts.bigram(1, &text).unwrap() < 1.443e-4);
    }

    #[test]
    fn without_training_text_everything_is_uniform() {
        let counts = NGrams::fit(&[], 8).unwrap();
        assert_eq!((counts.unigram(&[1, 7]).unwrap(), counts.bigram(0, &[1, 7]).unwrap()), (3.0, 3.0));
    }

    #[test]
    fn memory_follows_the_text_and_not_the_vocabulary() {
        let counts = NGrams::fit(&[], usize::MAX).unwrap();
        assert_eq!((counts.uniform(), counts.unigram(&[7]).unwrap()), (64.0, 64.0));
        let counts = NGrams::fit(&[u32::MAX, 0, u32::MAX, 0], usize::MAX).unwrap();
        assert_eq!((counts.single.len(), counts.pair.len()), (2, 2));
        assert!(counts.bigram(0, &[u32::MAX]).unwrap() < 1.0);
    }

    #[test]
    fn symbols_beyond_the_vocabulary_are_errors() {
        let error = NGrams::fit(&[0, 4], 4).unwrap_err().to_string();
        assert_eq!(error, "n-grams: training text[1]: expected below 4, found 4");
        assert!(counts().unigram(&[4]).is_err() && counts().bigram(4, &[0]).is_err());
        assert!(NGrams::fit(&[], 0).is_err());
    }
}
