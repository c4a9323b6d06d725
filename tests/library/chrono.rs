//! Chrono initialisation: a unit keeps its state for as many steps at first as were drawn, whatever its cell calls its gates.

use crate::common::naive;
use recurrent::init::{BiasScheme, ForgetBias, Init, Scheme};
use recurrent::kernels::{Activation, Bias, Direction};
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::{Batch, Error, Network, Workspace};
use rnn_backend_naive::Naive;
use serde_json::json;

const T_MAX: f64 = 100.0;
const H: usize = 400;

/// Nothing but the biases that are drawn for a longest dependency of `steps`.
fn bare(steps: f64) -> Init {
    let (input, recurrent, bias) = (Scheme::Zero, Scheme::Zero, BiasScheme::Zero);
    Init { input, recurrent, bias, forget_bias: Some(ForgetBias::Chrono(steps)), ..Init::default() }
}

/// Cells with the state that is kept, as configurations have them.
fn cells() -> Vec<(CellSpec, &'static str)> {
    let cell = |text: serde_json::Value| serde_json::from_value::<CellSpec>(text).unwrap();
    vec![
        (cell(json!("lstm")), "c"),
        (cell(json!({"lstm": {"forget": "coupled"}})), "c"),
        (cell(json!({"lstm": {"peepholes": true, "projection": true, "output": 3}})), "c"),
        (cell(json!({"lstm": {"candidate": "softsign"}})), "c"),
        (cell(json!("lstm_peephole")), "c"),
        (cell(json!("lstm_layer_norm")), "c"),
        (cell(json!({"lstm_layer_norm": {"bias": false}})), "c"),
        (cell(json!({"min_lstm": {"candidate": "identity"}})), "h"),
        (cell(json!("gru")), "h"),
        (cell(json!({"gru": {"reset": "before"}})), "h"),
        (cell(json!("li_gru")), "h"),
        (cell(json!({"min_gru": {"candidate": "identity"}})), "h"),
        (cell(json!("mgu")), "h"),
        (cell(json!({"mgu": {"reset": "after", "update": "old"}})), "h"),
        (cell(json!({"mgu": {"reset": "none"}})), "h"),
        (cell(json!("hgrn")), "h"),
        (cell(json!("leaky")), "h"),
        (cell(json!({"leaky": {"leak": "before_activation"}})), "u"),
    ]
}

/// `1/(1 − r)` for each unit, where `r` is the part of a state that is left after a step without input.
fn steps_kept(cell: &CellSpec, state: &str, bias: Bias, steps: f64) -> Vec<f64> {
    let layer = RecurrentSpec::new(cell.clone(), H).bias(bias);
    let network = naive(&Config::features(H).recurrent(layer).init(bare(steps)), 5);
    let (mut workspace, mut now) = (Workspace::new(), network.state(1).unwrap());
    // So small that peepholes, whose vectors are drawn, see nothing.
    const SMALL: f64 = 1e-12;
    now.get_mut(0, Direction::Forward, state).unwrap().row_mut(0).fill(SMALL);
    network.step_features(&mut workspace, &[0.0; H], &mut now).unwrap();
    let left = now.get(0, Direction::Forward, state).unwrap();
    left.row(0).iter().map(|left| 1.0 / (1.0 - left / SMALL)).collect()
}

#[test]
fn every_cell_keeps_its_state_for_a_uniform_number_of_steps_at_first() {
    for ((cell, state), bias) in cells().iter().flat_map(|of| [Bias::Both, Bias::Input].map(|bias| (of, bias))) {
        let kept = steps_kept(cell, state, bias, T_MAX);
        // Between 2 and 100; a peephole moves a gate by 10⁻¹² at most, and 100 steps by 10⁻⁸.
        assert!(kept.iter().all(|steps| (2.0 - 1e-6..=T_MAX + 1e-6).contains(steps)), "{cell:?}: {kept:?}");
        let units = f64::from(u32::try_from(kept.len()).unwrap());
        let (mean, variance) = ((T_MAX + 2.0) / 2.0, (T_MAX - 2.0).powi(2) / 12.0);
        let found = kept.iter().sum::<f64>() / units;
        // Five standard errors.
        assert!((found - mean).abs() < 5.0 * (variance / units).sqrt(), "{cell:?}: {found} steps");
    }
}

#[test]
fn the_gate_that_lets_in_has_the_opposite_bias_of_the_one_that_keeps() {
    for (cell, keeps, lets_in) in [("lstm", 1, 0), ("lstm_peephole", 1, 0), ("min_lstm", 1, 2)] {
        let network = naive(&Config::features(2).recurrent(RecurrentSpec::new(cell, 4)).init(bare(T_MAX)), 5);
        let bias = network.parameters().get("rnn.bias_ih_l0").unwrap();
        let rows = |gate: usize| bias[gate * 4..][..4].to_vec();
        assert!(rows(keeps).iter().all(|b| *b > 0.0), "{cell}");
        assert_eq!(rows(lets_in), rows(keeps).iter().map(|b| -b).collect::<Vec<_>>(), "{cell}");
        let others = (0..bias.len() / 4).filter(|gate| ![keeps, lets_in].contains(gate)).flat_map(rows);
        assert!(others.into_iter().all(|b| b == 0.0), "{cell}");
        let second = network.parameters().get("rnn.bias_hh_l0").unwrap_or(&[]);
        assert!(second.iter().all(|b| *b == 0.0), "{cell}");
    }
}

