//! Losses with their options: each is its formula, and the gradient of a network under it is the derivative of that.

#![allow(clippy::cast_possible_truncation)] // of small numbers

use crate::common::{LENGTHS, naive, values};
use crate::network_gradients::Problem;
use recurrent::network::{Config, HeadSpec, Objective, RecurrentSpec};
use recurrent::{Batch, Error, IGNORE, Loss, Network, Targets, Workspace};
use rnn_backend_naive::Naive;

const STEPS: usize = 4;
const ROWS: usize = 3;
const C: usize = 2;
const V: usize = 3;

fn config(head: HeadSpec) -> Config {
    Config::features(C).recurrent(RecurrentSpec::lstm(4)).head(head)
}

fn batch(x: &[f64]) -> Batch<'_, f64> {
    Batch::features(x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap()
}

/// The loss of a network on a batch, and its outputs `[T · N]` rows.
fn evaluate(config: &Config, targets: Targets<'_, f64>) -> (Loss, Vec<Vec<f64>>) {
    let (network, x) = (naive(config, 1), values(1, STEPS * ROWS * C));
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    let loss = network.evaluate(&mut workspace, &batch(&x), targets, &mut state).unwrap();
    let mut state = network.state(ROWS).unwrap();
    let y = network.infer(&mut workspace, &batch(&x), &mut state).unwrap();
    let rows = (0..STEPS).flat_map(|t| (0..ROWS).map(move |n| y.at(t).row(n).to_vec())).collect();
    (loss, rows)
}

fn check_derivatives(config: &Config, targets: Targets<'_, f64>, what: &str) {
    let (network, x) = (naive(config, 1), values(1, STEPS * ROWS * C));
    let state = network.state(ROWS).unwrap();
    Problem { network, batch: batch(&x), targets, state }.check_every_derivative(what);
}

/// Which of the output rows belong to their row: lengths 4, 0 and 2.
fn live(k: usize) -> bool {
    k / ROWS < LENGTHS[k % ROWS]
}

fn close(found: f64, expected: f64) {
    // Some dozen operations on numbers of order 1.
    assert!((found - expected).abs() <= 1e-14 * expected.abs().max(1.0), "{found} {expected}");
}

fn log_softmax(a: &[f64]) -> Vec<f64> {
    let sum = a.iter().map(|a| a.exp()).sum::<f64>().ln();
    a.iter().map(|a| a - sum).collect()
}

#[test]
fn classes_count_by_their_weights_and_smoothing_spreads_targets() {
    let classes: Vec<u32> = (0..STEPS * ROWS).map(|k| if k == 3 { IGNORE } else { k as u32 % 3 }).collect();
    let targets = Targets::Classes(&classes);
    let weights = [0.5, 2.0, 0.25];
    for (w, e) in [([1.0; V], 0.25), (weights, 0.0), (weights, 0.25)] {
        let given = if w == [1.0; V] { vec![] } else { w.to_vec() };
        let head = HeadSpec::new(V, Objective::Softmax).class_weights(given).label_smoothing(e);
        let (loss, y) = evaluate(&config(head.clone()), targets);
        let (mut total, mut weight, mut count) = (0.0, 0.0, 0);
        for (k, y) in y.iter().enumerate().filter(|&(k, _)| live(k) && classes[k] != IGNORE) {
            let (log_p, t) = (log_softmax(y), classes[k] as usize);
            let spread: f64 = (0..V).map(|k| w[k] * log_p[k]).sum();
            total -= (1.0 - e) * w[t] * log_p[t] + e / 3.0 * spread;
            (weight, count) = (weight + w[t], count + 1);
        }
        assert_eq!((loss.count, loss.weight), (count, weight));
        close(loss.mean(), total / weight);
        check_derivatives(&config(head), targets, &format!("weights {w:?}, smoothing {e}"));
    }
}

