//! Networks without a recurrent layer: a multilayer perceptron of every step by itself, a softmax regression.

use crate::common::{LENGTHS, naive, on_every_backend, output, ragged_tokens, values};
use crate::network_gradients::Problem;
use recurrent::cells::Cells;
use recurrent::checkpoint::{Checkpoint, Limits};
use recurrent::kernels::Activation;
use recurrent::network::{Config, DenseSpec};
use recurrent::train::{Settings, Trainer};
use recurrent::{Batch, Held, IGNORE, Network, NonFinite, Targets, Workspace};
use rnn_backend_naive::Naive;
use std::sync::Arc;

const STEPS: usize = 4;
const ROWS: usize = 3;
const SYMBOLS: usize = 5;
const CLASSES: [u32; STEPS * ROWS] = [0, 1, 1, IGNORE, 1, 0, 1, 1, 0, 0, 1, 1];

/// Of a configuration.
type Change = fn(Config) -> Config;

fn hidden(config: Config) -> Config {
    config.dense(DenseSpec::new(3, Activation::Tanh)).dense(DenseSpec::new(4, Activation::Sigmoid))
}

#[test]
fn every_derivative_of_a_network_without_recurrence_agrees_with_finite_differences() {
    let (tokens, x, t) =
        (ragged_tokens(&LENGTHS, STEPS, SYMBOLS), values(2, STEPS * ROWS * 2), values(3, STEPS * ROWS * 2));
    let p: Vec<f64> = t.iter().map(|t| t * 0.5 + 0.5).collect();
    let inputs = [Config::features(2), Config::embedding(SYMBOLS, 2), Config::one_hot(SYMBOLS)];
    for (input, deep) in inputs.into_iter().flat_map(|input| [(input.clone(), false), (input, true)]) {
        let real = input == Config::features(2);
        let batch = if real { Batch::features(&x, [STEPS, ROWS, 2]) } else { Batch::symbols(&tokens, [STEPS, ROWS]) };
        let batch = batch.unwrap().with_lengths(&LENGTHS).unwrap();
        let config = if deep { hidden(input) } else { input };
        for (config, targets) in [
            (config.clone().softmax(2), Targets::Classes(&CLASSES)),
            (config.clone().bernoulli(2), Targets::Values(&p)),
            (config.clone().last_step().softmax(2), Targets::Classes(&CLASSES[..ROWS])),
            (config.last_step().linear(2), Targets::Values(&t[..ROWS * 2])),
        ] {
            for network in on_every_backend(&config, 7) {
                let (what, state) = (format!("{config:?}, {:?}", network.backend()), network.state(ROWS).unwrap());
                assert!(state.as_slice().is_empty());
                Problem { network, batch, targets, state }.check_every_derivative(&what);
            }
        }
    }
}

/// `W x` of a one-hot `x` is a column: the numbers are those of the vectors written out.
#[test]
fn one_hot_input_is_that_of_its_vectors() {
    let tokens = ragged_tokens(&LENGTHS, STEPS, SYMBOLS);
    let mut vectors = vec![0.0; STEPS * ROWS * SYMBOLS];
    tokens.iter().enumerate().for_each(|(k, &symbol)| vectors[k * SYMBOLS + symbol as usize] = 1.0);
    let skipped = [true, false, false, false, false, true, false, false, false, false, false, false];
    // In steps that a row skips there is no vector at all.
    skipped
        .iter()
        .enumerate()
        .filter(|(_, skips)| **skips)
        .for_each(|(k, _)| vectors[k * SYMBOLS..][..SYMBOLS].fill(0.0));
    let stack = |input| hidden(input).softmax(2);
    let readouts: [(Change, usize); 2] = [(|config| config, STEPS * ROWS), (Config::last_step, ROWS)];
    let helds = [Held::Zero, Held::Repeat].into_iter();
    for ((readout, outputs), held) in helds.flat_map(|held| readouts.map(|readout| (readout, held))) {
        let symbols = naive(&readout(stack(Config::one_hot(SYMBOLS))), 5);
        let written = naive(&readout(stack(Config::features(SYMBOLS))), 5);
        assert_eq!(symbols.parameters(), written.parameters());
        let batches = [
            Batch::symbols(&tokens, [STEPS, ROWS]).unwrap(),
            Batch::features(&vectors, [STEPS, ROWS, SYMBOLS]).unwrap(),
        ]
        .map(|batch| batch.with_lengths(&LENGTHS).unwrap().skipping(&skipped, held).unwrap());
        let mut targets = CLASSES;
        targets.iter_mut().zip(skipped).filter(|(_, skips)| *skips).for_each(|(class, _)| *class = IGNORE);
        let targets = &targets[..outputs];
        let [by_symbols, by_vectors] = [(&symbols, &batches[0]), (&written, &batches[1])].map(|(network, batch)| {
            let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
            let mut gradients = network.gradients().unwrap();
            let y = network.forward(&mut workspace, batch, &mut state).unwrap();
            let y = y.storage()[..y.steps() * ROWS * 2].to_vec();
            let targets = Targets::Classes(targets);
            let loss = network.loss_and_gradients(&mut workspace, batch, targets, &mut state, &mut gradients).unwrap();
            (y, loss, gradients)
        });
        // A product with zeros and ones adds the same numbers; sums over rows are taken in blocks or one by one.
        assert_eq!((&by_symbols.0, by_symbols.1), (&by_vectors.0, by_vectors.1));
        let apart = by_symbols.2.iter().zip(&*by_vectors.2).map(|(a, b)| (a - b).abs());
        let largest = by_vectors.2.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        assert!(largest > 0.0 && apart.fold(0.0, f64::max) <= 12.0 * f64::EPSILON * largest);
    }
}

