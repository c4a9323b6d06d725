//! `target = x_i + x_j` of the two numbers that are marked: the adding problem, in four definitions that share a name.
//!
//! | variant | numbers | marks | target | variance of the target |
//! |---|---|---|---|---|
//! | `hochreiter` | U(−1, 1) | of the first ten, of the first `T/2 − 1`; −1 at both ends | `½ + (x_i + x_j)/4` | below 1/24, since a first pair counts as 0 |
//! | `pascanu` | U(0, 1) | in the first tenth, from there to the half; length in `[T, 1.1 T)` | `(x_i + x_j)/2` | 1/24 |
//! | `arjovsky` | U(0, 1) | one in each half | `x_i + x_j` | 1/6 |
//! | `bai` | U(0, 1) | any two | `x_i + x_j` | 1/6 |

use super::marks::{Marked, hochreiter, marked};
use super::measure::{Tally, squared_error, variance};
use super::rows::{Answer, Examples, Row};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, SeqRef};

/// Whose adding problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Variant {
    /// Hochreiter & Schmidhuber 1997
    Hochreiter,
    /// Pascanu, Mikolov & Bengio 2013
    Pascanu,
    /// Arjovsky, Shah & Bengio 2016
    Arjovsky,
    /// Bai, Kolter & Koltun 2018
    Bai,
}

#[derive(Clone, Copy, Debug)]
pub struct Adding {
    pub steps: usize,
    pub variant: Variant,
}

impl Task for Adding {
    fn name(&self) -> &'static str {
        "adding"
    }

    fn variant(&self) -> &'static str {
        match self.variant {
            Variant::Hochreiter => "Hochreiter & Schmidhuber 1997",
            Variant::Pascanu => "Pascanu, Mikolov & Bengio 2013",
            Variant::Arjovsky => "Arjovsky, Shah & Bengio 2016",
            Variant::Bai => "Bai, Kolter & Koltun 2018",
        }
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

    fn row(&self, rng: &mut Rng) -> Row {
        let steps = self.steps;
        let (Marked { read, numbers: [a, b], .. }, scale) = match self.variant {
            Variant::Hochreiter => (hochreiter(steps, 0.0, rng, |rng| 2.0 * rng.uniform() - 1.0), 0.25),
            Variant::Pascanu => {
                let (tenth, half) = (steps / 10, steps / 2);
                let at = [rng.below(tenth), tenth + rng.below(half - tenth)];
                (marked(steps + rng.below(tenth), at, || rng.uniform()), 0.5)
            }
            Variant::Arjovsky => {
                let half = steps / 2;
                (marked(steps, [rng.below(half), half + rng.below(steps - half)], || rng.uniform()), 1.0)
            }
            Variant::Bai => {
                let (one, other) = (rng.below(steps), rng.below(steps - 1));
                (marked(steps, [one, other + usize::from(other >= one)], || rng.uniform()), 1.0)
            }
        };
        let offset = if self.variant == Variant::Hochreiter { 0.5 } else { 0.0 };
        Row { read, answer: Answer::Value(offset + scale * (a + b)) }
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

    /// Errors of 0.04 at most are right in 1997, squared ones of at most 0.04 in 2013; this is below both.
    fn solved(&self) -> f64 {
        1e-3
    }

    fn published(&self) -> &'static str {
        match self.variant {
            Variant::Hochreiter => {
                "LSTM, 93 weights, T = 100: 74,000 sequences until errors are below 0.04, 1 of 2560 wrong; T = 1000: 853,000 (Hochreiter & Schmidhuber 1997)"
            }
            Variant::Pascanu => {
                "tanh networks with clipping and Ω solve it in all runs (Pascanu, Mikolov & Bengio 2013)"
            }
            Variant::Arjovsky | Variant::Bai => {
                "T = 600: LSTM 0.164, GRU 5.3e-5, Elman 0.177, TCN 5.8e-5 (Bai, Kolter & Koltun 2018, any two positions)"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Adding, Variant};
    use crate::rows::Read;
    use crate::task::Task;
    use recurrent::rng::Rng;

    const STEPS: usize = 40;

    fn rows(variant: Variant) -> Vec<(Vec<f32>, f32)> {
        let mut rng = Rng::seed(1);
        let rows = (0..4000).map(|_| Adding { steps: STEPS, variant }.row(&mut rng));
        rows.map(|row| match &row.read {
            Read::Numbers { data, .. } => (data.clone(), row.value()),
            Read::Symbols(_) => panic!("numbers"),
        })
        .collect()
    }

    fn marks(data: &[f32]) -> Vec<usize> {
        (0..data.len() / 2).filter(|t| data[2 * t + 1] == 1.0).collect()
    }

    #[test]
    fn targets_are_sums_of_the_marked_numbers() {
        for (variant, scale) in [(Variant::Pascanu, 0.5), (Variant::Arjovsky, 1.0), (Variant::Bai, 1.0)] {
            for (data, target) in rows(variant) {
                let marks = marks(&data);
                assert_eq!(marks.len(), 2, "{variant:?}");
                let sum: f32 = marks.iter().map(|t| data[2 * t]).sum();
                assert!((target - scale * sum).abs() < 1e-6, "{variant:?}");
            }
        }
        for (data, target) in rows(Variant::Hochreiter) {
            let sum: f32 = marks(&data).iter().map(|t| data[2 * t]).sum();
            assert!((target - (0.5 + sum / 4.0)).abs() < 1e-6);
        }
    }

    #[test]
    fn marks_lie_where_each_variant_has_them() {
        for (data, _) in rows(Variant::Arjovsky) {
            let marks = marks(&data);
            assert!(data.len() == 2 * STEPS && marks[0] < STEPS / 2 && marks[1] >= STEPS / 2);
        }
        for (data, _) in rows(Variant::Pascanu) {
            let marks = marks(&data);
            assert!((STEPS..STEPS + STEPS / 10).contains(&(data.len() / 2)));
            assert!(marks[0] < STEPS / 10 && (STEPS / 10..STEPS / 2).contains(&marks[1]));
        }
        let both_in_one_half = |(data, _): &(Vec<f32>, f32)| marks(data)[1] < STEPS / 2 || marks(data)[0] >= STEPS / 2;
        assert!(rows(Variant::Bai).iter().any(both_in_one_half));
    }

    #[test]
    fn variances_are_those_of_the_table() {
        for (variant, expected) in
            [(Variant::Pascanu, 1.0 / 24.0), (Variant::Arjovsky, 1.0 / 6.0), (Variant::Bai, 1.0 / 6.0)]
        {
            let task = Adding { steps: STEPS, variant };
            let found = task.trivial(&[task.examples(4000, &mut Rng::seed(2))]);
            // A sum of two uniform numbers has the kurtosis 2.4: the standard error is variance · √(1.4 / 4000).
            assert!((found / expected - 1.0).abs() < 5.0 * (1.4_f64 / 4000.0).sqrt(), "{variant:?}: {found}");
        }
    }
}
