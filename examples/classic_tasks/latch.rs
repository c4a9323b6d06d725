//! Which sign did the beginning have? The two-sequence or latch problem (Bengio, Simard & Frasconi 1994; task 3a of Hochreiter & Schmidhuber 1997).
//!
//! Of between `T` and `T + T/10` numbers the first three are all 1 or all −1, and the others are from N(0, 0.2): their variance is 0.2. The
//! answer after the last step is which of the two it was.

use super::measure::{Tally, wrong};
use super::rows::{Answer, Examples, Read, Row, symbol};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, Scalar, SeqRef};

/// Steps that carry the sign: N = 3 of the paper.
const INFORMED: usize = 3;
const VARIANCE: f64 = 0.2;

#[derive(Clone, Copy, Debug)]
pub struct Latch {
    pub steps: usize,
}

impl Task for Latch {
    fn name(&self) -> &'static str {
        "latch"
    }

    fn variant(&self) -> &'static str {
        "Hochreiter & Schmidhuber 1997, task 3a, N = 3"
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn input(&self) -> Config {
        Config::features(1)
    }

    fn output(&self, config: Config) -> Config {
        config.last_step().softmax(2)
    }

    fn row(&self, rng: &mut Rng) -> Row {
        let (class, length) = (symbol(rng, 0..2), self.steps + rng.below(self.steps / 10 + 1));
        let mut number = |t| match t < INFORMED {
            true => 1.0 - 2.0 * f64::from(class),
            false => VARIANCE.sqrt() * rng.normal(),
        };
        let data = (0..length).map(|t| f32::from_f64(number(t))).collect();
        Row { read: Read::Numbers { width: 1, data }, answer: Answer::Class(class) }
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
        0.001
    }

    fn published(&self) -> &'static str {
        "LSTM, T = 100, N = 3: 39,850 sequences until all are right; guessing weights at random takes fewer (Hochreiter & Schmidhuber 1997)"
    }
}

#[cfg(test)]
mod tests {
    use super::Latch;
    use crate::rows::Read;
    use crate::task::Task;
    use recurrent::rng::Rng;

    #[test]
    fn the_first_three_numbers_are_the_sign_and_the_others_noise() {
        let (mut rng, mut squares, mut count) = (Rng::seed(1), 0.0, 0.0);
        for _ in 0..500 {
            let row = Latch { steps: 40 }.row(&mut rng);
            let Read::Numbers { data, .. } = &row.read else { panic!("numbers") };
            let sign = if row.classes() == [0] { 1.0 } else { -1.0 };
            assert!((40..=44).contains(&data.len()) && data[..3] == [sign; 3]);
            squares += data[3..].iter().map(|&x| f64::from(x * x)).sum::<f64>();
            count += f64::from(u32::try_from(data.len() - 3).unwrap());
        }
        // A normal number has the kurtosis 3: the standard error of a variance is variance · √(2 / count).
        assert!((squares / count / 0.2 - 1.0).abs() < 5.0 * f64::sqrt(2.0 / count), "{}", squares / count);
    }
}
