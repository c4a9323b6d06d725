//! Which of two symbols was the first? The random permutation problem (Hochreiter & Schmidhuber 1997; Martens & Sutskever 2011; Pascanu, Mikolov &
//! Bengio 2013).
//!
//! The first and the last of `T` symbols are the same, one of two; those between are any of 98 others. The papers ask for the next symbol at
//! every step, of which the last alone can be foretold; here it is the only one that is asked for, as one of all 100, after `T − 1` steps.

use super::measure::{Tally, wrong};
use super::rows::{Answer, Examples, Read, Row, symbol};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, SeqRef};

/// The first and the last are below it.
const CHOICE: u32 = 2;
const SYMBOLS: u32 = 100;

#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    pub steps: usize,
}

impl Task for Permutation {
    fn name(&self) -> &'static str {
        "permutation"
    }

    fn variant(&self) -> &'static str {
        "Pascanu, Mikolov & Bengio 2013, the last symbol alone"
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn input(&self) -> Config {
        Config::one_hot(100)
    }

    fn output(&self, config: Config) -> Config {
        config.last_step().softmax(100)
    }

    fn row(&self, rng: &mut Rng) -> Row {
        let first = symbol(rng, 0..CHOICE);
        let between = (2..self.steps).map(|_| symbol(rng, CHOICE..SYMBOLS));
        Row { read: Read::Symbols([first].into_iter().chain(between).collect()), answer: Answer::Class(first) }
    }

    fn metric(&self) -> &'static str {
        "share of sequences that are wrong"
    }

    fn measure(&self, examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally> {
        Ok(wrong(examples, outputs))
    }

    fn trivial(&self, _test: &[Examples]) -> f64 {
        0.5
    }

    fn solved(&self) -> f64 {
        0.01
    }

    fn published(&self) -> &'static str {
        "tanh networks of 100 units with clipping and Ω: 2 of 5 runs, or 1 of 8 in another version of the text (Pascanu, Mikolov & Bengio 2013)"
    }
}

#[cfg(test)]
mod tests {
    use super::Permutation;
    use crate::task::Task;
    use recurrent::rng::Rng;

    #[test]
    fn the_answer_is_the_first_symbol_which_occurs_once() {
        let mut rng = Rng::seed(1);
        for _ in 0..500 {
            let row = Permutation { steps: 30 }.row(&mut rng);
            let read = row.symbols();
            assert_eq!((read.len(), row.classes()), (29, &read[..1]));
            assert!(read[0] < 2 && read[1..].iter().all(|symbol| (2..100).contains(symbol)));
        }
    }
}
