//! `text ↔ symbols`: vocabularies, n-gram code lengths, which tell how short a text is without a network, and streams to train from.

mod ngrams;
mod streams;
mod vocabulary;

pub use ngrams::NGrams;
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
