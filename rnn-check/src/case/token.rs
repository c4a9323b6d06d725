//! A failing case as one word that can be printed, mailed and run again.
//!
//! ```text
//! rnn2-f32-oracle::each_step_is_one_oracle_step-212801-T3N2C5H4-1f-9c3e
//! │    │   │                                    │      │        │  └ check: 16 bits of all before it
//! │    │   │                                    │      │        └ seed, hexadecimal
//! │    │   │                                    │      └ sizes, decimal
//! │    │   │                                    └ options, six hexadecimal digits or more
//! │    │   └ law
//! │    └ number type
//! └ version: what the digits mean
//! ```
//!
//! The options are, from the highest bits: cell 4 or more, bias 2, direction 1, lengths 3, state 1, one-hot 1, layout 3, upstream 3
//! (`d_y`, `d_h_n`, `d_c_n`), `d_x` 1, fill 4; each is an index into the list of its axis, lists that only grow at their end.

use super::covering::{ACCUMS, BIASES, DIRECTIONS};
use super::{Case, Fill, Layout, Lengths, Upstream};
use crate::oracle::{Cell, Dims};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The environment variable that names one case to [`conformance!`](crate::conformance).
pub(crate) const REPLAY: &str = "RNN_CHECK_REPLAY";

const VERSION: &str = "rnn2";
/// Numbers that parameters, reserve and gradients of a case may hold together: 128 MiB in f64.
const LARGEST: usize = 1 << 24;

/// One case of one law in one number type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Token {
    /// The law's id.
    pub law: String,
    /// `f32` or `f64`.
    pub number: String,
    /// The case.
    pub case: Case,
}

/// Why a text is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It does not begin as tokens of this version do.
    Version {
        /// What it begins with.
        found: String,
    },
    /// It has another number of parts.
    Parts {
        /// How many.
        found: usize,
    },
    /// The check digits are those of another text: something was lost or changed on the way.
    Check {
        /// Those of this text.
        expected: String,
        /// Those it has.
        found: String,
    },
    /// A part reads wrong.
    Part {
        /// Which.
        part: &'static str,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The case would need more memory than any case of the suite.
    TooLarge {
        /// The sizes.
        found: String,
        /// The numbers a case may hold.
        limit: usize,
    },
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found } => write!(f, "a replay token begins with {VERSION}-, found {found:?}"),
            Self::Parts { found } => write!(
                f,
                "a replay token has 7 parts, {VERSION}-<number type>-<law>-<options>-<sizes>-<seed>-<check>, found {found}"
            ),
            Self::Check { expected, found } => {
                write!(f, "the replay token was changed: its check digits are {found}, expected {expected}")
            }
            Self::Part { part, expected, found } => {
                write!(f, "replay token, {part}: expected {expected}, found {found:?}")
            }
            Self::TooLarge { found, limit } => {
                write!(f, "replay token: {found} needs more than the {limit} numbers a case may hold")
            }
        }
    }
}

impl std::error::Error for TokenError {}

/// FNV-1a, folded to 16 bits: enough to notice a slip of the hand.
fn check(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{:04x}", (hash >> 16) ^ (hash & 0xffff))
}

/// Every cell that other programs know, in an order that only grows at its end.
fn listed() -> Vec<Cell> {
    Cell::ALL.iter().chain(Cell::FAMILIES).copied().collect()
}

