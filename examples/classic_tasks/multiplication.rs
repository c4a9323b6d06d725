//! `target = x_i · x_j` of the two numbers that are marked (Hochreiter & Schmidhuber 1997, §5.5): no sum that a linear state could keep.

use super::marks::hochreiter;
use super::measure::{Tally, squared_error, variance};
use super::rows::{Answer, Examples, Row};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, SeqRef};

#[derive(Clone, Copy, Debug)]
pub struct Multiplication {
    pub steps: usize,
}

impl Task for Multiplication {
    fn name(&self) -> &'static str {
        "multiplication"
    }

    fn variant(&self) -> &'static str {
        "Hochreiter & Schmidhuber 1997"
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn input(&self) -> Config {
        Config::features(2)
    }

    fn output(&self, config: Config) -> Config {
        config.last_step().linear(1)
    }

    /// Numbers are from U(0, 1); one at the very beginning counts as 1.
    fn row(&self, rng: &mut Rng) -> Row {
        let made = hochreiter(self.steps, 1.0, rng, Rng::uniform);
        Row { read: made.read, answer: Answer::Value(made.numbers[0] * made.numbers[1]) }
    }

    fn metric(&self) -> &'static str {
        "mean squared error"
    }

    fn measure(&self, examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally> {
        Ok(squared_error(examples, outputs))
    }

    fn trivial(&self, test: &[Examples]) -> f64 {
        variance(test)
    }

    fn solved(&self) -> f64 {
        5e-4
    }

    fn published(&self) -> &'static str {
        "LSTM, T = 100: 0.0139 after 1,273,000 sequences (Hochreiter & Schmidhuber 1997)"
    }
}

#[cfg(test)]
mod tests {
    use super::Multiplication;
    use crate::rows::Read;
    use crate::task::Task;
    use recurrent::rng::Rng;

    #[test]
    fn targets_are_products_of_the_marked_numbers() {
        let mut rng = Rng::seed(1);
        for _ in 0..1000 {
            let row = Multiplication { steps: 40 }.row(&mut rng);
            let Read::Numbers { data, .. } = &row.read else { panic!("numbers") };
            let marked = data.chunks(2).filter(|pair| pair[1] == 1.0).map(|pair| pair[0]);
            assert!((row.value() - marked.product::<f32>()).abs() < 1e-6);
        }
    }
}
