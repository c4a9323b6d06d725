//! Models of Keras that are no chain: the files in `tests/data/keras_graphs` and what Keras makes of them were written by
//! `tests/data/keras_graphs.py`.

use crate::common::values;
use crate::foreign::{self, CONSTANT, F32, data, numbers, reconfigured, rewritten, roundings, shape, survives};
use recurrent::graph::{Graph, Kind, Tensor};
use recurrent::interop::LoadOptions;
use recurrent::interop::keras::KerasOptions;
use recurrent::{Batch, Error, Network, NonFinite, Workspace};
use rnn_backend_naive::Naive;
use serde_json::{Value, json};
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    data(&format!("keras_graphs/{name}"))
}

/// The inputs of a graph, of the numbers in a description.
#[allow(clippy::cast_possible_truncation)] // numbers that were f32, and small symbols
fn inputs(graph: &Graph<Naive>, described: &Value) -> Vec<Tensor> {
    let given = described["inputs"].as_array().unwrap();
    assert_eq!(graph.inputs().len(), given.len());
    let inputs = graph.inputs().iter().zip(given).map(|(input, given)| {
        let (shape, numbers) = (shape(given), numbers(given));
        match input.kind {
            Kind::F32 => Tensor::f32(&shape, numbers.iter().map(|&x| x as f32).collect::<Vec<_>>()).unwrap(),
            _ => Tensor::i32(&shape, numbers.iter().map(|&x| x as i32).collect::<Vec<_>>()).unwrap(),
        }
    });
    inputs.collect()
}

/// The graph makes of the input of a file what Keras made of it.
fn expect(name: &str, graph: &Graph<Naive>) {
    let described = foreign::json("keras_graphs/expected.json")[name].clone();
    // The longest sum, and how many layers one behind the other: table, decoder, attention, classes; back, product, last, top.
    let tolerance = if name.contains("decoder") { roundings(F32, 6, 4) } else { roundings(F32, 45, 4) };
    let inputs = inputs(graph, &described);
    let mut session = graph.session();
    let outputs = graph.run(&mut session, &inputs.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(outputs.len(), described["outputs"].as_array().unwrap().len(), "{name}");
    for (k, expected) in described["outputs"].as_array().unwrap().iter().enumerate() {
        assert_eq!(outputs[k].shape(), shape(expected), "{name}, output {k}");
        let mut worst = 0.0_f64;
        for (found, expected) in outputs[k].as_f32().unwrap().iter().zip(numbers(expected)) {
            let off = (f64::from(*found) - expected).abs();
            worst = worst.max(off);
            assert!(off <= tolerance, "{name}, output {k}: {found}, not {expected}");
        }
        println!("{name}, output {k}: {worst:.1e} of {tolerance:.1e}");
    }
}

#[test]
fn every_model_gives_the_numbers_of_keras() {
    let described = foreign::json("keras_graphs/expected.json");
    assert_eq!(described.as_object().unwrap().len(), 4);
    for name in described.as_object().unwrap().keys() {
        let model = Graph::from_keras(path(name), &KerasOptions::default(), Naive);
        expect(name, &model.unwrap_or_else(|error| panic!("{name}: {error}")).graph);
    }
}

/// A file whose configuration is changed.
fn changed(name: &str, change: impl Fn(&mut Value)) -> Vec<u8> {
    reconfigured(&data(name), change)
}

/// Adds a layer with these attributes that reads the outputs of others.
fn add(config: &mut Value, class: &str, name: &str, attributes: Value, reads: &[&str]) {
    let tensor = |name: &&str| {
        let history = json!({"shape": [], "dtype": "float32", "keras_history": [name, 0, 0]});
        json!({"class_name": "__keras_tensor__", "config": history})
    };
    let reads: Vec<_> = reads.iter().map(tensor).collect();
    let mut layer = json!({
        "class_name": class,
        "name": name,
        "config": {"name": name, "trainable": true, "dtype": "float32"},
        "inbound_nodes": [{"args": [reads], "kwargs": {}}],
    });
    for (attribute, value) in attributes.as_object().unwrap() {
        layer["config"][attribute] = value.clone();
    }
    config["layers"].as_array_mut().unwrap().push(layer);
}

/// The layer of this name in a configuration.
fn layer<'j>(config: &'j mut Value, name: &str) -> &'j mut Value {
    config["layers"].as_array_mut().unwrap().iter_mut().find(|layer| layer["name"] == name).unwrap()
}

