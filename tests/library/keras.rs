//! Models of Keras: the files in `tests/data/keras` and what Keras makes of them were written by `tests/data/keras_models.py`.

#![allow(clippy::cast_possible_truncation)] // of numbers that were f32, and of small ones

use crate::foreign::{F32, data, json, numbers, reconfigured, roundings, shape};
use recurrent::interop::keras::{Keras, KerasOptions, KerasOutput, Masking};
use recurrent::interop::{Conversion, LoadOptions, Metadata, Partial};
use recurrent::network::{Config, DenseSpec, Readout, RecurrentSpec};
use recurrent::{Activation, Batch, Held, Network, Workspace};
use rnn_backend_naive::Naive;
use serde_json::Value;
use std::path::PathBuf;

pub fn path(name: &str) -> PathBuf {
    data(&format!("keras/{name}"))
}

pub fn options() -> KerasOptions {
    let load = LoadOptions { conversion: Conversion::Allow, ..LoadOptions::default() };
    KerasOptions { load, ..KerasOptions::default() }
}

pub fn model(name: &str) -> Keras<f64, Naive> {
    Network::from_keras(path(name), &options(), Naive).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a network gives, `[N, T', O]` for as many steps as it has.
pub fn output(
    model: &Network<f64, Naive>,
    masking: Option<Masking>,
    held: Held,
    softmax: bool,
    input: &Value,
) -> Vec<f64> {
    let (x, sizes) = (numbers(input), shape(input));
    let (rows, steps) = (sizes[0], sizes[1]);
    let mut workspace = Workspace::new();
    let mut state = model.state(rows).unwrap();
    let symbols: Vec<u32> = x.iter().map(|&x| x as u32).collect();
    let (batch, skipped) = match sizes[..] {
        [_, _, width] => {
            let skipped = masking.map(|masking| masking.skipped(&x, width));
            (Batch::batch_first(&x, [rows, steps, width]).unwrap(), skipped)
        }
        _ => {
            let skipped = masking.map(|masking| masking.skipped_symbols(&symbols));
            (Batch::symbols_batch_first(&symbols, [rows, steps]).unwrap(), skipped)
        }
    };
    // Marks are time-major.
    let skipped: Option<Vec<_>> =
        skipped.map(|marks| (0..steps * rows).map(|k| marks[k % rows * steps + k / rows]).collect());
    let batch = match &skipped {
        Some(skipped) => batch.skipping(skipped, held).unwrap(),
        None => batch,
    };
    let y = model.infer(&mut workspace, &batch, &mut state).unwrap();
    let mut found = Vec::new();
    for n in 0..rows {
        for t in 0..y.steps() {
            let row = y.at(t).row(n);
            let sum: f64 = row.iter().map(|a| a.exp()).sum();
            found.extend(row.iter().map(|a| if softmax { a.exp() / sum } else { *a }));
        }
    }
    found
}

/// Keras computes in f32, sums of at most 7 products in at most 4 layers, where it is not said of how many.
pub fn tolerance() -> f64 {
    roundings(F32, 7, 4)
}

pub fn expect(name: &str, found: &[f64], expected: &Value) {
    expect_within(tolerance(), name, found, expected);
}

fn expect_within(tolerance: f64, name: &str, found: &[f64], expected: &Value) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{name}");
    let mut worst = 0.0_f64;
    for (k, (a, b)) in found.iter().zip(&expected).enumerate() {
        worst = worst.max((a - b).abs());
        assert!((a - b).abs() <= tolerance, "{name}: number {k} is {a}, in Keras {b}");
    }
    println!("{name}: {worst:.1e} of {tolerance:.1e}");
}

#[test]
fn every_model_gives_the_numbers_of_keras() {
    let described = json("keras/expected.json");
    let files = described.as_object().unwrap();
    assert!(files.len() >= 21);
    for (name, described) in files {
        let Keras { network, masking, held, output: of, .. } = &model(name);
        let found = output(network, *masking, *held, *of == KerasOutput::Softmax, &described["input"]);
        let layers = network.config().layers.len() + usize::from(network.config().head.is_some());
        expect_within(roundings(F32, 7, layers), name, &found, &described["output"]);
    }
}

