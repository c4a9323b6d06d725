//! `translation = Σ translation of each symbol`: what can be had without context.
//!
//! To digits, a word below twenty is its digits, twenty to ninety are one digit each, hundred and thousand nothing: right unless a zero is
//! silent. To words, each digit is its name: right of one digit alone.

use super::numbers::Side;

/// The share of these numbers that it gets right.
#[allow(clippy::cast_precision_loss)] // a number of numbers
pub fn exact(from: Side, numbers: &[u32]) -> f64 {
    let right = |&&n: &&u32| match from {
        Side::Words => Side::Words.write(n).into_iter().flat_map(digits).eq(Side::Digits.write(n)),
        // The digits have the same symbols as their names.
        Side::Digits => Side::Digits.write(n) == Side::Words.write(n),
    };
    numbers.iter().filter(right).count() as f64 / numbers.len() as f64
}

/// The digits of a word by itself.
fn digits(word: u32) -> Vec<u32> {
    // Symbols are places in the list of words plus 1: zero to nineteen, twenty to ninety, hundred, thousand.
    match word - 1 {
        n @ 0..20 => Side::Digits.write(n),
        n @ 20..28 => vec![1 + n - 18],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::exact;
    use crate::numbers::Side;

    #[test]
    fn zeros_that_are_not_said_are_missed() {
        for (n, right) in [(0, 1.0), (7, 1.0), (19, 1.0), (42, 1.0), (40, 0.0), (719, 1.0), (709, 0.0), (12_345, 1.0)] {
            assert_eq!(exact(Side::Words, &[n]), right, "{n}");
        }
    }

    #[test]
    fn digits_are_names_of_small_numbers_alone() {
        assert_eq!(exact(Side::Digits, &[3, 9, 10, 42]), 0.5);
    }
}
