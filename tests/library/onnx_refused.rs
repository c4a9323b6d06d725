//! What is not implemented is refused by name: the page of refusals is what the reader says.

use recurrent::Error;
use recurrent::interop::onnx::{Limits, Model, Options};
use rnn_backend_naive::Naive;
use serde::Deserialize;

#[derive(Deserialize)]
struct Refused {
    name: String,
    model: String,
}

fn models() -> Vec<(String, Vec<u8>)> {
    let all: Vec<Refused> = serde_json::from_str(include_str!("../data/onnx/refused.json")).unwrap();
    all.into_iter().map(|one| (one.name, bytes(&one.model))).collect()
}

pub fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn refusal(bytes: &[u8]) -> Error {
    let model = Model::read(bytes, &Limits::default());
    model.and_then(|model| model.into_graph(Naive, &Options::default())).map(drop).expect_err("it is refused")
}

#[test]
fn the_page_of_refusals_is_what_the_reader_says() {
    let page = include_str!("../../src/interop/onnx/refused.md");
    let row = |(name, bytes): &(String, Vec<u8>)| {
        let says = refusal(bytes).to_string().replace('|', "\\|").replace(['\n', '\r'], " ");
        format!("| {name} | {says} |\n")
    };
    let found: String = models().iter().map(row).collect();
    let (_, written) = page.split_once("|---|---|\n").unwrap();
    assert!(written == found, "the page should be\n{found}");
    assert!(found.lines().count() >= 100);
}

#[test]
fn every_refusal_says_where_what_is_expected_and_what_was_found() {
    for (name, bytes) in models() {
        let error = refusal(&bytes);
        let says = error.to_string();
        assert!(says.contains("expected") && says.contains("found"), "{name}: {says}");
        let typed = matches!(error, Error::Model { .. } | Error::Node { .. } | Error::Format { .. });
        assert!(typed, "{name}: {error:?}");
        // Of a node, its name or its value.
        let of_a_node = matches!(&error, Error::Model { at, .. } if at.starts_with("node"));
        assert!(!of_a_node || says.contains('`'), "{name}: {says}");
    }
}

#[test]
fn a_recurrent_node_is_refused_alone_as_in_the_whole() {
    let mut seen = 0;
    for (name, bytes) in models() {
        let recurrent = ["RNN, ", "GRU, ", "LSTM, "].iter().any(|operator| name.starts_with(operator));
        if recurrent {
            let model = Model::read(&bytes, &Limits::default());
            let taken = model.and_then(|model| model.take("layer", Naive, &Options::default()).map(drop));
            assert!(taken.is_err(), "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 30, "{seen}");
}
