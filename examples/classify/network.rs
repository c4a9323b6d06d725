//! `ln p(class | sequence)`: networks that read a sequence and say what it is.

use super::data::{Data, at_every_step};
use super::options::{Options, Output};
use recurrent::data::Padded;
use recurrent::decoding::log_softmax;
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::train::{Fit, Moment, Settings, Trainer};
use recurrent::{Network, Result, Sequences, Workspace};
use std::ops::ControlFlow;

/// How many sequences go through a network at once.
const BATCH: usize = 16;

/// The network of this output.
fn config(options: &Options, output: Output, width: usize, classes: usize) -> Config {
    let layer = RecurrentSpec::new(&*options.cell, options.hidden.into());
    let config = match output {
        Output::Last => Config::features(width).recurrent(layer).last_step(),
        Output::Final => Config::features(width).recurrent(layer.bidirectional()).final_states(),
        Output::Pooled => Config::features(width).recurrent(layer.bidirectional()),
    };
    config.dropout(0.3).softmax(classes)
}

/// Trained on four fifths of the sequences, drawn by the seed; the epoch that does best on the others is kept. With it its loss on them, in nats for
/// each target.
pub fn train(
    data: &Data,
    options: &Options,
    output: Output,
    seed: u64,
    mut epoch: impl FnMut(u64),
) -> Result<(Network<f32>, f64)> {
    let width = data.train.width().unwrap_or(1);
    let [train, others] = data.train.split(&[0.8, 0.2], &mut Rng::seed(seed))?;
    let [train, others] = match output {
        Output::Pooled => [at_every_step(&train)?, at_every_step(&others)?],
        Output::Last | Output::Final => [train, others],
    };
    let network = Network::new(&config(options, output, width, data.classes), seed)?;
    let mut trainer = Trainer::new(network, Settings::adam(options.rate).clip_norm(1.0).seed(seed))?;
    let fit = Fit::epochs(options.epochs).batch(BATCH).plateau(0.5, 6).patience(15);
    trainer.fit(&fit, &train, Some(&others), |trainer, moment| {
        if matches!(moment, Moment::Epoch(..)) {
            epoch(trainer.progress().epochs.len() as u64);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let score = trainer.progress().best.map_or(f64::NAN, |best| best.score);
    Ok((trainer.into_network(), score))
}

/// `ln p` of each class for each sequence, up to a constant for each: the sum over steps if they are pooled.
pub fn log_probabilities(network: &Network<f32>, data: &Sequences<f32>, output: Output) -> Result<Vec<Vec<f64>>> {
    let (mut workspace, mut padded, mut all) = (Workspace::new(), Padded::new(), vec![]);
    let rows: Vec<usize> = (0..data.len()).collect();
    for rows in rows.chunks(BATCH) {
        padded.load(data, rows)?;
        let y = network.infer(&mut workspace, &padded.batch()?, &mut network.state(rows.len())?)?;
        for (n, &length) in padded.lengths().iter().enumerate() {
            let steps = if output == Output::Pooled { length } else { 1 };
            let mut sum = vec![0.0; y.cols()];
            for t in 0..steps {
                let mut log_p = vec![];
                log_softmax(y.at(t).row(n), &mut log_p)?;
                add(&mut sum, &log_p);
            }
            all.push(sum);
        }
    }
    Ok(all)
}

/// `a ← a + b`.
pub fn add(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}

/// The class of the largest number, the first of equal ones.
#[allow(clippy::cast_possible_truncation)] // classes are 32-bit numbers
pub fn decide(log_p: &[f64]) -> u32 {
    (0..log_p.len()).reduce(|best, k| if log_p[k] > log_p[best] { k } else { best }).unwrap_or(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use recurrent::data::{Input, Label, TargetKind};

    #[test]
    fn the_largest_decides_and_of_equal_ones_the_first() {
        assert_eq!(decide(&[-2.0, -0.5, -0.5, -3.0]), 1);
    }

    #[test]
    fn a_sequence_has_the_same_probabilities_alone_and_among_longer_ones() {
        let mut data = Sequences::features(2, TargetKind::ClassPerRow).unwrap();
        let x: Vec<f32> = (0_u8..14).map(|k| f32::from(k) * 0.3 - 1.0).collect();
        for length in [3, 7, 1] {
            data.push_labelled(Input::Features(&x[..2 * length]), Label::Class(1)).unwrap();
        }
        let options = Options::parse_from(["classify", "--hidden", "4"]);
        for output in [Output::Last, Output::Final, Output::Pooled] {
            let network = Network::new(&config(&options, output, 2, 3), 1).unwrap();
            let all = log_probabilities(&network, &data, output).unwrap();
            for n in 0..3 {
                let alone = log_probabilities(&network, &data.subset(&[n]).unwrap(), output).unwrap();
                assert!(alone[0].iter().zip(&all[n]).all(|(a, b)| (a - b).abs() < 1e-5), "{output:?}, row {n}");
            }
        }
    }
}
