//! Every cell of the families by its name and options: JSON, sizes, streaming.

use crate::common::{naive, values};
use recurrent::cells::{CellFault, CellRecord};
use recurrent::kernels::cells::{ElmanVariant, GruVariant, LstmVariant, Noise};
use recurrent::kernels::{Bias, Cell, GruReset, Known, Slot, Width};
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::{Batch, Cells, Error, Workspace};
use serde_json::json;
use std::collections::BTreeSet;

/// Every cell with default options, and at least one value of every option that is not its default.
pub fn specs() -> Vec<CellSpec> {
    let texts = [
        json!("lstm"),
        json!({"lstm": {"forget": "coupled", "peepholes": true}}),
        json!({"lstm": {"forget": "one", "clip": {"pre_activations": 2.0, "state": 1.0}}}),
        json!({"lstm": {"projection": true, "output": 3, "clip": {"output": 0.5}}}),
        json!({"lstm": {"gate": {"hard_sigmoid": {"slope": 0.2, "offset": 0.5}}, "candidate": {"elu": {"alpha": 1.0}}, "state": "softsign"}}),
        json!("lstm_peephole"),
        json!("gru"),
        json!({"gru": {"reset": "before", "candidate": "softplus", "gate": "hard_tanh"}}),
        json!({"elman": {"activation": "relu"}}),
        json!({"elman": {"activation": "softsign"}}),
        json!("cfc"),
        json!({"cfc": {"layers": 2, "mode": "no_gate", "output": 3}}),
        json!({"cfc": {"mode": "pure", "output": 4}}),
        json!("deep_transition"),
        json!({"deep_transition": {"layers": 3, "shortcuts": "state", "activation": "sigmoid"}}),
        json!("hgrn"),
        json!("ind_rnn"),
        json!({"ind_rnn": {"activation": "tanh"}}),
        json!("jordan"),
        json!({"jordan": {"decay": 0.0, "output": 3, "activation": "sigmoid"}}),
        json!({"jordan": {"output": 3}}),
        json!("leaky"),
        json!({"leaky": {"leak": "before_activation", "rate": {"fixed": 0.25}}}),
        json!({"leaky": {"leak": "state_alone", "activation": {"leaky_relu": {"slope": 0.1}}}}),
        json!("li_gru"),
        json!("mgu"),
        json!({"mgu": {"reset": "after", "update": "old"}}),
        json!("min_gru"),
        json!({"min_gru": {"candidate": "identity"}}),
        json!("min_lstm"),
        json!("rg_lru"),
        json!({"skip": {"steps": 3}}),
        json!("slstm"),
        json!("lstm_layer_norm"),
        json!({"lstm_layer_norm": {"carried": "normalised", "bias": false, "epsilon": 0.001}}),
        json!({"mlstm": {"head": 5}}),
        json!({"mlstm": {"head": 1, "output_gate": false}}),
        json!({"gated_delta": {"key": 3, "value": 5}}),
        json!({"mamba": {"states": 3}}),
        json!({"slstm": {"head": 1}}),
        json!({"rg_lru": {"head": 1}}),
        json!({"hgrn": {"phase": "learned"}}),
        json!("lru"),
        json!({"lru": {"feedthrough": "none", "output": 3}}),
        json!({"clockwork": {"periods": [1, 2, 3, 4, 6]}}),
        json!({"clockwork": {"periods": [2], "activation": "softsign"}}),
        json!({"lstm_blocks": {"size": 5}}),
        json!({"lstm_blocks": {"size": 1, "candidate": "tanh", "state": "tanh"}}),
        json!({"lstm_layer_norm": {"normed": "gates", "carried": "normalised", "bias": false, "epsilon": 1e-12}}),
        json!({"lstm_layer_norm": {"normed": "gates"}}),
        json!({"lstm": {"clip": {"pre_activations": 0.5, "shown": 0.5}, "candidate": {"affine": {"scale": 0.75, "offset": -0.25}}}}),
        json!({"gru": {"clip": 0.5}}),
        json!({"elman": {"activation": "tanh", "clip": 0.5}}),
    ];
    texts.into_iter().map(|text| serde_json::from_value(text).unwrap()).collect()
}

