//! Broken files of every format: each beginning and each changed byte is an error or the same structure, in memory that the file justifies.

use crate::foreign::{CONSTANT, data, survives};
use recurrent::interop::keras::KerasOptions;
use recurrent::interop::{Conversion, LoadOptions, Source};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Network, NonFinite};
use rnn_backend_naive::Naive;

/// What is not finite is no matter of the structure.
fn options() -> LoadOptions {
    let (conversion, non_finite) = (Conversion::Allow, NonFinite::Allow);
    LoadOptions { conversion, non_finite, max_bytes: 1 << 20, ..LoadOptions::default() }
}

type Model = Network<f32, Naive>;

/// The names and shapes of parameters.
fn structure(network: &Model) -> Vec<(String, Vec<usize>)> {
    network.parameters().blocks().iter().map(|block| (block.name.clone(), block.shape.clone())).collect()
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).unwrap()
}

/// Twice the file and what it decodes to.
fn memory(bytes: &[u8], numbers: usize) -> u64 {
    2 * (bytes.len() + size_of::<f32>() * numbers) as u64 + CONSTANT
}

fn gru() -> Config {
    Config::features(3).recurrent(RecurrentSpec::gru(4)).linear(2)
}

/// The name, the comment and what else an archive says of a content have 65 535 bytes each, until they are read.
const SAID: u64 = 3 << 16;

#[test]
fn safetensors_and_arrays_of_numpy() {
    let network = Model::with_backend(&gru(), 1, Naive).unwrap();
    let (numbers, cells) = (network.parameters().len(), recurrent::Cells::new());
    for name in ["exports/f16.safetensors", "exports/bf16.safetensors"] {
        let file = bytes(name);
        let read = |bytes: &[u8]| Model::from_safetensors(bytes, &options(), &gru(), Naive, &cells);
        let errors = survives(&file, 1, memory(&file, numbers), read, |read| structure(read) == structure(&network));
        assert!(errors > file.len(), "{name}: {errors} errors");
    }
    for name in ["exports/gru.npz", "exports/mixed.npz"] {
        let file = bytes(name);
        let read = |bytes: &[u8]| Model::from_npz(bytes, &options(), &gru(), Naive, &cells);
        let memory = memory(&file, numbers) + SAID;
        let errors = survives(&file, 1, memory, read, |read| structure(read) == structure(&network));
        // Checksums see what changes in the numbers.
        assert!(errors > 2 * file.len(), "{name}: {errors} errors");
    }
}

#[test]
fn rtneural_and_nam() {
    for name in ["exports/lstm.json", "exports/gru.json"] {
        let file = bytes(name);
        let network = Model::from_rtneural(&file, &options(), Naive).unwrap();
        let read = |bytes: &[u8]| Model::from_rtneural(bytes, &options(), Naive);
        // A digit of a shape may become another one, which is another structure if the arrays have that shape too: they never have.
        let memory = memory(&file, network.parameters().len());
        let errors = survives(&file, 1, memory, read, |read| structure(read).len() == structure(&network).len());
        assert!(errors > file.len(), "{name}: {errors} errors");
    }
    let file = bytes("exports/small.nam");
    let network = Model::from_nam(&file, &options(), Naive).unwrap().network;
    let read = |bytes: &[u8]| Ok(Model::from_nam(bytes, &options(), Naive)?.network);
    let memory = memory(&file, network.parameters().len());
    let errors = survives(&file, 1, memory, read, |read| structure(read) == structure(&network));
    assert!(errors > file.len(), "{errors} errors");
}

/// A broken header of an object in HDF5 claims room for 65 535 messages, until it is read.
const CLAIMED: u64 = 10_000_000;

#[test]
fn keras() {
    keras_at_every(499);
}

/// Takes minutes: `cargo test --release --test library every_byte_of_keras -- --ignored`.
#[test]
#[ignore = "minutes"]
fn every_byte_of_keras() {
    keras_at_every(1);
}

fn keras_at_every(step: usize) {
    let keras = KerasOptions { load: options(), version: Some(3), ..KerasOptions::default() };
    for name in ["keras/3_symbols.h5", "keras/2_masking.keras", "keras/3_masking.keras"] {
        let file = bytes(name);
        let network = Model::from_keras(&file, &keras, Naive).unwrap().network;
        let read = |bytes: &[u8]| Ok(Model::from_keras(bytes, &keras, Naive)?.network);
        // What it decodes to: the configuration as well, whose structures take several times its text.
        let memory = memory(&file, network.parameters().len()) + 4 * file.len() as u64 + SAID + CLAIMED;
        // The name of a layer may change, and with it that of its parameters.
        let shapes = |network: &Model| structure(network).into_iter().map(|(_, shape)| shape).collect::<Vec<_>>();
        let errors = survives(&file, step, memory, read, |read| shapes(read) == shapes(&network));
        assert!(errors > file.len() / step, "{name}: {errors} errors");
    }
    // Without the checksums of an archive.
    let file = bytes("keras/3_stack.weights.h5");
    let whole = Model::from_keras(data("keras/3_stack.keras"), &keras, Naive).unwrap().network;
    let read = |bytes: &[u8]| {
        let mut network = Model::with_backend(whole.config(), 1, Naive)?;
        network.load_keras_weights(bytes, &options(), |name| Some(name.into()))?;
        Ok(network)
    };
    let memory = memory(&file, 4 * whole.parameters().len()) + 4 * file.len() as u64 + CLAIMED;
    survives(&file, step, memory, read, |read| structure(read) == structure(&whole));
}

#[test]
fn limits_are_kept_whatever_the_source_says() {
    let small = LoadOptions { max_bytes: 300, ..options() };
    let keras = KerasOptions { load: small, ..KerasOptions::default() };
    for name in
        ["exports/gru.npz", "exports/lstm.json", "exports/small.nam", "keras/3_stack.keras", "keras/3_symbols.h5"]
    {
        let file = bytes(name);
        for source in [Source::from(&data(name)), Source::from(&file), Source::reader(&file[..])] {
            let error = match name.rsplit('.').next() {
                Some("npz") => Model::from_npz(source, &small, &gru(), Naive, &recurrent::Cells::new()).unwrap_err(),
                Some("json") => Model::from_rtneural(source, &small, Naive).unwrap_err(),
                Some("nam") => Model::from_nam(source, &small, Naive).unwrap_err(),
                _ => Model::from_keras(source, &keras, Naive).unwrap_err(),
            };
            assert!(error.to_string().contains("expected at most 300 bytes, found "), "{name}: {error}");
        }
    }
}
