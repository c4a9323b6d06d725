//! The commands on models of every format, whole and broken.

use super::execute;
use super::options::Options;
use clap::Parser;
use recurrent::error::Result;
use recurrent::graph::Tensor;
use recurrent::interop::LoadOptions;
use recurrent::interop::npz::{read_tensors, write_tensors};
use recurrent::interop::onnx::{read_tensor, write_tensor};
use serde_json::{Value, json};
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
    let page = include_str!("../../src/interop/onnx/refused.md");
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

#[test]
fn a_broken_file_of_every_format_is_an_error_of_every_command() {
    let desk = Desk::new();
    let (onnx, _) = onnx_model("LSTM, every step");
    desk.file("whole.onnx", onnx);
    let x = desk.arrays("x.npz", &[("x", Tensor::f32(&[1, 1, 1], [0.0]).unwrap())]);
    let files = FILES.iter().map(|(name, _)| data(name)).chain([desk.path("whole.onnx")]);
    for file in files.filter(|file| !file.contains("config.json")) {
        let bytes = std::fs::read(&file).unwrap();
        // JSON ends with a line, which is nothing of it.
        let whole = if bytes[0] == b'{' { bytes.trim_ascii_end().len() } else { bytes.len() };
        for len in [0, 1, 7, 12, whole / 3, whole - 1] {
            let cut = desk.file("cut", &bytes[..len]);
            for line in [
                &["inspect", &cut][..],
                &["convert", &cut, &desk.path("out.onnx")],
                &["run", &cut, "--input", &x, "--output", &desk.path("y.npz")],
                &["bench", &cut, "--seconds", "0"],
            ] {
                // Of HDF5 the last byte may be of nothing.
                let trailing = len == whole - 1 && bytes.starts_with(b"\x89HDF");
                let error = match model(line) {
                    Err(error) => error.to_string(),
                    Ok(_) if trailing => continue,
                    Ok(found) => panic!("{file}, {len} bytes, {line:?}:\n{found}"),
                };
                assert!(error.contains("expected"), "{file}, {len} bytes: {error}");
            }
        }
    }
}

