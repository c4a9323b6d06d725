//! Networks as ONNX and back: the same configuration, the same weights, the same outputs; what ONNX cannot express is refused by name.

#![allow(clippy::cast_possible_truncation)] // of numbers that were f32, and of small ones

use crate::onnx_recurrent::backends;
use recurrent::graph::{Graph, Tensor};
use recurrent::init::Init;
use recurrent::interop::onnx::{Clip, ExportOptions, HeadOutput, Limits, Model, Options};
use recurrent::kernels::{Activation, Backend, Bias, GruReset};
use recurrent::network::{CellSpec, Config, DenseSpec, Directions, EmbeddingSpec, Merge, Network, RecurrentSpec};
use recurrent::{Batch, Error, Workspace};
use rnn_backend_naive::Naive;
use serde_json::json;
use std::sync::Arc;

fn network(config: &Config) -> Network<f32, Naive> {
    network_on(config, Arc::new(Naive))
}

fn network_on<B: Backend<f32> + ?Sized>(config: &Config, backend: Arc<B>) -> Network<f32, B> {
    let mut network = Network::with_backend(config, 7, backend).unwrap();
    // Learned states begin at 0, which would say nothing.
    network.update(|parameters| {
        let learned: Vec<_> = parameters.blocks().iter().filter(|block| block.name.contains("0_l")).cloned().collect();
        for (k, block) in (1_u8..).zip(&learned) {
            parameters[block.range()].fill(0.25 * f32::from(k));
        }
    });
    network
}

/// Every kind of layer, direction, bias, cell and readout that ONNX can express.
pub fn configs() -> Vec<Config> {
    let cell = |json: serde_json::Value| serde_json::from_value::<CellSpec>(json).unwrap();
    let features = || Config::features(3);
    let lstm = || RecurrentSpec::lstm(4);
    let hard = json!({"hard_sigmoid": {"slope": 0.2, "offset": 0.5}});
    vec![
        features().recurrent(lstm()),
        features().recurrent(lstm().layers(3)).softmax(5),
        features().recurrent(lstm().bidirectional()).recurrent(RecurrentSpec::gru(2)).linear(2),
        features().recurrent(RecurrentSpec::gru(3).directions(Directions::Reverse)).bernoulli(2),
        features().recurrent(RecurrentSpec::new(CellSpec::gru(GruReset::Before), 3).layers(2).bidirectional()),
        features().recurrent(RecurrentSpec::elman(3, Activation::Relu).bias(Bias::Input)).last_step().softmax(2),
        features().recurrent(RecurrentSpec::gru(3).bias(Bias::None).bidirectional()).final_states().linear(1),
        features().recurrent(RecurrentSpec::gru(3).bias(Bias::Input)).final_states(),
        features().recurrent(lstm().merged(Merge::Sum)).dense(DenseSpec::new(3, Activation::Tanh)).linear(2),
        features().recurrent(lstm().merged(Merge::Average).layers(2)).last_step(),
        features().recurrent(lstm().merged(Merge::Product)).final_states().softmax(3),
        features()
            .recurrent(lstm().learned_initial())
            .recurrent(RecurrentSpec::gru(2).bidirectional().learned_initial()),
        features().recurrent(lstm().dropout(0.5).layers(2)).linear(1),
        features()
            .dense(DenseSpec::new(4, Activation::Relu))
            .dense(DenseSpec { bias: false, ..DenseSpec::new(2, Activation::Sigmoid) }),
        features()
            .recurrent(RecurrentSpec::new(cell(json!({"lstm": {"forget": "coupled", "peepholes": true}})), 3))
            .linear(1),
        features().recurrent(RecurrentSpec::new("lstm_peephole", 3).bidirectional()),
        features().recurrent(RecurrentSpec::new(
            cell(json!({"lstm": {"clip": {"pre_activations": 0.25, "shown": 0.25}}})),
            3,
        )),
        features().recurrent(RecurrentSpec::new(
            cell(json!({"gru": {"gate": hard, "candidate": "softsign", "clip": 0.5}})),
            3,
        )),
        features().recurrent(RecurrentSpec::new(
            cell(json!({"elman": {"activation": {"scaled_tanh": {"scale": 1.5, "rate": 0.5}}, "clip": 0.5}})),
            3,
        )),
        features().recurrent(RecurrentSpec::elman(3, Activation::Identity)),
        features().recurrent(RecurrentSpec::new(
            cell(json!({"elman": {"activation": {"affine": {"scale": 0.5, "offset": 0.25}}}})),
            3,
        )),
        Config::one_hot(5).recurrent(RecurrentSpec::elman(3, Activation::Tanh)).softmax(5),
        Config::new(EmbeddingSpec::new(5, 3)).recurrent(lstm().named("encoder")).last_step().softmax(5),
        Config::one_hot(4).linear(2),
        features().recurrent(lstm().merged(Merge::Average)).final_states(),
        features().dense(DenseSpec::new(4, Activation::Tanh)).last_step().linear(2),
    ]
    .into_iter()
    .map(|config| config.init(Init::default()))
    .collect()
}

