//! One model: batches of random numbers until the budget is used or all that are watched are right, then the test.

use super::options::{Direction, Options};
use super::split::split;
use super::translator::{Attention, Translator};
use super::word_by_word;
use recurrent::Result;
use recurrent::rng::Rng;
use recurrent::train::Budget;
use serde::Serialize;

/// Updates between two looks at the numbers that are watched, and how many of those.
const EVERY: u64 = 50;
const WATCHED: usize = 500;
/// Numbers of the test that are shown.
const SHOWN: usize = 3;

#[derive(Debug, Serialize)]
pub struct Summary {
    pub task: &'static str,
    pub direction: Direction,
    pub below: u32,
    pub seed: u64,
    pub metric: &'static str,
    /// Of the likeliest text of the beam.
    pub value: f64,
    pub beam: u8,
    /// Of the likeliest symbol at every step.
    pub greedy: f64,
    /// Of a translation word by word.
    pub trivial: f64,
    pub published: &'static str,
    pub parameters: usize,
    /// Numbers it learnt from, and others that it was tested on.
    pub trained: usize,
    pub tested: usize,
    pub updates: u64,
    /// Of training.
    pub seconds: f64,
}

/// A model's results.
#[derive(Debug)]
pub struct Run {
    pub summary: Summary,
    /// The share of the numbers that are watched that was right after so many updates.
    pub curve: Vec<(u64, f64)>,
    /// Some translations.
    pub shown: Vec<String>,
    /// Of the number of the test with the longest text.
    pub attention: Attention,
}

pub const HEAD: &str =
    "direction         seed parameters   updates   learnt   tested   greedy     beam  word by word  seconds";

impl Summary {
    pub fn print(&self) {
        let Self { direction, seed, parameters, updates, trained, tested, seconds, .. } = self;
        let [greedy, beam, trivial] = [self.greedy, self.value, self.trivial].map(|share| 100.0 * share);
        println!(
            "{:16} {seed:5} {parameters:10} {updates:9} {trained:8} {tested:8} {greedy:6.1} % {beam:6.1} % {trivial:11.1} % {seconds:8.1}",
            direction.name()
        );
    }
}

/// Trains and tests a model. `watch` is told the share of the budget that is used, and how the model does.
pub fn learn(direction: Direction, seed: u64, options: &Options, mut watch: impl FnMut(f64, &str)) -> Result<Run> {
    let Options { beam, below, .. } = *options;
    let ([from, to], numbers) = (direction.sides(), split(below, seed));
    let mut translator = Translator::new(from, to, usize::from(options.hidden), seed)?;
    let (mut rng, mut updates, mut curve) = (Rng::seed(!seed), 0, Vec::new());
    let seconds = options.seconds.or(options.updates.is_none().then_some(60.0));
    let budget = Budget { steps: options.updates, seconds, ..Budget::from_step(0) };
    let watched = &numbers.watched[..numbers.watched.len().min(WATCHED)];
    let mut right = translator.exact(watched, 1)?;
    curve.push((0, right));
    while budget.flow(updates).is_continue() && right < 1.0 {
        let now = format!("{}, seed {seed}: {updates} updates, {:.1} % right", direction.name(), 100.0 * right);
        watch(budget.used(updates), &now);
        let batch: Vec<u32> = (0..options.batch).map(|_| numbers.train[rng.below(numbers.train.len())]).collect();
        translator.learn(&batch, options.rate)?;
        updates += 1;
        if updates % EVERY == 0 {
            right = translator.exact(watched, 1)?;
            curve.push((updates, right));
        }
    }
    let seconds = budget.begin.elapsed().as_secs_f64();
    let (test, width) = (&numbers.test, usize::from(beam));
    let summary = Summary {
        task: "translate",
        direction,
        below,
        seed,
        metric: "share of numbers without a mistake",
        value: translator.exact(test, width)?,
        beam,
        greedy: translator.exact(test, 1)?,
        trivial: word_by_word::exact(from, test),
        published: "none: the numbers are made by this program",
        parameters: translator.parameters(),
        trained: numbers.train.len(),
        tested: test.len(),
        updates,
        seconds,
    };
    let few = &test[..test.len().min(SHOWN)];
    let shown = few.iter().zip(translator.translate(few, width)?).map(|(&n, text)| {
        let verdict = if text == to.write(n) { "" } else { "   (wrong)" };
        format!("{} → {}{verdict}", from.text(&from.write(n)), to.text(&text))
    });
    let longest = test.iter().copied().max_by_key(|&n| from.write(n).len() + to.write(n).len()).unwrap_or(0);
    Ok(Run { summary, curve, shown: shown.collect(), attention: translator.attention(longest)? })
}

#[cfg(test)]
mod tests {
    use super::learn;
    use crate::options::{Direction, Options};
    use clap::Parser;

    #[test]
    fn a_run_is_of_its_seed_and_tests_numbers_it_did_not_learn_from() {
        let options = Options::parse_from(["translate", "--below", "200", "--hidden", "4", "--updates", "3"]);
        let run = || learn(Direction::ToDigits, 2, &options, |_, _| ()).unwrap();
        let (one, other) = (run(), run());
        let counts = [one.summary.trained, one.summary.tested];
        assert_eq!((counts, one.summary.updates, &one.curve[..]), ([160, 20], 3, &[(0, one.curve[0].1)][..]));
        assert_eq!((one.attention.weights, one.summary.value), (other.attention.weights, other.summary.value));
    }
}