#[test]
fn what_is_no_model_is_called_by_its_name() {
    let desk = Desk::new();
    for (bytes, says) in [
        (&b""[..], "an empty file"),
        (b"\x80\x02}q\x00.", "a pickle of Python"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"\x1c\0\0\0TFL3\0\0\0\0", "TensorFlow Lite"),
        (b"<!DOCTYPE html>", "a page in HTML"),
        (b"\xff\xfe\x00\x01", "bytes that begin with ff fe 00 01"),
        (b"{\"a\": 1}", "JSON with a"),
        (b"{\"class_name\": \"Sequential\", \"config\": {}}", "without its weights"),
    ] {
        let error = model(&["inspect", &desk.file("unknown", bytes)]).unwrap_err().to_string();
        assert!(error.contains("expected a model: ONNX, Keras") && error.contains(says), "{error}");
    }
    assert!(model(&["inspect", &desk.path("nothing")]).unwrap_err().to_string().contains("reading"));
    assert!(model(&["inspect", &desk.path("")]).unwrap_err().to_string().contains("a regular file"));
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

#[test]
fn run_gives_what_keras_gives_masks_and_softmax_included() {
    let desk = Desk::new();
    for (name, x, expected) in of_keras() {
        let found = desk.run(&data(&format!("keras/{name}")), &[("x", x)], &[]);
        assert_eq!((found.len(), &*found[0].0), (1, "y"), "{name}");
        near(&name, &found[0].1, &expected);
    }
}

#[test]
fn what_is_converted_gives_the_same_in_every_format() {
    let desk = Desk::new();
    let (mut converted, mut masked) = (0, 0);
    for (name, x, expected) in of_keras() {
        let file = data(&format!("keras/{name}"));
        let [onnx, safetensors, ckpt] = ["m.onnx", "m.safetensors", "m.ckpt"].map(|name| desk.path(name));
        let [told, ..] = [&onnx, &safetensors, &ckpt].map(|out| says(&["convert", &file, out]));
        assert!(told.contains("Keras → onnx") && told.contains("[steps, rows, width]"), "{told}");
        if told.contains("the model masks steps, and ONNX has no masks") {
            masked += 1;
            continue;
        }
        let time_major = if expected.rank() == 3 { swapped(&expected) } else { expected.clone() };
        near(&name, &desk.run(&onnx, &[("x", swapped(&x))], &[])[0].1, &time_major);
        let whole = &desk.run(&file, &[("x", x.clone())], &[])[0].1;
        let softmax = says(&["convert", &file, &safetensors]).contains("the softmax at the end is no weight");
        for weights in [&safetensors, &ckpt] {
            let found = &desk.run(weights, &[("x", x.clone())], &["--batch-first"])[0].1;
            // What the file has no weights for is missing.
            assert_eq!(found == whole, !softmax, "{name}");
            assert_eq!(found.shape(), whole.shape());
        }
        converted += 1;
    }
    assert_eq!((converted, masked), (13, 4));
}

#[test]
fn every_format_that_is_a_network_is_converted_to_every_format_that_is_written() {
    let desk = Desk::new();
    let (onnx, _) = onnx_model("LSTM, every step");
    let own = [desk.file("chain.onnx", onnx)];
    let files =
        ["exports/lstm.json", "exports/gru.json", "exports/small.nam", "exports/gru.npz", "exports/f16.safetensors"];
    for file in files.iter().map(|name| data(name)).chain(own) {
        for ending in ["onnx", "safetensors", "npz", "ckpt"] {
            let out = desk.path(&format!("out.{ending}"));
            says(&["convert", &file, &out]);
            says(&["inspect", &out]);
        }
        // And on from there, with the same numbers.
        let (from, to) = (desk.path("out.ckpt"), desk.path("again.safetensors"));
        says(&["convert", &from, &to]);
        assert_eq!(std::fs::read(&to).unwrap(), std::fs::read(desk.path("out.safetensors")).unwrap(), "{file}");
    }
}

#[test]
fn a_configuration_with_or_without_weights_becomes_onnx_with_what_is_asked_for() {
    let desk = Desk::new();
    let config = desk.file(
        "config.json",
        json!({ "input": { "features": { "width": 3 } },
                "layers": [{ "recurrent": { "cell": { "lstm": { "clip": { "pre_activations": 0.25 } } }, "hidden": 4 } }],
                "head": { "units": 2, "objective": "softmax" } })
        .to_string(),
    );
    let [plain, states, weights, out] =
        ["plain.onnx", "states.onnx", "w.safetensors", "out.onnx"].map(|name| desk.path(name));
    // What every function limits cannot be told of the gates alone, nor the other way round.
    let error = model(&["convert", &config, &plain]).unwrap_err().to_string();
    assert!(error.contains("configuration, layers[0]"), "{error}");
    says(&["convert", &config, &plain, "--clip", "gates"]);
    says(&["convert", &config, &states, "--clip", "gates", "--states", "--probabilities"]);
    let x = Tensor::f32(&[5, 2, 3], (0_u8..30).map(|k| f32::from(k) / 10.0 - 1.5).collect::<Vec<_>>()).unwrap();
    let zero = Tensor::f32(&[1, 2, 4], [0.0; 8]).unwrap();
    let given = [("x", x.clone()), ("rnn.l0.h", zero.clone()), ("rnn.l0.c", zero)];
    let streamed = desk.run(&states, &given, &["--clip", "gates"]);
    let names: Vec<_> = streamed.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["y", "rnn.l0.h_n", "rnn.l0.c_n"]);
    let logits = &desk.run(&plain, &[("x", x.clone())], &["--clip", "gates"])[0].1;
    let softmax: Vec<_> = logits.as_f32().unwrap().chunks_exact(2).flat_map(softmax_of_two).collect();
    near("softmax", &streamed[0].1, &Tensor::f32(&[5, 2, 2], softmax).unwrap());

    says(&["convert", &config, &weights, "--seed", "7"]);
    says(&["convert", &weights, &out, "--config", &config, "--clip", "gates"]);
    let other = &desk.run(&out, &[("x", x)], &["--clip", "gates"])[0].1;
    assert_ne!(other, logits, "another seed has other weights");
}

#[test]
fn a_softmax_stays_one_unless_logits_are_asked_for() {
    let desk = Desk::new();
    let (file, case) = onnx_model("two bidirectional LSTMs, last step, softmax, opset 17");
    let (file, x) = (desk.file("m.onnx", file), feeds(&case));
    let given: Vec<_> = x.iter().map(|(name, x)| (&**name, x.clone())).collect();
    let expected = &desk.run(&file, &given, &[])[0].1;
    let [same, logits] = ["same.onnx", "logits.onnx"].map(|name| desk.path(name));
    says(&["convert", &file, &same]);
    says(&["convert", &file, &logits, "--logits"]);
    // What is written reads steps first, and the file rows.
    let turned: Vec<_> = given.iter().map(|(name, x)| (*name, swapped(x))).collect();
    near("softmax", &desk.run(&same, &turned, &[])[0].1, expected);
    let logits = &desk.run(&logits, &turned, &[])[0].1;
    let softmax = logits.as_f32().unwrap().chunks_exact(2).flat_map(softmax_of_two);
    near("logits", &Tensor::f32(logits.shape(), softmax.collect::<Vec<_>>()).unwrap(), expected);
}

