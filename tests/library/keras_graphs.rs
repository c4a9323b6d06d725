//! Models of Keras that are no chain: the files in `tests/data/keras_graphs` and what Keras makes of them were written by
//! `tests/data/keras_graphs.py`.

use crate::foreign::{data, json, numbers, shape};
use recurrent::graph::{Graph, Kind, Tensor};
use recurrent::interop::keras::KerasOptions;
use recurrent::{Error, Network};
use rnn_backend_naive::Naive;
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    data(&format!("keras_graphs/{name}"))
}

#[test]
#[allow(clippy::cast_possible_truncation)] // numbers that were f32, and small symbols
fn every_model_gives_the_numbers_of_keras() {
    let described = json("keras_graphs/expected.json");
    assert_eq!(described.as_object().unwrap().len(), 4);
    for (name, described) in described.as_object().unwrap() {
        let model = Graph::from_keras(path(name), &KerasOptions::default(), Naive);
        let graph = model.unwrap_or_else(|error| panic!("{name}: {error}")).graph;
        let inputs = graph.inputs().iter().zip(described["inputs"].as_array().unwrap()).map(|(input, given)| {
            let (shape, numbers) = (shape(given), numbers(given));
            match input.kind {
                Kind::F32 => Tensor::f32(&shape, numbers.iter().map(|&x| x as f32).collect::<Vec<_>>()).unwrap(),
                _ => Tensor::i32(&shape, numbers.iter().map(|&x| x as i32).collect::<Vec<_>>()).unwrap(),
            }
        });
        let inputs: Vec<_> = inputs.collect();
        let mut session = graph.session();
        let outputs = graph.run(&mut session, &inputs.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(outputs.len(), described["outputs"].as_array().unwrap().len(), "{name}");
        for (k, expected) in described["outputs"].as_array().unwrap().iter().enumerate() {
            assert_eq!(outputs[k].shape(), shape(expected), "{name}, output {k}");
            for (found, expected) in outputs[k].as_f32().unwrap().iter().zip(numbers(expected)) {
                // Both compute in f32, in different orders, some dozens of operations on numbers around 1.
                assert!((f64::from(*found) - expected).abs() <= 2e-6, "{name}, output {k}: {found}, not {expected}");
            }
        }
    }
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
}