const STEPS: usize = 5;
const ROWS: usize = 2;

/// Input numbers or symbols as the graph and as the network read them.
pub fn input(config: &Config) -> (Tensor, Vec<f32>, Vec<u32>) {
    let numbers: Vec<f32> = (0..STEPS * ROWS * 3).map(|k| (k as f32 * 0.7).sin()).collect();
    let symbols: Vec<u32> = (0..STEPS * ROWS).map(|k| (k * 7 % 4) as u32).collect();
    let tensor = if matches!(config.input, recurrent::network::InputSpec::Features { .. }) {
        Tensor::f32(&[STEPS, ROWS, 3], numbers.clone()).unwrap()
    } else {
        Tensor::i64(&[STEPS, ROWS], symbols.iter().map(|&s| i64::from(s)).collect::<Vec<_>>()).unwrap()
    };
    (tensor, numbers, symbols)
}

fn outputs<B: Backend<f32> + ?Sized>(network: &Network<f32, B>, config: &Config) -> Vec<f32> {
    let (_, numbers, symbols) = input(config);
    let batch = if matches!(config.input, recurrent::network::InputSpec::Features { .. }) {
        Batch::features(&numbers, [STEPS, ROWS, 3]).unwrap()
    } else {
        Batch::symbols(&symbols, [STEPS, ROWS]).unwrap()
    };
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    let y = network.infer(&mut workspace, &batch, &mut state).unwrap();
    y.storage()[..y.steps() * y.rows() * y.cols()].to_vec()
}

/// Products over all rows at once add in another order than those of single rows.
fn near(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 8.0 * f32::EPSILON * b.abs().max(1.0), "{what}: {a} is not {b}");
    }
}

