//! The figures: a table for people and a summary for programs.

use super::corpus::Baselines;
use serde::Serialize;

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub bits_per_char: f64,
    pub uniform: f64,
    pub unigram: f64,
    pub bigram: f64,
    pub chars_per_second: f64,
    pub parameters: usize,
    pub steps: u64,
    pub seed: u64,
    pub backend: String,
    pub cell: String,
    pub text_digest: String,
}

/// Bits per character of the held-out text, beside what counts alone reach.
pub fn table(network: &str, bits: f64, Baselines { uniform, unigram, bigram }: Baselines) -> String {
    let lines = [("uniform", uniform), ("unigram", unigram), ("bigram", bigram), (network, bits)];
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): (&str, f64)| format!("  {name:width$}  {value:7.4}\n");
    format!("bits per character of the held-out text\n{}", lines.map(line).concat())
}