/// Cells that read masks, by name and as equations, and their masks.
fn masked() -> Vec<(CellSpec, Cell, &'static [&'static str])> {
    let elman = |noise| Cell::new(&ElmanVariant { noise, ..ElmanVariant::default() });
    let lstm = |noise, projection| Cell::new(&LstmVariant { noise, projection, ..LstmVariant::default() });
    let gru = |noise, reset| Cell::new(&GruVariant { noise, reset, ..GruVariant::default() });
    let cells = [
        (json!({"elman": {"noise": "zoneout"}}), elman(Noise::Zoneout), &["zoneout_h"][..]),
        (json!({"elman": {"noise": "candidate"}}), elman(Noise::Candidate), &["candidate"]),
        (json!({"elman": {"noise": "state"}}), elman(Noise::State), &["state"]),
        (json!({"lstm": {"noise": "zoneout"}}), lstm(Noise::Zoneout, false), &["zoneout_h", "zoneout_c"]),
        (
            json!({"lstm": {"noise": "zoneout", "projection": true, "output": 3}}),
            lstm(Noise::Zoneout, true),
            &["zoneout_h", "zoneout_c"],
        ),
        (json!({"lstm": {"noise": "candidate"}}), lstm(Noise::Candidate, false), &["candidate"]),
        (json!({"lstm": {"noise": "state"}}), lstm(Noise::State, false), &["state"]),
        (json!({"gru": {"noise": "zoneout"}}), gru(Noise::Zoneout, GruReset::After), &["zoneout_h"]),
        (
            json!({"gru": {"noise": "candidate", "reset": "before"}}),
            gru(Noise::Candidate, GruReset::Before),
            &["candidate"],
        ),
        (json!({"gru": {"noise": "state"}}), gru(Noise::State, GruReset::After), &["state"]),
        (json!({"gru": {"noise": "state", "reset": "before"}}), gru(Noise::State, GruReset::Before), &["state"]),
    ];
    let spec = |text| serde_json::from_value(text).unwrap();
    cells.into_iter().map(|(text, cell, masks)| (spec(text), cell.unwrap(), masks)).collect()
}

/// The same with a number for each mask.
pub fn specs_with_masks() -> impl Iterator<Item = CellSpec> {
    masked().into_iter().map(|(spec, _, masks)| masks.iter().fold(spec, |spec, mask| spec.mask(*mask, 0.375)))
}

#[test]
fn a_cell_asks_for_its_masks_by_name() {
    for ((spec, cell, masks), given) in masked().into_iter().zip(specs_with_masks()) {
        assert!(cell.form().masks.iter().map(|(name, _)| &name[..]).eq(masks.iter().copied()), "{spec:?}");
        let x = values(3, 10);
        let infer = |spec: &CellSpec| {
            let network = naive(&config(spec), 4);
            let mut state = network.state(2).unwrap();
            let batch = Batch::features(&x, [1, 2, 5]).unwrap();
            network.infer(&mut Workspace::new(), &batch, &mut state).map(|output| output.at(0).row(0).to_vec())
        };
        let without = infer(&spec);
        assert!(matches!(&without, Err(Error::Mask { mask, .. }) if mask == masks[0]), "{spec:?}: {without:?}");
        assert!(infer(&given).is_ok(), "{given:?}");
    }
}

/// Five features, as many units: a cell may read its input unit by unit.
pub fn config(cell: &CellSpec) -> Config {
    Config::features(5).recurrent(RecurrentSpec::new(cell.clone(), 5)).linear(2)
}

#[test]
fn every_cell_of_the_registry_is_among_them() {
    let names: BTreeSet<String> = specs().iter().map(|cell| cell.name().into()).collect();
    assert_eq!(names, Cells::new().names().map(String::from).collect());
}