/// A change of these values changes every seeded run.
#[test]
fn the_first_biases_of_a_seed_are_what_they_always_were() {
    let network = naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)).init(bare(784.0)), 1);
    let z = &network.parameters().get("rnn.bias_ih_l0").unwrap()[3..6];
    assert_eq!(z, PINNED, "{z:?}");
    // ln u of the first three numbers of the seed: weights and biases that are 0 take none.
    let mut rng = recurrent::rng::Rng::seed(1);
    assert!(z.iter().all(|b| (b.exp() - (1.0 + 782.0 * rng.uniform())).abs() < 1e-9));
}

const PINNED: [f64; 3] = [6.454696406220013, 6.372014993369031, 4.3734651717601345];

#[test]
fn two_steps_are_the_shortest_dependency_and_a_bias_of_zero() {
    for (cell, state) in cells() {
        let kept = steps_kept(&cell, state, Bias::Both, 2.0);
        assert!(kept.iter().all(|steps| (steps - 2.0).abs() < 1e-6), "{cell:?}");
    }
}

#[test]
fn every_layer_and_direction_is_drawn_by_itself() {
    let layer = RecurrentSpec::lstm(4).layers(2).bidirectional();
    let network = naive(&Config::features(2).recurrent(layer).init(bare(T_MAX)), 5);
    let forget = |name: &str| network.parameters().get(name).unwrap()[4..8].to_vec();
    let drawn = ["rnn.bias_ih_l0", "rnn.bias_ih_l0_reverse", "rnn.bias_ih_l1", "rnn.bias_ih_l1_reverse"].map(forget);
    for (k, of) in drawn.iter().enumerate() {
        assert!(of.iter().all(|b| *b > 0.0) && drawn[..k].iter().all(|other| other != of), "{drawn:?}");
    }
}

