//! `v(c)`: the characters of a text, numbered in the order of their code points.

use crate::error::{Error, Result};
use crate::memory::reserve;
use serde::{Deserialize, Serialize};

/// How many code points there are, surrogates included.
const CODE_POINTS: usize = char::MAX as usize + 1;

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
    /// If the text is empty, or memory cannot be had: at most 5 MB, however long the text.
    pub fn of(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::format("text", "at least one character", "none"));
        }
        // One bit for every code point; a sorted copy of the text would be four times the text.
        let mut occurs = Vec::new();
        reserve("vocabulary: code points", &mut occurs, CODE_POINTS / 64)?;
        occurs.resize(CODE_POINTS / 64, 0_u64);
        text.chars().for_each(|c| occurs[c as usize / 64] |= 1 << (c as usize % 64));
        let mut characters = Vec::new();
        let count = occurs.iter().map(|word| word.count_ones() as usize).sum();
        reserve("vocabulary: characters", &mut characters, count)?;
        for (word, &bits) in (0_u32..).zip(&occurs).filter(|(_, bits)| **bits > 0) {
            let of_word = (0..64).filter(|bit| bits >> bit & 1 == 1);
            characters.extend(of_word.filter_map(|bit| char::from_u32(64 * word + bit)));
        }
        Ok(Self { characters })
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
    /// If a character is not in the vocabulary, the message says which and where; or memory cannot be had.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let symbol = |(at, c): (usize, char)| {
            let found = self.characters.binary_search(&c).ok().and_then(|v| u32::try_from(v).ok());
            found.ok_or_else(|| {
                let expected = format!("one of the {} characters of the vocabulary", self.len());
                Error::range(format!("text, character {at}"), expected, format!("{c:?}"))
            })
        };
        let mut symbols = Vec::new();
        reserve("vocabulary: symbols", &mut symbols, text.chars().count())?;
        for place in text.chars().enumerate() {
            symbols.push(symbol(place)?);
        }
        Ok(symbols)
    }

    /// The text of symbols.
    ///
    /// # Errors
    /// If a symbol is not below `V`, or memory cannot be had.
    pub fn decode(&self, symbols: &[u32]) -> Result<String> {
        let character = |(at, &v): (usize, &u32)| {
            let found = self.characters.get(v as usize).copied();
            found.ok_or_else(|| Error::range(format!("symbols[{at}]"), format!("below {}", self.len()), v))
        };
        let mut bytes = 0_usize;
        for place in symbols.iter().enumerate() {
            bytes = bytes.saturating_add(character(place)?.len_utf8());
        }
        let mut text = String::new();
        text.try_reserve_exact(bytes).map_err(|_| Error::Memory { what: "vocabulary: text".into(), bytes })?;
        text.extend(symbols.iter().filter_map(|&v| self.characters.get(v as usize)));
        Ok(text)
    }
}

impl TryFrom<String> for Vocabulary {
    type Error = Error;

    /// The characters in their order, as a file keeps them.
    fn try_from(characters: String) -> Result<Self> {
        if characters.is_empty() {
            return Err(Error::format("vocabulary", "at least one character", "none"));
        }
        let pairs = characters.chars().zip(characters.chars().skip(1));
        if let Some((at, (a, b))) = (1..).zip(pairs).find(|(_, (a, b))| a >= b) {
            let found = format!("{b:?} after {a:?} at character {at}");
            return Err(Error::format("vocabulary", "distinct characters in ascending order", found));
        }
        let mut vocabulary = Self { characters: Vec::new() };
        reserve("vocabulary: characters", &mut vocabulary.characters, characters.chars().count())?;
        vocabulary.characters.extend(characters.chars());
        Ok(vocabulary)
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
    fn the_first_and_the_last_code_point_have_their_symbols() {
        let text = "\u{0}\u{3f}\u{40}\u{d7ff}\u{e000}\u{10ffff}";
        let vocabulary = Vocabulary::of(text).unwrap();
        assert_eq!(vocabulary.encode(text).unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(String::from(vocabulary), text);
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
        let error = Vocabulary::try_from("abdc".to_string()).unwrap_err().to_string();
        let message = "vocabulary: expected distinct characters in ascending order, found 'c' after 'd' at character 3";
        assert_eq!(error, message);
    }
}
