//! Numbers that are not finite are an error with their place, and state, gradients and parameters stay as they were.

use crate::common::{naive, values};
use recurrent::init::{ForgetBias, Init, Scheme};
use recurrent::kernels::{Activation, Bias, SeqRef};
use recurrent::network::{Config, Cotangents, RecurrentSpec};
use recurrent::{Batch, Error, Loss, Network, NonFinite, Parameters, Result, State, Targets, Workspace};
use rnn_backend_naive::Naive;

type Net = Network<f64, Naive>;

const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn names<T>(result: Result<T>, place: &str) {
    match result.map(|_| ()) {
        Err(Error::NotFinite { what, .. }) if what == place => {}
        other => panic!("expected {place} to be reported, found {other:?}"),
    }
}

fn network(units: usize) -> Net {
    naive(&Config::features(2).recurrent(RecurrentSpec::lstm(3)).linear(units), 1)
}

/// A state and gradients that hold something.
fn begun(network: &Net, rows: usize) -> (State<f64>, Parameters<f64>) {
    let (mut state, mut gradients) = (network.state(rows).unwrap(), network.gradients().unwrap());
    state.as_mut_slice().fill(0.5);
    gradients.fill(0.25);
    (state, gradients)
}

/// Calls everything that trains or measures, with gradients that hold something and with none: `what` is reported, and
/// all is as it was.
fn training_reports(network: &Net, batch: &Batch<'_, f64>, targets: Targets<'_, f64>, what: &str) {
    let (state, gradients) = begun(network, batch.rows());
    for gradients in [gradients, network.gradients().unwrap()] {
        let mut workspace = Workspace::new();
        let (mut s, mut g) = (state.clone(), gradients.clone());
        names(network.loss_and_gradients(&mut workspace, batch, targets, &mut s, &mut g), what);
        assert!(s == state && g == gradients, "loss_and_gradients, {what}");
        names(network.truncated_bptt(&mut workspace, batch, targets, batch.steps(), &mut s, &mut g), what);
        assert!(s == state && g == gradients, "truncated_bptt, {what}");
        if !what.starts_with("gradient") {
            names(network.evaluate(&mut workspace, batch, targets, &mut s), what);
            assert!(s == state, "evaluate, {what}");
        }
    }
}

#[test]
fn an_input_that_is_not_finite_is_refused_by_every_call_and_named() {
    let network = network(2);
    for bad in BAD {
        let (mut x, t) = (values(1, 12), values(2, 12));
        x[2 * 4 + 3] = bad;
        let (batch, what) = (Batch::features(&x, [3, 2, 2]).unwrap(), "features[2, 1, 1]");
        training_reports(&network, &batch, Targets::Values(&t), what);
        let (mut workspace, (mut state, _)) = (Workspace::new(), begun(&network, 2));
        let before = state.clone();
        names(network.forward(&mut workspace, &batch, &mut state), what);
        names(network.infer(&mut workspace, &batch, &mut state), what);
        names(network.step_features(&mut workspace, &x[8..], &mut state), "features[0, 1, 1]");
        assert_eq!(state, before);
        // Beyond a row's length nothing is read.
        let batch = batch.with_lengths(&[3, 2]).unwrap();
        network.infer(&mut workspace, &batch, &mut state).unwrap();
    }
}

#[test]
fn a_target_of_the_squared_error_that_counts_must_be_finite() {
    let network = network(2);
    let x = values(1, 12);
    let batch = Batch::features(&x, [3, 2, 2]).unwrap().with_lengths(&[3, 2]).unwrap();
    for bad in BAD {
        let mut t = values(2, 12);
        t[11] = bad; // beyond the length of row 1
        let (mut workspace, (mut state, mut gradients)) = (Workspace::new(), begun(&network, 2));
        let targets = Targets::Values(&t);
        network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        t[5] = bad;
        training_reports(&network, &batch, Targets::Values(&t), "targets[1, 0, 1]");
        let counted = [true, true, false, true, true, true];
        let targets = Targets::Counted { values: &t, counted: &counted };
        network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
    }
}

#[test]
fn a_loss_that_overflows_is_refused_before_backward() {
    let mut network = network(1);
    network.update(|p| p.get_mut("head.weight").unwrap().fill(1e200));
    let (x, t) = (values(1, 12), [0.0; 6]);
    let batch = Batch::features(&x, [3, 2, 2]).unwrap();
    training_reports(&network, &batch, Targets::Values(&t), "loss[0, 0]");
}