#[test]
fn states_may_be_among_the_arguments_of_a_call_in_both_versions() {
    // Version 3 writes them so; version 2 writes them as further inputs, and arguments behind each input.
    let bytes = changed("keras_graphs/2_decoder.keras", |config| {
        let states = json!({"initial_state": [["encoder", 0, 1], ["encoder", 0, 2]], "training": false});
        layer(config, "decoder")["inbound_nodes"] = json!([[["table", 0, 0, states]]]);
    });
    expect("2_decoder.keras", &Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap().graph);
}

#[test]
fn inputs_are_in_the_order_of_the_model_and_not_of_its_layers() {
    let bytes = changed("keras_graphs/3_decoder.keras", |config| {
        config["input_layers"].as_array_mut().unwrap().reverse();
    });
    let graph = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap().graph;
    assert_eq!(graph.inputs().iter().map(|input| &*input.name).collect::<Vec<_>>(), ["frames", "letters"]);
}

#[test]
fn values_with_fewer_axes_are_merged_row_by_row() {
    // `lower [N, T, 2]` and `top [N, 1]`, which Keras takes for `[N, 1, 1]`. As many rows as steps: NumPy's way would give other numbers.
    let bytes = changed("keras/3_functional.keras", |config| {
        layer(config, "upper")["config"]["return_sequences"] = false.into();
        layer(config, "top")["config"]["activation"] = "linear".into();
        add(config, "Add", "sum", json!({}), &["lower", "top"]);
        add(config, "Subtract", "left", json!({}), &["top", "lower"]);
        config["output_layers"] = json!([["lower", 0, 0], ["top", 0, 0], ["sum", 0, 0], ["left", 0, 0]]);
    });
    let graph = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap().graph;
    let (rows, steps) = (4, 4);
    let x = features(rows, steps);
    let mut session = graph.session();
    let outputs = graph.run(&mut session, &[&x]).unwrap();
    let [lower, top, sum, left] = [0, 1, 2, 3].map(|k| outputs[k].as_f32().unwrap());
    assert_ne!(top[0], top[1]);
    assert_eq!((outputs[2].shape(), outputs[3].shape()), (&[rows, steps, 2][..], &[rows, steps, 2][..]));
    for (k, (&sum, &left)) in sum.iter().zip(left).enumerate() {
        let (lower, top) = (lower[k], top[k / (steps * 2)]);
        assert_eq!((sum, left), (lower + top, top - lower), "number {k}");
    }
}

/// Some input of a model that reads three features.
#[allow(clippy::cast_possible_truncation)] // multiples of 1/8
fn features(rows: usize, steps: usize) -> Tensor {
    let x: Vec<f32> = values(5, rows * steps * 3).into_iter().map(|x| x as f32).collect();
    Tensor::f32(&[rows, steps, 3], x).unwrap()
}