fn refused(config: &Config) -> String {
    let error = Network::<f32, _>::with_backend(config, 1, Naive).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn a_cell_that_does_not_fit_is_an_error_that_says_why() {
    let says = |text: serde_json::Value, why: &str| {
        let cell: CellSpec = serde_json::from_value(text).unwrap();
        let name = cell.name().to_owned();
        // Under an LSTM, which does fit.
        let config = Config::features(4).recurrent(RecurrentSpec::lstm(4)).recurrent(RecurrentSpec::new(cell, 4));
        let expected = format!(
            "configuration, init.forget_bias, chrono: expected a cell with a gate σ(b) that keeps its state, found cell `{name}` \
             in layer rnn2.l0: {why}"
        );
        assert_eq!(refused(&config.init(bare(T_MAX))), expected);
    };
    for cell in ["elman", "cfc", "deep_transition", "ind_rnn", "jordan", "skip"] {
        says(json!(cell), "no gate says how long it keeps its state");
    }
    for cell in [json!("lru"), json!("rg_lru"), json!("mamba"), json!({"gated_delta": {"key": 2, "value": 2}})] {
        says(cell, "how long it keeps its state is drawn as its paper says");
    }
    for cell in [json!("slstm"), json!({"mlstm": {"head": 2}})] {
        says(cell, "its input gate is an exponential, and sums are divided by the sum of the gates");
    }
    says(json!({"lstm": {"forget": "one"}}), "it keeps its state for ever, without a gate");
    says(json!({"lstm": {"gate": "hard_tanh"}}), "its gates are not σ");
    says(json!({"gru": {"gate": "hard_tanh"}}), "its gates are not σ");
    says(json!({"leaky": {"rate": {"fixed": 0.5}}}), "its rate is fixed");
    says(json!({"leaky": {"leak": "state_alone"}}), "its rate does not scale what comes in");
    let without = Config::features(2).recurrent(RecurrentSpec::gru(3).bias(Bias::None)).init(bare(T_MAX));
    assert!(refused(&without).ends_with("found cell `gru` in layer rnn.l0: it has no biases"));
}

#[test]
fn a_number_of_steps_that_is_none_is_an_error() {
    let config = |steps| Config::features(2).recurrent(RecurrentSpec::lstm(3)).init(bare(steps));
    for steps in [1.9, 0.0, -3.0, f64::NAN, f64::INFINITY, 1e39] {
        let said = refused(&config(steps));
        let expected = "configuration, init.forget_bias, chrono: expected a finite number of steps, 2 or more, found ";
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn what_is_written_is_read_again_and_numbers_are_written_as_they_always_were() {
    let read = |text: &str| serde_json::from_str::<Init>(text);
    for (text, forget) in [
        (r#"{"forget_bias": 1.5}"#, ForgetBias::Value(1.5)),
        (r#"{"forget_bias": 1}"#, ForgetBias::Value(1.0)),
        (r#"{"forget_bias": {"chrono": 784}}"#, ForgetBias::Chrono(784.0)),
    ] {
        let init = read(text).unwrap();
        assert_eq!(init.forget_bias, Some(forget));
        assert_eq!(read(&serde_json::to_string(&init).unwrap()).unwrap(), init);
        let bytes = bincode::serde::encode_to_vec(&init, bincode::config::standard()).unwrap();
        let again: (Init, usize) = bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
        assert_eq!(again.0, init);
    }
    let said =
        |forget| serde_json::to_value(Init { forget_bias: forget, ..Init::default() }).unwrap()["forget_bias"].clone();
    assert_eq!(said(Some(ForgetBias::Value(1.0))), json!(1.0));
    assert_eq!(said(Some(ForgetBias::Chrono(784.0))), json!({"chrono": 784.0}));
    assert_eq!(said(None), json!(null));
    for wrong in [r#"{"forget_bias": {"crono": 784}}"#, r#"{"forget_bias": "chrono"}"#] {
        let error = read(wrong).unwrap_err().to_string();
        assert!(error.contains(r#"expected a number, or {"chrono": steps}"#), "{error}");
    }
}

/// Le et al. 2015: at first a state is handed on as it is, and so is an error, however far.
#[test]
fn an_irnn_hands_states_and_errors_on_unchanged() {
    let layer = RecurrentSpec::elman(32, Activation::Relu);
    let network = naive(&Config::features(20).recurrent(layer).init(Init::irnn()), 3);
    let input = network.parameters().get("rnn.weight_ih_l0").unwrap();
    let variance = input.iter().map(|w| w * w).sum::<f64>() / 640.0;
    // Five standard errors of the variance of 640 normal numbers.
    assert!((variance / 1e-6 - 1.0).abs() < 5.0 * (2.0_f64 / 640.0).sqrt(), "{variance}");
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    state.as_mut_slice().iter_mut().zip(1_i8..).for_each(|(h, k)| *h = f64::from(k));
    let before = state.clone();
    let x = vec![0.0; 50 * 20];
    workspace.record_traces(true);
    network.forward(&mut workspace, &Batch::features(&x, [50, 1, 20]).unwrap(), &mut state).unwrap();
    assert_eq!(state, before);
    let cotangents = recurrent::network::Cotangents { output: None, state: Some(&before) };
    network.backward(&mut workspace, cotangents, &mut network.gradients().unwrap()).unwrap();
    let trace = workspace.trace(0, Direction::Forward).unwrap();
    assert!((0..=50).all(|s| trace.at(s).row(0) == before.as_slice()));
}

#[test]
fn identity_and_orthogonal_are_what_they_say_for_every_square_matrix_a_cell_has() {
    let blocks = |cell: serde_json::Value, name: &str, recurrent: Scheme| {
        let cell: CellSpec = serde_json::from_value(cell).unwrap();
        let init = Init { input: recurrent, recurrent, ..Init::default() };
        let network = naive(&Config::features(6).recurrent(RecurrentSpec::new(cell, 6)).init(init), 3);
        network.parameters().get(&format!("rnn.{name}_l0")).unwrap().to_vec()
    };
    for (cell, name, side, count) in [
        (json!("elman"), "weight_hh", 6, 1),
        (json!("gru"), "weight_hh", 6, 3),
        (json!("leaky"), "weight_hh", 6, 1),
        (json!("deep_transition"), "weight_2", 6, 1),
        // Each head of each gate by itself.
        (json!({"slstm": {"head": 2}}), "weight_hh", 2, 4 * 3),
        (json!({"rg_lru": {"head": 3}}), "weight_ih", 3, 2 * 2),
    ] {
        let found = blocks(cell.clone(), name, Scheme::Identity { scale: 0.5 });
        assert_eq!(found.len(), count * side * side, "{cell}");
        for (k, w) in found.iter().enumerate() {
            let expected = if k / side % side == k % side { 0.5 } else { 0.0 };
            assert_eq!(*w, expected, "{cell}, {name}[{k}]");
        }
        let found = blocks(cell.clone(), name, Scheme::Orthogonal { gain: 1.0 });
        for (q, (i, j)) in
            found.chunks(side * side).flat_map(|q| (0..side * side).map(move |k| (q, (k / side, k % side))))
        {
            let dot: f64 = (0..side).map(|k| q[i * side + k] * q[j * side + k]).sum();
            // (6 + 2) · 2⁻⁵³ for the sum, as much again for each vector's own rounding.
            assert!((dot - f64::from(u8::from(i == j))).abs() < 4e-15, "{cell}: {dot}");
        }
    }
}
