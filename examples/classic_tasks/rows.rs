//! `x [T, N, C]` or symbols `[T, N]`, and what a network should answer: a batch made of rows of any lengths.

use recurrent::rng::Rng;
use recurrent::{Batch, IGNORE, Result, Targets};
use std::ops::Range;

/// What a network reads of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// `[T, C]`.
    Numbers { width: usize, data: Vec<f32> },
    /// `[T]`.
    Symbols(Vec<u32>),
}

/// What it should answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A number after the last step.
    Value(f32),
    /// A class after the last step.
    Class(u32),
    /// A class at every step, [`IGNORE`] where none counts.
    Classes(Vec<u32>),
}

/// One sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub read: Read,
    pub answer: Answer,
}

impl Row {
    /// `T`.
    pub fn steps(&self) -> usize {
        match &self.read {
            Read::Numbers { width, data } => data.len() / width,
            Read::Symbols(symbols) => symbols.len(),
        }
    }
}

/// Rows side by side: time-major, padded up to the longest.
#[derive(Clone, Debug)]
pub struct Examples {
    pub rows: Vec<Row>,
    steps: usize,
    lengths: Vec<usize>,
    input: Read,
    wanted: Wanted,
}

#[derive(Clone, Debug)]
enum Wanted {
    Values(Vec<f32>),
    Classes(Vec<u32>),
}

impl Examples {
    /// All rows must be of one kind, and there must be one.
    pub fn of(rows: Vec<Row>) -> Self {
        let lengths: Vec<usize> = rows.iter().map(Row::steps).collect();
        let steps = lengths.iter().copied().max().unwrap_or(0);
        let input = match rows[0].read {
            Read::Numbers { width, .. } => {
                Read::Numbers { width, data: time_major(&rows, |row| row.numbers(), [steps, width], 0.0) }
            }
            Read::Symbols(_) => Read::Symbols(time_major(&rows, |row| row.symbols(), [steps, 1], 0)),
        };
        let wanted = match rows[0].answer {
            Answer::Value(_) => Wanted::Values(rows.iter().map(Row::value).collect()),
            Answer::Class(_) => Wanted::Classes(time_major(&rows, |row| row.classes(), [1, 1], IGNORE)),
            Answer::Classes(_) => Wanted::Classes(time_major(&rows, |row| row.classes(), [steps, 1], IGNORE)),
        };
        Self { rows, steps, lengths, input, wanted }
    }

    pub fn batch(&self) -> Result<Batch<'_, f32>> {
        let rows = self.rows.len();
        let batch = match &self.input {
            Read::Numbers { width, data } => Batch::features(data, [self.steps, rows, *width]),
            Read::Symbols(symbols) => Batch::symbols(symbols, [self.steps, rows]),
        };
        batch?.with_lengths(&self.lengths)
    }

    pub fn targets(&self) -> Targets<'_, f32> {
        match &self.wanted {
            Wanted::Values(values) => Targets::Values(values),
            Wanted::Classes(classes) => Targets::Classes(classes),
        }
    }
}

impl Row {
    fn numbers(&self) -> &[f32] {
        match &self.read {
            Read::Numbers { data, .. } => data,
            Read::Symbols(_) => &[],
        }
    }

    /// The symbols it reads; none of a row of numbers.
    pub fn symbols(&self) -> &[u32] {
        match &self.read {
            Read::Symbols(symbols) => symbols,
            Read::Numbers { .. } => &[],
        }
    }

    /// The number that is the answer; 0 of a row with classes.
    pub fn value(&self) -> f32 {
        if let Answer::Value(value) = self.answer { value } else { 0.0 }
    }

    /// The classes that are the answer, one if it is after the last step; none of a row with a number.
    pub fn classes(&self) -> &[u32] {
        match &self.answer {
            Answer::Class(class) => std::slice::from_ref(class),
            Answer::Classes(classes) => classes,
            Answer::Value(_) => &[],
        }
    }
}

fn time_major<X: Copy>(rows: &[Row], of: impl Fn(&Row) -> &[X], [steps, width]: [usize; 2], padding: X) -> Vec<X> {
    let mut data = vec![padding; steps * rows.len() * width];
    for (n, row) in rows.iter().enumerate() {
        for (t, x) in of(row).chunks(width).enumerate() {
            data[(t * rows.len() + n) * width..][..width].copy_from_slice(x);
        }
    }
    data
}

/// One of these symbols, each as likely.
pub fn symbol(rng: &mut Rng, among: Range<u32>) -> u32 {
    let place = rng.below(among.len());
    among.clone().nth(place).unwrap_or(among.start)
}

#[cfg(test)]
mod tests {
    use super::{Answer, Examples, Read, Row};
    use recurrent::{IGNORE, Targets};

    #[test]
    fn rows_of_two_lengths_become_time_major_and_padded() {
        let row = |symbols: &[u32], classes: &[u32]| Row {
            read: Read::Symbols(symbols.to_vec()),
            answer: Answer::Classes(classes.to_vec()),
        };
        let examples = Examples::of(vec![row(&[1, 2], &[7, 8]), row(&[3], &[9])]);
        assert_eq!(examples.lengths, [2, 1]);
        assert_eq!(examples.input, Read::Symbols(vec![1, 3, 2, 0]));
        assert!(matches!(examples.targets(), Targets::Classes([7, 9, 8, IGNORE])));
    }

    #[test]
    fn numbers_keep_their_features_together() {
        let row = |data: &[f32], value| Row {
            read: Read::Numbers { width: 2, data: data.to_vec() },
            answer: Answer::Value(value),
        };
        let examples = Examples::of(vec![row(&[1.0, 2.0, 3.0, 4.0], 0.5), row(&[5.0, 6.0, 7.0, 8.0], 0.25)]);
        let data = vec![1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0];
        assert_eq!(examples.input, Read::Numbers { width: 2, data });
        assert!(matches!(examples.targets(), Targets::Values([0.5, 0.25])));
    }
}