#[test]
fn an_attention_takes_keys_of_their_own_and_a_concatenation_any_axis() {
    let bytes = changed("keras_graphs/3_decoder.keras", |config| {
        let attributes = json!({"use_scale": false, "score_mode": "dot", "dropout": 0.0});
        add(config, "Attention", "third", attributes, &["decoder", "decoder", "attention"]);
        add(config, "Concatenate", "behind", json!({"axis": 1}), &["decoder", "attention"]);
        config["output_layers"] = json!([["decoder", 0, 0], ["attention", 0, 0], ["third", 0, 0], ["behind", 0, 0]]);
        // What is no output is part of the model all the same.
    });
    let graph = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap().graph;
    let (rows, steps) = (3, 3);
    let symbols = Tensor::i32(&[rows, steps], vec![0, 1, 4, 3, 2, 0, 1, 1, 2]).unwrap();
    let frames = features(rows, 5);
    let mut session = graph.session();
    let outputs = graph.run(&mut session, &[&symbols, &frames]).unwrap();
    let [decoder, attention, third, behind] = [0, 1, 2, 3].map(|k| outputs[k].as_f32().unwrap());
    assert_eq!(outputs[3].shape(), [rows, 2 * steps, 2]);
    for n in 0..rows {
        let row = |of: &[f32], t: usize| [of[(n * steps + t) * 2], of[(n * steps + t) * 2 + 1]].map(f64::from);
        for t in 0..steps {
            let (query, there) = (row(decoder, t), (n * 2 * steps + t) * 2);
            let scores = [0, 1, 2].map(|k| row(attention, k)).map(|key| query[0] * key[0] + query[1] * key[1]);
            let weights = scores.map(f64::exp);
            for c in 0..2 {
                let sum: f64 = (0..steps).map(|k| weights[k] * row(decoder, k)[c]).sum();
                let expected = sum / weights.iter().sum::<f64>();
                let found = f64::from(third[(n * steps + t) * 2 + c]);
                assert!((found - expected).abs() <= roundings(F32, steps, 2), "{found}, not {expected}");
                assert_eq!(behind[there + c], decoder[(n * steps + t) * 2 + c]);
                assert_eq!(behind[there + steps * 2 + c], attention[(n * steps + t) * 2 + c]);
            }
        }
    }
    for (attribute, value, says) in [
        ("score_mode", json!("concat"), "score_mode: expected dot, found another"),
        ("use_scale", json!(true), "weights of the layer attention"),
        ("causal", json!(true), "causal: expected false, or nothing, found true"),
    ] {
        let bytes = changed("keras_graphs/3_decoder.keras", |config| {
            layer(config, "attention")["config"][attribute] = value.clone();
        });
        let error = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err().to_string();
        assert!(error.contains(says) || attribute == "use_scale" && error.contains("1 arrays of weights"), "{error}");
    }
}

/// A sequential model of version 3 as a functional one, with another way to merge directions if there is one.
fn as_functional(name: &str, merge: Option<&str>) -> Vec<u8> {
    rewritten(&data(&format!("keras/{name}")), |text| {
        let mut model: Value = serde_json::from_str(&text).unwrap();
        if model.get("config").is_none() {
            return text;
        }
        let layers = model["config"]["layers"].as_array().unwrap().clone();
        let names: Vec<_> = layers.iter().map(|layer| layer["config"]["name"].as_str().unwrap().to_string()).collect();
        model["class_name"] = "Functional".into();
        model["config"] = json!({
            "name": "functional",
            "layers": [],
            "input_layers": [[names[0], 0, 0]],
            "output_layers": [[names[names.len() - 1], 0, 0]],
        });
        for (k, layer) in layers.iter().enumerate() {
            let reads = if k == 0 { vec![] } else { vec![&*names[k - 1]] };
            add(
                &mut model["config"],
                layer["class_name"].as_str().unwrap(),
                &names[k],
                layer["config"].clone(),
                &reads,
            );
            let added = &mut model["config"]["layers"][k];
            if k == 0 {
                added["inbound_nodes"] = json!([]);
            }
            if let Some(merge) = merge.filter(|_| layer["class_name"] == "Bidirectional") {
                added["config"]["merge_mode"] = merge.into();
            }
            let attributes = added["config"].as_object_mut().unwrap();
            if layer["config"].get("trainable").is_none() {
                attributes.remove("trainable");
            }
        }
        model.to_string()
    })
}

