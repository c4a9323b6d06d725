//! The commands on models of every format, whole and broken.

mod bench;
mod broken;
mod convert;
mod inspect;
mod run;

use super::execute;
use super::options::Options;
use clap::Parser;
use recurrent::error::Result;
use recurrent::graph::Tensor;
use recurrent::interop::LoadOptions;
use recurrent::interop::npz::{read_tensors, write_tensors};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name).display().to_string()
}

fn described(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data(name)).unwrap()).unwrap()
}

/// What a command says, on the backend that is made at once.
fn model(line: &[&str]) -> Result<String> {
    execute(&Options::try_parse_from([&["model"][..], line, &["--backend", "naive"]].concat()).unwrap())
}

/// The same, which says so.
fn says(line: &[&str]) -> String {
    model(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

/// A folder of files that are made for a test.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn arrays(&self, name: &str, arrays: &[(&str, Tensor)]) -> String {
        self.file(name, write_tensors(arrays.iter().map(|(name, tensor)| (*name, tensor))).unwrap())
    }

    /// What a model makes of these arrays.
    fn run(&self, file: &str, arrays: &[(&str, Tensor)], more: &[&str]) -> Vec<(String, Tensor)> {
        let (x, y) = (self.arrays("run_x.npz", arrays), self.path("run_y.npz"));
        says(&[&["run", file, "--input", &x, "--output", &y][..], more].concat());
        read_tensors(PathBuf::from(y), &LoadOptions::default()).unwrap()
    }
}

/// The numbers of nested arrays in their shape.
#[expect(clippy::cast_possible_truncation, reason = "numbers that were f32")]
fn tensor(value: &Value) -> Tensor {
    fn walk(value: &Value, depth: usize, shape: &mut Vec<usize>, numbers: &mut Vec<f32>) {
        let Some(list) = value.as_array() else { return numbers.push(value.as_f64().unwrap() as f32) };
        if shape.len() == depth {
            shape.push(list.len());
        }
        list.iter().for_each(|inner| walk(inner, depth + 1, shape, numbers));
    }
    let (mut shape, mut numbers) = (Vec::new(), Vec::new());
    walk(value, 0, &mut shape, &mut numbers);
    Tensor::f32(&shape, numbers).unwrap()
}

#[expect(clippy::cast_possible_truncation, reason = "symbols")]
fn symbols(x: &Tensor) -> Tensor {
    Tensor::i64(x.shape(), x.as_f32().unwrap().iter().map(|&x| x as i64).collect::<Vec<_>>()).unwrap()
}

/// `[a, b, …]` as `[b, a, …]`.
fn swapped(x: &Tensor) -> Tensor {
    let (a, b) = (x.shape()[0], x.shape()[1]);
    let width = x.len() / (a * b);
    let at = |k: usize| k % (b * a) % a * b + k / a;
    let mut shape = x.shape().to_vec();
    shape.swap(0, 1);
    match x.as_f32() {
        Ok(numbers) => {
            let rows = (0..a * b).flat_map(|k| numbers[at(k) * width..][..width].iter().copied());
            Tensor::f32(&shape, rows.collect::<Vec<_>>()).unwrap()
        }
        Err(_) => {
            let numbers = x.as_i64().unwrap();
            Tensor::i64(&shape, (0..a * b).map(|k| numbers[at(k)]).collect::<Vec<_>>()).unwrap()
        }
    }
}

/// Both compute in f32, some dozens of operations on numbers around 1.
fn near(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    for (found, expected) in found.as_f32().unwrap().iter().zip(expected.as_f32().unwrap()) {
        assert!((found - expected).abs() <= 2e-6, "{what}: {found}, not {expected}");
    }
}

/// The models of `tests/data/onnx`, by name.
fn onnx_models(file: &str) -> Vec<(String, Vec<u8>, Value)> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let all = described(&format!("onnx/{file}.json"));
    let one = |one: &Value| {
        let bytes = one["model"].as_str().unwrap().as_bytes().chunks(2).map(byte).collect();
        (one["name"].as_str().unwrap().to_string(), bytes, one.clone())
    };
    all.as_array().unwrap().iter().map(one).collect()
}

fn onnx_model(name: &str) -> (Vec<u8>, Value) {
    let found = onnx_models("models").into_iter().find(|(found, ..)| found == name).unwrap();
    (found.1, found.2)
}

/// What a model of ONNX is fed: `{name: {shape, kind, data}}`.
fn feeds(case: &Value) -> Vec<(String, Tensor)> {
    let feed = |(name, feed): (&String, &Value)| {
        let shape: Vec<_> =
            feed["shape"].as_array().unwrap().iter().map(|x| usize::try_from(x.as_u64().unwrap()).unwrap()).collect();
        let numbers = tensor(&feed["data"]).as_f32().unwrap().to_vec();
        let x = Tensor::f32(&shape, numbers).unwrap();
        (name.clone(), if feed["kind"] == "int64" { symbols(&x) } else { x })
    };
    case["feeds"].as_object().unwrap().iter().map(feed).collect()
}

/// The models of Keras that are networks, with what Keras makes of an input `[N, T, C]`.
fn of_keras() -> impl Iterator<Item = (String, Tensor, Tensor)> {
    let all = described("keras/expected.json");
    let all: Vec<_> = all.as_object().unwrap().iter().map(|(name, case)| (name.clone(), case.clone())).collect();
    all.into_iter().map(|(name, case)| {
        let x = tensor(&case["input"]);
        (name, if x.rank() == 2 { symbols(&x) } else { x }, tensor(&case["output"]))
    })
}

/// A file of every format that is a model, and what `inspect` must say of it.
const FILES: [(&str, &[&str]); 13] = [
    ("keras/3_stack.keras", &["Keras, version 3.", "Sequential", "Bidirectional", "merge_mode concat", "A network of"]),
    ("keras/2_symbols.h5", &["Keras, version 2.", "Embedding", "symbols 0 to"]),
    ("keras/3_masking.keras", &["Masking", "mask_value", "skips masked steps"]),
    ("keras/3_stack.weights.h5", &["weights alone", "--config with the configuration"]),
    ("keras_graphs/3_branches.h5", &["Functional", "reads ", "A graph of", "no chain of layers"]),
    ("exports/gru.npz", &["arrays of NumPy", "rnn.weight_ih_l0", "[12, 3]", "<f4", "gru", "is assumed"]),
    ("exports/bf16.safetensors", &["safetensors", "BF16", "head.bias", "A network of 118 parameters"]),
    ("fixtures/weights.safetensors", &["with its configuration", "elman", "activation sigmoid", "2 stacked"]),
    ("exports/lstm.json", &["RTNeural", "lstm", "[?, ?, 3]", "activation tanh", "A network of"]),
    ("exports/small.nam", &["Neural Amp Modeler", "architecture", "loudness -18.5", "learned initial states"]),
    ("fixtures/checkpoint-v1-f32.ckpt", &["checkpoint, f32", "A network of"]),
    ("fixtures/checkpoint-v1-f64.ckpt", &["checkpoint, f64", "rounded to f32"]),
    ("fixtures/config.json", &["configuration", "drawn from seed 1", "reset before"]),
];