#[test]
fn a_model_says_what_its_network_alone_does_not() {
    for version in ["2", "3"] {
        let stack = model(&format!("{version}_stack.keras"));
        assert_eq!(stack.output, KerasOutput::Softmax);
        assert!(stack.version.unwrap().starts_with(version));
        assert_eq!(stack.notes.len(), 1, "{:?}", stack.notes);
        assert!(stack.notes[0].contains("layer second (GRU), dropout: of training alone"), "{:?}", stack.notes);
        assert_eq!(stack.network.config().readout, Readout::FinalStates);
        let names: Vec<_> = stack.network.parameters().blocks().iter().map(|block| block.name.clone()).collect();
        assert!(names.contains(&"both.weight_ih_l0_reverse".into()) && names.contains(&"classes.bias".into()));
        let symbols = model(&format!("{version}_symbols.h5"));
        assert_eq!((symbols.masking, symbols.output), (Some(Masking::SymbolZero), KerasOutput::AsIs));
        let masking = model(&format!("{version}_masking.keras"));
        assert_eq!((masking.masking, masking.held), (Some(Masking::Value(0.5)), Held::Repeat));
        // Both directions set 0 at masked steps, and others where they say so.
        assert_eq!(stack.held, Held::Zero);
        let bytes = reconfigured(&path(&format!("{version}_masking.keras")), |config| {
            config["layers"][3]["config"]["zero_output_for_mask"] = true.into();
        });
        assert_eq!(Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap().held, Held::Zero);
    }
}

#[test]
fn a_mask_marks_the_steps_that_keras_would_skip() {
    let value = Masking::Value(0.5);
    assert_eq!(value.skipped(&[0.5, 1.0, 0.5, 0.5, 1.0, 0.5], 2), [false, true, false]);
    assert_eq!(value.skipped_symbols(&[0, 1]), [false, false]);
    assert_eq!(Masking::SymbolZero.skipped_symbols(&[0, 1]), [true, false]);
    assert_eq!(Masking::SymbolZero.skipped(&[0.0, 0.0], 1), [false, false]);
}

#[test]
fn weights_alone_go_into_a_network_that_is_there() {
    let described = json("keras/expected.json");
    for version in ["2", "3"] {
        let whole = model(&format!("{version}_stack.keras"));
        let mut network = Network::<f64, _>::with_backend(whole.network.config(), 9, Naive).unwrap();
        // Of version 2 such files say kinds of layers and no names.
        let names = |layer: &str| {
            Some(match layer {
                "bidirectional" => "both".into(),
                "gru" => "second".into(),
                "dense" => "classes".into(),
                name => name.to_string(),
            })
        };
        let file = path(&format!("{version}_stack.weights.h5"));
        let report = network.load_keras_weights(&file, &options().load, names).unwrap();
        assert_eq!((report.taken.len(), report.missing.len(), report.left_over.len()), (11, 0, 0));
        assert_eq!(network.parameters(), whole.network.parameters());
        // A whole model has them, too.
        let mut network = Network::<f64, _>::with_backend(whole.network.config(), 9, Naive).unwrap();
        network.load_keras_weights(path(&format!("{version}_stack.keras")), &options().load, names).unwrap();
        assert_eq!(network.parameters(), whole.network.parameters());

        // A part of them, with another head.
        let config = Config::features(3).recurrent(RecurrentSpec::lstm(2).bidirectional().named("mine")).linear(1);
        let mut part = Network::<f64, _>::with_backend(&config, 9, Naive).unwrap();
        let head = part.parameters().get("head.weight").unwrap().to_vec();
        let mine = |layer: &str| (names(layer)? == "both").then(|| "mine".into());
        assert!(part.load_keras_weights(&file, &options().load, mine).unwrap_err().to_string().contains("layer head"));
        let partial = LoadOptions { partial: Partial::Allow, ..options().load };
        let report = part.load_keras_weights(&file, &partial, mine).unwrap();
        assert_eq!((report.missing.len(), report.left_over.len()), (2, 2));
        assert_eq!(part.parameters().get("head.weight").unwrap(), head);
        assert_eq!(part.parameters().get("mine.weight_hh_l0"), whole.network.parameters().get("both.weight_hh_l0"));
        assert_eq!(part.parameters().get("mine.bias_hh_l0").unwrap(), [0.0; 8]);
    }
    // The layout of cuDNN, known by the shape of its biases.
    let whole = model("2_cudnn.h5");
    let mut network = Network::<f64, _>::with_backend(whole.network.config(), 9, Naive).unwrap();
    network.load_keras_weights(path("2_cudnn_weights.h5"), &options().load, |name| Some(name.into())).unwrap();
    let x = &described["2_cudnn.h5"]["input"];
    let found = output(&network, None, Held::Zero, false, x);
    expect("2_cudnn_weights.h5", &found, &described["2_cudnn.h5"]["output"]);
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let file = path("3_symbols.h5");
    let load = |config: &Config| {
        let mut network = Network::<f64, _>::with_backend(config, 1, Naive).unwrap();
        let before = network.parameters().clone();
        let options = LoadOptions { partial: Partial::Allow, ..options().load };
        let error = network.load_keras_weights(&file, &options, |name| Some(name.into())).unwrap_err();
        assert_eq!(network.parameters(), &before);
        error.to_string()
    };
    let first = |spec: RecurrentSpec| load(&Config::features(3).recurrent(spec.named("first")));
    let error = first(RecurrentSpec::lstm(3));
    assert!(error.contains("layer first, kernel: expected the shape [3, 12], found [3, 8]"), "{error}");
    let error = first(RecurrentSpec::gru(2));
    assert!(error.contains("layer first, kernel: expected the shape [3, 6], found [3, 8]"), "{error}");
    let error = first(RecurrentSpec::lstm(2).bidirectional());
    assert!(
        error.contains("layer first: expected the arrays kernel, recurrent_kernel, bias, backward kernel"),
        "{error}"
    );
    let error = first(RecurrentSpec::lstm(2).bias(recurrent::Bias::None));
    assert!(error.contains("layer first: expected the arrays kernel, recurrent_kernel, found 3"), "{error}");
    let error = load(&Config::features(2).dense(DenseSpec::new(2, Activation::Sigmoid).named("top")));
    assert!(error.contains("layer top, kernel: expected the shape [2, 2], found [4, 2]"), "{error}");
    let error = first(RecurrentSpec::lstm(2).layers(2));
    assert!(error.contains("expected one layer in each recurrent entry"), "{error}");
    let error = first(RecurrentSpec::lstm(2).learned_initial());
    assert!(error.contains("expected states that begin at 0, as Keras has them, found learned ones"), "{error}");
    let mut bytes = std::fs::read(&file).unwrap();
    let little = [0x11, 0x20, 0x1f, 0, 4, 0, 0, 0];
    let arrays: Vec<_> = (0..bytes.len() - 8).filter(|&k| bytes[k..k + 8] == little).collect();
    arrays.iter().for_each(|&k| bytes[k + 1] = 0x21);
    let big = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap_err().to_string();
    assert!(big.contains("expected little-endian floating-point numbers"), "{big}");
    let narrow = Network::<f64, _>::from_keras(&file, &KerasOptions::default(), Naive).unwrap_err().to_string();
    assert!(narrow.contains("expected F64, found F32"), "{narrow}");
    let whole = Network::<f64, _>::from_keras(path("3_stack.weights.h5"), &options(), Naive).unwrap_err().to_string();
    assert!(whole.contains("expected a whole model with its configuration, found weights alone"), "{whole}");
}