#[test]
fn errors_of_real_outputs_are_functions_of_the_difference() {
    let t = values(3, STEPS * ROWS * 2);
    let difference = |f: &dyn Fn(f64) -> f64, y: &[Vec<f64>]| -> f64 {
        let of_row = |(k, y): (usize, &Vec<f64>)| (0..2).map(|o| f(y[o] - t[k * 2 + o])).sum::<f64>();
        let rows = y.iter().enumerate().filter(|&(k, _)| live(k));
        rows.map(of_row).sum::<f64>() / 6.0
    };
    let huber = |e: f64| if e.abs() <= 0.5 { e * e / 2.0 } else { 0.5 * (e.abs() - 0.25) };
    for (objective, f) in [
        (Objective::SquaredError, &(|e: f64| e * e) as &dyn Fn(f64) -> f64),
        (Objective::AbsoluteError, &f64::abs),
        (Objective::Huber { delta: 0.5 }, &huber),
    ] {
        let (loss, y) = evaluate(&config(HeadSpec::new(2, objective)), Targets::Values(&t));
        close(loss.mean(), difference(f, &y));
        let mean = HeadSpec::new(2, objective).mean_of_outputs();
        close(evaluate(&config(mean.clone()), Targets::Values(&t)).0.mean(), difference(f, &y) / 2.0);
        check_derivatives(&config(HeadSpec::new(2, objective)), Targets::Values(&t), &format!("{objective:?}"));
        check_derivatives(&config(mean), Targets::Values(&t), &format!("mean of {objective:?}"));
        // Rows that do not count are not read.
        let (mut spoilt, counted): (Vec<f64>, Vec<bool>) = (t.clone(), (0..STEPS * ROWS).map(|k| k != 2).collect());
        spoilt[4..6].fill(f64::NAN);
        let targets = Targets::Counted { values: &spoilt, counted: &counted };
        let loss = evaluate(&config(HeadSpec::new(2, objective)), targets).0;
        assert!(loss.count == 5 && loss.mean().is_finite());
    }
    let p: Vec<f64> = t.iter().map(|t| (t + 1.0) / 2.0).collect();
    let head = HeadSpec::new(2, Objective::Bernoulli);
    let sum = evaluate(&config(head.clone()), Targets::Values(&p)).0.mean();
    close(evaluate(&config(head.clone().mean_of_outputs()), Targets::Values(&p)).0.mean(), sum / 2.0);
    check_derivatives(&config(head.mean_of_outputs()), Targets::Values(&p), "mean of Bernoulli outputs");
}

/// The labels of three rows, of 4, 0 and 2 steps.
const LABELS: Targets<'static, f64> = Targets::Labels { labels: &[1, 1, 2], counts: &[2, 0, 1] };

#[test]
fn unaligned_labels_cost_the_sum_over_all_paths_that_read_them() {
    let ctc = config(HeadSpec::new(V, Objective::Ctc));
    let (loss, y) = evaluate(&ctc, LABELS);
    let p: Vec<Vec<f64>> = y.iter().map(|y| log_softmax(y).iter().map(|p| p.exp()).collect()).collect();
    let at = |t: usize, n: usize, k: usize| p[t * ROWS + n][k];
    // Four steps read 1 1 by the paths with a blank between; two steps read 2 by three.
    let paths = [[1, 0, 1, 1], [1, 0, 0, 1], [1, 1, 0, 1], [0, 1, 0, 1], [1, 0, 1, 0]];
    let first: f64 = paths.iter().map(|path| (0..4).map(|t| at(t, 0, path[t])).product::<f64>()).sum();
    let third: f64 = [[2, 2], [0, 2], [2, 0]].iter().map(|path| at(0, 2, path[0]) * at(1, 2, path[1])).sum();
    assert_eq!(loss.count, 3);
    close(loss.total, -first.ln() - third.ln());
    check_derivatives(&ctc, LABELS, "ctc");
}

