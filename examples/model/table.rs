//! Columns of text as wide as what they have.

use std::fmt;

/// Rows of cells under their headings. The last column is as long as it likes.
pub struct Table {
    head: Vec<&'static str>,
    /// Whether a column is of numbers, which end at the same place.
    numbers: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Headings; of columns of numbers with a `>` before them.
    pub fn new(head: &[&'static str]) -> Self {
        let numbers = head.iter().map(|head| head.starts_with('>')).collect();
        let head = head.iter().map(|head| head.trim_start_matches('>')).collect();
        Self { head, numbers, rows: Vec::new() }
    }

    /// A row, of as many cells as there are headings.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head: Vec<_> = self.head.iter().map(ToString::to_string).collect();
        let lines = || std::iter::once(&head).chain(&self.rows);
        let len = |text: &String| text.chars().count();
        let widths: Vec<_> =
            (0..head.len()).map(|k| lines().filter_map(|line| line.get(k).map(len)).max().unwrap_or(0)).collect();
        for line in lines() {
            let cells = line.iter().enumerate().map(|(k, cell)| {
                let width = widths[k];
                if self.numbers[k] { format!("{cell:>width$}") } else { format!("{cell:width$}") }
            });
            writeln!(f, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A text of at most so many letters, cut in its middle: names differ at their ends.
pub fn short(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.into();
    }
    let (before, behind) = ((most - 1) / 2, most / 2);
    letters[..before].iter().chain(&['…']).chain(&letters[letters.len() - behind..]).collect()
}

/// `1 234 567`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `[T, N, 3]`.
pub fn shape<T: fmt::Display>(shape: &[T]) -> String {
    format!("[{}]", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

/// `1 thread`, `2 threads`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{Table, grouped, short};

    #[test]
    fn columns_are_as_wide_as_what_they_have_and_numbers_end_together() {
        let mut table = Table::new(&["layer", ">parameters", "options"]);
        table.row(["één".into(), "7".into(), String::new()]);
        table.row(["second one".into(), "12 345".into(), "tanh".into()]);
        let expected = "  layer       parameters  options\n  één                  7\n  second one      12 345  tanh\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn numbers_are_grouped_and_names_cut_in_the_middle() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
        assert_eq!((short("abc", 3), short("abcdefgh", 5)), ("abc".into(), "ab…gh".into()));
    }
}
