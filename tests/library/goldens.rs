//! `|a − b| ≤ 1e-12 · max(1, |b|)`: the library agrees with PyTorch in every output and every gradient.

use recurrent::kernels::{Activation, Bias, GruReset, MatRef, SeqRef};
use recurrent::network::{CellSpec, Config, Cotangents, Directions, RecurrentSpec};
use recurrent::{Batch, Direction, Network, Targets, Workspace};
use rnn_backend_naive::{MatrixMultiply, Naive};
use rnn_kernels::Backend;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rnn-check/goldens")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// Panics with the place and both numbers unless `|a − b| ≤ bound · max(1, |b|)` everywhere, or if there is nothing.
fn agree(what: &str, found: &[f64], expected: &[f64], bound: f64) {
    assert!(!found.is_empty(), "{what}: nothing to compare");
    assert_eq!(found.len(), expected.len(), "{what}");
    for (k, (&a, &b)) in found.iter().zip(expected).enumerate() {
        let off = (a - b).abs();
        // Not `off > bound`: a NaN must fail.
        assert!(off <= bound * b.abs().max(1.0), "{what}[{k}]: {a} is not {b}, off by {off:e}");
    }
}

fn config(case: &Value) -> Config {
    let cell = match case["cell"].as_str().unwrap() {
        "elman" => CellSpec::elman(serde_json::from_value::<Activation>(case["activation"].clone()).unwrap()),
        "lstm" => CellSpec::lstm(),
        "gru" => CellSpec::gru(serde_json::from_value::<GruReset>(case["reset"].clone()).unwrap()),
        other => panic!("an unknown cell {other}"),
    };
    let directions = match (case["bidirectional"].as_bool().unwrap(), case["reverse"].as_bool().unwrap()) {
        (true, _) => Directions::Both,
        (false, true) => Directions::Reverse,
        (false, false) => Directions::Forward,
    };
    let layer = RecurrentSpec::new(cell, size(&case["hidden"]))
        .layers(size(&case["layers"]))
        .directions(directions)
        .bias(serde_json::from_value::<Bias>(case["bias"].clone()).unwrap())
        .name("");
    Config::features(size(&case["input"])).recurrent(layer)
}

/// Layer and direction of each of PyTorch's `[D·L, N, H]` states, in its order.
fn slots(network: &Network<f64, dyn Backend<f64>>) -> Vec<(usize, Direction)> {
    network.recurrent_layers().map(|layer| (layer.layer, layer.direction)).collect()
}

fn flat(m: MatRef<'_, f64>) -> Vec<f64> {
    (0..m.rows()).flat_map(|n| m.row(n).to_vec()).collect()
}

fn check(case: &Value, backend: Arc<dyn Backend<f64>>) {
    // Stated, not derived: how far PyTorch's own numbers are off is not known (VERIFICATION.md, *The bound*).
    const BOUND: f64 = 1e-12;
    let name = case["name"].as_str().unwrap();
    let mut network = Network::<f64, dyn Backend<f64>>::with_backend(&config(case), 1, backend).unwrap();
    let params = case["params"].as_array().unwrap();
    let names: Vec<_> = params.iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(network.parameters().blocks().iter().map(|b| &b.name[..]).collect::<Vec<_>>(), names, "{name}");
    network.update(|all| {
        params.iter().for_each(|p| {
            all.get_mut(p["name"].as_str().unwrap()).unwrap().copy_from_slice(&numbers(&p["data"]));
        });
    });

    let [t, n, c, h] = ["steps", "rows", "input", "hidden"].map(|key| size(&case[key]));
    let lengths: Option<Vec<usize>> = case["lengths"].as_array().map(|l| l.iter().map(size).collect());
    let x = numbers(&case["x"]["data"]);
    let mut batch = Batch::features(&x, [t, n, c]).unwrap();
    if let Some(lengths) = &lengths {
        batch = batch.with_lengths(lengths).unwrap();
    }
    let slots = slots(&network);
    let mut state = network.state(n).unwrap();
    let mut d_state = network.state(n).unwrap();
    let has_c = !case["c0"].is_null();
    for (k, &(layer, direction)) in slots.iter().enumerate() {
        let part = k * n * h..(k + 1) * n * h;
        let put = |to: &mut recurrent::kernels::MatMut<'_, f64>, from: &Value| {
            to.copy_from(MatRef::new(&numbers(from)[part.clone()], n, h));
        };
        let (mut h0, mut c0) = state.layer_mut(layer, direction).unwrap();
        put(&mut h0, &case["h0"]["data"]);
        let (mut d_h, mut d_c) = d_state.layer_mut(layer, direction).unwrap();
        put(&mut d_h, &case["h_n"]["cotangent"]);
        if has_c {
            put(&mut c0, &case["c0"]["data"]);
            put(&mut d_c, &case["c_n"]["cotangent"]);
        }
    }
    let initial = state.clone();

    let mut workspace = Workspace::new();
    workspace.record_d_input(true);
    workspace.record_traces(true);
    let width = network.output_width();
    let y = network.forward(&mut workspace, &batch, &mut state).unwrap().storage()[..t * n * width].to_vec();
    agree(&format!("{name}: y"), &y, &numbers(&case["y"]["data"]), BOUND);

    let d_y = numbers(&case["y"]["cotangent"]);
    let mut gradients = network.gradients().unwrap();
    let cotangents = Cotangents { output: Some(SeqRef::new(&d_y, t, n, width)), state: Some(&d_state) };
    network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
    for p in params {
        let key = p["name"].as_str().unwrap();
        agree(&format!("{name}: d {key}"), gradients.get(key).unwrap(), &numbers(&p["grad"]), BOUND);
    }
    let d_x = &workspace.d_input().unwrap().storage()[..t * n * c];
    agree(&format!("{name}: d x"), d_x, &numbers(&case["x"]["grad"]), BOUND);
    for (k, &(layer, direction)) in slots.iter().enumerate() {
        let part = k * n * h..(k + 1) * n * h;
        let of = |key: &str, field: &str| numbers(&case[key][field])[part.clone()].to_vec();
        let d_initial = workspace.d_state().unwrap();
        agree(&format!("{name}: h_n {k}"), &flat(state.h(layer, direction).unwrap()), &of("h_n", "data"), BOUND);
        agree(&format!("{name}: d h0 {k}"), &flat(d_initial.h(layer, direction).unwrap()), &of("h0", "grad"), BOUND);
        let trace = workspace.trace(layer, direction).unwrap();
        let first = trace.at(direction.initial_slot(t));
        assert_eq!(flat(first), flat(d_initial.h(layer, direction).unwrap()), "{name}: the trace begins with d h0");
        if has_c {
            agree(&format!("{name}: c_n {k}"), &flat(state.c(layer, direction).unwrap()), &of("c_n", "data"), BOUND);
            agree(
                &format!("{name}: d c0 {k}"),
                &flat(d_initial.c(layer, direction).unwrap()),
                &of("c0", "grad"),
                BOUND,
            );
        }
    }

    // Inference is the same function.
    let mut state = initial;
    let inferred = network.infer(&mut workspace, &batch, &mut state).unwrap().storage()[..t * n * width].to_vec();
    agree(&format!("{name}: y by infer"), &inferred, &numbers(&case["y"]["data"]), BOUND);
}

