//! `text → symbols to learn from, symbols held out`: what a language model is trained on and judged by.

use super::{NGrams, Passage, Vocabulary};
use crate::digest::Digest;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// A text as symbols, whose end is held out.
///
/// ```
/// use recurrent::text::Corpus;
///
/// let corpus = Corpus::new(&"a rose is ".repeat(10), 10)?;
/// assert_eq!((corpus.train().len(), corpus.held_out().len(), corpus.vocabulary().len()), (90, 10, 7));
/// let baselines = corpus.baselines()?;
/// assert!(baselines.bigram < baselines.unigram && baselines.unigram < baselines.uniform);
/// # Ok::<(), recurrent::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Corpus {
    symbols: Vec<u32>,
    /// Where the held-out part begins.
    border: usize,
    vocabulary: Vocabulary,
    digest: Digest,
}

/// Bits per symbol of the held-out part without a network: see [`NGrams`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// `log₂ V`.
    pub uniform: f64,
    /// By how often each symbol is in the training part.
    pub unigram: f64,
    /// By how often each symbol follows the one before it there.
    pub bigram: f64,
}

impl fmt::Display for Corpus {
    /// Its sizes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [all, held_out, distinct] = [self.symbols.len(), self.held_out().len(), self.vocabulary.len()];
        write!(f, "{all} characters of text, {held_out} of them held out, {distinct} distinct")
    }
}

impl fmt::Display for Baselines {
    /// A line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uniform, unigram, bigram } = self;
        write!(f, "  uniform  {uniform:7.4}\n  unigram  {unigram:7.4}\n  bigram   {bigram:7.4}")
    }
}

impl Corpus {
    /// A text of which the last `⌊M / one_in⌋` of `M` characters are held out.
    ///
    /// # Errors
    /// [`Error::Format`] if that is none, [`Error::Range`] if it is all, or memory cannot be had.
    pub fn new(text: &str, one_in: usize) -> Result<Self> {
        if one_in < 2 {
            return Err(Error::range("corpus, held out", "one in 2 or more", one_in));
        }
        let vocabulary = Vocabulary::of(text)?;
        let symbols = vocabulary.encode(text)?;
        let held_out = symbols.len() / one_in;
        if held_out == 0 {
            let expected = format!("at least {one_in} characters, to hold one in {one_in} out");
            return Err(Error::format("text", expected, symbols.len()));
        }
        Ok(Self { border: symbols.len() - held_out, symbols, vocabulary, digest: Digest::of(text.as_bytes()) })
    }

    /// [`new`](Self::new) of the texts of these files, a line end between two.
    ///
    /// # Errors
    /// As there, and those of [`read`](super::read).
    pub fn read(files: &[impl AsRef<Path>], one_in: usize) -> Result<Self> {
        let mut text = String::new();
        for (at, file) in files.iter().enumerate() {
            let more = super::read(file)?;
            let bytes = text.len().saturating_add(more.len()).saturating_add(1);
            let memory = |_| Error::Memory { what: "corpus: text".into(), bytes };
            text.try_reserve(more.len().saturating_add(1)).map_err(memory)?;
            text.push_str(if at > 0 { "\n" } else { "" });
            text.push_str(&more);
        }
        Self::new(&text, one_in)
    }

    /// Whether it is long enough to [train on](Self::train) in windows of `T` steps and `N` rows.
    ///
    /// # Errors
    /// [`Error::Format`] if it is not.
    pub fn expect_windows(&self, [steps, rows]: [usize; 2]) -> Result<()> {
        if self.border > rows.saturating_mul(steps) {
            return Ok(());
        }
        let expected = format!("at least {rows} rows of {steps} characters to train on, and one more");
        Err(Error::format("text", expected, format!("{} characters", self.border)))
    }

    /// All of it.
    #[must_use]
    pub fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    /// What to learn from.
    #[must_use]
    pub fn train(&self) -> &[u32] {
        &self.symbols[..self.border]
    }

    /// What is held out.
    #[must_use]
    pub fn held_out(&self) -> &[u32] {
        &self.symbols[self.border..]
    }

    /// The held-out part after what comes before it.
    #[must_use]
    pub fn passage(&self) -> Passage<'_> {
        let Ok(passage) = Passage::new(&self.symbols, self.border) else { unreachable!("something is held out") };
        passage
    }

    /// Its characters.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Of its bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What counts of the training part alone make of the held-out part.
    ///
    /// # Errors
    /// [`Error::Memory`] if the counts do not fit.
    pub fn baselines(&self) -> Result<Baselines> {
        let counts = NGrams::fit(self.train(), self.vocabulary.len())?;
        Ok(Baselines {
            uniform: counts.uniform(),
            unigram: counts.unigram(self.held_out())?,
            bigram: counts.bigram(self.symbols[self.border - 1], self.held_out())?,
        })
    }
}