#[test]
fn a_model_goes_on_to_pytorch_by_safetensors() {
    // What `tests/data/keras_to_pytorch.py` loads into `nn.LSTM` and `nn.GRU` and compares with Keras: the names and shapes of PyTorch.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.safetensors");
    let keras = Network::<f32, _>::from_keras(path("3_stack.keras"), &KerasOptions::default(), Naive).unwrap();
    keras.network.save_safetensors(&file, Metadata::None).unwrap();
    if let Some(place) = std::env::var_os("RECURRENT_KERAS_TO_PYTORCH") {
        std::fs::copy(&file, place).unwrap();
    }
    let bytes = std::fs::read(&file).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let shape = |name: &str| tensors.tensor(name).unwrap().shape().to_vec();
    assert_eq!(shape("both.weight_ih_l0_reverse"), [8, 3]);
    assert_eq!(shape("both.bias_hh_l0"), [8]);
    assert_eq!(shape("second.weight_hh_l0"), [9, 3]);
    assert_eq!(shape("classes.weight"), [2, 3]);
    let mut again = Network::<f32, _>::with_backend(keras.network.config(), 3, Naive).unwrap();
    again.load_safetensors(&file, &LoadOptions::default()).unwrap();
    assert_eq!(again.parameters(), keras.network.parameters());
}

/// `DTLN_FOLDER=… cargo test --test library dtln -- --ignored`, with `dtln_model.h5` and what `tests/data/dtln.py` writes beside it.
#[test]
#[ignore = "needs the weights of DTLN, 4 MB"]
fn the_first_model_of_dtln_gives_the_numbers_of_its_onnx_file() {
    let folder = PathBuf::from(std::env::var_os("DTLN_FOLDER").expect("a folder"));
    let described: Value = serde_json::from_slice(&std::fs::read(folder.join("dtln_model_1.json")).unwrap()).unwrap();
    let config = Config::features(257)
        .recurrent(RecurrentSpec::lstm(128).named("lstm"))
        .recurrent(RecurrentSpec::lstm(128).named("lstm_1"))
        .dense(DenseSpec::new(257, Activation::Sigmoid).named("dense"));
    let mut network = Network::<f64, _>::with_backend(&config, 1, Naive).unwrap();
    let first = |name: &str| matches!(name, "lstm" | "lstm_1" | "dense").then(|| name.into());
    let report = network.load_keras_weights(folder.join("dtln_model.h5"), &options().load, first).unwrap();
    assert_eq!((report.taken.len(), report.left_over.len()), (8, 6));
    let found = output(&network, None, Held::Zero, false, &described["input"]);
    // Sums of 385 products of either sign, whose roundings mostly cancel: √385 · 2⁻²⁴ is 1.2e-6, and the bound for all of one sign 1e-4.
    expect_within(2e-6, "dtln_model_1", &found, &described["output"]);
}
