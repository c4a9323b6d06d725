//! Ten symbols of five values, a wait, a sign, and the ten again, of which alone an answer is asked: noiseless memorisation (Martens & Sutskever
//! 2011, their problem of 20 bits), in the sizes of the code of Pascanu, Mikolov & Bengio 2013.
//!
//! Ten symbols, `T − 1` blanks, a sign, ten blanks. Only answers at the last ten steps count, here: the papers ask for a blank elsewhere, which
//! is what [`copy`](super::copy) does.

use super::measure::{Tally, wrong};
use super::rows::{Answer, Examples, Read, Row, symbol};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{IGNORE, Result, SeqRef};

const VALUES: u32 = 5;
const BLANK: u32 = 5;
const SIGN: u32 = 6;
const POSITIONS: usize = 10;

#[derive(Clone, Copy, Debug)]
pub struct Memorisation {
    pub steps: usize,
}

impl Task for Memorisation {
    fn name(&self) -> &'static str {
        "memorisation"
    }

    fn variant(&self) -> &'static str {
        "Martens & Sutskever 2011, 5 values at 10 positions, answers at the end alone"
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn input(&self) -> Config {
        Config::one_hot(7)
    }

    fn output(&self, config: Config) -> Config {
        config.softmax(5)
    }

    fn row(&self, rng: &mut Rng) -> Row {
        let kept: Vec<u32> = (0..POSITIONS).map(|_| symbol(rng, 0..VALUES)).collect();
        let blanks = |count| std::iter::repeat_n(BLANK, count);
        let read = kept.iter().copied().chain(blanks(self.steps - 1)).chain([SIGN]).chain(blanks(POSITIONS));
        let answer = std::iter::repeat_n(IGNORE, self.steps + POSITIONS).chain(kept.iter().copied());
        Row { read: Read::Symbols(read.collect()), answer: Answer::Classes(answer.collect()) }
    }

    fn metric(&self) -> &'static str {
        "share of symbols that are wrong"
    }

    fn measure(&self, examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally> {
        Ok(wrong(examples, outputs))
    }

    fn trivial(&self, _test: &[Examples]) -> f64 {
        1.0 - 1.0 / f64::from(VALUES)
    }

    fn solved(&self) -> f64 {
        0.001
    }

    fn published(&self) -> &'static str {
        "tanh networks with clipping and Ω solve it in all runs (Pascanu, Mikolov & Bengio 2013)"
    }
}

#[cfg(test)]
mod tests {
    use super::Memorisation;
    use crate::task::Task;
    use recurrent::IGNORE;
    use recurrent::rng::Rng;

    #[test]
    fn ten_symbols_are_asked_for_after_the_sign_and_nothing_before() {
        let mut rng = Rng::seed(1);
        for _ in 0..100 {
            let row = Memorisation { steps: 20 }.row(&mut rng);
            let (read, answer) = (row.symbols(), row.classes());
            assert_eq!([read.len(), answer.len()], [40, 40]);
            assert!(read[..10].iter().all(|&value| value < 5));
            assert!(read[10..29].iter().chain(&read[30..]).all(|&symbol| symbol == 5));
            assert_eq!(read[29], 6);
            assert!(answer[..30].iter().all(|&class| class == IGNORE));
            assert_eq!(answer[30..], read[..10]);
        }
    }
}
