//! The figures: a table for people and a summary for programs.

use super::corpus::Baselines;
use super::place::io;
use recurrent::Result;
use serde::Serialize;
use std::io::{Write, stderr, stdout};
use std::path::Path;

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

/// A line that the user should see; that nobody reads any more, as after `2>&1 | head`, is no reason to stop.
pub fn complain(line: &str) {
    let _ = writeln!(stderr(), "char_lm: {line}");
}

/// A text for standard output, which may be closed: `println!` would panic then.
pub fn print(text: &str) -> Result<()> {
    writeln!(stdout(), "{text}").map_err(|error| io("writing", Path::new("standard output"), error))
}