/// `h_t = 10²⁰⁰ h_{t−1} + x_t` from nothing is nothing, and yet `∂h_3/∂h_0` is 10⁶⁰⁰.
fn explosive() -> Net {
    let layer = RecurrentSpec::elman(1, Activation::Identity).bias(Bias::None);
    let mut network = naive(&Config::features(1).recurrent(layer).linear(1), 1);
    network.update(|p| p.copy_from_flat(&[1.0, 1e200, 1.0, 0.0])).unwrap();
    network
}

#[test]
fn a_gradient_that_overflows_under_a_finite_loss_is_refused_and_nothing_is_lost() {
    let (network, x, t) = (explosive(), [0.0; 3], [1.0; 3]);
    let batch = Batch::features(&x, [3, 1, 1]).unwrap();
    for held in [0.0, 0.25] {
        let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
        let mut gradients = network.gradients().unwrap();
        gradients.fill(held);
        let (before, targets) = (gradients.clone(), Targets::Values(&t));
        let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients);
        names(loss, "gradients, rnn.weight_ih_l0");
        assert_eq!(gradients, before);
        assert!(matches!(workspace.d_state(), Err(Error::Order { .. })), "what failed has no results");
    }
}

#[test]
fn a_later_window_that_fails_undoes_the_earlier_ones() {
    let network = network(1);
    let (x, mut t) = (values(1, 12), values(2, 6));
    t[5] = 1e200; // its square overflows
    let batch = Batch::features(&x, [6, 1, 2]).unwrap();
    let (mut workspace, (mut state, mut gradients)) = (Workspace::new(), begun(&network, 1));
    let before = (state.clone(), gradients.clone());
    let targets = Targets::Values(&t);
    names(network.truncated_bptt(&mut workspace, &batch, targets, 2, &mut state, &mut gradients), "loss[1, 0]");
    assert_eq!((&state, &gradients), (&before.0, &before.1));
    // Windows that are computed again go from the last to the first.
    t.swap(1, 5);
    let targets = Targets::Values(&t);
    names(network.recomputed_bptt(&mut workspace, &batch, targets, 2, &mut state, &mut gradients), "loss[1, 0]");
    assert_eq!((state, gradients), before);
}

fn of_output(d: &[f64]) -> Cotangents<'_, f64> {
    Cotangents { output: Some(SeqRef::new(d, 3, 2, 1)), state: None }
}

#[test]
fn cotangents_from_outside_must_be_finite_where_they_are_read() {
    let network = network(1);
    let x = values(1, 12);
    let batch = Batch::features(&x, [3, 2, 2]).unwrap().with_lengths(&[3, 2]).unwrap();
    let (mut workspace, (mut state, mut gradients)) = (Workspace::new(), begun(&network, 2));
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    let (before, mut d) = (gradients.clone(), [1.0, 1.0, 1.0, 1.0, 1.0, f64::NAN]);
    network.backward(&mut workspace, of_output(&d), &mut gradients).unwrap();
    gradients.copy_from_slice(&before);
    d[4] = f64::INFINITY;
    names(network.backward(&mut workspace, of_output(&d), &mut gradients), "cotangent of the output");
    let mut d_state = network.state(2).unwrap();
    d_state.as_mut_slice()[1] = f64::NAN;
    let cotangents = Cotangents { output: None, state: Some(&d_state) };
    names(network.backward(&mut workspace, cotangents, &mut gradients), "cotangent of the state");
    assert_eq!(gradients, before);
}

#[test]
fn a_state_that_is_not_finite_is_refused_and_kept() {
    let network = network(1);
    let (x, t) = (values(1, 4), [0.0; 2]);
    let (batch, targets) = (Batch::features(&x, [2, 1, 2]).unwrap(), Targets::Values(&t));
    let (mut workspace, (mut state, mut gradients)) = (Workspace::new(), begun(&network, 1));
    state.as_mut_slice()[2] = f64::INFINITY;
    let before = (state.clone(), gradients.clone());
    names(network.forward(&mut workspace, &batch, &mut state), "state");
    names(network.infer(&mut workspace, &batch, &mut state), "state");
    names(network.step_features(&mut workspace, &x[..2], &mut state), "state");
    names(network.evaluate(&mut workspace, &batch, targets, &mut state), "state");
    names(network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients), "state");
    assert_eq!((state, gradients), before);
}