#[test]
fn a_chain_gives_the_same_numbers_as_a_graph_and_as_a_network() {
    let described = foreign::json("keras/expected.json");
    let run = |bytes: &[u8], input: &Value| {
        let graph = Graph::from_keras(bytes, &KerasOptions::default(), Naive).unwrap().graph;
        let (inputs, mut session) = (inputs(&graph, &json!({"inputs": [input]})), graph.session());
        let outputs = graph.run(&mut session, &inputs.iter().collect::<Vec<_>>()).unwrap();
        outputs[0].as_f32().unwrap().iter().map(|&y| f64::from(y)).collect::<Vec<_>>()
    };
    let compare = |what: &str, found: &[f64], expected: &[f64]| {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= roundings(F32, 7, 4), "{what}: {found}, not {expected}");
        }
    };
    for name in ["3_stack.keras", "3_sum.keras", "3_ave.keras"] {
        let found = run(&as_functional(name, None), &described[name]["input"]);
        compare(name, &found, &numbers(&described[name]["output"]));
    }
    // A way for which there is no archive, but a network that is right.
    let input = &described["3_sum.keras"]["input"];
    let bytes = as_functional("3_sum.keras", Some("mul"));
    let network = Network::<f32, _>::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap().network;
    let sizes = shape(input);
    #[allow(clippy::cast_possible_truncation)] // they are f32
    let x: Vec<f32> = numbers(input).into_iter().map(|x| x as f32).collect();
    let batch = Batch::batch_first(&x, [sizes[0], sizes[1], sizes[2]]).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(sizes[0]).unwrap());
    let y = network.infer(&mut workspace, &batch, &mut state).unwrap();
    let rows = (0..sizes[0]).flat_map(|n| (0..y.steps()).map(move |t| (n, t)));
    let expected: Vec<_> = rows.flat_map(|(n, t)| y.at(t).row(n).to_vec()).map(f64::from).collect();
    compare("mul", &run(&bytes, input), &expected);
}

#[test]
fn functions_of_dense_layers_are_those_of_keras_3() {
    // Multiples of 1/8 from −1 to 1, and four times as much.
    let x: Vec<f64> = values(5, 60).into_iter().flat_map(|x| [x, 4.0 * x]).collect();
    #[allow(clippy::cast_possible_truncation)] // they are f32
    let input = Tensor::f32(&[8, 5, 3], x.iter().map(|&x| x as f32).collect::<Vec<_>>()).unwrap();
    let outputs = |activation: &str| {
        let bytes = changed("keras/3_functional.keras", |config| {
            let first = config["layers"][0]["name"].as_str().unwrap().to_string();
            add(config, "Activation", "function", json!({"activation": activation}), &[&first]);
            config["output_layers"] = json!([["function", 0, 0]]);
        });
        let graph = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap().graph;
        let mut session = graph.session();
        let outputs = graph.run(&mut session, &[&input]).unwrap();
        outputs[0].as_f32().unwrap().iter().map(|&y| f64::from(y)).collect::<Vec<_>>()
    };
    let sigmoid = |y: f64| 1.0 / (1.0 + (-y).exp());
    let functions: [(&str, &dyn Fn(f64) -> f64); 6] = [
        ("relu", &|y| y.max(0.0)),
        ("tanh", &f64::tanh),
        ("sigmoid", &sigmoid),
        ("swish", &|y| y * sigmoid(y)),
        ("hard_tanh", &|y| y.clamp(-1.0, 1.0)),
        ("hard_sigmoid", &|y| (y / 6.0 + 0.5).clamp(0.0, 1.0)),
    ];
    for (name, function) in functions {
        for (found, x) in outputs(name).into_iter().zip(&x) {
            // Numbers are up to 4.
            assert!((found - function(*x)).abs() <= 4.0 * roundings(F32, 1, 1), "{name}({x}) is {found}");
        }
    }
}

