//! A fit: what is stopped anywhere and resumed is what was never stopped, and the best epoch is the one that is kept.

#![allow(clippy::cast_possible_truncation)] // of small numbers

use recurrent::checkpoint::{Checkpoint, Digest, Limits};
use recurrent::data::{Input, Label, Order, TargetKind};
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::optim::{Optimiser, Rule, Schedule, Sgd};
use recurrent::rng::Rng;
use recurrent::train::{Ended, Fit, OnNonFinite, Plateau, Settings, Trainer, evaluate, quietly};
use recurrent::{Cells, Error, Network, Sequences, Workspace};
use rnn_backend_naive::Naive;
use std::ops::ControlFlow;

type Run = Trainer<f32, Naive>;

/// Ragged rows of two features; two yes-or-no answers at each step, whether the sums so far are positive.
fn sums(seed: u64, rows: usize) -> Sequences<f32> {
    let (mut rng, mut data) = (Rng::seed(seed), Sequences::features(2, TargetKind::ValuesPerStep(2)).unwrap());
    for n in 0..rows {
        let (mut sum, mut x, mut t) = ([0.0_f32; 2], vec![], vec![]);
        for _ in 0..2 + n % 4 {
            for s in &mut sum {
                #[allow(clippy::cast_possible_truncation)]
                let drawn = rng.normal() as f32;
                *s += drawn;
                x.push(drawn);
                t.push(f32::from(u8::from(*s > 0.0)));
            }
        }
        data.push_labelled(Input::Features(&x), Label::Values(&t)).unwrap();
    }
    data
}

fn run(config: &Config, settings: Settings) -> Run {
    Trainer::new(Network::with_backend(config, 3, Naive).unwrap(), settings).unwrap()
}

/// A network with every kind of noise.
fn noisy() -> Config {
    Config::features(2)
        .dropout(0.1)
        .recurrent(RecurrentSpec::new(CellSpec::lstm().zoneout(0.1), 4).layers(2).dropout(0.25))
        .dropout(0.25)
        .bernoulli(2)
}

/// Everything in play: a plateau, early stopping, accumulation, clipping, noise, snapshots to go back to.
fn everything() -> (Settings, Fit) {
    let settings = Settings::adam(0.05).clip_norm(0.5).accumulate(3).weight_noise(0.01).seed(5);
    let settings = settings.on_non_finite(OnNonFinite::GoBack { every: 2 }).freeze("rnn.bias_hh_l0");
    let plateau = Plateau { factor: 0.5, patience: 1, floor: 0.125, back_to_best: true };
    let fit = Fit { plateau: Some(plateau), ..Fit::epochs(9).batch(3).patience(4).order(Order::Buckets { of: 2 }) };
    (settings, fit)
}

#[test]
fn a_fit_that_is_stopped_anywhere_and_resumed_from_its_bytes_is_one_that_never_stopped() {
    let ((settings, fit), train, validation) = (everything(), sums(1, 10), sums(2, 5));
    let mut moments = 0;
    let mut whole = run(&noisy(), settings.clone());
    let ended = whole.fit(&fit, &train, Some(&validation), |_, _| {
        moments += 1;
        Ok(ControlFlow::Continue(()))
    });
    assert!(ended.unwrap());
    let expected = Checkpoint::of(&whole, ()).unwrap();
    let training = expected.training.as_ref().unwrap();
    let epochs = training.progress.epochs.len();
    assert!(moments == 5 * epochs && training.counts.factor < 1.0, "{moments} {training:?}");
    assert!(training.progress.best.unwrap().epoch + 1 < epochs as u64 && training.good.is_some());
    for stop in 1..=moments {
        let (mut at, mut first) = (0, run(&noisy(), settings.clone()));
        let stopped = first.fit(&fit, &train, Some(&validation), |_, _| {
            at += 1;
            match (at == stop, stop % 2) {
                (false, _) => Ok(ControlFlow::Continue(())),
                (true, 0) => Ok(ControlFlow::Break(())),
                (true, _) => Err(Error::application("the disk is full")),
            }
        });
        // By its own error an observer stops a fit as by `Break`, and is given it back.
        assert_eq!(
            stopped.map_err(|error| error.to_string()),
            match stop % 2 {
                0 => Ok(stop == moments),
                _ => Err("application: the disk is full".into()),
            }
        );
        let bytes = Checkpoint::of(&first, ()).unwrap().encode(Limits::default()).unwrap();
        let file = Checkpoint::<f32>::decode(&bytes, Limits::default()).unwrap();
        let mut second: Run = file.trainer(Naive, &Cells::new()).unwrap();
        assert!(second.fit(&fit, &train, Some(&validation), quietly).unwrap());
        assert_eq!(Checkpoint::of(&second, ()).unwrap(), expected, "stopped after moment {stop}");
    }
}

