//! Which signs came, and in which order? Temporal order, tasks 6a and 6b of Hochreiter & Schmidhuber 1997 as in the code of Pascanu, Mikolov &
//! Bengio 2013: without the symbols that begin and end a sequence there.
//!
//! | signs | where, in hundredths of `T` | classes |
//! |---|---|---|
//! | 2 | 10–20, 50–60 | XX, XY, YX, YY |
//! | 3 | 10–20, 33–43, 66–76 | the eight triples of X and Y |
//!
//! Each sign is X or Y, and all other steps are one of four distractors; the answer after the last step is one of the classes.

use super::measure::{Tally, wrong};
use super::rows::{Answer, Examples, Read, Row, symbol};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, SeqRef};

/// X and Y; from here on distractors.
const SIGNS: u32 = 2;
const SYMBOLS: u32 = 6;

#[derive(Clone, Copy, Debug)]
pub struct TemporalOrder {
    /// At least 20.
    pub steps: usize,
    /// 2 or 3.
    pub signs: u8,
}

impl TemporalOrder {
    fn classes(self) -> u32 {
        SIGNS.pow(self.signs.into())
    }

    /// Where signs may begin to be, each up to a tenth of `T` later.
    fn places(self) -> impl Iterator<Item = usize> {
        let hundredths: &[usize] = if self.signs == 2 { &[10, 50] } else { &[10, 33, 66] };
        hundredths.iter().map(move |hundredth| hundredth * self.steps / 100)
    }
}

impl Task for TemporalOrder {
    fn name(&self) -> &'static str {
        "temporal-order"
    }

    fn variant(&self) -> &'static str {
        match self.signs {
            2 => "two signs, Pascanu, Mikolov & Bengio 2013",
            _ => "three signs, Hochreiter & Schmidhuber 1997, task 6b, without begin and end",
        }
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn input(&self) -> Config {
        Config::one_hot(6)
    }

    fn output(&self, config: Config) -> Config {
        config.last_step().softmax(self.classes() as usize)
    }

    fn row(&self, rng: &mut Rng) -> Row {
        let mut read: Vec<u32> = (0..self.steps).map(|_| symbol(rng, SIGNS..SYMBOLS)).collect();
        let mut class = 0;
        for place in self.places() {
            let sign = symbol(rng, 0..SIGNS);
            read[place + rng.below(self.steps / 10)] = sign;
            class = SIGNS * class + sign;
        }
        Row { read: Read::Symbols(read), answer: Answer::Class(class) }
    }

    fn metric(&self) -> &'static str {
        "share of sequences that are wrong"
    }

    fn measure(&self, examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally> {
        Ok(wrong(examples, outputs))
    }

    fn trivial(&self, _test: &[Examples]) -> f64 {
        1.0 - 1.0 / f64::from(self.classes())
    }

    fn solved(&self) -> f64 {
        0.001
    }

    fn published(&self) -> &'static str {
        match self.signs {
            2 => {
                "one tanh network with clipping and Ω, trained on lengths of 50 to 200: all of 5 runs below 0.01, no error at lengths up to 5000 (Pascanu, Mikolov & Bengio 2013); LSTM, lengths of 100 to 110: 31,390 sequences, 1 of 2560 wrong (Hochreiter & Schmidhuber 1997)"
            }
            _ => {
                "LSTM, lengths of 100 to 110: 571,100 sequences, 2 of 2560 wrong (Hochreiter & Schmidhuber 1997); tanh networks with clipping and Ω solve it in all runs (Pascanu, Mikolov & Bengio 2013)"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TemporalOrder;
    use crate::task::Task;
    use recurrent::rng::Rng;

    #[test]
    fn the_class_is_the_signs_in_their_order() {
        for (signs, places) in [(2, &[4, 20][..]), (3, &[4, 13, 26])] {
            let (mut rng, mut count) = (Rng::seed(1), vec![0_i32; 1 << signs]);
            for _ in 0..2000 {
                let row = TemporalOrder { steps: 40, signs }.row(&mut rng);
                let found: Vec<(usize, u32)> =
                    row.symbols().iter().copied().enumerate().filter(|(_, symbol)| *symbol < 2).collect();
                assert_eq!((found.len(), row.steps()), (places.len(), 40));
                assert!(found.iter().zip(places).all(|((at, _), place)| (*place..place + 4).contains(at)), "{found:?}");
                let class = found.iter().fold(0, |class, (_, sign)| 2 * class + sign);
                assert_eq!(row.classes(), [class]);
                count[class as usize] += 1;
            }
            // Five standard deviations of a binomial count: √(2000 · ¼ · ¾) = 19.4, √(2000 · ⅛ · ⅞) = 14.8.
            let (expected, far) = if signs == 2 { (500, 97) } else { (250, 74) };
            assert!(count.iter().all(|c| (c - expected).abs() < far), "{count:?}");
        }
    }
}
