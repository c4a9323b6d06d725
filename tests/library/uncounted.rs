//! What does not count cannot spoil what does: outputs without a target may have overflowed, steps behind the last one
//! that counts may be anything.

use crate::cells::cells;
use crate::common::{naive, values};
use recurrent::kernels::{Activation, Bias, IGNORE, SeqRef};
use recurrent::network::{Config, Cotangents, DenseSpec, Directions, Readout, RecurrentSpec};
use recurrent::{Batch, Error, Loss, Network, NonFinite, Parameters, State, Targets, Workspace};
use rnn_backend_naive::Naive;

type Net = Network<f64, Naive>;

/// Every weight that reads the input is ±10¹⁰, so that an input of [`LOUD`] gives ∞ − ∞ and one of 10⁻¹⁰ a sensible sum.
const QUIET: f64 = 1e-10;
const LOUD: [f64; 2] = [1e300, 1e300];

/// 4 steps of 3 rows: row 0 counts up to step 2, row 1 nowhere, row 2 to its end. `loud` says whether what lies behind
/// is [`LOUD`] or as quiet as the rest.
fn input(loud: bool) -> Vec<f64> {
    let mut x: Vec<f64> = values(2, 4 * 3 * 2).iter().map(|x| x * QUIET).collect();
    if loud {
        [9, 1, 4, 7, 10].into_iter().for_each(|k| x[2 * k..][..2].copy_from_slice(&LOUD));
    }
    x
}

const CLASSES: [u32; 12] = [0, IGNORE, 1, IGNORE, IGNORE, 0, 1, IGNORE, 0, IGNORE, IGNORE, 1];

fn set_input_weights(network: &mut Net, name: &str) {
    network.update(|p| {
        let weights = p.get_mut(name).unwrap();
        weights.iter_mut().enumerate().for_each(|(k, w)| *w = if k % 2 == 0 { 1e10 } else { -1e10 });
    });
}

type Found = (Loss, Parameters<f64>, State<f64>, Vec<f64>);

fn train(network: &Net, batch: &Batch<'_, f64>, targets: Targets<'_, f64>) -> Result<Found, Error> {
    let (mut workspace, mut state) = (Workspace::new(), network.state(batch.rows())?);
    workspace.record_d_input(true);
    workspace.record_traces(true);
    let mut gradients = network.gradients()?;
    let loss = network.loss_and_gradients(&mut workspace, batch, targets, &mut state, &mut gradients)?;
    let d_input = workspace.d_input().map_or(Vec::new(), |d| d.storage()[..d.steps() * d.rows() * d.cols()].to_vec());
    Ok((loss, gradients, workspace.d_state()?.clone(), d_input))
}

fn same_whether_loud(what: &str, network: &Net, lengths: Option<&[usize]>, targets: Targets<'_, f64>) {
    let run = |loud| {
        let x = input(loud);
        let batch = Batch::features(&x, [4, 3, 2]).unwrap();
        let batch = lengths.map_or(batch, |lengths| batch.with_lengths(lengths).unwrap());
        train(network, &batch, targets).unwrap_or_else(|error| panic!("{what}, loud: {loud}: {error}"))
    };
    let (quiet, loud) = (run(false), run(true));
    assert!(quiet.1.iter().any(|&g| g != 0.0), "{what}: some gradient");
    assert_eq!(quiet, loud, "{what}");
}

#[test]
fn steps_behind_the_last_that_counts_may_overflow() {
    let reals: Vec<f64> = values(3, 24).iter().map(|x| x.abs() / 2.0).collect();
    let counted = CLASSES.map(|class| class != IGNORE);
    let counted = Targets::Counted { values: &reals, counted: &counted };
    for cell in cells() {
        for lengths in [None, Some(&[4, 4, 4][..]), Some(&[4, 2, 4])] {
            for (head, targets) in
                [("softmax", Targets::Classes(&CLASSES)), ("linear", counted), ("bernoulli", counted)]
            {
                let stack = Config::features(2)
                    .recurrent(RecurrentSpec::new(cell.spec.clone(), 3))
                    .dense(DenseSpec::new(3, Activation::Sigmoid))
                    .recurrent(RecurrentSpec::new(cell.spec.clone(), 2).layers(2))
                    .dense(DenseSpec::new(3, Activation::Tanh));
                let config = match head {
                    "softmax" => stack.softmax(2),
                    "linear" => stack.linear(2),
                    _ => stack.bernoulli(2),
                };
                let mut network = naive(&config, 7);
                set_input_weights(&mut network, "rnn.weight_ih_l0");
                same_whether_loud(&format!("{cell:?}, {lengths:?}, {head}"), &network, lengths, targets);
            }
        }
    }
}

