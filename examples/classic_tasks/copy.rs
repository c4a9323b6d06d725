//! Ten symbols, a wait, a sign, and the ten again: the copying memory task (Arjovsky, Shah & Bengio 2016, after Hochreiter & Schmidhuber 1997).
//!
//! Of `T + 20` steps the first ten are symbols of 8, then come `T − 1` blanks, a delimiter, and ten blanks. The answer is a blank at the first
//! `T + 10` steps and then the ten symbols. Who has no memory says blanks and guesses at the end: `10 ln 8 / (T + 20)` nats a step.

use super::measure::{Tally, cross_entropy};
use super::rows::{Answer, Examples, Read, Row, symbol};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, SeqRef};

const SYMBOLS: u32 = 8;
const BLANK: u32 = 8;
const DELIMITER: u32 = 9;
const COPIED: usize = 10;

#[derive(Clone, Copy, Debug)]
pub struct Copying {
    pub steps: usize,
}

impl Task for Copying {
    fn name(&self) -> &'static str {
        "copy"
    }

    fn variant(&self) -> &'static str {
        "Arjovsky, Shah & Bengio 2016"
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn input(&self) -> Config {
        Config::one_hot(10)
    }

    fn output(&self, config: Config) -> Config {
        config.softmax(9)
    }

    fn row(&self, rng: &mut Rng) -> Row {
        let copied: Vec<u32> = (0..COPIED).map(|_| symbol(rng, 0..SYMBOLS)).collect();
        let blanks = |count| std::iter::repeat_n(BLANK, count);
        let read = copied.iter().copied().chain(blanks(self.steps - 1)).chain([DELIMITER]).chain(blanks(COPIED));
        let answer = blanks(self.steps + COPIED).chain(copied.iter().copied());
        Row { read: Read::Symbols(read.collect()), answer: Answer::Classes(answer.collect()) }
    }

    fn metric(&self) -> &'static str {
        "cross-entropy in nats a step"
    }

    fn measure(&self, examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally> {
        cross_entropy(examples, outputs)
    }

    #[allow(clippy::cast_precision_loss)] // a number of steps
    fn trivial(&self, _test: &[Examples]) -> f64 {
        10.0 * f64::from(SYMBOLS).ln() / (self.steps + 2 * COPIED) as f64
    }

    fn solved(&self) -> f64 {
        1e-3
    }

    fn published(&self) -> &'static str {
        "T = 1000, 16 thousand weights: LSTM 0.0204, GRU 0.0197, Elman 0.0202, TCN 3.5e-5; without memory 0.0204 (Bai, Kolter & Koltun 2018)"
    }
}

#[cfg(test)]
mod tests {
    use super::Copying;
    use crate::task::Task;
    use recurrent::rng::Rng;

    #[test]
    fn the_symbols_come_again_after_the_delimiter() {
        let mut rng = Rng::seed(1);
        for _ in 0..100 {
            let row = Copying { steps: 20 }.row(&mut rng);
            let (read, answer) = (row.symbols(), row.classes());
            assert_eq!([read.len(), answer.len()], [40, 40]);
            assert!(read[..10].iter().all(|&symbol| symbol < 8));
            assert!(read[10..29].iter().chain(&read[30..]).all(|&symbol| symbol == 8));
            assert_eq!(read[29], 9);
            assert!(answer[..30].iter().all(|&symbol| symbol == 8));
            assert_eq!(answer[30..], read[..10]);
        }
    }

    #[test]
    fn chance_is_the_published_one() {
        for (steps, expected) in [(100, 0.1733), (200, 0.0945), (500, 0.0400), (1000, 0.0204)] {
            assert!((Copying { steps }.trivial(&[]) - expected).abs() < 5e-5, "T = {steps}");
        }
    }
}
