//! Rows of unequal length: what lies behind their ends is never read, and the last step is their own.

use crate::common::{LENGTHS, mixed_stack, naive, ragged_tokens, values};
use recurrent::kernels::{Activation, Direction, SeqRef};
use recurrent::network::{Config, Cotangents, DenseSpec, RecurrentSpec};
use recurrent::{Batch, Targets, Workspace};

#[test]
fn what_lies_in_the_padding_never_matters() {
    let config = mixed_stack(Config::features(2)).bernoulli(2);
    let network = naive(&config, 1);
    let run = |junk: f64| {
        let (mut x, mut t) = (values(2, 24), vec![0.25; 24]);
        for (at, n) in (0..4).flat_map(|at| (0..3).map(move |n| (at, n))).filter(|&(at, n)| at >= LENGTHS[n]) {
            x[(at * 3 + n) * 2..][..2].fill(junk);
            t[(at * 3 + n) * 2..][..2].fill(junk);
        }
        let batch = Batch::features(&x, [4, 3, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
        let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
        workspace.record_d_input(true);
        let mut gradients = network.gradients().unwrap();
        let targets = Targets::Values(&t);
        let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        assert_eq!(loss.count, 6);
        let d_x = workspace.d_input().unwrap().storage()[..24].to_vec();
        for (at, n) in (0..4).flat_map(|at| (0..3).map(move |n| (at, n))).filter(|&(at, n)| at >= LENGTHS[n]) {
            assert_eq!(d_x[(at * 3 + n) * 2..][..2], [0.0; 2]);
        }
        // Cotangents from outside are not read there either.
        let mut d = vec![1.0; 24];
        (0..4).for_each(|at| d[(at * 3 + 1) * 2..][..2].fill(junk));
        let cotangents = Cotangents { output: Some(SeqRef::new(&d, 4, 3, 2)), state: None };
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        (loss, gradients, state, d_x)
    };
    assert_eq!(run(0.5), run(f64::NAN));
}

#[test]
fn outputs_are_zero_beyond_the_length_and_padding_symbols_may_be_any() {
    let network = naive(&Config::embedding(5, 2).recurrent(RecurrentSpec::gru(3)).softmax(4), 1);
    let mut tokens = ragged_tokens(&LENGTHS, 4, 5);
    tokens[1] = u32::MAX; // row 1 is empty
    tokens[4] = 1_000_000;
    let batch = Batch::symbols(&tokens, [4, 3]).unwrap().with_lengths(&LENGTHS).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
    let output = network.forward(&mut workspace, &batch, &mut state).unwrap();
    for (t, n) in (0..4).flat_map(|t| (0..3).map(move |n| (t, n))) {
        assert_eq!(output.at(t).row(n).iter().all(|&y| y == 0.0), t >= LENGTHS[n], "step {t}, row {n}");
    }
}

/// A padding symbol is replaced by none, not by one that exists: a product with its vector would be 0 · NaN.
#[test]
fn a_symbol_that_only_padding_names_has_no_influence() {
    let config =
        Config::embedding(5, 2).dense(DenseSpec::new(3, Activation::Tanh)).recurrent(RecurrentSpec::gru(3)).linear(2);
    let (tokens, d) = ([1, 2, 3, 1, 0, 2, 1, 0, 4, 2, 0, 0], values(3, 24));
    let batch = Batch::symbols(&tokens, [4, 3]).unwrap().with_lengths(&[4, 1, 3]).unwrap();
    let run = |first: f64| {
        let mut network = naive(&config, 1);
        network.update(|p| p.get_mut("embedding.weight").unwrap()[..2].fill(first));
        let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
        workspace.on_non_finite(recurrent::NonFinite::Allow);
        let output = network.forward(&mut workspace, &batch, &mut state).unwrap().storage()[..24].to_vec();
        let mut gradients = network.gradients().unwrap();
        let cotangents = Cotangents { output: Some(SeqRef::new(&d, 4, 3, 2)), state: None };
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        (output, gradients, state)
    };
    let plain = run(0.5);
    assert!(plain.1.get("embedding.weight").unwrap()[2..].iter().all(|&g| g != 0.0));
    assert!(run(f64::NAN) == plain);
}

#[test]
fn the_last_step_is_the_last_valid_one_and_an_empty_row_shows_its_initial_state() {
    let stack = Config::features(2).recurrent(RecurrentSpec::lstm(3).bidirectional());
    let (every, last) = (naive(&stack, 1), naive(&stack.clone().last_step(), 1));
    let x = values(2, 24);
    let batch = Batch::features(&x, [4, 3, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
    let mut initial = every.state(3).unwrap();
    let start = values(5, initial.as_slice().len());
    initial.as_mut_slice().copy_from_slice(&start);
    let (mut a, mut b) = (Workspace::new(), Workspace::new());
    let every = every.forward(&mut a, &batch, &mut initial.clone()).unwrap();
    let output = last.forward(&mut b, &batch, &mut initial.clone()).unwrap();
    assert_eq!(output.shape(), [1, 3, 6]);
    assert_eq!(output.at(0).row(0), every.at(3).row(0));
    assert_eq!(output.at(0).row(2), every.at(1).row(2));
    let h = [Direction::Forward, Direction::Reverse].map(|d| initial.h(0, d).unwrap().row(1).to_vec());
    assert_eq!(output.at(0).row(1), h.concat());
}

#[test]
fn no_steps_and_no_rows_are_valid() {
    let network = naive(&mixed_stack(Config::one_hot(5)).softmax(2), 1);
    let mut workspace = Workspace::new();
    for [t, n] in [[0, 3], [4, 0], [0, 0]] {
        let tokens = vec![0; t * n];
        let batch = Batch::symbols(&tokens, [t, n]).unwrap();
        let mut state = network.state(n).unwrap();
        state.as_mut_slice().fill(0.5);
        let (before, mut gradients) = (state.clone(), network.gradients().unwrap());
        let targets = Targets::Classes(&tokens);
        let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        assert!(loss.mean() == 0.0 && state == before && gradients.iter().all(|&g| g == 0.0));
    }
}