fn softmax_of_two(a: &[f32]) -> [f32; 2] {
    [1.0 / (1.0 + (a[1] - a[0]).exp()), 1.0 / (1.0 + (a[0] - a[1]).exp())]
}

#[test]
fn out_must_be_another_file_with_an_ending_that_is_written() {
    let desk = Desk::new();
    let file = desk.file("m.npz", std::fs::read(data("exports/gru.npz")).unwrap());
    for out in ["m.nam", "m.json", "m"] {
        let error = model(&["convert", &file, &desk.path(out)]).unwrap_err().to_string();
        assert!(error.contains("an ending of .onnx, .safetensors, .npz or .ckpt"), "{error}");
    }
    let error = model(&["convert", &file, &file]).unwrap_err().to_string();
    assert!(error.contains("another file than that of FILE"), "{error}");
    let graph = data("keras_graphs/3_branches.h5");
    let error = model(&["convert", &graph, &desk.path("out.onnx")]).unwrap_err().to_string();
    assert!(error.contains("expected"), "{error}");
    assert!(!Path::new(&desk.path("out.onnx")).exists());
}

#[test]
fn weights_with_pytorchs_names_need_no_configuration_unless_they_leave_something_open() {
    let desk = Desk::new();
    for name in ["pytorch_gru_model", "pytorch_char_model"] {
        let case = described(&format!("{name}.json"));
        let x = symbols(&tensor(&case["tokens"]));
        let found = &desk.run(&data(&format!("{name}.safetensors")), &[("tokens", x)], &[])[0].1;
        let expected = tensor(&case["logits_f32"]["data"]);
        near(name, found, &Tensor::f32(found.shape(), expected.as_f32().unwrap()).unwrap());
    }
    let relu = data("pytorch_relu_model.safetensors");
    let error = model(&["convert", &relu, &desk.path("m.onnx")]).unwrap_err().to_string();
    assert!(error.contains("expected --cell tanh or --cell relu, since the layer has one gate"), "{error}");
    let case = described("pytorch_relu_model.json");
    let x = symbols(&tensor(&case["tokens"]));
    let found = &desk.run(&relu, &[("tokens", x)], &["--cell", "relu"])[0].1;
    near("relu", found, &Tensor::f32(found.shape(), tensor(&case["logits_f32"]["data"]).as_f32().unwrap()).unwrap());
    let listed = says(&["inspect", &relu]);
    assert!(listed.contains("No network by itself") && listed.contains("--cell tanh"), "{listed}");
    let error = model(&["convert", &relu, &desk.path("m.onnx"), "--cell", "lstm"]).unwrap_err().to_string();
    assert!(error.contains("4 times as many rows as units"), "{error}");
}

#[test]
fn weights_of_keras_alone_go_into_the_network_of_a_configuration() {
    let desk = Desk::new();
    let whole = desk.path("whole.safetensors");
    says(&["convert", &data("keras/3_stack.keras"), &whole]);
    let load = LoadOptions::default();
    let config = recurrent::interop::read_config(&whole, &load).unwrap().unwrap();
    let config = desk.file("config.json", serde_json::to_string(&config).unwrap());
    let weights = data("keras/3_stack.weights.h5");
    let error = model(&["convert", &weights, &desk.path("m.onnx")]).unwrap_err().to_string();
    assert!(error.contains("expected a whole model, or --config"), "{error}");
    let same = desk.path("same.safetensors");
    says(&["convert", &weights, &same, "--config", &config]);
    assert_eq!(std::fs::read(&same).unwrap(), std::fs::read(&whole).unwrap());
}

