//! Labels of rows that are not aligned with their steps: a fit over them learns to read, and scores count what is read wrongly.

use recurrent::checkpoint::{Checkpoint, Limits};
use recurrent::data::{Input, Label, TargetKind};
use recurrent::loss::{ctc::best_path, edit_distance};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::train::{Fit, Settings, Trainer, evaluate, quietly};
use recurrent::{Batch, Cells, Error, Network, Sequences, Workspace};
use rnn_backend_naive::Naive;
use std::ops::ControlFlow;

type Net = Network<f32, Naive>;

/// Labels 1 to 3, each spoken for 1 to 3 steps, with silence, 0, for 1 or 2 steps before each and behind the last; none to four a row.
fn spoken(seed: u64, rows: usize) -> Sequences<f32> {
    let (mut rng, mut data) = (Rng::seed(seed), Sequences::symbols(TargetKind::Labels).unwrap());
    for n in 0..rows {
        let labels: Vec<u32> = (0..n % 5).map(|_| u32::try_from(1 + rng.below(3)).unwrap()).collect();
        let mut x = vec![];
        for &label in labels.iter().chain(&[0]) {
            x.extend(std::iter::repeat_n(0, 1 + rng.below(2)));
            x.extend(std::iter::repeat_n(label, 1 + rng.below(3)));
        }
        data.push_labelled(Input::Symbols(&x), Label::Labels(&labels)).unwrap();
    }
    data
}

fn trainer() -> Trainer<f32, Naive> {
    let config = Config::one_hot(4).recurrent(RecurrentSpec::gru(12)).ctc(4);
    let network = Net::with_backend(&config, 1, Naive).unwrap();
    Trainer::new(network, Settings::adam(0.02).clip_norm(1.0).seed(3)).unwrap()
}

#[test]
fn a_fit_over_labels_learns_to_read_rows_that_it_has_not_seen() {
    let (train, validation) = (spoken(1, 60), spoken(2, 40));
    let mut trainer = trainer();
    let before = trainer.evaluate(&validation, 7).unwrap();
    assert!(before.label_error_rate() > Some(0.5), "{before:?}");
    let fit = Fit::epochs(30).batch(10);
    assert!(trainer.fit(&fit, &train, Some(&validation), quietly).unwrap());
    let after = trainer.evaluate(&validation, 7).unwrap();
    assert!(after.label_error_rate() < Some(0.05), "{after:?}");
    assert_eq!((after.sequences, after.labels, after.loss.count), (40, 80, 40));
    assert_eq!((after.accuracy(), after.decisions), (None, 0));
    // Split and put together in other orders, they are the same rows.
    let parts = validation.split(&[0.5, 0.5], &mut Rng::seed(1)).unwrap();
    let edits: Vec<_> = parts.iter().map(|part| trainer.evaluate(part, 3).unwrap()).collect();
    assert_eq!(edits.iter().map(|scores| scores.edits).sum::<u64>(), after.edits);
    assert_eq!(edits.iter().map(|scores| scores.labels).sum::<u64>(), after.labels);
}

#[test]
fn scores_are_those_of_each_row_by_itself() {
    let data = spoken(3, 23);
    let network = trainer().network().clone();
    let mut workspace = Workspace::new();
    let (mut edits, mut labels, mut loss) = (0, 0, 0.0);
    for (input, label) in data.iter() {
        let (Input::Symbols(x), Label::Labels(own)) = (input, label) else { panic!("symbols with labels") };
        let batch = Batch::symbols(x, [x.len(), 1]).unwrap();
        let y = network.infer(&mut workspace, &batch, &mut network.state(1).unwrap()).unwrap();
        edits += edit_distance(&best_path(y, 0, x.len()).unwrap(), own).unwrap() as u64;
        labels += own.len() as u64;
        let targets = recurrent::Targets::Labels { labels: own, counts: &[own.len()] };
        loss += network.evaluate(&mut workspace, &batch, targets, &mut network.state(1).unwrap()).unwrap().total;
    }
    let scores = evaluate(&network, &mut workspace, &data, 6).unwrap();
    assert_eq!((scores.edits, scores.labels), (edits, labels));
    assert!(edits > 0 && labels > 0);
    // The same numbers in another order: a rounding in f32 for each row.
    assert!((scores.loss.total - loss).abs() <= 23.0 * f64::from(f32::EPSILON) * loss, "{scores:?} {loss}");
}

#[test]
fn a_fit_over_labels_that_is_stopped_and_resumed_is_one_that_never_stopped() {
    let (train, validation, fit) = (spoken(1, 12), spoken(2, 6), Fit::epochs(3).batch(5));
    let mut whole = trainer();
    whole.fit(&fit, &train, Some(&validation), quietly).unwrap();
    let expected = Checkpoint::of(&whole, ()).unwrap();
    for stop in [2, 4, 7] {
        let (mut at, mut first) = (0, trainer());
        let stopped = first.fit(&fit, &train, Some(&validation), |_, _| {
            at += 1;
            Ok(if at == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        assert!(!stopped.unwrap());
        let bytes = Checkpoint::of(&first, ()).unwrap().encode(Limits::default()).unwrap();
        let file = Checkpoint::<f32>::decode(&bytes, Limits::default()).unwrap();
        let mut second: Trainer<f32, Naive> = file.trainer(Naive, &Cells::new()).unwrap();
        second.fit(&fit, &train, Some(&validation), quietly).unwrap();
        assert_eq!(Checkpoint::of(&second, ()).unwrap(), expected, "stopped after moment {stop}");
    }
}

#[test]
fn labels_and_another_loss_are_an_error_that_names_both() {
    let config = Config::one_hot(4).recurrent(RecurrentSpec::gru(3)).softmax(4);
    let mut other = Trainer::new(Net::with_backend(&config, 1, Naive).unwrap(), Settings::sgd(0.1)).unwrap();
    let refused = other.fit(&Fit::epochs(1), &spoken(1, 4), None, quietly).unwrap_err();
    assert!(matches!(&refused, Error::Kind { .. }) && refused.to_string().contains("labels"), "{refused}");
    // A label that the network has no class for is one of the pass.
    let mut data = Sequences::<f32>::symbols(TargetKind::Labels).unwrap();
    data.push_labelled(Input::Symbols(&[1, 2]), Label::Labels(&[4])).unwrap();
    let refused = trainer().fit(&Fit::epochs(1), &data, None, quietly).unwrap_err().to_string();
    assert_eq!(refused, "targets, labels[0]: expected a class in 1..4, found 4");
}