fn place<V: PartialEq>(list: &[V], value: V) -> u32 {
    // Every value is in its list: the tests encode all of them.
    let index = list.iter().position(|v| *v == value).unwrap_or(list.len());
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn options(case: &Case) -> u32 {
    let upstream = [case.upstream.y, case.upstream.h_n, case.upstream.c_n];
    let upstream = upstream.into_iter().fold(0, |bits, given| 2 * bits + u32::from(given));
    let fields = [
        (4, place(&listed(), case.cell)),
        (2, place(&BIASES, case.bias)),
        (1, place(&DIRECTIONS, case.direction)),
        (3, place(&Lengths::ALL, case.lengths)),
        (1, u32::from(case.state)),
        (1, u32::from(case.one_hot)),
        (3, place(&Layout::ALL, case.layout)),
        (3, upstream),
        (1, place(&ACCUMS, case.d_x)),
        (4, place(&Fill::ALL, case.fill)),
    ];
    fields.into_iter().fold(0, |bits, (width, value)| bits << width | value)
}

/// Reads fields from the lowest bits up.
struct Options {
    bits: u32,
    text: String,
}

impl Options {
    fn take(&mut self, width: u32) -> usize {
        let value = self.bits & ((1 << width) - 1);
        self.bits >>= width;
        value as usize
    }

    fn pick<V: Copy>(&mut self, part: &'static str, width: u32, list: &[V]) -> Result<V, TokenError> {
        let index = self.take(width);
        let expected = "options that this version of the suite knows";
        list.get(index).copied().ok_or_else(|| TokenError::Part { part, expected, found: self.text.clone() })
    }
}

fn hex<N>(
    part: &'static str,
    expected: &'static str,
    text: &str,
    read: fn(&str, u32) -> Result<N, std::num::ParseIntError>,
) -> Result<N, TokenError> {
    // from_str_radix takes a sign, which no token has.
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
    let number = if plain { read(text, 16).ok() } else { None };
    number.ok_or_else(|| TokenError::Part { part, expected, found: text.into() })
}

/// `T3N2C5H4`.
fn sizes(text: &str) -> Result<Dims, TokenError> {
    let wrong = || TokenError::Part { part: "sizes", expected: "such as T3N2C5H4, C and H from 1", found: text.into() };
    let mut rest = text;
    let mut next = |letter: char| {
        rest = rest.strip_prefix(letter)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, tail) = rest.split_at(end);
        rest = tail;
        digits.parse::<usize>().ok()
    };
    let read = [next('T'), next('N'), next('C'), next('H')];
    let [Some(steps), Some(batch), Some(input), Some(hidden)] = read else { return Err(wrong()) };
    if !rest.is_empty() || input == 0 || hidden == 0 {
        return Err(wrong());
    }
    Ok(Dims { steps, batch, input, hidden })
}

/// Parameters, and per step and row the input, gates, states and their gradients.
fn numbers(dims: Dims) -> Option<usize> {
    let Dims { steps, batch, input, hidden } = dims;
    let params = input.checked_add(hidden)?.checked_add(2)?.checked_mul(hidden)?.checked_mul(4)?;
    let places = steps.checked_add(1)?.checked_mul(batch.max(1))?;
    let width = hidden.checked_mul(12)?.checked_add(input.checked_mul(2)?)?;
    places.checked_mul(width)?.checked_add(params)
}

impl Token {
    /// The token of a case; `None` if its cell is in no list that other programs know.
    #[must_use]
    pub fn new(law: &str, number: &str, case: Case) -> Option<Self> {
        listed().contains(&case.cell).then(|| Self { law: law.into(), number: number.into(), case })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dims { steps, batch, input, hidden } = self.case.dims;
        let text = format!(
            "{VERSION}-{}-{}-{:06x}-T{steps}N{batch}C{input}H{hidden}-{:x}",
            self.number,
            self.law,
            options(&self.case),
            self.case.seed
        );
        write!(f, "{text}-{}", check(&text))
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('-').collect();
        if parts[0] != VERSION {
            return Err(TokenError::Version { found: parts[0].chars().take(16).collect() });
        }
        let &[_, number, law, options, dims, seed, digits] = &parts[..] else {
            return Err(TokenError::Parts { found: parts.len() });
        };
        let expected = check(&text[..text.len() - digits.len() - 1]);
        if expected != digits {
            return Err(TokenError::Check { expected, found: digits.into() });
        }
        let word = |part, expected, text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":_".contains(&b));
            let wrong = || TokenError::Part { part, expected, found: text.into() };
            plain.then(|| text.to_string()).ok_or_else(wrong)
        };
        let (number, law) =
            (word("number type", "such as f32", number)?, word("law", "an id such as group::name", law)?);
        let bits = hex("options", "six hexadecimal digits", options, u32::from_str_radix)?;
        let seed = hex("seed", "hexadecimal digits of 64 bits", seed, u64::from_str_radix)?;
        let dims = sizes(dims)?;
        if numbers(dims).is_none_or(|numbers| numbers > LARGEST) {
            return Err(TokenError::TooLarge { found: parts[4].into(), limit: LARGEST });
        }
        let mut read = Options { bits, text: options.into() };
        let fill = read.pick("fill", 4, &Fill::ALL)?;
        let d_x = read.pick("d_x", 1, &ACCUMS)?;
        let c_n = read.take(1) == 1;
        let h_n = read.take(1) == 1;
        let y = read.take(1) == 1;
        let layout = read.pick("layout", 3, &Layout::ALL)?;
        let one_hot = read.take(1) == 1;
        let state = read.take(1) == 1;
        let lengths = read.pick("lengths", 3, &Lengths::ALL)?;
        let direction = read.pick("direction", 1, &DIRECTIONS)?;
        let bias = read.pick("bias", 2, &BIASES)?;
        // Whatever is left is the cell, so that no bit is overlooked.
        let cell = read.pick("cell", 31, &listed())?;
        let upstream = Upstream { y, h_n, c_n };
        let case = Case { cell, bias, direction, dims, lengths, state, one_hot, layout, upstream, d_x, fill, seed };
        Ok(Self { law, number, case })
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.to_string()
    }
}