#[test]
fn a_head_alone_is_softmax_regression() {
    for mut network in on_every_backend(&Config::features(2).softmax(3), 1) {
        network.update(|p| {
            p.get_mut("head.weight").unwrap().copy_from_slice(&[1.0, 2.0, -1.0, 0.5, 0.0, 4.0]);
            p.get_mut("head.bias").unwrap().copy_from_slice(&[0.25, 0.0, -1.0]);
        });
        let batch = Batch::features(&[1.0, 2.0, -1.0, 0.5], [1, 2, 2]).unwrap();
        assert_eq!(output(&network, &batch), [5.25, 0.0, 7.0, 0.25, 1.25, 1.0]);
        let (mut workspace, mut state) = (Workspace::new(), network.state(2).unwrap());
        let step = network.step_features(&mut workspace, &[1.0, 2.0, -1.0, 0.5], &mut state).unwrap();
        assert_eq!((step.row(0), step.row(1)), (&[5.25, 0.0, 7.0][..], &[0.25, 1.25, 1.0][..]));
    }
}

#[test]
fn the_last_step_without_recurrence_is_that_of_the_input_and_an_empty_row_is_zero() {
    let x = values(2, STEPS * ROWS * 2);
    let tokens = ragged_tokens(&LENGTHS, STEPS, SYMBOLS);
    for (input, batch) in [
        (Config::features(2), Batch::features(&x, [STEPS, ROWS, 2]).unwrap()),
        (Config::embedding(SYMBOLS, 2), Batch::symbols(&tokens, [STEPS, ROWS]).unwrap()),
        (Config::one_hot(SYMBOLS), Batch::symbols(&tokens, [STEPS, ROWS]).unwrap()),
    ] {
        let one_hot = input == Config::one_hot(SYMBOLS);
        let batch = batch.with_lengths(&LENGTHS).unwrap();
        let config = hidden(input).linear(2);
        let pairs = on_every_backend(&config, 3).zip(on_every_backend(&config.clone().last_step(), 3));
        for (every, last) in pairs {
            let (every, last) = (output(&every, &batch), output(&last, &batch));
            assert_eq!(last.len(), ROWS * 2);
            // Products of many rows and of few may be added in another order.
            let close = |found: &[f64], t: usize, n: usize| {
                let expected = &every[(t * ROWS + n) * 2..][..2];
                assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 8.0 * f64::EPSILON), "{found:?}");
            };
            close(&last[..2], 3, 0);
            close(&last[4..], 1, 2);
            assert!(one_hot || last[2..4].iter().all(|y| *y != 0.0), "layers above see 0, and have biases");
        }
    }
}

#[test]
fn the_last_symbols_of_a_batch_are_none_of_the_next_batch() {
    let network = naive(&Config::one_hot(SYMBOLS).last_step().softmax(3), 4);
    let logits = |workspace: &mut Workspace<f64>, tokens: &[u32]| {
        let batch = Batch::symbols(tokens, [2, 2]).unwrap();
        network.infer(workspace, &batch, &mut network.state(2).unwrap()).unwrap().storage().to_vec()
    };
    let mut workspace = Workspace::new();
    for tokens in [[0, 1, 2, 3], [4, 3, 2, 1]] {
        assert_eq!(logits(&mut workspace, &tokens), logits(&mut Workspace::new(), &tokens), "{tokens:?}");
    }
}