#[test]
fn labels_that_cannot_be_read_are_refused() {
    let ctc = config(HeadSpec::new(V, Objective::Ctc));
    let (network, x) = (naive(&ctc, 1), values(1, STEPS * ROWS * C));
    let refused = |labels: &[u32], counts: &[usize]| {
        let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
        let targets = Targets::Labels { labels, counts };
        network.evaluate(&mut workspace, &batch(&x), targets, &mut state).unwrap_err().to_string()
    };
    assert!(refused(&[0], &[1, 0, 0]).contains("labels[0]: expected a class in 1..3, found 0"));
    assert!(refused(&[3], &[1, 0, 0]).contains("found 3"));
    assert!(refused(&[2, 2, 2], &[3, 0, 0]).contains("labels of row 0: expected at least 5 steps"));
    assert!(refused(&[2], &[0, 1, 0]).contains("labels of row 1: expected at least 1 steps"));
    assert!(refused(&[2], &[1, 0]).contains("counts of labels"));
    assert!(refused(&[2], &[1, 1, 0]).contains("targets, labels"));
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    let mut gradients = network.gradients().unwrap();
    let cut = network.truncated_bptt(&mut workspace, &batch(&x), LABELS, 2, &mut state, &mut gradients).unwrap_err();
    assert!(cut.to_string().contains("a loss of each step by itself"), "{cut}");
    let classes = Targets::Classes(&[1; STEPS * ROWS]);
    let other = network.evaluate(&mut workspace, &batch(&x), classes, &mut state).unwrap_err();
    assert!(matches!(other, Error::Kind { .. }), "{other}");
}

#[test]
fn options_that_are_none_of_the_loss_are_refused() {
    let error = |head: HeadSpec| {
        let network = Network::<f32, Naive>::with_backend(&config(head), 1, Naive);
        network.unwrap_err().to_string()
    };
    let softmax = || HeadSpec::new(V, Objective::Softmax);
    assert!(error(softmax().class_weights([1.0])).contains("class_weights: expected 3, one for each class, found 1"));
    assert!(error(softmax().class_weights([1.0, -1.0, 1.0])).contains("class_weights[1]"));
    assert!(error(softmax().label_smoothing(1.0)).contains("label_smoothing: expected a number in [0, 1)"));
    assert!(error(softmax().mean_of_outputs()).contains("outputs: expected sum"));
    let real = HeadSpec::new(2, Objective::Huber { delta: 0.0 });
    assert!(error(real).contains("objective, delta: expected a finite number > 0"));
    assert!(error(HeadSpec::new(2, Objective::Bernoulli).label_smoothing(0.1)).contains("label_smoothing: expected 0"));
    assert!(error(HeadSpec::new(2, Objective::Bernoulli).class_weights([1.0, 1.0])).contains("class_weights"));
}

/// What PyTorch 2.15 computes in f64 from the same logits, which are the output of a network that hands its input through.
#[test]
fn losses_and_their_gradients_are_those_of_pytorch() {
    let text = include_str!("../data/losses.json");
    let file: serde_json::Value = serde_json::from_str(text).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().into_iter().flatten().map(|x| x.as_f64().unwrap()).collect()
    };
    let whole = |key: &str| -> Vec<usize> { numbers(&file[key]).iter().map(|&x| x as usize).collect() };
    let [steps, rows, v]: [usize; 3] = whole("shape").try_into().unwrap();
    let (logits, values, counts, lengths) =
        (numbers(&file["logits"]), numbers(&file["values"]), whole("counts"), whole("steps"));
    let symbols = |key: &str| -> Vec<u32> { whole(key).iter().map(|&x| x as u32).collect() };
    let (classes, labels) = (symbols("classes"), symbols("labels"));
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (objective, targets) = match name {
            "ctc" => (Objective::Ctc, Targets::Labels { labels: &labels, counts: &counts }),
            "softmax" => (Objective::Softmax, Targets::Classes(&classes)),
            "squared_error" => (Objective::SquaredError, Targets::Values(&values)),
            "absolute_error" => (Objective::AbsoluteError, Targets::Values(&values)),
            "huber" => (Objective::Huber { delta: case["delta"].as_f64().unwrap() }, Targets::Values(&values)),
            other => panic!("no loss {other}"),
        };
        let mut head = HeadSpec::new(v, objective).class_weights(numbers(&case["class_weights"]));
        head = head.label_smoothing(case["label_smoothing"].as_f64().unwrap_or(0.0));
        // PyTorch takes the mean over elements.
        let head = if matches!(targets, Targets::Values(_)) { head.mean_of_outputs() } else { head };
        let identity = RecurrentSpec::elman(v, recurrent::Activation::Identity);
        let mut network = naive(&Config::features(v).recurrent(identity).head(head), 1);
        network.update(|parameters| {
            parameters.fill_zero();
            for block in ["rnn.weight_ih_l0", "head.weight"] {
                (0..v).for_each(|k| parameters.get_mut(block).unwrap()[k * v + k] = 1.0);
            }
        });
        let mut batch = Batch::features(&logits, [steps, rows, v]).unwrap();
        if name == "ctc" {
            batch = batch.with_lengths(&lengths).unwrap();
        }
        let (mut workspace, mut state) = (Workspace::new(), network.state(rows).unwrap());
        workspace.record_d_input(true);
        let mut gradients = network.gradients().unwrap();
        let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        // Both round some dozens of numbers of order 10.
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-14 * b.abs().max(1.0);
        assert!(near(loss.mean(), case["loss"].as_f64().unwrap()), "{case}: {}", loss.mean());
        let d_x = workspace.d_input().unwrap();
        for (k, expected) in numbers(&case["gradient"]).into_iter().enumerate() {
            let found = d_x.at(k / v / rows).row(k / v % rows)[k % v];
            assert!(near(found, expected), "{name} {}, element {k}: {found}, {expected}", case["label_smoothing"]);
        }
    }
}

