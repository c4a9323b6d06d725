//! Files that are cut, changed or hostile: an error or the same structure, never a panic, in memory that the file justifies.

#![allow(clippy::cast_possible_truncation)] // of numbers that were f32, and of small ones

use crate::onnx_export::{configs, input};
use crate::onnx_recurrent::cases;
use allocation_counter::measure;
use recurrent::graph::Tensor;
use recurrent::interop::onnx::{ExportOptions, Limits, Model, Options, read_tensor};
use recurrent::network::{Config, Network, RecurrentSpec};
use recurrent::{Error, Result};
use rnn_backend_naive::Naive;

/// What of a model is its structure: operators, with how many inputs and outputs; sizes and directions of recurrent nodes. Which value an
/// output is, is said by a name, and a changed name may be that of another value.
#[derive(Debug, PartialEq)]
struct Structure {
    operators: Vec<(String, usize, usize)>,
    recurrent: Vec<String>,
    outputs: usize,
}

fn structure(bytes: &[u8], feeds: &[&Tensor]) -> Result<Structure> {
    let limits = Limits::default().constants(1 << 20);
    let model = Model::read(bytes, &limits)?;
    let recurrent = model.recurrent_nodes()?.into_iter();
    let recurrent =
        recurrent.map(|node| format!("{} {:?} {:?}", node.options.operator, node.options.directions, node.sizes));
    let recurrent = recurrent.collect();
    let nodes = model.nodes()?.into_iter();
    let operators = nodes.map(|node| (node.operator, node.inputs.len(), node.outputs.len())).collect();
    let graph = model.into_graph(Naive, &Options::default())?;
    let mut session = graph.session();
    session.limit(1 << 20);
    let outputs = graph.run(&mut session, feeds)?.len();
    Ok(Structure { operators, recurrent, outputs })
}

/// Small files, with inputs in the order of the graph.
fn files() -> Vec<(String, Vec<u8>, Vec<Tensor>)> {
    let wanted = ["LSTM each way", "GRU linear_before_reset 1 bidirectional", "RNN clipped"];
    let cases = cases();
    let mut files: Vec<_> = cases
        .iter()
        .filter(|case| wanted.contains(&&case.name[..]))
        .map(|case| {
            let bytes = case.bytes();
            let graph =
                Model::read(&bytes, &Limits::default()).unwrap().into_graph(Naive, &Options::default()).unwrap();
            let feeds = case.feeds();
            let of = |name: &str| feeds.iter().find(|(other, _)| *other == name).unwrap().1.clone();
            let ordered = graph.inputs().iter().map(|input| of(&input.name)).collect();
            (case.name.clone(), bytes, ordered)
        })
        .collect();
    assert_eq!(files.len(), wanted.len());
    for (k, config) in [&configs()[5], &configs()[21]].into_iter().enumerate() {
        let network = Network::<f32, Naive>::with_backend(config, 3, Naive).unwrap();
        files.push((
            format!("written {k}"),
            network.to_onnx(&ExportOptions::default()).unwrap(),
            vec![input(config).0],
        ));
    }
    files
}

#[test]
fn every_truncation_is_an_error() {
    for (name, bytes, feeds) in files() {
        let feeds: Vec<_> = feeds.iter().collect();
        structure(&bytes, &feeds).unwrap();
        for len in 0..bytes.len() {
            let cut = structure(&bytes[..len], &feeds);
            assert!(cut.is_err(), "{name}, the first {len} bytes of {}", bytes.len());
        }
    }
}

#[test]
fn every_changed_byte_is_an_error_or_leaves_the_structure() {
    let mut kept = 0_u64;
    for (name, bytes, feeds) in files() {
        let feeds: Vec<_> = feeds.iter().collect();
        let whole = structure(&bytes, &feeds).unwrap();
        for at in 0..bytes.len() {
            for flip in [0x01, 0x04, 0x10, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                if let Ok(found) = structure(&changed, &feeds) {
                    assert_eq!(found, whole, "{name}, byte {at} of {}, {flip:#x}", bytes.len());
                    kept += 1;
                }
            }
        }
    }
    assert!(kept > 1000, "weights may be any numbers: {kept}");
}

/// Room for messages, names and the lists of a small graph.
const CONSTANT: u64 = 1 << 17;

fn large() -> Vec<u8> {
    let config = Config::features(64).recurrent(RecurrentSpec::lstm(256).bidirectional()).dense_of(512).linear(64);
    Network::<f32, Naive>::with_backend(&config, 1, Naive).unwrap().to_onnx(&ExportOptions::default()).unwrap()
}

trait Dense {
    fn dense_of(self, units: usize) -> Self;
}

impl Dense for Config {
    fn dense_of(self, units: usize) -> Self {
        self.dense(recurrent::network::DenseSpec::new(units, recurrent::Activation::Tanh))
    }
}

