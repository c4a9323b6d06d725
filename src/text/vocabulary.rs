//! `v(c)`: the characters of a text, numbered in the order of their code points.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The distinct characters of a text; symbol `v` is the `v`-th of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vocabulary {
    characters: Vec<char>,
}

impl Vocabulary {
    /// The vocabulary of a text.
    ///
    /// # Errors
    /// If the text is empty.
    pub fn of(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::format("text", "at least one character", "none"));
        }
        Ok(Self { characters: text.chars().collect::<BTreeSet<_>>().into_iter().collect() })
    }

    /// `V`.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// The symbols of a text.
    ///
    /// # Errors
    /// If a character is not in the vocabulary; the message says which and where.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let symbol = |(at, c): (usize, char)| {
            let found = self.characters.binary_search(&c).ok().and_then(|v| u32::try_from(v).ok());
            found.ok_or_else(|| {
                let expected = format!("one of the {} characters of the vocabulary", self.len());
                Error::range(format!("text, character {at}"), expected, format!("{c:?}"))
            })
        };
        text.chars().enumerate().map(symbol).collect()
    }

    /// The text of symbols.
    ///
    /// # Errors
    /// If a symbol is not below `V`.
    pub fn decode(&self, symbols: &[u32]) -> Result<String> {
        let character = |(at, &v): (usize, &u32)| {
            let found = self.characters.get(v as usize).copied();
            found.ok_or_else(|| Error::range(format!("symbols[{at}]"), format!("below {}", self.len()), v))
        };
        symbols.iter().enumerate().map(character).collect()
    }
}

impl TryFrom<String> for Vocabulary {
    type Error = Error;

    /// The characters in their order, as a file keeps them.
    fn try_from(characters: String) -> Result<Self> {
        let vocabulary = Self::of(&characters)?;
        if vocabulary.characters.iter().copied().eq(characters.chars()) {
            return Ok(vocabulary);
        }
        Err(Error::format("vocabulary", "distinct characters in ascending order", format!("{characters:?}")))
    }
}

impl From<Vocabulary> for String {
    fn from(vocabulary: Vocabulary) -> Self {
        vocabulary.characters.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;

    #[test]
    fn decoding_undoes_encoding() {
        let text = "ein Bär läßt grüßen";
        let vocabulary = Vocabulary::of(text).unwrap();
        let symbols = vocabulary.encode(text).unwrap();
        assert_eq!(symbols.len(), 19);
        assert_eq!(vocabulary.decode(&symbols).unwrap(), text);
    }

    #[test]
    fn symbols_are_in_the_order_of_code_points() {
        let vocabulary = Vocabulary::of("cabac").unwrap();
        assert_eq!((vocabulary.len(), vocabulary.encode("abc").unwrap()), (3, vec![0, 1, 2]));
    }

    #[test]
    fn strangers_are_errors_that_name_them() {
        let vocabulary = Vocabulary::of("ab").unwrap();
        let error = vocabulary.encode("aé").unwrap_err().to_string();
        assert_eq!(error, "text, character 1: expected one of the 2 characters of the vocabulary, found 'é'");
        let error = vocabulary.decode(&[0, 2]).unwrap_err().to_string();
        assert_eq!(error, "symbols[1]: expected below 2, found 2");
        assert!(Vocabulary::of("").is_err());
    }

    #[test]
    fn a_stored_vocabulary_is_examined() {
        let vocabulary = Vocabulary::of("hello").unwrap();
        let json = serde_json::to_string(&vocabulary).unwrap();
        assert_eq!(json, r#""ehlo""#);
        assert_eq!(serde_json::from_str::<Vocabulary>(&json).unwrap(), vocabulary);
        for bad in [r#""ba""#, r#""aa""#, r#""""#] {
            assert!(serde_json::from_str::<Vocabulary>(bad).is_err(), "{bad}");
        }
    }
}
