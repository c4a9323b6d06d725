//! `n ↔ "forty-two" ↔ 4 2`: numbers below a million as English words and as digits, both as symbols.

/// The symbol that ends a text and stands before it.
pub const END: u32 = 0;
/// What words can say here.
pub const MOST: u32 = 1_000_000;

/// The words by their symbols less one. The first twenty are what they say.
const WORDS: [&str; 30] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
];
/// Places in the list.
const TWENTY: u32 = 20;
const HUNDRED: u32 = 28;
const THOUSAND: u32 = 29;

/// One of the two ways to write a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Words,
    Digits,
}

impl Side {
    /// `V`, the end among them.
    pub fn symbols(self) -> usize {
        match self {
            Side::Words => 1 + WORDS.len(),
            Side::Digits => 11,
        }
    }

    /// The symbols of a number, without the end.
    pub fn write(self, n: u32) -> Vec<u32> {
        let mut places = Vec::new();
        match self {
            Side::Words => words(n, &mut places),
            Side::Digits => digits(n, &mut places),
        }
        places.iter().map(|place| 1 + place).collect()
    }

    /// Symbols as a text; the end is a dot.
    pub fn text(self, symbols: &[u32]) -> String {
        let place = |symbol: &u32| symbol.checked_sub(1).map(|place| place as usize);
        match self {
            Side::Words => {
                let words = symbols.iter().map(|symbol| place(symbol).map_or(".", |place| WORDS[place]));
                words.collect::<Vec<_>>().join(" ")
            }
            Side::Digits => {
                symbols.iter().map(|symbol| place(symbol).map_or(".".into(), |digit| digit.to_string())).collect()
            }
        }
    }
}

/// Digits from the first to the last, no zero before them.
fn digits(n: u32, places: &mut Vec<u32>) {
    if n >= 10 {
        digits(n / 10, places);
    }
    places.push(n % 10);
}

/// As in American English, without "and": 1 203 is one thousand two hundred three.
fn words(n: u32, places: &mut Vec<u32>) {
    for (unit, word) in [(1000, THOUSAND), (100, HUNDRED)] {
        if n >= unit {
            words(n / unit, places);
            places.push(word);
            if !n.is_multiple_of(unit) {
                words(n % unit, places);
            }
            return;
        }
    }
    if n < TWENTY {
        places.push(n);
        return;
    }
    places.push(TWENTY + n / 10 - 2);
    if !n.is_multiple_of(10) {
        places.push(n % 10);
    }
}

#[cfg(test)]
mod tests {
    use super::{END, MOST, Side};
    use std::collections::BTreeSet;

    #[test]
    fn numbers_are_said_as_in_english() {
        for (n, said) in [
            (0, "zero"),
            (7, "seven"),
            (13, "thirteen"),
            (20, "twenty"),
            (42, "forty two"),
            (99, "ninety nine"),
            (100, "one hundred"),
            (719, "seven hundred nineteen"),
            (1000, "one thousand"),
            (1203, "one thousand two hundred three"),
            (20_030, "twenty thousand thirty"),
            (999_999, "nine hundred ninety nine thousand nine hundred ninety nine"),
        ] {
            assert_eq!(Side::Words.text(&Side::Words.write(n)), said);
        }
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for n in [0, 9, 10, 305, 70_001, MOST - 1] {
            assert_eq!(Side::Digits.text(&Side::Digits.write(n)), n.to_string());
        }
    }

    #[test]
    fn no_two_numbers_are_written_alike() {
        for side in [Side::Words, Side::Digits] {
            let texts: BTreeSet<Vec<u32>> = (0..20_000).map(|n| side.write(n)).collect();
            assert_eq!(texts.len(), 20_000);
            let allowed = |&symbol: &u32| symbol != END && (symbol as usize) < side.symbols();
            assert!(texts.iter().flatten().all(allowed));
        }
    }
}