#[test]
fn a_written_network_is_read_as_a_graph_with_the_same_outputs() {
    for config in configs() {
        let what = serde_json::to_string(&config).unwrap();
        let network = network(&config);
        let bytes = network.to_onnx(&ExportOptions::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
        for backend in backends() {
            let network = network_on(&config, backend.clone());
            let model = Model::read(&bytes, &Limits::default()).unwrap();
            let graph: Graph<dyn Backend<f32>> =
                model.into_graph(backend, &Options::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
            let mut session = graph.session();
            let x = input(&config).0;
            let found = graph.run(&mut session, &[&x]).unwrap_or_else(|error| panic!("{what}: {error}"));
            near(&what, found[0].as_f32().unwrap(), &outputs(&network, &config));
        }
    }
}

#[test]
fn a_written_network_is_read_as_a_network_with_the_same_bits() {
    let mut read = 0;
    for config in configs() {
        let what = serde_json::to_string(&config).unwrap();
        let network = network(&config);
        let bytes = network.to_onnx(&ExportOptions::default()).unwrap();
        let graph = Model::read(&bytes, &Limits::default()).unwrap().into_graph(Naive, &Options::default()).unwrap();
        // Merged directions, learned states, a readout of one-hot symbols and the last step of the input are graphs and no chains.
        let Ok(again) = graph.into_network() else {
            let merged = ["merge", "learned", "one_hot\":{\"symbols\":4"].iter().any(|part| what.contains(part));
            let last_of_input = what.contains("last_step") && !what.contains("hidden");
            assert!(merged || last_of_input, "{what} is a chain");
            continue;
        };
        read += 1;
        assert_eq!(outputs(&again, &config), outputs(&network, &config), "{what}");
        // No bias is the same as one of 0, and a stack the same as its layers.
        if !what.contains("\"bias\":\"input\"") {
            let numbers: Vec<f32> = again.parameters().to_vec();
            assert_eq!(numbers, network.parameters().to_vec(), "{what}");
        }
    }
    assert!(read >= 17, "{read}");
}

#[test]
fn states_go_in_and_out_so_that_a_model_streams() {
    let config =
        Config::features(3).recurrent(RecurrentSpec::lstm(4).layers(2)).recurrent(RecurrentSpec::gru(2)).linear(2);
    let network = network(&config);
    let bytes = network.to_onnx(&ExportOptions::default().with_states()).unwrap();
    let graph = Model::read(&bytes, &Limits::default()).unwrap().into_graph(Naive, &Options::default()).unwrap();
    let names: Vec<_> = graph.inputs().iter().map(|input| input.name.clone()).collect();
    assert_eq!(names, ["x", "rnn.l0.h", "rnn.l0.c", "rnn.l1.h", "rnn.l1.c", "rnn2.l0.h"]);
    let outputs: Vec<_> = graph.outputs().map(String::from).collect();
    assert_eq!(outputs, ["y", "rnn.l0.h_n", "rnn.l0.c_n", "rnn.l1.h_n", "rnn.l1.c_n", "rnn2.l0.h_n"]);
    let (mut session, numbers) = (graph.session(), input(&config).1);
    let zeros = |h: usize| Tensor::f32(&[1, ROWS, h], vec![0.0; ROWS * h]).unwrap();
    let mut states = vec![zeros(4), zeros(4), zeros(4), zeros(4), zeros(2)];
    let mut streamed = Vec::new();
    for step in numbers.chunks(ROWS * 3) {
        let x = Tensor::f32(&[1, ROWS, 3], step).unwrap();
        let inputs: Vec<_> = std::iter::once(&x).chain(&states).collect();
        let found = graph.run(&mut session, &inputs).unwrap();
        streamed.extend_from_slice(found[0].as_f32().unwrap());
        let last: Vec<_> = found.iter().skip(1).map(|(_, state)| state.clone()).collect();
        states = last;
    }
    near("streamed", &streamed, &self::outputs(&network, &config));
    assert_eq!(self::outputs(&graph.into_network().unwrap(), &config), self::outputs(&network, &config));
}

#[test]
fn probabilities_are_those_of_the_objective() {
    let x = input(&Config::features(3)).0;
    for (config, check) in [
        (Config::features(3).recurrent(RecurrentSpec::gru(3)).softmax(3), "softmax"),
        (Config::features(3).recurrent(RecurrentSpec::gru(3)).ctc(3), "softmax"),
        (Config::features(3).recurrent(RecurrentSpec::gru(3)).bernoulli(3), "bernoulli"),
        (Config::features(3).recurrent(RecurrentSpec::gru(3)).linear(3), "linear"),
    ] {
        let network = network(&config);
        let logits = outputs(&network, &config);
        let bytes = network.to_onnx(&ExportOptions::default().head(HeadOutput::Probabilities)).unwrap();
        let graph = Model::read(&bytes, &Limits::default()).unwrap().into_graph(Naive, &Options::default()).unwrap();
        let mut session = graph.session();
        let found = graph.run(&mut session, &[&x]).unwrap();
        let expected: Vec<f32> = logits
            .chunks(3)
            .flat_map(|row| {
                let sum: f64 = row.iter().map(|&a| f64::from(a).exp()).sum();
                let of = |&a: &f32| match check {
                    "softmax" => (f64::from(a).exp() / sum) as f32,
                    "bernoulli" => (1.0 / (1.0 + (-f64::from(a)).exp())) as f32,
                    _ => a,
                };
                row.iter().map(of).collect::<Vec<_>>()
            })
            .collect();
        near(check, found[0].as_f32().unwrap(), &expected);
    }
}

#[test]
fn what_onnx_cannot_express_is_refused_by_its_place_and_name() {
    let cell = |json: serde_json::Value| RecurrentSpec::new(serde_json::from_value::<CellSpec>(json).unwrap(), 3);
    let cases = [
        (RecurrentSpec::new("mgu", 3), "layers[0], cell `mgu`: expected lstm, gru or elman"),
        (cell(json!({"lstm": {"projection": true, "output": 2}})), "cell `lstm`, projection"),
        (cell(json!({"lstm": {"forget": "one"}})), "cell `lstm`, forget: expected learned or coupled"),
        (cell(json!({"lstm": {"clip": {"state": 1.0}}})), "cell `lstm`, clip: expected none of the state"),
        (cell(json!({"lstm": {"clip": {"output": 1.0}}})), "cell `lstm`, clip: expected none of the state"),
        (
            cell(json!({"lstm": {"clip": {"pre_activations": 1.0}}})),
            "cell `lstm`, clip: expected limits of the gates and",
        ),
        (cell(json!({"lstm": {"clip": {"shown": 1.0}}})), "cell `lstm`, clip: expected limits of the gates and"),
        (
            cell(json!({"gru": {"candidate": "hard_tanh"}})),
            "cell `gru`: expected functions that ONNX has, found HardTanh",
        ),
        (RecurrentSpec::new(CellSpec::lstm().zoneout(0.5), 3), "cell `lstm`, noise: expected none"),
        (
            RecurrentSpec::new(CellSpec::gru(GruReset::After).recurrent_dropout(0.5), 3),
            "cell `gru`, noise: expected none",
        ),
    ];
    for (layer, says) in cases {
        let network = network(&Config::features(3).recurrent(layer));
        let error = network.to_onnx(&ExportOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Config { .. }) && error.to_string().contains(says), "{error}");
    }
    // As ONNX Runtime understands it, a limit of the gates alone is what can be said.
    let gates = network(&Config::features(3).recurrent(cell(json!({"lstm": {"clip": {"pre_activations": 1.0}}}))));
    gates.to_onnx(&ExportOptions::default().clip(Clip::Gates)).unwrap();
    let mut broken = network(&Config::features(3).recurrent(RecurrentSpec::lstm(2)));
    broken.update(|parameters| parameters[3] = f32::NAN);
    assert!(matches!(broken.to_onnx(&ExportOptions::default()), Err(Error::NotFinite { index: 3, .. })));
}

#[test]
fn a_file_is_written_and_read_by_its_path_bytes_or_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let network = network(&Config::features(3).recurrent(RecurrentSpec::lstm(2)));
    network.save_onnx(&path, &ExportOptions::default()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let reader = recurrent::interop::Source::reader(&bytes[..]);
    for model in [
        Model::read(&path, &Limits::default()),
        Model::read(&bytes, &Limits::default()),
        Model::read(reader, &Limits::default()),
    ] {
        let nodes = model.unwrap().recurrent_nodes().unwrap();
        assert_eq!((&nodes[0].name[..], nodes[0].sizes), ("rnn.l0", Some([3, 2])));
    }
}
