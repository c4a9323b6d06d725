//! What `bench` prints, and the options that it has.

use super::super::options::Options;
use super::{Desk, data, feeds, model, onnx_model, says};
use clap::Parser;
use serde_json::Value;

#[test]
fn bench_says_how_long_a_sequence_and_a_step_take() {
    let line =
        says(&["bench", &data("exports/small.nam"), "--seconds", "0.01", "--steps", "20", "--rows", "2", "--json"]);
    let found: Value = serde_json::from_str(&line).unwrap();
    let mut keys: Vec<_> = found.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "backend",
        "file",
        "format",
        "parameters",
        "rows",
        "seconds",
        "sequence_seconds",
        "step_seconds",
        "steps",
        "threads",
    ];
    assert_eq!(keys, expected);
    assert_eq!((found["steps"].as_u64(), found["rows"].as_u64()), (Some(20), Some(2)));
    assert!(found["sequence_seconds"].as_f64().unwrap() > found["step_seconds"].as_f64().unwrap());
    let table = says(&["bench", &data("keras/3_stack.keras"), "--seconds", "0", "--steps", "5"]);
    assert!(table.contains("sequence of 5 steps") && table.contains("–, a layer goes backwards"), "{table}");
    let table = says(&["bench", &data("pytorch_gru_model.safetensors"), "--seconds", "0"]);
    assert!(table.contains("one step, its state carried on") && table.contains(" µs"), "{table}");
}

#[test]
fn bench_times_graphs_on_arrays_that_are_given_or_drawn() {
    let desk = Desk::new();
    let (file, case) = onnx_model("DTLN's form");
    let file = desk.file("m.onnx", file);
    let drawn: Value = serde_json::from_str(&says(&["bench", &file, "--seconds", "0", "--json"])).unwrap();
    assert!(drawn["run_seconds"].as_f64().unwrap() > 0.0 && drawn["nodes"].as_u64().unwrap() > 3, "{drawn}");
    let given = feeds(&case);
    let given: Vec<_> = given.iter().map(|(name, x)| (&**name, x.clone())).collect();
    let x = desk.arrays("x.npz", &given);
    let table = says(&["bench", &file, "--seconds", "0", "--input", &x]);
    assert!(table.contains("run of ") && table.contains("x [1, 1, 5]"), "{table}");
    let (chain, _) = onnx_model("LSTM, every step");
    let table = says(&["bench", &desk.file("chain.onnx", chain), "--seconds", "0"]);
    assert!(table.contains("one step, its state carried on"), "{table}");
}

#[test]
fn threads_are_those_of_faer() {
    let error = model(&["bench", &data("exports/small.nam"), "--threads", "2"]).unwrap_err().to_string();
    assert!(error.contains("--threads: expected 1, or --backend faer, found 2 with --backend naive"), "{error}");
    for wrong in [
        &["bench", "m", "--threads", "0"][..],
        &["bench", "m", "--seconds", "-1"],
        &["convert", "m", "n", "--logits", "--probabilities"],
    ] {
        assert!(Options::try_parse_from([&["model"][..], wrong].concat()).is_err(), "{wrong:?}");
    }
}