#[test]
fn layers_beside_those_of_the_model_are_not_ignored() {
    let bytes = changed("keras/3_functional.keras", |config| {
        config["layers"].as_array_mut().unwrap().pop();
        config["output_layers"] = json!([["upper", 0, 0]]);
    });
    let error = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err().to_string();
    assert!(error.contains("expected no layers beside those of the model, found the layer top"), "{error}");
    let error = Network::<f32, _>::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err().to_string();
    assert!(error.contains("expected no layers beside those of the network, found the layer top"), "{error}");
}

#[test]
fn masks_are_refused_by_name() {
    let bytes = changed("keras_graphs/3_decoder.keras", |config| {
        layer(config, "table")["config"]["mask_zero"] = true.into();
    });
    let error = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err().to_string();
    assert!(error.contains("layer table (Embedding), mask_zero: expected false, or nothing, found true"), "{error}");
    let bytes = changed("keras/3_functional.keras", |config| {
        let dropout = layer(config, "dropout");
        dropout["class_name"] = "Masking".into();
        dropout["config"] = json!({"name": "dropout", "mask_value": 0.0});
    });
    let error = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err().to_string();
    assert!(error.contains("layer dropout, class_name: expected InputLayer"), "{error}");
    let bytes = changed("keras_graphs/3_decoder.keras", |config| {
        layer(config, "encoder")["inbound_nodes"][0]["kwargs"]["mask"] = json!([["letters", 0, 0]]);
    });
    let error = Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err().to_string();
    assert!(
        error.contains("layer encoder (LSTM): expected no mask: graphs have none, found letters as its mask"),
        "{error}"
    );
    // A chain with a mask in its middle is no network, either.
    let error = Network::<f32, _>::from_keras(
        changed("keras/3_functional.keras", |config| {
            let dropout = layer(config, "dropout");
            dropout["class_name"] = "Masking".into();
            dropout["config"] = json!({"name": "dropout", "mask_value": 0.0});
        }),
        &KerasOptions::default(),
        Naive,
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains("layer dropout (Masking): expected one mask, of the input, found another one"), "{error}");
}

#[test]
fn weights_that_are_not_finite_are_refused_in_every_layer() {
    let whole = std::fs::read(path("3_branches.h5")).unwrap();
    let load = LoadOptions { non_finite: NonFinite::Allow, ..LoadOptions::default() };
    let allow = KerasOptions { load, ..KerasOptions::default() };
    // Weights are multiples of 1/8, and nothing else in the file looks like one.
    let (mut refused, mut taken) = (0, 0);
    for at in (0..whole.len() - 4).step_by(4) {
        let number = f32::from_le_bytes(whole[at..at + 4].try_into().unwrap());
        if number == 0.0 || number.abs() > 2.0 || (number * 8.0).fract() != 0.0 {
            continue;
        }
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        match Graph::from_keras(&bytes, &KerasOptions::default(), Naive) {
            Err(error) => {
                assert!(matches!(error, Error::NotFinite { .. }), "{at}: {error}");
                assert!(Graph::from_keras(&bytes, &allow, Naive).is_ok());
                refused += 1;
            }
            Ok(_) => taken += 1,
        }
    }
    assert!(refused > 200 && taken == 0, "{refused} refused, {taken} taken");
}

/// Names and attributes may become others of the same meaning; what is read can be run, or says why not.
fn keras_graphs_at_every(step: usize) {
    let load = LoadOptions { non_finite: NonFinite::Allow, max_bytes: 1 << 20, ..LoadOptions::default() };
    let options = KerasOptions { load, version: Some(3), ..KerasOptions::default() };
    for name in ["3_branches.h5", "2_branches.h5", "3_decoder.keras", "2_decoder.keras"] {
        let file = std::fs::read(path(name)).unwrap();
        let described = foreign::json("keras_graphs/expected.json")[name].clone();
        let whole = Graph::from_keras(&file, &options, Naive).unwrap().graph;
        let inputs = inputs(&whole, &described);
        let read = |bytes: &[u8]| {
            let graph = Graph::from_keras(bytes, &options, Naive)?.graph;
            let mut session = graph.session();
            session.limit(1 << 16);
            let _ = graph.run(&mut session, &inputs.iter().collect::<Vec<_>>()).map(drop);
            Ok(graph)
        };
        // As for chains (`formats_broken.rs`), and a run.
        let memory = 8 * file.len() as u64 + (1 << 17) + (3 << 16) + 10_000_000 + CONSTANT;
        let ends = |graph: &Graph<Naive>| (graph.inputs().len(), graph.outputs().len());
        let errors = survives(&file, step, memory, read, |read| ends(read) == ends(&whole));
        assert!(errors > file.len() / step, "{name}: {errors} errors");
    }
}