#[test]
fn the_best_epoch_is_kept_and_the_last_one_if_asked_for() {
    let (train, validation) = (sums(3, 12), sums(4, 6));
    let config = Config::features(2).recurrent(RecurrentSpec::gru(4)).bernoulli(2);
    let settings = Settings::sgd(8.0);
    let fit = Fit::epochs(12).batch(4);
    let mut best = run(&config, settings.clone());
    assert!(best.fit(&fit, &train, Some(&validation), quietly).unwrap());
    let progress = best.progress().clone();
    let scores: Vec<f64> = progress.epochs.iter().map(recurrent::train::Epoch::score).collect();
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(progress.best.unwrap().score, lowest);
    assert!(scores[11] > lowest, "the last epoch is not the best: {scores:?}");
    assert_eq!(best.evaluate(&validation, 4).unwrap().loss.mean(), lowest);
    let mut last = run(&config, settings);
    last.fit(&fit.keep_last(), &train, Some(&validation), quietly).unwrap();
    assert_eq!(last.evaluate(&validation, 4).unwrap().loss.mean(), scores[11]);
}

#[test]
fn patience_ends_a_fit_and_a_plateau_lowers_its_rate() {
    let (train, validation) = (sums(5, 8), sums(6, 4));
    let config = Config::features(2).recurrent(RecurrentSpec::gru(4)).bernoulli(2);
    // With a rate of 0 no epoch is better than the first.
    let mut still = run(&config, Settings::sgd(0.0));
    assert!(still.fit(&Fit::epochs(50).patience(3), &train, Some(&validation), quietly).unwrap());
    assert_eq!((still.progress().epochs.len(), still.progress().ended), (4, Some(Ended::Patience)));
    let mut slower = run(&config, Settings::sgd(0.0));
    let plateau = Plateau { factor: 0.5, patience: 2, floor: 0.2, back_to_best: false };
    slower.fit(&Fit { plateau: Some(plateau), ..Fit::epochs(8) }, &train, Some(&validation), quietly).unwrap();
    assert_eq!(slower.counts().factor, 0.2, "½, ¼ and then the floor");
    // More epochs than before go on.
    slower.fit(&Fit::epochs(10), &train, None, quietly).unwrap();
    assert_eq!(slower.progress().epochs.len(), 10);
}