#[test]
fn a_dense_layer_that_reads_the_input_may_overflow_there_too() {
    for activation in [Activation::Identity, Activation::Sigmoid, Activation::Relu] {
        let dense = DenseSpec::new(3, activation);
        let config = Config::features(2).dense(dense).recurrent(RecurrentSpec::lstm(3)).softmax(2);
        let mut network = naive(&config, 7);
        set_input_weights(&mut network, "dense.weight");
        same_whether_loud(&format!("{activation:?}"), &network, None, Targets::Classes(&CLASSES));
    }
}

#[test]
fn an_embedding_of_a_symbol_behind_the_last_that_counts_may_overflow() {
    let mut network = naive(&Config::embedding(5, 2).recurrent(RecurrentSpec::gru(3)).softmax(2), 7);
    set_input_weights(&mut network, "rnn.weight_ih_l0");
    network.update(|p| {
        let table = p.get_mut("embedding.weight").unwrap();
        table.iter_mut().for_each(|w| *w *= QUIET);
        table[8..].copy_from_slice(&LOUD); // symbol 4
    });
    let run = |behind: u32| {
        let mut index = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3];
        [9, 1, 4, 7, 10].into_iter().for_each(|k| index[k] = behind);
        train(&network, &Batch::symbols(&index, [4, 3]).unwrap(), Targets::Classes(&CLASSES)).unwrap()
    };
    assert_eq!(run(2), run(4));
}

#[test]
fn a_row_whose_readout_does_not_count_may_overflow_whatever_the_directions() {
    for cell in cells() {
        let both_readouts = [Readout::LastStep, Readout::FinalStates].into_iter();
        let ways = [Directions::Forward, Directions::Reverse, Directions::Both];
        for (readout, directions) in both_readouts.flat_map(|readout| ways.map(|way| (readout, way))) {
            let layer = RecurrentSpec::new(cell.spec.clone(), 3).directions(directions);
            let top = RecurrentSpec::gru(2).directions(directions);
            let config = Config::features(2).recurrent(layer).dense(DenseSpec::new(2, Activation::Tanh)).recurrent(top);
            let config = if readout == Readout::LastStep { config.last_step() } else { config.final_states() };
            let mut network = naive(&config.dense(DenseSpec::new(3, Activation::Tanh)).softmax(2), 7);
            let names: Vec<_> = network.parameters().blocks().iter().map(|block| block.name.clone()).collect();
            let first = names.iter().filter(|name| name.starts_with("rnn.weight_ih"));
            first.for_each(|name| set_input_weights(&mut network, name));
            let run = |loud: bool| {
                let mut x: Vec<f64> = values(2, 24).iter().map(|x| x * QUIET).collect();
                if loud {
                    [1, 4, 7, 10].into_iter().for_each(|k| x[2 * k..][..2].copy_from_slice(&LOUD));
                }
                for lengths in [&[4, 4, 4], &[4, 2, 0]] {
                    let batch = Batch::features(&x, [4, 3, 2]).unwrap().with_lengths(lengths).unwrap();
                    train(&network, &batch, Targets::Classes(&[0, IGNORE, 1])).unwrap();
                }
                let batch = Batch::features(&x, [4, 3, 2]).unwrap();
                train(&network, &batch, Targets::Classes(&[0, IGNORE, 1])).unwrap()
            };
            assert_eq!(run(false), run(true), "{cell:?}, {directions:?}, {readout:?}");
        }
    }
}

