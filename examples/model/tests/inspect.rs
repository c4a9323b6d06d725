//! What `inspect` says of models, supported or not.

use super::{Desk, FILES, data, described, model, onnx_model, onnx_models, says};

#[test]
fn inspect_lists_the_layers_of_every_format() {
    for (name, expected) in FILES {
        let found = says(&["inspect", &data(name)]);
        for text in expected {
            assert!(found.contains(text), "{name} lacks {text:?}:\n{found}");
        }
        assert!(!found.contains("Not supported") && !found.contains('✗'), "{name}:\n{found}");
    }
}

#[test]
fn inspect_lists_the_nodes_of_onnx_and_says_whether_they_are_a_network() {
    let desk = Desk::new();
    let (chain, _) = onnx_model("two bidirectional LSTMs, last step, softmax, opset 17");
    let found = says(&["inspect", &desk.file("chain.onnx", chain)]);
    for text in [
        "ONNX, opset 17, IR",
        "by ",
        "input   x",
        "direction bidirectional",
        "LSTM",
        "It is a network too",
        "both directions, concat",
    ] {
        assert!(found.contains(text), "{text:?} is lacking:\n{found}");
    }
    let (graph, _) = onnx_model("a convolution below");
    let found = says(&["inspect", &desk.file("graph.onnx", graph)]);
    assert!(
        found.contains("Conv") && found.contains("kernel_shape [") && found.contains("no chain of layers"),
        "{found}"
    );
}

#[test]
fn whatever_is_not_supported_in_onnx_is_listed_with_the_error_of_the_reader() {
    let page = include_str!("../../../src/interop/onnx/refused.md");
    let (desk, mut listed) = (Desk::new(), 0);
    for (name, bytes, _) in onnx_models("refused") {
        let row = page.lines().find_map(|line| line.strip_prefix(&format!("| {name} | "))).unwrap();
        let error = row.strip_suffix(" |").unwrap().replace("\\|", "|");
        match model(&["inspect", &desk.file("refused.onnx", bytes)]) {
            Ok(found) => {
                assert!(found.contains("Not supported") && found.contains(&error), "{name} lacks {error}:\n{found}");
                listed += 1;
            }
            // Of what cannot be read there is nothing to list.
            Err(error) => assert!(error.to_string().contains("a field of NodeProto"), "{name}: {error}"),
        }
    }
    assert!(listed >= 100, "{listed}");
}

/// A file of the fixtures with other texts of the same length.
fn changed(name: &str, changes: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = std::fs::read(data(name)).unwrap();
    for (from, to) in changes {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|bytes| bytes == from.as_bytes()).expect("it is there");
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[test]
fn several_layers_that_are_not_supported_are_all_listed() {
    let desk = Desk::new();
    let keras = changed(
        "keras_graphs/3_branches.h5",
        &[
            ("\"activation\": \"silu\"", "\"activation\": \"gelu\""),
            ("\"merge_mode\": \"ave\"", "\"merge_mode\": \"max\""),
        ],
    );
    let found = says(&["inspect", &desk.file("branches.h5", keras)]);
    for text in [
        "Not supported, 2 in ",
        "layer swish (Dense), activation: expected linear",
        "layer there (Bidirectional), merge_mode: expected concat, sum, ave or mul, found max",
        "✗",
    ] {
        assert!(found.contains(text), "{text:?} is lacking:\n{found}");
    }

    let mut rtneural = described("exports/lstm.json");
    rtneural["layers"][0]["activation"] = "elu".into();
    rtneural["layers"][1]["type"] = "conv1d".into();
    let found = says(&["inspect", &desk.file("two.json", rtneural.to_string())]);
    for text in
        ["Not supported, 2 in 3 layers", "layers[0], activation: expected", "layers[1], type: expected", "conv1d"]
    {
        assert!(found.contains(text), "{text:?} is lacking:\n{found}");
    }

    let mut nam = described("exports/small.nam");
    nam["architecture"] = "WaveNet".into();
    let found = says(&["inspect", &desk.file("wave.nam", nam.to_string())]);
    assert!(found.contains("architecture: expected LSTM, found WaveNet"), "{found}");

    let found = says(&["inspect", &data("exports/big_endian.npz")]);
    assert!(found.contains("Not supported, 6 of 6 arrays") && found.contains("found >f4"), "{found}");
}