#[test]
fn a_fit_that_says_its_epochs_alone_takes_batches_of_32_shuffled_sequences() {
    let fit: Fit = serde_json::from_str(r#"{"epochs": 7}"#).unwrap();
    assert_eq!((fit.epochs, fit.batch, fit.order), (7, 32, Order::Shuffled));
    assert_eq!(fit, Fit::epochs(7));
}

#[test]
fn scores_count_decisions_and_do_not_depend_on_the_size_of_batches() {
    let config = Config::features(2).recurrent(RecurrentSpec::gru(4)).bernoulli(2);
    let network = Network::<f32, Naive>::with_backend(&config, 1, Naive).unwrap();
    let data = sums(7, 9);
    let by_one = evaluate(&network, &mut Workspace::new(), &data, 1).unwrap();
    let (mut right, mut decisions) = (0, 0);
    for n in 0..9 {
        let Some((Input::Features(x), Label::Values(t))) = data.row(n) else { panic!("rows have features and values") };
        let mut state = network.state(1).unwrap();
        for (x, t) in x.chunks(2).zip(t.chunks(2)) {
            let y = network.step_features(&mut Workspace::new(), x, &mut state).unwrap().row(0).to_vec();
            right += y.iter().zip(t).filter(|&(&y, &t)| (y > 0.0) == (t == 1.0)).count() as u64;
            decisions += 2;
        }
    }
    assert_eq!((by_one.right, by_one.decisions, by_one.sequences), (right, decisions, 9));
    let together = evaluate(&network, &mut Workspace::new(), &data, 4).unwrap();
    assert_eq!((together.right, together.loss.count), (by_one.right, by_one.loss.count));
    // Sums of 32 losses in another order.
    assert!((together.loss.total - by_one.loss.total).abs() <= 32.0 * f64::EPSILON * by_one.loss.total);
    assert_eq!(together.per_sequence(), together.loss.total / 9.0);
    let classes = Config::features(2).recurrent(RecurrentSpec::gru(4)).last_step().softmax(3);
    let network = Network::<f32, Naive>::with_backend(&classes, 1, Naive).unwrap();
    let mut data = Sequences::features(2, TargetKind::ClassPerRow).unwrap();
    for n in 0..6_u32 {
        let x: Vec<f32> = (0..2 * (1 + n)).map(|k| f32::from(k as u8 % 5) - 2.0).collect();
        let (mut state, mut workspace) = (network.state(1).unwrap(), Workspace::new());
        let steps = x.len() / 2;
        let batch = recurrent::Batch::features(&x, [steps, 1, 2]).unwrap();
        let y = network.infer(&mut workspace, &batch, &mut state).unwrap().at(0).row(0).to_vec();
        let best = (0..3).max_by(|&a, &b| y[a].total_cmp(&y[b])).unwrap() as u32;
        data.push_labelled(Input::Features(&x), Label::Class(if n < 4 { best } else { (best + 1) % 3 })).unwrap();
    }
    let scores = evaluate(&network, &mut Workspace::new(), &data, 4).unwrap();
    assert_eq!((scores.right, scores.decisions), (4, 6));
    assert_eq!(scores.accuracy(), Some(4.0 / 6.0));
}

#[test]
fn gradients_that_were_gathered_are_dropped_where_parameters_go_back_to_the_best() {
    let config = Config::features(2).recurrent(RecurrentSpec::gru(4)).bernoulli(2);
    // Two batches an epoch and three an update: with a rate of 0 the second epoch is no better, and leaves one batch gathered.
    let mut still = run(&config, Settings::sgd(0.0).accumulate(3));
    still.fit(&Fit::epochs(2).batch(4).plateau(0.5, 1), &sums(5, 8), Some(&sums(6, 4)), quietly).unwrap();
    assert_eq!((still.counts().updates, still.counts().gathered, still.counts().factor), (1, 0, 0.5));
}

#[test]
fn a_checkpoint_without_a_trainer_goes_on_with_settings() {
    let config = Config::features(2).recurrent(RecurrentSpec::gru(4)).bernoulli(2);
    let network = Network::<f32, Naive>::with_backend(&config, 1, Naive).unwrap();
    let rule = Rule::Sgd(Sgd { momentum: 0.5, ..Sgd::default() });
    let old = Checkpoint::<f32> {
        config: config.clone(),
        cells: network.cells(),
        parameters: network.parameters().to_vec(),
        optimiser: Optimiser::new(rule, network.parameters().len()).unwrap(),
        schedule: Schedule::Constant { rate: 0.5 },
        step: 7,
        rng: Rng::seed(2),
        cursor: 0,
        rows: 0,
        state: vec![],
        text_digest: Digest::of(b""),
        training: None,
        application: (),
    };
    let refused = old.trainer::<Naive>(Naive, &Cells::new()).unwrap_err();
    assert!(matches!(refused, Error::Kind { .. }), "{refused}");
    let other = old.trainer_with::<Naive>(Settings::sgd(0.5), Naive, &Cells::new()).unwrap_err();
    assert!(other.to_string().contains("momentum: 0.5"), "{other}");
    let short = Checkpoint { rows: 2, state: vec![0.0; 7], ..old.clone() };
    let short = short.trainer_with::<Naive>(Settings::new(rule, 0.5), Naive, &Cells::new()).unwrap_err();
    assert_eq!(short.to_string(), "checkpoint, state: expected 8 elements, found 7");
    let trainer: Run = old.trainer_with(Settings::new(rule, 0.5), Naive, &Cells::new()).unwrap();
    assert_eq!((trainer.counts().updates, &**trainer.network().parameters()), (7, &old.parameters[..]));
}

#[test]
fn a_damaged_trainer_is_refused() {
    let ((settings, fit), train) = (everything(), sums(1, 10));
    let mut run = run(&noisy(), settings);
    let mut at = 0;
    run.fit(&fit, &train, None, |_, _| {
        at += 1;
        Ok(if at == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .unwrap();
    let whole = Checkpoint::of(&run, ()).unwrap();
    let training = whole.training.clone().unwrap();
    assert!(!training.gathered.is_empty() && training.best.is_some());
    let refused = |training| {
        let damaged = Checkpoint { training: Some(training), ..whole.clone() };
        damaged.encode(Limits::default()).unwrap_err().to_string()
    };
    let mut wrong = training.clone();
    wrong.counts.updates += 1;
    assert!(refused(wrong).contains("training, updates"));
    let mut wrong = training.clone();
    wrong.gathered.pop();
    assert!(refused(wrong).contains("gathered gradients"));
    let mut wrong = training.clone();
    wrong.gathered[0] = f32::NAN;
    assert!(refused(wrong).contains("gathered gradients"));
    let mut wrong = training.clone();
    wrong.best.as_mut().unwrap().parameters.pop();
    assert!(refused(wrong).contains("snapshot"));
    let mut wrong = training.clone();
    wrong.best.as_mut().unwrap().parameters[1] = f32::NAN;
    assert!(refused(wrong).contains("snapshot: parameters: expected finite numbers, found NaN at flat index 1"));
    let mut wrong = training;
    wrong.settings.accumulate = 0;
    assert!(refused(wrong).contains("accumulate"));
}

#[test]
fn a_fit_that_begins_with_a_schedule_longer_than_itself_is_refused() {
    let config = Config::features(2).recurrent(RecurrentSpec::gru(4)).bernoulli(2);
    let (data, fit) = (sums(1, 10), Fit::epochs(3).batch(4)); // three batches an epoch
    let cosine = |steps| Settings::sgd(0.0).schedule(Schedule::Cosine { rate: 0.1, end: 0.0, warm_up: 0, steps });
    let mut long = run(&config, cosine(10));
    let error = long.fit(&fit, &data, None, quietly).unwrap_err();
    let message = "schedule: steps of the cosine: expected at most 9, the updates of the run, found 10";
    assert!(matches!(error, Error::Range { .. }) && error.to_string() == message, "{error}");
    assert_eq!(long.counts().updates, 0);
    assert!(long.fit(&Fit { epochs: 4, ..fit.clone() }, &data, None, quietly).unwrap());
    assert!(run(&config, cosine(9)).fit(&fit, &data, None, quietly).unwrap());
    // Two batches an update, and an update for each step of sequences of at most five.
    let refused = |settings| run(&config, settings).fit(&fit, &data, None, quietly).unwrap_err().to_string();
    assert!(refused(cosine(5).accumulate(2)).contains("at most 4,"));
    assert!(refused(Settings::sgd(0.1).warm_up(46).windows(1)).contains("at most 45,"));
    // One that goes on is not: batches that were left out would have made it too short.
    let mut stopped = run(&config, cosine(9));
    assert!(!stopped.fit(&fit, &data, None, |_, _| Ok(ControlFlow::Break(()))).unwrap());
    stopped.fit(&Fit { epochs: 1, ..fit }, &data, None, quietly).unwrap();
}

#[test]
fn a_fit_of_nothing_or_with_settings_out_of_range_is_refused() {
    let config = Config::features(2).recurrent(RecurrentSpec::gru(4)).bernoulli(2);
    let (empty, data) = (Sequences::features(2, TargetKind::ValuesPerStep(2)).unwrap(), sums(1, 4));
    let refused = |settings: Settings, fit: Fit, data: &Sequences<f32>| {
        run(&config, settings).fit(&fit, data, None, quietly).unwrap_err().to_string()
    };
    let sgd = || Settings::sgd(0.1);
    assert!(refused(sgd(), Fit::epochs(1), &empty).contains("training sequences: expected 1"));
    assert!(refused(sgd(), Fit::epochs(1).batch(0), &data).contains("batch: expected at least 1"));
    for factor in [0.0, 1.0] {
        assert!(refused(sgd(), Fit::epochs(1).plateau(factor, 1), &data).contains("plateau, factor"));
    }
    for least_gain in [-0.5, f64::NAN] {
        let fit = Fit { least_gain, ..Fit::epochs(1) };
        assert!(refused(sgd(), fit, &data).contains("least_gain: expected a number ≥ 0"));
    }
    assert!(refused(sgd(), Fit::epochs(1).plateau(0.5, 0), &data).contains("plateau, patience"));
    assert!(refused(sgd(), Fit::epochs(1).patience(0), &data).contains("patience: expected at least 1"));
    assert!(refused(sgd().carry_state(), Fit::epochs(1), &data).contains("carry_state"));
}
