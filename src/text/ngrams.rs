//! `L = −(1/M) Σ log₂ p(xᵢ | xᵢ₋₁)`: how many bits a character costs when counts alone predict it.

use crate::error::{Error, Result};
use rnn_kernels::Scalar;
use std::collections::HashMap;

/// Counts of one and of two symbols in a row, smoothed by interpolation (Witten & Bell 1991, method C; Chen & Goodman
/// 1998, §2.4).
///
/// - uniform `p₀(s) = 1/V`,
/// - unigram `p₁(s) = (c(s) + t · p₀(s)) / (n + t)`, with `t` the number of distinct symbols seen,
/// - bigram `p₂(s | r) = (c(r s) + t(r) · p₁(s)) / (c(r ·) + t(r))`, with `t(r)` the number of distinct successors of
///   `r`; where `r` was never followed by anything, `p₁(s)`.
///
/// Each sums to 1 over the vocabulary and is nowhere 0, so that a symbol unseen in training has a finite cost.
#[derive(Clone, Debug)]
pub struct NGrams {
    symbols: usize,
    total: f64,
    seen: f64,
    single: Vec<f64>,
    pair: HashMap<(u32, u32), f64>,
    /// `c(r ·)` and `t(r)`.
    successors: Vec<(f64, f64)>,
}

#[allow(clippy::cast_precision_loss)] // counts and sizes are far below 2⁵³
impl NGrams {
    /// Counts a training text over a vocabulary of `symbols` symbols.
    ///
    /// # Errors
    /// If a symbol is not below `symbols`, or there are none.
    pub fn fit(train: &[u32], symbols: usize) -> Result<Self> {
        if symbols == 0 {
            return Err(Error::range("n-grams: symbols", "at least 1", 0));
        }
        let mut counts = Self {
            symbols,
            total: train.len() as f64,
            seen: 0.0,
            single: vec![0.0; symbols],
            pair: HashMap::new(),
            successors: vec![(0.0, 0.0); symbols],
        };
        counts.check("n-grams: training text", train)?;
        for &s in train {
            let count = &mut counts.single[s as usize];
            counts.seen += if *count == 0.0 { 1.0 } else { 0.0 };
            *count += 1.0;
        }
        for pair in train.windows(2) {
            let (all, distinct) = &mut counts.successors[pair[0] as usize];
            let count = counts.pair.entry((pair[0], pair[1])).or_insert(0.0);
            *distinct += if *count == 0.0 { 1.0 } else { 0.0 };
            *count += 1.0;
            *all += 1.0;
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
        (self.single[s as usize] + self.seen * uniform) / (self.total + self.seen)
    }

    fn p2(&self, r: u32, s: u32) -> f64 {
        let (all, distinct) = self.successors[r as usize];
        if all == 0.0 {
            return self.p1(s);
        }
        let count = self.pair.get(&(r, s)).copied().unwrap_or(0.0);
        (count + distinct * self.p1(s)) / (all + distinct)
    }
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
        assert!(((0..4).map(|s| counts.p1(s)).sum::<f64>() - 1.0).abs() < 1e-15);
        for r in 0..4 {
            assert!(((0..4).map(|s| counts.p2(r, s)).sum::<f64>() - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn code_lengths_are_mean_negative_logarithms() {
        let counts = counts();
        assert_eq!(counts.uniform(), 2.0);
        let expected = -((3.75_f64 / 8.0).log2() + (0.75_f64 / 8.0).log2()) / 2.0;
        assert!((counts.unigram(&[0, 3]).unwrap() - expected).abs() < 1e-14);
        let expected = -(counts.p2(1, 0).log2() + counts.p2(0, 3).log2()) / 2.0;
        assert!((counts.bigram(1, &[0, 3]).unwrap() - expected).abs() < 1e-14);
        assert_eq!(counts.bigram(1, &[]).unwrap(), 0.0);
    }

    #[test]
    fn an_alternating_text_costs_the_bigram_almost_nothing() {
        let text: Vec<u32> = (0..10_000).map(|i| i % 2).collect();
        let counts = NGrams::fit(&text, 2).unwrap();
        assert!((counts.unigram(&text).unwrap() - 1.0).abs() < 1e-6);
        assert!(counts.bigram(1, &text).unwrap() < 1e-3);
    }

    #[test]
    fn without_training_text_everything_is_uniform() {
        let counts = NGrams::fit(&[], 8).unwrap();
        assert_eq!((counts.unigram(&[1, 7]).unwrap(), counts.bigram(0, &[1, 7]).unwrap()), (3.0, 3.0));
    }

    #[test]
    fn symbols_beyond_the_vocabulary_are_errors() {
        let error = NGrams::fit(&[0, 4], 4).unwrap_err().to_string();
        assert_eq!(error, "n-grams: training text[1]: expected below 4, found 4");
        assert!(counts().unigram(&[4]).is_err() && counts().bigram(4, &[0]).is_err());
        assert!(NGrams::fit(&[], 0).is_err());
    }
}