pub fn backends() -> Vec<Arc<dyn Backend<f64>>> {
    vec![
        Arc::new(Naive),
        Arc::new(MatrixMultiply),
        #[cfg(feature = "faer")]
        Arc::new(recurrent::backend::Faer::default()),
    ]
}

#[test]
fn every_output_and_gradient_of_every_stack_agrees_with_pytorch() {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") || path.ends_with("sgd_two_layer_lstm.json") {
            continue;
        }
        let case = read(&path);
        backends().into_iter().for_each(|backend| check(&case, backend));
        seen.push(case);
    }
    assert_eq!(seen.len(), 30, "a golden file is missing or new");
    let with = |what: &dyn Fn(&Value) -> bool| seen.iter().filter(|case| what(case)).count();
    let stacks = with(&|case| size(&case["layers"]) > 1 && case["bidirectional"] == true);
    let ragged = with(&|case| case["lengths"].as_array().is_some_and(|l| l.iter().any(|l| l != &case["steps"])));
    let empty = with(&|case| case["lengths"].as_array().is_some_and(|l| l.iter().any(|l| l == 0)));
    assert!(stacks >= 10 && ragged >= 15 && empty >= 10, "{stacks} stacks, {ragged} ragged, {empty} with an empty row");
    for cell in ["elman", "lstm", "gru"] {
        assert!(with(&|case| case["cell"] == cell) >= 5, "{cell}");
    }
}

#[test]
fn fifty_steps_of_sgd_on_a_two_layer_lstm_follow_the_loss_curve_of_pytorch() {
    let golden = read(&folder().join("sgd_two_layer_lstm.json"));
    let [t, n, c, h, v] = ["steps", "rows", "input", "hidden", "classes"].map(|key| size(&golden[key]));
    let rate = golden["lr"].as_f64().unwrap();
    let x = numbers(&golden["x"]["data"]);
    let targets: Vec<u32> = golden["targets"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|step| step.as_array().unwrap())
        .map(|target| u32::try_from(target.as_u64().unwrap()).unwrap())
        .collect();
    let config = Config::features(c).recurrent(RecurrentSpec::lstm(h).layers(2)).softmax(v);
    for backend in backends() {
        let mut network = Network::<f64, dyn Backend<f64>>::with_backend(&config, 1, backend).unwrap();
        network.update(|all| {
            let params = golden["params"].as_array().unwrap();
            assert_eq!(params.len(), all.blocks().len());
            params.iter().for_each(|p| {
                all.get_mut(p["name"].as_str().unwrap()).unwrap().copy_from_slice(&numbers(&p["data"]));
            });
        });
        let mut workspace = Workspace::new();
        let mut gradients = network.gradients().unwrap();
        let losses = numbers(&golden["losses"]);
        assert_eq!(losses.len(), 50);
        for (k, &expected) in losses.iter().enumerate() {
            gradients.fill_zero();
            let batch = Batch::features(&x, [t, n, c]).unwrap();
            let mut state = network.state(n).unwrap();
            let targets = Targets::Classes(&targets);
            let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
            agree(&format!("loss before update {k}"), &[loss.mean()], &[expected], 1e-10);
            network.update(|all| all.iter_mut().zip(&*gradients).for_each(|(p, g)| *p -= rate * g));
        }
        for p in golden["final_params"].as_array().unwrap() {
            let key = p["name"].as_str().unwrap();
            agree(key, network.parameters().get(key).unwrap(), &numbers(&p["data"]), 1e-10);
        }
    }
}