#[test]
fn what_is_written_is_read_again_and_says_what_differs_from_the_defaults() {
    for cell in specs().into_iter().chain(masked().into_iter().map(|(spec, ..)| spec)) {
        let text = serde_json::to_string(&cell).unwrap();
        assert_eq!(serde_json::from_str::<CellSpec>(&text).unwrap(), cell, "{text}");
        let bytes = bincode::serde::encode_to_vec(&cell, bincode::config::standard()).unwrap();
        let read: (CellSpec, usize) = bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
        assert_eq!(read.0, cell, "{text}");
    }
    let said = |cell: CellSpec| serde_json::to_string(&cell).unwrap();
    assert_eq!(said(CellSpec::new("lstm").with("forget", "coupled")), r#"{"lstm":{"forget":"coupled"}}"#);
    assert_eq!(said(serde_json::from_str(r#"{"mgu":{"reset":"before"}}"#).unwrap()), r#""mgu""#);
    assert_eq!(said(CellSpec::new("jordan").with("output", 3)), r#"{"jordan":{"output":3}}"#);
    let clipped = r#"{"lstm":{"clip":{"state":1.0}}}"#;
    assert_eq!(said(serde_json::from_str(clipped).unwrap()), clipped);
}

/// A checkpoint of any version tells the equations by these digests.
#[test]
fn the_equations_of_the_families_have_the_digests_they_always_had() {
    let made = specs().into_iter().map(|spec| (Cells::new().make(&spec).unwrap(), spec));
    let masked = masked().into_iter().map(|(spec, cell, _)| (cell, spec));
    let found: String = made
        .chain(masked)
        .map(|(cell, spec)| {
            let digest = CellRecord::new("", "", &cell).digest;
            format!("{digest} {}\n", serde_json::to_string(&spec).unwrap())
        })
        .collect();
    let expected = include_str!("../data/digests_of_cells.txt");
    assert!(found == expected, "found\n{found}");
}

#[test]
fn options_that_say_the_defaults_make_the_cells_that_backends_have_kernels_for() {
    let cell = |text: &str| Cells::new().make(&serde_json::from_str(text).unwrap()).unwrap();
    assert_eq!(cell(r#"{"lstm":{"forget":"learned","peepholes":false}}"#).known(), Some(Known::Lstm));
    assert!(matches!(cell(r#"{"gru":{"gate":"sigmoid"}}"#).known(), Some(Known::Gru(_))));
    assert!(matches!(cell(r#"{"elman":{"activation":"relu","noise":"none"}}"#).known(), Some(Known::Elman(_))));
    assert_eq!(cell(r#"{"lstm":{"forget":"one"}}"#).known(), None);
    assert_eq!(cell(r#"{"elman":{"activation":"softsign"}}"#).known(), None);
}

#[test]
fn a_projection_is_as_wide_as_it_says_and_has_the_names_of_pytorch() {
    let cell = CellSpec::lstm().with("projection", true).with("output", 3);
    let network = naive(&Config::features(4).recurrent(RecurrentSpec::new(cell, 6).layers(2)).linear(2), 1);
    let shapes: Vec<_> = network.parameters().blocks().iter().map(|b| (&b.name[..], b.shape.clone())).collect();
    let expected = [
        ("rnn.weight_ih_l0", vec![24, 4]),
        ("rnn.weight_hh_l0", vec![24, 3]),
        ("rnn.bias_ih_l0", vec![24]),
        ("rnn.bias_hh_l0", vec![24]),
        ("rnn.weight_hr_l0", vec![3, 6]),
        ("rnn.weight_ih_l1", vec![24, 3]),
    ];
    assert_eq!(shapes[..6], expected);
    assert!(network.parameters().iter().all(|&w| w != 0.0), "every weight is drawn");
}

#[test]
fn vectors_of_a_cell_begin_where_the_cell_remembers() {
    let vector = |cell: &str, name: &str| {
        let network = naive(&Config::features(32).recurrent(RecurrentSpec::new(cell, 32)), 5);
        network.parameters().get(&format!("rnn.{name}_l0")).unwrap().to_vec()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let recurrent = vector("ind_rnn", "weight_hh");
    assert!(recurrent.iter().all(|w| (0.0..1.0).contains(w)) && mean(&recurrent) > 0.3);
    let decays: Vec<f64> = vector("rg_lru", "a_param").iter().map(|l| (-l.exp().ln_1p()).exp()).collect();
    assert!(decays.iter().all(|a| (0.9..=0.999).contains(a)) && mean(&decays) > 0.92);
    assert!(vector("hgrn", "lower_bound").iter().all(|&bound| bound == 0.0));
    let moduli: Vec<f64> = vector("lru", "nu_log").iter().map(|nu| (-nu.exp()).exp()).collect();
    assert!(moduli.iter().all(|m| (0.9..=0.999).contains(m)) && mean(&moduli) > 0.92);
    let gains = vector("lru", "gamma_log");
    assert!(gains.iter().zip(&moduli).all(|(g, m)| (g - (1.0 - m * m).sqrt().ln()).abs() < 1e-12));
    let phases: Vec<f64> = vector("lru", "theta_log").iter().map(|theta| theta.exp()).collect();
    assert!(phases.iter().all(|phase| (0.0..=std::f64::consts::TAU).contains(phase)) && mean(&phases) > 2.0);
}

#[test]
fn vectors_of_rows_and_heads_begin_as_their_papers_say_and_every_row_is_drawn() {
    let network = |text: &str| {
        let cell: CellSpec = serde_json::from_str(text).unwrap();
        naive(&Config::features(3).recurrent(RecurrentSpec::new(cell, 6)), 5)
    };
    let vector = |text: &str, name: &str| network(text).parameters().get(&format!("rnn.{name}_l0")).unwrap().to_vec();
    let mamba = r#"{"mamba":{"states":3}}"#;
    let decays: Vec<f64> = [1.0, 2.0, 3.0].map(f64::ln).into_iter().cycle().take(18).collect();
    assert_eq!((vector(mamba, "A_log"), vector(mamba, "D")), (decays, vec![1.0; 6]));
    for (name, len) in [("layernorm_i", 24), ("layernorm_h", 24), ("layernorm_c", 6)] {
        assert_eq!(vector(r#""lstm_layer_norm""#, &format!("{name}_weight")), vec![1.0; len]);
        assert_eq!(vector(r#""lstm_layer_norm""#, &format!("{name}_bias")), vec![0.0; len]);
    }
    // Gates of heads, of units and of keys have rows in one matrix.
    for (text, rows) in [
        (mamba, 3 * 6 + 2 * 3),
        (r#"{"mlstm":{"head":3}}"#, 2 * 2 + 4 * 6),
        (r#"{"gated_delta":{"key":4,"value":3}}"#, 2 * 2 + 2 * 8 + 6),
        (r#"{"rg_lru":{"head":3}}"#, 2 * 6),
    ] {
        let features = if text.contains("rg_lru") { 6 } else { 3 };
        let config = Config::features(features)
            .recurrent(RecurrentSpec::new(serde_json::from_str::<CellSpec>(text).unwrap(), 6));
        let weights = naive(&config, 5).parameters().get("rnn.weight_ih_l0").unwrap().to_vec();
        assert_eq!(weights.len(), rows * 3, "{text}");
        assert!(weights.iter().all(|&w| w != 0.0), "{text}: a row is not drawn");
    }
}

#[test]
fn an_output_is_refused_by_a_cell_that_is_as_wide_as_its_layer() {
    for cell in ["lstm", "gru", "leaky"].map(|name| CellSpec::new(name).with("output", 3)) {
        let made = Cells::new().make(&cell);
        assert!(matches!(&made, Err(Error::Cell { fault: CellFault::NoOutput, .. })), "{made:?}");
    }
}

#[test]
fn what_does_not_combine_is_an_error_that_says_why() {
    let says = |text: &str, why: &str| {
        let cell: CellSpec = serde_json::from_str(text).unwrap();
        let network = recurrent::Network::<f64, _>::with_backend(&config(&cell), 1, rnn_backend_naive::Naive);
        let error = network.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    says(r#"{"skip":{"steps":0}}"#, "state");
    says(r#"{"deep_transition":{"layers":0}}"#, "stage");
    // Five units.
    says(r#"{"mlstm":{"head":2}}"#, "multiple of 2");
    says(r#"{"mlstm":{"head":0}}"#, "multiple of 0");
    says(r#"{"gated_delta":{"key":2,"value":3}}"#, "multiple of 3");
    says(r#"{"gated_delta":{"key":0,"value":5}}"#, "positive multiple");
    says(r#"{"mamba":{"states":0}}"#, "positive multiple");
    says(r#"{"clockwork":{"periods":[1,2]}}"#, "multiple of 2");
    says(r#"{"clockwork":{"periods":[]}}"#, "no product is added to gate `h`");
    says(r#"{"clockwork":{"periods":[1,0,1,2,3]}}"#, "there is no state");
    says(r#"{"lstm_blocks":{"size":2}}"#, "multiple of 2");
    says(r#"{"lstm_blocks":{"size":0}}"#, "multiple of 0");
    says(r#"{"slstm":{"head":2}}"#, "heads of `weight_hh` have 2 columns");
    says(r#"{"rg_lru":{"head":0}}"#, "heads of `weight_ih` have 0 columns");
    let wider = Config::features(4).recurrent(RecurrentSpec::new("rg_lru", 5));
    let error = recurrent::Network::<f64, _>::with_backend(&wider, 1, rnn_backend_naive::Naive);
    assert!(error.is_err_and(|e| e.to_string().contains("rg_lru")));
}

#[test]
fn streaming_a_row_step_by_step_gives_what_a_sequence_gives() {
    for cell in specs().into_iter().chain(specs_with_masks()) {
        let network = naive(&config(&cell), 3);
        let (steps, x) = (6, values(11, 6 * 5));
        let mut workspace = Workspace::new();
        let mut state = network.state(1).unwrap();
        let whole: Vec<f64> = {
            let batch = Batch::features(&x, [steps, 1, 5]).unwrap();
            let output = network.infer(&mut workspace, &batch, &mut state).unwrap();
            (0..steps).flat_map(|t| output.at(t).row(0).to_vec()).collect()
        };
        let mut streamed = network.state(1).unwrap();
        for (t, x) in x.chunks(5).enumerate() {
            let output = network.step_features(&mut workspace, x, &mut streamed).unwrap();
            assert_eq!(output.row(0), &whole[2 * t..2 * t + 2], "{cell:?} step {t}");
        }
        assert_eq!(streamed.as_slice(), state.as_slice(), "{cell:?}");
    }
}

/// Parameters of a network, without biases.
fn size(input: usize, output: usize, layers: &[RecurrentSpec]) -> usize {
    let config =
        layers.iter().fold(Config::one_hot(input), |config, layer| config.recurrent(layer.clone().bias(Bias::None)));
    let network = naive(&config.linear(output), 1);
    // The head has a bias for each of its units, which the paper does not count.
    network.parameters().len() - output
}

/// Pascanu et al. 2014, table 1, cut to the printed digits: weights without biases.
#[test]
fn deep_transitions_and_stacks_have_as_many_parameters_as_the_paper_says() {
    let elman = |units| RecurrentSpec::new("elman", units);
    let deep = |units| RecurrentSpec::new("deep_transition", units);
    let thousands = |input: usize, output: usize, layers: &[RecurrentSpec]| size(input, output, layers) / 1000;
    // Music: 88 keys in and out.
    assert_eq!(thousands(88, 88, &[elman(600)]), 465);
    assert_eq!(thousands(88, 88, &[elman(200)]), 75);
    assert_eq!(thousands(88, 88, &[deep(400)]), 585);
    assert_eq!(thousands(88, 88, &[elman(400), elman(400)]), 550);
    assert_eq!(thousands(88, 88, &[elman(600), elman(600)]), 1185);
    // Characters: 50 symbols.
    assert_eq!(thousands(50, 50, &[elman(600)]), 420);
    assert_eq!(thousands(50, 50, &[deep(400)]), 540);
    assert_eq!(thousands(50, 50, &[elman(400), elman(400)]), 520);
    // Words: 10,000 of them.
    assert_eq!(thousands(10_000, 10_000, &[elman(200)]), 4_040);
    assert_eq!(thousands(10_000, 10_000, &[deep(200)]), 6_120);
    assert_eq!(thousands(10_000, 10_000, &[elman(400), elman(400)]), 8_480);
}

#[test]
fn the_options_of_the_list_take_every_width_and_slot_that_forms_know() {
    let cells: Vec<_> = specs().iter().map(|cell| Cells::new().make(cell).unwrap()).collect();
    let forms = || cells.iter().map(|cell| cell.form());
    assert!(forms().any(|form| form.states.iter().any(|state| state.1 == Width::Output)));
    assert!(forms().any(|form| form.stages.iter().any(|stage| stage.reads.contains(&Slot::X))));
    assert!(forms().any(|form| form.stages.len() == 3) && forms().any(|form| form.states.len() == 4));
}
