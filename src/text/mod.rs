//! `text ↔ symbols`: all that a language model needs beside its network.
//!
//! | what | type |
//! |---|---|
//! | the text of a file; the files of a folder | [`read`], [`list`](list()) |
//! | the characters of a text, numbered | [`Vocabulary`] |
//! | a text with an end that is held out, and what counts alone make of it | [`Corpus`], [`NGrams`] |
//! | windows to train on, the state carried: [`Trainer::fit_text`](crate::train::Trainer::fit_text) reads them | [`Streams`] |
//! | symbols to predict: [`Trainer::evaluate_text`](crate::train::Trainer::evaluate_text) does | [`Passage`] |
//! | what a network makes of a beginning | [`Continuation`] |
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::train::{Settings, TextFit, Trainer, quietly};
//! use recurrent::{rng::Rng, sampling::Sampling, text::{Continuation, Corpus}};
//!
//! let corpus = Corpus::new(&"a rose is a rose is ".repeat(50), 10)?;
//! let symbols = corpus.vocabulary().len();
//! let config = Config::one_hot(symbols).recurrent(RecurrentSpec::gru(12)).softmax(symbols);
//! let mut trainer = Trainer::new(Network::<f32>::new(&config, 1)?, Settings::adam(0.02).clip_norm(1.0).carry_state())?;
//! trainer.fit_text(&TextFit::new([10, 4], 50).epochs(4), corpus.train(), Some(&corpus.passage()), quietly)?;
//! assert!(trainer.evaluate_text(&corpus.passage())?.loss.bits() < corpus.baselines()?.bigram);
//!
//! let beginning = corpus.vocabulary().encode("a rose")?;
//! let likeliest = Sampling { temperature: 0.0, top_k: None };
//! let more = Continuation::of(trainer.network(), &beginning, likeliest, Rng::seed(1))?;
//! let more: Vec<u32> = more.take(3).collect::<recurrent::Result<_>>()?;
//! assert_eq!(corpus.vocabulary().decode(&more)?, " is");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

mod continuation;
mod corpus;
mod list;
mod ngrams;
mod passage;
mod streams;
mod vocabulary;

pub use continuation::Continuation;
pub use corpus::{Baselines, Corpus};
pub use list::list;
pub use ngrams::NGrams;
pub use passage::Passage;
pub(crate) use passage::PassageWindow;
pub use streams::{Position, StreamWindow, Streams};
pub use vocabulary::Vocabulary;

use crate::error::{Error, Result};
use crate::file;
use std::path::Path;

/// The text of a file of at most 1 GiB, in memory of its size.
///
/// # Errors
/// As [`read_at_most`].
pub fn read(path: impl AsRef<Path>) -> Result<String> {
    read_at_most(path, 1 << 30)
}

/// The text of a file of at most so many bytes, in memory of its size.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::Memory`], [`Error::Format`] if it is not a regular file, too long,
/// empty or not UTF-8; the message says at which byte.
pub fn read_at_most(path: impl AsRef<Path>, max_bytes: u64) -> Result<String> {
    let path = path.as_ref();
    let name = || path.display().to_string();
    let too_long = |len| Error::format(name(), format!("at most {max_bytes} bytes"), format!("{len} bytes"));
    let bytes = file::read(path, max_bytes, too_long)?;
    if bytes.is_empty() {
        return Err(Error::format(name(), "a text of at least one character", "an empty file"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let found = format!("byte {:#04x} at offset {at}", error.as_bytes()[at]);
        Error::format(name(), "UTF-8 text", found)
    })
}