#[test]
fn run_takes_arrays_by_name_and_keeps_outputs_by_name() {
    let desk = Desk::new();
    for (name, file, case) in onnx_models("models") {
        let (file, given) = (desk.file("m.onnx", file), feeds(&case));
        let given: Vec<_> = given.iter().map(|(name, x)| (&**name, x.clone())).collect();
        let found = desk.run(&file, &given, &[]);
        assert_eq!(found.len(), case["runtime"].as_object().unwrap().len(), "{name}");
        for (output, y) in &found {
            let expected = tensor(&case["runtime"][output]["data"]);
            near(&name, y, &Tensor::f32(y.shape(), expected.as_f32().unwrap()).unwrap());
        }
        let turned: Vec<_> = given.iter().rev().cloned().collect();
        assert_eq!(desk.run(&file, &turned, &[]), found, "{name}");
        if let [(_, only)] = &given[..] {
            assert_eq!(desk.run(&file, &[("whatever", only.clone())], &[]), found, "{name}");
        } else {
            let x = desk.arrays("few.npz", &given[..1]);
            let error = model(&["run", &file, "--input", &x, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
            assert!(error.contains("expected an array f32 ["), "{error}");
            let more = [&given[..], &[("more", given[0].1.clone())]].concat();
            let x = desk.arrays("more.npz", &more);
            let error = model(&["run", &file, "--input", &x, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
            assert!(error.contains("no others than") && error.contains("more f32"), "{error}");
        }
    }
}

#[test]
fn tensors_of_onnx_are_inputs_and_outputs_too() {
    let desk = Desk::new();
    let (file, case) = onnx_model("GRU with its state, sigmoid");
    let file = desk.file("m.onnx", file);
    let given = feeds(&case);
    let mut line = vec!["run".to_string(), file.clone()];
    for (name, x) in &given {
        let pb = desk.file(&format!("{name}.pb"), write_tensor("anything", x).unwrap());
        line.extend(["--input".to_string(), format!("{name}={pb}")]);
    }
    line.extend(["--output".to_string(), desk.path("")]);
    says(&line.iter().map(String::as_str).collect::<Vec<_>>());
    let given: Vec<_> = given.iter().map(|(name, x)| (&**name, x.clone())).collect();
    for (k, (name, expected)) in desk.run(&file, &given, &[]).iter().enumerate() {
        let found = std::fs::read(desk.path(&format!("output_{k}.pb"))).unwrap();
        assert_eq!(read_tensor(&found).unwrap(), *expected, "{name}");
    }
    let error = model(&["run", &file, "--input", &file, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
    assert!(error.contains("an archive of arrays (.npz), or a TensorProto"), "{error}");
}

/// `y = RNN(x, W, R)`, whose weights are inputs: fields of messages that are shorter than 128 bytes each.
fn with_weights_as_inputs() -> Vec<u8> {
    let field =
        |number: u8, content: &[u8]| [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat();
    let real = field(2, &field(1, &[1 << 3, 1]));
    let value = |number, name: &str| field(number, &[field(1, name.as_bytes()), real.clone()].concat());
    let inputs = ["x", "W", "R"].map(|name| field(1, name.as_bytes())).concat();
    let node = field(1, &[inputs, field(2, b"y"), field(4, b"RNN")].concat());
    let graph = [node, ["x", "W", "R"].map(|name| value(11, name)).concat(), value(12, "y")].concat();
    [vec![1 << 3, 8], field(7, &graph), field(8, &[2 << 3, 17])].concat()
}

#[test]
fn weights_that_are_inputs_become_constants() {
    let desk = Desk::new();
    let file = desk.file("m.onnx", with_weights_as_inputs());
    let of = |shape: &[usize], numbers: &[f32]| Tensor::f32(shape, numbers).unwrap();
    let given = [
        ("R", of(&[1, 1, 1], &[0.5])),
        ("x", of(&[2, 1, 2], &[0.5, 0.25, 0.0, 0.0])),
        ("W", of(&[1, 1, 2], &[1.0, 2.0])),
    ];
    let found = &desk.run(&file, &given, &[])[0].1;
    let (first, second) = (1.0_f32.tanh(), (0.5 * 1.0_f32.tanh()).tanh());
    near("y", found, &of(&[2, 1, 1, 1], &[first, second]));
    let x = desk.arrays("given.npz", &given);
    let table = says(&["bench", &file, "--input", &x, "--seconds", "0"]);
    assert!(table.contains("run of x [2, 1, 2]"), "{table}");
    let listed = says(&["inspect", &file]);
    assert!(listed.contains("input `W`: expected a constant"), "{listed}");
}

#[test]
fn a_row_by_itself_needs_no_axis_of_rows() {
    let desk = Desk::new();
    let case = described("exports/expected.json");
    for name in ["lstm.json", "gru.json", "small.nam"] {
        let (x, expected) = (tensor(&case[name]["input"]), tensor(&case[name]["output"]));
        near(name, &desk.run(&data(&format!("exports/{name}")), &[("x", x.clone())], &[])[0].1, &expected);
        let with_rows = Tensor::f32(&[x.shape()[0], 1, x.shape()[1]], x.as_f32().unwrap()).unwrap();
        let found = &desk.run(&data(&format!("exports/{name}")), &[("x", with_rows)], &[])[0].1;
        assert_eq!((found.shape(), found.len()), (&[20, 1, 1][..], expected.len()), "{name}");
        if x.shape()[1] == 1 {
            let samples = Tensor::f32(&[20], x.as_f32().unwrap()).unwrap();
            let found = &desk.run(&data(&format!("exports/{name}")), &[("x", samples)], &[])[0].1;
            assert_eq!(found.shape(), [20], "{name}");
        }
    }
    let wrong = desk.arrays("x.npz", &[("x", Tensor::f32(&[2, 7], [0.0; 14]).unwrap())]);
    let file = data("exports/small.nam");
    let error = model(&["run", &file, "--input", &wrong, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
    assert!(error.contains("input `x`: expected real numbers [T, N, 1] or [T, 1], found [2, 7]"), "{error}");
}

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