#[test]
fn a_parameter_that_is_not_finite_is_found_when_it_is_used_and_named() {
    let mut network = network(1);
    let (x, saved) = (values(1, 4), network.parameters().to_vec());
    let batch = Batch::features(&x, [2, 1, 2]).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    network.update(|p| p.get_mut("rnn.weight_hh_l0").unwrap()[7] = f64::NAN);
    let what = "parameters, rnn.weight_hh_l0";
    names(network.forward(&mut workspace, &batch, &mut state), what);
    names(network.infer(&mut workspace, &batch, &mut state), what);
    names(network.step_features(&mut workspace, &x[..2], &mut state), what);
    assert!(state.as_slice().iter().all(|&h| h == 0.0));
    network.update(|p| p.copy_from_flat(&saved)).unwrap();
    network.infer(&mut workspace, &batch, &mut state).unwrap();
}

#[test]
fn parameters_are_copied_and_cast_only_if_they_stay_finite() {
    let mut network = network(1);
    let before = network.parameters().clone();
    let mut flat = before.to_vec();
    flat[before.len() - 1] = f64::NAN;
    names(network.update(|p| p.copy_from_flat(&flat)), "parameters, head.bias");
    assert_eq!(*network.parameters(), before);
    // 2¹²⁸ is the first power of two beyond f32, and 10³⁹ lies beyond it.
    network.update(|p| p.get_mut("head.bias").unwrap()[0] = 1e39);
    let cast = network.cast::<f32, Naive>(Naive);
    let Err(error @ Error::Range { .. }) = cast else { panic!("{cast:?}") };
    let found =
        "head.bias[0]: expected a number that is finite in 32 bits, found 1000000000000000000000000000000000000000";
    assert_eq!(error.to_string(), found);
    network.cast::<f64, Naive>(Naive).unwrap();
}

#[test]
fn initial_values_are_examined_in_the_type_they_are_used_in() {
    let inits = [
        Init { recurrent: Scheme::Orthogonal { gain: 1e39 }, ..Init::default() },
        Init { recurrent: Scheme::Identity { scale: 1e39 }, ..Init::default() },
        Init { input: Scheme::XavierNormal { gain: 1e39 }, ..Init::default() },
        Init { forget_bias: Some(ForgetBias::Value(1e39)), ..Init::default() },
    ];
    for init in inits {
        let config = Config::features(4).recurrent(RecurrentSpec::lstm(3)).init(init.clone());
        let single = Network::<f32, Naive>::with_backend(&config, 1, Naive);
        assert!(matches!(single, Err(Error::Config { .. })), "{init:?}: {single:?}");
        Network::<f64, Naive>::with_backend(&config, 1, Naive).unwrap();
    }
}

#[test]
fn who_allows_numbers_that_are_not_finite_gets_what_the_kernels_compute() {
    let (network, x, t) = (explosive(), [0.0; 3], [1.0; 3]);
    let batch = Batch::features(&x, [3, 1, 1]).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    workspace.on_non_finite(NonFinite::Allow);
    workspace.record_traces(true);
    let (mut gradients, targets) = (network.gradients().unwrap(), Targets::Values(&t));
    let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
    assert_eq!(loss, Loss::of(3.0, 3));
    assert!(!gradients[0].is_finite());
    let trace = workspace.trace(0, recurrent::Direction::Forward).unwrap();
    assert!(trace.at(3).row(0)[0].is_finite() && !trace.at(0).row(0)[0].is_finite());

    let batch = Batch::features(&[f64::INFINITY, 0.0], [2, 1, 1]).unwrap();
    network.infer(&mut workspace, &batch, &mut state).unwrap();
    network.evaluate(&mut workspace, &batch, Targets::Values(&[f64::NAN, 0.0]), &mut state).unwrap();
    assert!(!state.as_slice()[0].is_finite());
    workspace.on_non_finite(NonFinite::Refuse);
    names(network.infer(&mut workspace, &batch, &mut state), "features[0, 0, 0]");
}