impl TryFrom<String> for Token {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Cases, covering, families, wide};
    use crate::run::Checked;
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    fn token(case: Case) -> Token {
        Token { law: "group::name".into(), number: "f64".into(), case }
    }

    fn error(text: &str) -> String {
        text.parse::<Token>().expect_err(text).to_string()
    }

    /// The text with its check digits made right.
    fn checked(text: &str) -> String {
        format!("{text}-{}", check(text))
    }

    #[test]
    fn every_case_comes_back_from_its_token() {
        let mut runner = TestRunner::deterministic();
        let mut random = || Cases::LARGE.new_tree(&mut runner).expect("a strategy of no rejects").current();
        let drawn: Vec<Case> = (0..500).map(|_| random()).collect();
        for case in covering().iter().copied().chain(wide()).chain(families(4)).chain(drawn) {
            let seeds = [case.seed, u64::MAX].map(|seed| token(Case { seed, ..case }));
            for token in seeds {
                assert_eq!(token.to_string().parse(), Ok(token));
            }
        }
    }

    #[test]
    fn tokens_of_every_law_fit_on_a_line_and_in_json() {
        for law in f64::all_laws() {
            let case =
                Case { seed: 0xf_ffff, dims: Dims { steps: 33, batch: 33, input: 40, hidden: 130 }, ..Case::plain() };
            let token = Token { law: law.id.into(), ..token(case) };
            let text = token.to_string();
            assert!(text.len() <= 120, "{} characters: {text}", text.len());
            let json = serde_json::to_string(&token).expect("a string");
            assert_eq!(serde_json::from_str::<Token>(&json).expect("its own text"), token);
        }
    }

    #[test]
    fn a_changed_token_is_noticed_at_every_character() {
        let text = token(Case::plain()).to_string();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(changed.parse::<Token>().is_err(), "{changed}");
            assert!(text[..at].parse::<Token>().is_err());
        }
        assert!(format!(" {text}\n").parse::<Token>().is_ok(), "spaces around it are a matter of the terminal");
    }

    #[test]
    fn an_error_names_what_was_expected_and_what_was_found() {
        let says = |text: &str, words: [&str; 2]| {
            let error = error(text);
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        says("", ["begins with rnn2", "\"\""]);
        says("rnn1-f32", ["begins with rnn2", "rnn1"]);
        says("rnn2-f32", ["7 parts", "found 2"]);
        says("rnn2-f32-a::b-212801-T3N2C5H4-1-beef", ["check digits are beef", "expected "]);
        let with = |options: &str, dims: &str, seed: &str| checked(&format!("rnn2-f32-a::b-{options}-{dims}-{seed}"));
        says(&with("+12801", "T3N2C5H4", "1"), ["six hexadecimal", "+12801"]);
        says(&with("ffffff", "T3N2C5H4", "1"), ["fill", "ffffff"]);
        says(&with("fffffff0", "T3N2C5H4", "1"), ["layout", "fffffff0"]);
        says(&with("212801", "T3N2C5", "1"), ["T3N2C5H4", "T3N2C5"]);
        says(&with("212801", "T3N2C0H4", "1"), ["from 1", "T3N2C0H4"]);
        says(&with("212801", "T3N2C5H4x", "1"), ["sizes", "T3N2C5H4x"]);
        says(&with("212801", "T3N2C5H4", "10000000000000000"), ["64 bits", "10000000000000000"]);
        says(&checked("rnn2-f32-a b-212801-T3N2C5H4-1"), ["group::name", "a b"]);
    }

    #[test]
    fn sizes_that_would_fill_the_memory_are_refused_before_anything_is_allocated() {
        let huge = ["T1N1C1H4000", "T4294967296N4294967296C1H1", "T18446744073709551615N1C1H1", "T1000000N1000C1H1"];
        for dims in huge {
            let error = error(&checked(&format!("rnn2-f32-a::b-212801-{dims}-1")));
            assert!(error.contains(dims) && error.contains("16777216"), "{error}");
        }
    }
}
