//! `Σ error / count` over rows or steps: how wrong answers are.

use super::rows::{Answer, Examples};
use recurrent::decoding::log_softmax;
use recurrent::{Error, IGNORE, Result, SeqRef};

/// A sum of errors and how many they are of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub total: f64,
    pub count: usize,
}

impl Tally {
    /// NaN if nothing was counted.
    #[allow(clippy::cast_precision_loss)] // a number of examples
    pub fn mean(&self) -> f64 {
        self.total / self.count as f64
    }

    pub fn add(&mut self, error: f64) {
        self.total += error;
        self.count += 1;
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.count += other.count;
    }
}

/// `(y − t)²` of each row.
pub fn squared_error(examples: &Examples, outputs: &SeqRef<'_, f32>) -> Tally {
    let mut tally = Tally::default();
    for (n, row) in examples.rows.iter().enumerate() {
        tally.add((f64::from(outputs.at(0).row(n)[0]) - f64::from(row.value())).powi(2));
    }
    tally
}

/// The error of who always says the mean of the answers: their variance.
pub fn variance(test: &[Examples]) -> f64 {
    let values = || test.iter().flat_map(|examples| &examples.rows).map(|row| f64::from(row.value()));
    let (mut sum, mut squares) = (Tally::default(), Tally::default());
    values().for_each(|value| sum.add(value));
    values().for_each(|value| squares.add((value - sum.mean()).powi(2)));
    squares.mean()
}

/// How many of the classes that count are not the likeliest.
pub fn wrong(examples: &Examples, outputs: &SeqRef<'_, f32>) -> Tally {
    let mut tally = Tally::default();
    each_class(examples, outputs, |logits, class| tally.add(f64::from(u8::from(likeliest(logits) != class as usize))));
    tally
}

/// `−ln p` of each class that counts; NaN where outputs are not finite.
pub fn cross_entropy(examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally> {
    let (mut tally, mut log_p, mut failed) = (Tally::default(), Vec::new(), None);
    each_class(examples, outputs, |logits, class| {
        log_p.clear();
        match log_softmax(logits, &mut log_p) {
            Ok(()) => tally.add(-log_p[class as usize]),
            Err(Error::NotFinite { .. }) => tally.add(f64::NAN),
            Err(error) => failed = Some(error),
        }
    });
    failed.map_or(Ok(tally), Err)
}

fn each_class(examples: &Examples, outputs: &SeqRef<'_, f32>, mut take: impl FnMut(&[f32], u32)) {
    for (n, row) in examples.rows.iter().enumerate() {
        debug_assert!(!matches!(row.answer, Answer::Value(_)));
        for (t, &class) in row.classes().iter().enumerate().filter(|(_, class)| **class != IGNORE) {
            take(outputs.at(t).row(n), class);
        }
    }
}

fn likeliest(logits: &[f32]) -> usize {
    (0..logits.len()).fold(0, |best, k| if logits[k] > logits[best] { k } else { best })
}

#[cfg(test)]
mod tests {
    use super::super::rows::{Answer, Examples, Read, Row};
    use super::{Tally, cross_entropy, squared_error, variance, wrong};
    use recurrent::{IGNORE, SeqRef};

    fn row(answer: Answer) -> Row {
        Row { read: Read::Symbols(vec![0, 0]), answer }
    }

    #[test]
    fn errors_of_numbers_are_squares() {
        let examples = Examples::of(vec![row(Answer::Value(1.0)), row(Answer::Value(3.0))]);
        let tally = squared_error(&examples, &SeqRef::new(&[1.5, 1.0], 1, 2, 1));
        assert_eq!(tally, Tally { total: 4.25, count: 2 });
        assert_eq!(variance(&[examples.clone(), examples]), 1.0);
    }

    #[test]
    fn classes_that_do_not_count_are_left_out() {
        let examples = Examples::of(vec![row(Answer::Classes(vec![1, IGNORE])), row(Answer::Classes(vec![0, 1]))]);
        // [T, N, V] = [2, 2, 2]: right, wrong, left out, right.
        let outputs = [0.0, 1.0, 0.0, 1.0, 5.0, 5.0, 0.0, 1.0];
        let outputs = SeqRef::new(&outputs, 2, 2, 2);
        assert_eq!(wrong(&examples, &outputs), Tally { total: 1.0, count: 3 });
        let (right, false_one) = ((1.0 + (-1.0_f64).exp()).ln(), (1.0 + 1.0_f64.exp()).ln());
        let found = cross_entropy(&examples, &outputs).unwrap();
        assert!((found.mean() - (2.0 * right + false_one) / 3.0).abs() < 1e-12);
    }
}