#[test]
fn what_an_earlier_batch_left_in_a_workspace_counts_for_nothing() {
    let targets = values(3, STEPS * ROWS * V);
    let whole = values(1, STEPS * ROWS * C);
    for objective in [Objective::AbsoluteError, Objective::Huber { delta: 0.5 }, Objective::SquaredError] {
        let network = naive(&config(HeadSpec::new(V, objective)), 1);
        let run = |workspace: &mut Workspace<f64>, batch: &Batch<'_, f64>| {
            let (mut state, mut gradients) = (network.state(ROWS).unwrap(), network.gradients().unwrap());
            let targets = Targets::Values(&targets);
            let loss = network.loss_and_gradients(workspace, batch, targets, &mut state, &mut gradients).unwrap();
            (loss, gradients.to_vec())
        };
        let ragged = batch(&whole);
        let mut used = Workspace::new();
        run(&mut used, &Batch::features(&whole, [STEPS, ROWS, C]).unwrap());
        assert!(run(&mut used, &ragged) == run(&mut Workspace::new(), &ragged), "{objective:?}");
    }
}

#[test]
fn a_target_that_is_not_finite_is_named_by_its_place() {
    let (config, x) = (config(HeadSpec::new(V, Objective::AbsoluteError)), values(1, STEPS * ROWS * C));
    let mut targets = values(3, STEPS * ROWS * V);
    let place = (ROWS + 2) * V + 1;
    targets[place] = f64::INFINITY;
    let network = naive(&config, 1);
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    match network.evaluate(&mut workspace, &batch(&x), Targets::Values(&targets), &mut state) {
        Err(Error::NotFinite { what, index, .. }) => assert_eq!((&*what, index), ("targets[1, 2, 1]", place)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_class_of_weight_0_counts_for_nothing() {
    let classes: Vec<u32> = (0..STEPS * ROWS).map(|k| k as u32 % 3).collect();
    let left_out: Vec<u32> = classes.iter().map(|&class| if class == 0 { IGNORE } else { class }).collect();
    let head = HeadSpec { class_weights: vec![0.0, 1.0, 1.0], ..HeadSpec::new(V, Objective::Softmax) };
    let weighted = evaluate(&config(head), Targets::Classes(&classes)).0;
    let plain = evaluate(&config(HeadSpec::new(V, Objective::Softmax)), Targets::Classes(&left_out)).0;
    close(weighted.mean(), plain.mean());
    assert_eq!(weighted.weight, plain.weight);
}

#[test]
fn a_bit_is_a_nat_over_the_logarithm_of_two() {
    close(Loss::of(12.0 * std::f64::consts::LN_2, 4).bits(), 3.0);
}

#[test]
fn rows_without_steps_and_labels_cost_nothing() {
    let network = naive(&config(HeadSpec::new(V, Objective::Ctc)), 1);
    let batch = Batch::features(&[], [0, ROWS, C]).unwrap();
    let targets = Targets::Labels { labels: &[], counts: &[0; ROWS] };
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    let loss = network.evaluate(&mut workspace, &batch, targets, &mut state).unwrap();
    assert_eq!((loss.total, loss.count), (0.0, ROWS));
}