#[test]
fn a_broken_file_is_an_error_or_a_graph_that_runs() {
    keras_graphs_at_every(499);
}

/// Takes minutes: `cargo test --release --test library every_byte_of_graphs -- --ignored`.
#[test]
#[ignore = "minutes"]
fn every_byte_of_graphs_of_keras() {
    keras_graphs_at_every(1);
}

#[test]
fn chains_and_their_graphs_are_told_apart() {
    let no_chain = Network::<f32, _>::from_keras(path("3_decoder.keras"), &KerasOptions::default(), Naive).unwrap_err();
    assert!(no_chain.to_string().contains("expected one input and one output, or Graph::from_keras"), "{no_chain}");
    let error = Graph::from_keras(data("keras/3_stack.keras"), &KerasOptions::default(), Naive).unwrap_err();
    assert!(error.to_string().contains("the model: expected Functional, found Sequential"), "{error}");
    // A functional chain is both.
    let options = KerasOptions::default();
    assert!(Graph::from_keras(data("keras/3_functional.keras"), &options, Naive).is_ok());
}

#[test]
fn what_a_graph_does_not_have_is_an_error_with_layer_and_attribute() {
    let whole = std::fs::read(path("3_branches.h5")).unwrap();
    let changed = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at =
            whole.windows(from.len()).position(|bytes| bytes == from.as_bytes()).expect("the configuration has it");
        let mut bytes = whole.clone();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err()
    };
    let error = changed("\"activation\": \"silu\"", "\"activation\": \"gelu\"");
    let Error::Model { at, part, found, .. } = &error else { panic!("{error}") };
    assert_eq!((&**at, &**part, &**found), ("layer swish (Dense)", "activation", "gelu"));
    let error = changed("\"class_name\": \"Permute\"", "\"class_name\": \"Lambdas\"");
    assert!(error.to_string().contains("class_name: expected InputLayer"), "{error}");
    let error = changed("\"data_format\": \"channels_last\"", "\"data_fermat\": \"channels_last\"");
    assert!(error.to_string().contains("data_fermat: expected no such attribute"), "{error}");
    let error = changed("\"merge_mode\": \"ave\"", "\"merge_mode\": \"max\"");
    assert!(
        error.to_string().contains("layer there (Bidirectional), merge_mode: expected concat, sum, ave or mul"),
        "{error}"
    );
    // The two directions of one layer; in the text, the first function and the first way behind its name are those of the forward layer.
    let of_there = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let find = |start: usize, text: &str| {
            let found = whole[start..].windows(text.len()).position(|bytes| bytes == text.as_bytes());
            start + found.expect("the configuration has it")
        };
        let at = find(find(0, "\"merge_mode\": \"ave\""), from);
        let mut bytes = whole.clone();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        Graph::from_keras(&bytes, &KerasOptions::default(), Naive).unwrap_err().to_string()
    };
    let error = of_there("\"activation\": \"tanh\"", "\"activation\": \"relu\"");
    assert!(error.contains("backward_layer: expected the attributes of the forward layer, found others"), "{error}");
    let error = of_there("\"go_backwards\": false,", "\"go_backwards\": true ,");
    assert!(error.contains("go_backwards: expected false, found true"), "{error}");
}