/// The layers above the recurrent one overflow at a step in the middle that has no target. `W_hh = 0`, so that the step
/// does not reach the others by itself; `∂L/∂W_hh` alone knows what its state was.
#[test]
fn an_output_without_a_target_may_overflow_between_others() {
    for activation in [Activation::Identity, Activation::Relu] {
        let layer = RecurrentSpec::elman(2, Activation::Tanh).bias(Bias::None);
        let config = Config::features(1).recurrent(layer).dense(DenseSpec::new(2, activation)).softmax(3);
        let mut network = naive(&config, 3);
        network.update(|p| {
            p.get_mut("rnn.weight_ih_l0").unwrap().fill(1.0);
            p.get_mut("rnn.weight_hh_l0").unwrap().fill(0.0);
            p.get_mut("dense.weight").unwrap().fill(1e308);
            p.get_mut("head.weight").unwrap().iter_mut().for_each(|w| *w *= 1e-308);
        });
        for (targets, steps) in [([0, IGNORE, 2], "in the middle"), ([0, 1, IGNORE], "at the end")] {
            let place = targets.iter().position(|&class| class == IGNORE).unwrap();
            let run = |there: f64| {
                let mut x = [0.25, 0.5, 0.25];
                x[place] = there;
                let batch = Batch::features(&x, [3, 1, 1]).unwrap();
                let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
                let output = network.infer(&mut workspace, &batch, &mut state.clone()).unwrap();
                assert_eq!(output.at(place).row(0)[0].is_finite(), there < 1.0);
                let (targets, mut gradients) = (Targets::Classes(&targets), network.gradients().unwrap());
                network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
                gradients.get_mut("rnn.weight_hh_l0").unwrap().fill(0.0);
                gradients
            };
            assert_eq!(run(0.0), run(20.0), "{activation:?}, {steps}");
        }
    }
}

#[test]
fn the_last_window_of_truncated_bptt_may_overflow_behind_what_counts() {
    let mut network = naive(&Config::features(2).recurrent(RecurrentSpec::lstm(3)).linear(1), 7);
    set_input_weights(&mut network, "rnn.weight_ih_l0");
    let t = values(3, 12);
    let counted: Vec<bool> = (0..12).map(|k| k < 10 && k != 3).collect();
    let run = |loud: bool| {
        let mut x: Vec<f64> = values(2, 24).iter().map(|x| x * QUIET).collect();
        if loud {
            x[20..22].copy_from_slice(&LOUD);
            x[22..].copy_from_slice(&LOUD);
        }
        let batch = Batch::features(&x, [6, 2, 2]).unwrap().with_lengths(&[6, 6]).unwrap();
        let (mut workspace, mut state) = (Workspace::new(), network.state(2).unwrap());
        let (targets, mut gradients) =
            (Targets::Counted { values: &t, counted: &counted }, network.gradients().unwrap());
        let loss = network.truncated_bptt(&mut workspace, &batch, targets, 4, &mut state, &mut gradients).unwrap();
        (loss, gradients)
    };
    assert_eq!(run(false), run(true));
}

/// Of a cotangent that comes from outside nothing is known: a 0 there is a number like any other.
#[test]
fn cotangents_from_outside_are_all_multiplied() {
    let mut network = naive(&Config::features(2).recurrent(RecurrentSpec::lstm(3)), 7);
    set_input_weights(&mut network, "rnn.weight_ih_l0");
    let (x, d) = (input(true), [0.0; 36]);
    let batch = Batch::features(&x, [4, 3, 2]).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
    let (mut gradients, zero) = (network.gradients().unwrap(), network.gradients().unwrap());
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    let cotangents = Cotangents { output: Some(SeqRef::new(&d, 4, 3, 3)), state: None };
    let refused = network.backward(&mut workspace, cotangents, &mut gradients);
    assert!(matches!(refused, Err(Error::NotFinite { .. })) && gradients == zero);
    workspace.on_non_finite(NonFinite::Allow);
    network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
    assert!(gradients.iter().any(|g| g.is_nan()));
}

#[test]
fn a_cotangent_of_the_final_state_does_not_outlive_its_call() {
    let network = naive(&Config::features(2).recurrent(RecurrentSpec::lstm(3)).linear(1), 7);
    let (x, t) = (values(1, 8), values(2, 4));
    let (batch, targets) = (Batch::features(&x, [2, 2, 2]).unwrap(), Targets::Values(&t));
    let (mut workspace, mut d_state) = (Workspace::new(), network.state(2).unwrap());
    d_state.as_mut_slice().fill(1.0);
    network.forward(&mut workspace, &batch, &mut network.state(2).unwrap()).unwrap();
    let cotangents = Cotangents { output: None, state: Some(&d_state) };
    network.backward(&mut workspace, cotangents, &mut network.gradients().unwrap()).unwrap();
    let run = |workspace: &mut Workspace<f64>| {
        let (mut state, mut gradients) = (network.state(2).unwrap(), network.gradients().unwrap());
        network.loss_and_gradients(workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        (gradients, workspace.d_state().unwrap().clone())
    };
    assert_eq!(run(&mut workspace), run(&mut Workspace::new()));
}