#[test]
fn a_model_takes_no_more_memory_than_twice_its_file_and_its_tensors() {
    let bytes = large();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, &bytes).unwrap();
    // Nearly all of the file is tensors: their numbers take as much memory as their bytes.
    let (file, tensors) = (bytes.len() as u64, bytes.len() as u64);
    assert!(file > 3 << 20);
    let from_path = measure(|| {
        let model = Model::read(&path, &Limits::default()).unwrap();
        drop(model.into_graph(Naive, &Options::default()).unwrap());
    });
    assert!(from_path.bytes_max <= 2 * (file + tensors), "{from_path:?}, {file}");
    let from_bytes = measure(|| {
        let model = Model::read(&bytes, &Limits::default()).unwrap();
        drop(model.into_graph(Naive, &Options::default()).unwrap());
    });
    assert!(from_bytes.bytes_max + file <= 2 * (file + tensors), "{from_bytes:?}, {file}");
    let taken = measure(|| {
        let model = Model::read(&bytes, &Limits::default()).unwrap();
        drop(model.take("rnn.l0", Naive, &Options::default()).unwrap());
    });
    assert!(taken.bytes_max + file <= 2 * (file + tensors), "{taken:?}, {file}");
    let listed = measure(|| drop(Model::read(&bytes, &Limits::default()).unwrap().recurrent_nodes().unwrap()));
    assert!(listed.bytes_max < CONSTANT, "{listed:?}");
}

fn refused(bytes: &[u8], limits: &Limits, most: u64, says: &str) {
    let mut error = String::new();
    let used = measure(|| {
        let result =
            Model::read(bytes, limits).and_then(|model| model.into_graph(Naive, &Options::default()).map(drop));
        error = result.unwrap_err().to_string();
    });
    assert!(error.contains(says), "{error}");
    assert!(used.bytes_max <= most, "{used:?} for {} bytes: {error}", bytes.len());
}

/// A field of a message: number, content.
pub fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut len = content.len();
    while len >= 0x80 {
        bytes.push((len & 0x7f) as u8 | 0x80);
        len >>= 7;
    }
    bytes.push(len as u8);
    bytes.extend_from_slice(content);
    bytes
}

/// IR version 8, opset 17, this graph.
pub fn model(graph: &[u8]) -> Vec<u8> {
    [&[0x08, 8][..], &field(8, &[0x10, 17]), &field(7, graph)].concat()
}

#[test]
fn limits_are_kept_before_memory_is_asked_for() {
    let bytes = large();
    let limits = Limits::default();
    refused(&bytes, &limits.bytes(1000), 4096, "expected at most 1000 bytes");
    refused(&bytes, &limits.parts(10), CONSTANT, "at most 10 nodes, inputs, attributes and the like, found more");
    let file = bytes.len() as u64;
    refused(&bytes, &limits.constants(1000), 2 * file, "values of a graph: expected at most 1000 bytes");
    // A million nodes of two bytes.
    let node: Vec<u8> = field(1, &[]);
    let nodes = model(&node.repeat(1_000_000));
    refused(&nodes, &limits, CONSTANT, "at most 131072 nodes");
    // A node with a million inputs that are left out.
    let inputs = model(&field(1, &field(1, &[]).repeat(1_000_000)));
    refused(&inputs, &limits, 16 * 131_072 * 3 + CONSTANT, "at most 131072 nodes");
    // Four numbers that stand for 2⁶⁰.
    let shape =
        [&field(1, &[0xff, 0xff, 0xff, 0xff, 0x07].repeat(2))[..], &[0x10, 1], &field(8, b"c"), &field(9, &[0; 16])]
            .concat();
    let relu = field(1, &[field(1, b"c"), field(2, b"y"), field(4, b"Relu")].concat());
    let huge = model(&[relu.clone(), field(5, &shape), field(12, &field(1, b"y"))].concat());
    refused(&huge, &limits, CONSTANT, "tensor `c`, data: expected 4611686014132420609 numbers, found 16 bytes");
    // Zeros in a shape of 2⁴⁰.
    let dims = [&[0x08, 1][..], &[0x10, 7], &field(8, b"c"), &field(9, &(1_u64 << 40).to_le_bytes())].concat();
    let zeros = field(1, &[field(1, b"c"), field(2, b"y"), field(4, b"ConstantOfShape")].concat());
    let zeros = model(&[zeros, field(5, &dims), field(12, &field(1, b"y"))].concat());
    refused(&zeros, &limits, CONSTANT, "values of a graph: expected at most 1073741824 bytes");
}

#[test]
fn messages_in_messages_do_not_end_the_program() {
    // Types of types of types: read no deeper than is needed.
    let mut deep = Vec::new();
    for _ in 0..100_000 {
        deep = [&[0x22, 0xff, 0xff, 0x7f][..], &deep].concat();
        if deep.len() > 60_000 {
            break;
        }
    }
    let info = field(11, &[field(1, b"x"), field(2, &deep)].concat());
    assert!(Model::read(model(&info), &Limits::default()).is_err());
    let mut nested = vec![];
    for _ in 0..2_000 {
        nested = field(4, &field(1, &nested));
    }
    let info = field(11, &[field(1, b"x"), field(2, &nested)].concat());
    let found =
        Model::read(model(&info), &Limits::default()).and_then(|model| model.into_graph(Naive, &Options::default()));
    assert!(matches!(found, Err(Error::Model { .. })), "{found:?}");
}

#[test]
fn noise_is_no_model_and_no_tensor() {
    let mut rng = recurrent::rng::Rng::seed(3);
    for len in 0..300 {
        let bytes: Vec<u8> = (0..len).map(|_| rng.below(256) as u8).collect();
        assert!(Model::read(&bytes, &Limits::default()).is_err());
        let _ = read_tensor(&bytes);
    }
}
