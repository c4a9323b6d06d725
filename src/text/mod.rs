//! `text ↔ symbols`, and how short a text is without a network: vocabularies and n-gram code lengths.

mod ngrams;
mod vocabulary;

pub use ngrams::NGrams;
pub use vocabulary::Vocabulary;

use crate::error::{Error, Result};
use std::path::Path;

/// The text of a file.
///
/// # Errors
/// If the file cannot be read, is empty or is not UTF-8; the message says at which byte.
pub fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|source| Error::io("reading", path, source))?;
    let name = || path.display().to_string();
    if bytes.is_empty() {
        return Err(Error::format(name(), "a text of at least one character", "an empty file"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let found = format!("byte {:#04x} at offset {at}", error.as_bytes()[at]);
        Error::format(name(), "UTF-8 text", found)
    })
}