/// Windows of truncated BPTT cut nothing where nothing goes from step to step.
#[test]
fn windows_of_a_network_without_recurrence_have_the_whole_gradient() {
    let tokens = ragged_tokens(&[STEPS; ROWS], STEPS, SYMBOLS);
    let network = naive(&hidden(Config::one_hot(SYMBOLS)).softmax(2), 3);
    let batch = Batch::symbols(&tokens, [STEPS, ROWS]).unwrap();
    let gradients = |window: Option<usize>| {
        let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
        let (mut gradients, targets) = (network.gradients().unwrap(), Targets::Classes(&CLASSES));
        match window {
            None => network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients),
            Some(k) => network.truncated_bptt(&mut workspace, &batch, targets, k, &mut state, &mut gradients),
        }
        .unwrap();
        gradients.to_vec()
    };
    let whole = gradients(None);
    let largest = whole.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    for window in [1, 3, 4] {
        let apart = gradients(Some(window)).iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(largest > 0.0 && apart <= 12.0 * f64::EPSILON * largest, "window {window}: {apart}");
    }
}

#[test]
fn an_input_that_does_not_count_may_overflow_and_spoils_nothing() {
    for config in [Config::features(2).softmax(2), hidden(Config::features(2)).softmax(2)] {
        let mut network = naive(&config, 3);
        let first = network.parameters().blocks()[0].name.clone();
        network.update(|p| p.get_mut(&first).unwrap().fill(1e10));
        let run = |there: f64| {
            let mut x: Vec<f64> = values(2, STEPS * ROWS * 2).iter().map(|x| x * 1e-10).collect();
            x[6..8].fill(there);
            let batch = Batch::features(&x, [STEPS, ROWS, 2]).unwrap();
            let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
            let (targets, mut state) = (Targets::Classes(&CLASSES), network.state(ROWS).unwrap());
            network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
            gradients
        };
        assert_eq!(run(0.0), run(1e300));
    }
}

#[test]
fn a_perceptron_learns_what_is_not_linear_and_goes_on_from_a_checkpoint() {
    let config = Config::features(2).dense(DenseSpec::new(8, Activation::Tanh)).softmax(2);
    let network = Network::<f64, Naive>::with_backend(&config, 4, Arc::new(Naive)).unwrap();
    let mut trainer = Trainer::new(network, Settings { carry_state: true, ..Settings::adam(0.05) }).unwrap();
    // Exclusive or: four rows of one step.
    let batch = Batch::features(&[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [1, 4, 2]).unwrap();
    let targets = Targets::Classes(&[0, 1, 1, 0]);
    for _ in 0..200 {
        trainer.step(&batch, targets).unwrap();
    }
    let bytes = Checkpoint::of(&trainer, ()).unwrap().encode(Limits::default()).unwrap();
    let mut resumed =
        Checkpoint::<f64>::decode(&bytes, Limits::default()).unwrap().trainer(Arc::new(Naive), &Cells::new()).unwrap();
    assert_eq!(resumed.state().rows(), 4);
    let losses = [&mut trainer, &mut resumed].map(|trainer| trainer.step(&batch, targets).unwrap().loss.mean());
    assert!(losses[0] < 0.05, "{losses:?}");
    assert_eq!(losses[0].to_bits(), losses[1].to_bits());
}

#[test]
fn a_symbol_that_only_padding_names_has_no_influence_on_a_dense_layer() {
    let tokens = [1, 2, 3, 1, 0, 2, 1, 0, 4, 2, 0, 0];
    let batch = Batch::symbols(&tokens, [STEPS, ROWS]).unwrap().with_lengths(&[4, 1, 3]).unwrap();
    let run = |first: f64| {
        let mut network = naive(&Config::one_hot(SYMBOLS).softmax(2), 1);
        network.update(|p| p.get_mut("head.weight").unwrap().iter_mut().step_by(SYMBOLS).for_each(|w| *w = first));
        let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
        workspace.on_non_finite(NonFinite::Allow);
        let (mut gradients, targets) =
            (network.gradients().unwrap(), Targets::Classes(&[0, 1, 1, 0, 9, 0, 1, 9, 1, 0, 9, 9]));
        network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        gradients
    };
    assert!(run(0.5).get("head.weight").unwrap()[1..5].iter().all(|&g| g != 0.0));
    assert_eq!(run(0.5), run(f64::NAN));
}
