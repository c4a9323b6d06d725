//! `draw → step`, again and again until the budget is used or the task is solved; then a test on sequences of its own.

use super::measure::Tally;
use super::models::{Setup, network, settings};
use super::rows::Examples;
use super::task::Task;
use recurrent::rng::Rng;
use recurrent::train::{Budget, Trainer};
use recurrent::{Network, NonFinite, Result, Workspace};
use serde::Serialize;

/// Rows of the test that are read at once, and rows that say between updates whether a task is solved.
const CHECKED: usize = 200;
/// Updates between two looks.
const EVERY: u64 = 100;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, clap::Args)]
pub struct Effort {
    /// Sequences of a batch
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub batch: u16,
    /// Most seconds of training of a network [default: 15, none if there are updates]
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Most updates of a network; alone, it makes a run repeatable
    #[arg(long)]
    pub updates: Option<u64>,
    /// Training ends when the measure is at or below this [default: where the task counts as solved]
    #[arg(long)]
    pub until: Option<f64>,
    /// Sequences of the test
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub tested: u32,
}

/// What a network has learnt.
#[derive(Clone, Debug)]
pub struct Learnt {
    /// The measure of the test.
    pub value: f64,
    /// That of who has no memory.
    pub trivial: f64,
    pub parameters: usize,
    pub batches: u64,
    /// Of those, the ones whose loss or gradient was not finite.
    pub skipped: u64,
    /// Of training.
    pub seconds: f64,
    /// The measure after so many updates, on a few sequences that are not those of the test.
    pub curve: Vec<(u64, f64)>,
}

/// Trains one network on one task. `watch` is told the share of the budget that is used, the number of updates and the last look.
pub fn learn(
    name: &str,
    task: &dyn Task,
    (setup, effort): (&Setup, &Effort),
    seed: u64,
    mut watch: impl FnMut(f64, u64, f64),
) -> Result<Learnt> {
    let network = Network::<f32>::new(&network(name, task, setup), seed)?;
    let parameters = network.parameters().len();
    let mut trainer = Trainer::new(network, settings(name, task, setup, effort.updates, seed))?;
    // All networks see the same sequences, and none of the test before it.
    let (mut rng, mut held_out) = (Rng::seed(seed), Rng::seed(!seed));
    let tested = effort.tested as usize;
    let check = [task.examples(CHECKED.min(tested), &mut held_out)];
    let sizes = (0..tested.div_ceil(CHECKED)).map(|k| CHECKED.min(tested - k * CHECKED));
    let test: Vec<Examples> = sizes.map(|rows| task.examples(rows, &mut held_out)).collect();
    let seconds = effort.seconds.or(effort.updates.is_none().then_some(15.0));
    let enough = effort.until.unwrap_or(task.solved());
    let mut last = score(trainer.network(), task, &check)?;
    let (mut curve, mut batches) = (vec![(0, last)], 0);
    let budget = Budget { steps: effort.updates, seconds, ..Budget::from_step(0) };
    while budget.flow(batches).is_continue() {
        watch(budget.used(batches), batches, last);
        let examples = task.examples(effort.batch.into(), &mut rng);
        trainer.step(&examples.batch()?, examples.targets())?;
        batches += 1;
        if batches % EVERY == 0 {
            last = score(trainer.network(), task, &check)?;
            curve.push((batches, last));
            if last <= enough {
                break;
            }
        }
    }
    let seconds = budget.begin.elapsed().as_secs_f64();
    let value = score(trainer.network(), task, &test)?;
    let (trivial, skipped) = (task.trivial(&test), trainer.counts().skipped);
    Ok(Learnt { value, trivial, parameters, batches, skipped, seconds, curve })
}

/// The measure of a network's answers; NaN where they are.
fn score(network: &Network<f32>, task: &dyn Task, batches: &[Examples]) -> Result<f64> {
    let mut workspace = Workspace::new();
    workspace.on_non_finite(NonFinite::Allow);
    let mut tally = Tally::default();
    for examples in batches {
        let mut state = network.state(examples.rows.len())?;
        let outputs = network.infer(&mut workspace, &examples.batch()?, &mut state)?;
        tally += task.measure(examples, &outputs)?;
    }
    Ok(tally.mean())
}

#[cfg(test)]
mod tests {
    use super::{Effort, Learnt, learn};
    use crate::adding::{Adding, Variant};
    use crate::copy::Copying;
    use crate::latch::Latch;
    use crate::memorisation::Memorisation;
    use crate::models::{NAMES, Optimiser, Setup};
    use crate::multiplication::Multiplication;
    use crate::permutation::Permutation;
    use crate::reber::Reber;
    use crate::task::Task;
    use crate::temporal_order::TemporalOrder;

    const SETUP: Setup = Setup {
        hidden: 8,
        forget_bias: 1.0,
        chrono: false,
        radius: None,
        optimiser: Optimiser::Adam,
        rate: 1e-2,
        anneal: false,
        clip: 1.0,
        omega: 2.0,
    };
    const STEP: Effort = Effort { batch: 2, seconds: None, updates: Some(1), until: None, tested: 3 };

    fn quietly(name: &str, task: &dyn Task, setup: &Setup, effort: &Effort) -> Learnt {
        let learnt = learn(name, task, (setup, effort), 1, |_, _, _| {});
        learnt.unwrap_or_else(|error| panic!("{name}, {}: {error}", task.name()))
    }

    #[test]
    fn every_network_takes_a_step_on_every_task() {
        let steps = 20;
        let tasks: [&dyn Task; 9] = [
            &Adding { steps, variant: Variant::Pascanu },
            &Multiplication { steps },
            &Copying { steps },
            &TemporalOrder { steps, signs: 2 },
            &TemporalOrder { steps, signs: 3 },
            &Reber { steps },
            &Latch { steps },
            &Memorisation { steps },
            &Permutation { steps },
        ];
        for task in tasks {
            for name in NAMES {
                let learnt = quietly(name, task, &SETUP, &STEP);
                assert_eq!((learnt.batches, learnt.skipped), (1, 0), "{name}, {}", task.name());
                assert!(learnt.value.is_finite() && learnt.curve[0].1.is_finite());
            }
        }
    }

    #[test]
    fn a_gru_learns_the_latch_and_a_seed_repeats_a_run() {
        let task = Latch { steps: 20 };
        let run =
            |updates| quietly("gru", &task, &SETUP, &Effort { batch: 16, updates: Some(updates), tested: 200, ..STEP });
        let learnt = run(400);
        assert!(learnt.value < 0.05, "{:?}", learnt.curve);
        let (one, other) = (run(5), run(5));
        assert_eq!((one.value.to_bits(), one.curve), (other.value.to_bits(), other.curve));
    }
}
