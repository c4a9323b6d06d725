//! One output for each row: its last step, or the states in which its pass ends.

use crate::common::{LENGTHS, naive, on_every_backend, output, ragged_tokens, some_state, values};
use crate::network_gradients::Problem;
use recurrent::kernels::{Activation, Direction, SeqRef};
use recurrent::network::{Config, Cotangents, DenseSpec, Directions, RecurrentSpec};
use recurrent::{Batch, Error, Held, IGNORE, Targets, Workspace};

const STEPS: usize = 4;
const ROWS: usize = 3;
/// Row 0 skips its first step and row 2 its last.
const SKIPPED: [bool; STEPS * ROWS] =
    [true, false, false, false, false, true, false, false, false, false, false, false];

#[test]
fn final_states_are_those_of_the_last_step_forward_and_of_the_first_in_reverse() {
    let x = values(2, STEPS * ROWS * 2);
    for spec in [RecurrentSpec::lstm(3), RecurrentSpec::gru(3).layers(2), RecurrentSpec::elman(3, Activation::Tanh)] {
        let stack = Config::features(2).recurrent(spec.bidirectional());
        let whole = Batch::features(&x, [STEPS, ROWS, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
        // The steps in which each row begins and ends.
        let batches = [
            (whole, [Some([0, 3]), None, Some([0, 1])]),
            (whole.skipping(&SKIPPED, Held::Zero).unwrap(), [Some([1, 3]), None, Some([0, 0])]),
        ];
        let networks = on_every_backend(&stack, 1).zip(on_every_backend(&stack.clone().final_states(), 1));
        for ((every, last), (batch, ends)) in networks.flat_map(|pair| batches.map(|batch| (pair.clone(), batch))) {
            let (steps, found) = (output(&every, &batch), output(&last, &batch));
            let initial = some_state(&last, ROWS);
            let layer = last.recurrent_layers().map(|layer| layer.layer).max().unwrap();
            for (n, ends) in ends.into_iter().enumerate() {
                let step = |t: usize| &steps[(t * ROWS + n) * 6..][..6];
                let expected = match ends {
                    Some([first, last]) => [&step(last)[..3], &step(first)[3..]].concat(),
                    None => [Direction::Forward, Direction::Reverse]
                        .map(|way| initial.h(layer, way).unwrap().row(n).to_vec())
                        .concat(),
                };
                assert_eq!(found[n * 6..][..6], expected, "row {n}");
            }
        }
    }
}

#[test]
fn final_states_of_one_direction_are_its_last_step_and_in_reverse_its_first() {
    let tokens = ragged_tokens(&LENGTHS, STEPS, 5);
    let batch = Batch::symbols(&tokens, [STEPS, ROWS]).unwrap().with_lengths(&LENGTHS).unwrap();
    let stack = |way| Config::one_hot(5).recurrent(RecurrentSpec::lstm(3).layers(2).directions(way));
    let forward = stack(Directions::Forward);
    let outputs =
        |config: &Config| on_every_backend(config, 2).map(|network| output(&network, &batch)).collect::<Vec<_>>();
    assert_eq!(outputs(&forward.clone().final_states().softmax(4)), outputs(&forward.last_step().softmax(4)));
    let reverse = stack(Directions::Reverse);
    for (steps, found) in outputs(&reverse).iter().zip(outputs(&reverse.clone().final_states())) {
        assert_eq!((&found[..3], &found[6..]), (&steps[..3], &steps[6..9]));
    }
}

#[test]
fn every_derivative_through_final_states_agrees_with_finite_differences() {
    let (x, t) = (values(2, STEPS * ROWS * 2), values(3, ROWS * 2));
    let whole = Batch::features(&x, [STEPS, ROWS, 2]).unwrap();
    let ragged = whole.with_lengths(&LENGTHS).unwrap();
    let starts = [false, false, false, false, false, true, true, false, false, false, false, false];
    let batches =
        [whole, ragged, ragged.skipping(&SKIPPED, Held::Repeat).unwrap(), whole.starting_anew(&starts).unwrap()];
    for (k, batch) in batches.into_iter().enumerate() {
        for directions in [Directions::Forward, Directions::Reverse, Directions::Both] {
            let config = Config::features(2)
                .recurrent(RecurrentSpec::gru(3).directions(directions))
                .dense(DenseSpec::new(3, Activation::Tanh))
                .recurrent(RecurrentSpec::lstm(2).layers(2).directions(directions))
                .final_states()
                .dense(DenseSpec::new(3, Activation::Sigmoid));
            for (config, targets) in [
                (config.clone().linear(2), Targets::Values(&t)),
                (config.softmax(2), Targets::Classes(&[1, 0, IGNORE])),
            ] {
                let backends = if directions == Directions::Both { usize::MAX } else { 1 };
                for network in on_every_backend(&config, 7).take(backends) {
                    let state = some_state(&network, ROWS);
                    let what = format!("batch {k}, {directions:?}, {:?}, {:?}", config.head, network.backend());
                    Problem { network, batch, targets, state }.check_every_derivative(&what);
                }
            }
        }
    }
}

/// A cotangent of the output and one of the final state add up where they are about the same numbers.
#[test]
fn cotangents_of_final_states_add_to_those_of_the_state() {
    let network = naive(&Config::features(2).recurrent(RecurrentSpec::lstm(2).bidirectional()).final_states(), 3);
    let x = values(1, STEPS * ROWS * 2);
    let batch = Batch::features(&x, [STEPS, ROWS, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
    let d = [0.5, -1.0, 0.25, 2.0];
    let mut d_state = network.state(ROWS).unwrap();
    for way in [Direction::Forward, Direction::Reverse] {
        let half = if way == Direction::Forward { &d[..2] } else { &d[2..] };
        (0..ROWS).for_each(|n| d_state.get_mut(0, way, "h").unwrap().row_mut(n).copy_from_slice(half));
    }
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    let d_output = d.repeat(ROWS);
    let mut gradients = |output: bool, state: bool| {
        let output = output.then(|| SeqRef::new(&d_output, 1, ROWS, 4));
        let cotangents = Cotangents { output, state: state.then_some(&d_state) };
        let mut gradients = network.gradients().unwrap();
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        gradients.to_vec()
    };
    let (by_output, by_state, by_both) = (gradients(true, false), gradients(false, true), gradients(true, true));
    assert_eq!(by_output, by_state);
    assert!(by_both.iter().zip(&by_state).all(|(both, one)| *both == 2.0 * one) && by_state.iter().any(|&g| g != 0.0));
}

#[test]
fn windows_have_no_loss_each_where_rows_are_read_out_once() {
    let network = naive(&Config::features(1).recurrent(RecurrentSpec::gru(2)).final_states().linear(1), 1);
    let (x, t) = (values(1, 4), values(2, 1));
    let (batch, targets) = (Batch::features(&x, [4, 1, 1]).unwrap(), Targets::Values(&t));
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
    let mut state = network.state(1).unwrap();
    let refused = network.truncated_bptt(&mut workspace, &batch, targets, 2, &mut state, &mut gradients);
    assert!(matches!(&refused, Err(Error::Kind { .. })), "{refused:?}");
    let text = serde_json::to_string(network.config()).unwrap();
    assert!(text.contains(r#""readout":"final_states""#), "{text}");
    assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), *network.config());
}
