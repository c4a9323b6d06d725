//! Operators of graphs against ONNX Runtime, and whole models against PyTorch in f64.

use crate::onnx_recurrent::backends;
use crate::onnx_refused::bytes;
use recurrent::graph::{Builder, Data, Graph, Kind, Op, Padding, Tensor};
use recurrent::interop::onnx::{Limits, Model, Options};
use recurrent::{Batch, Error, Workspace};
use rnn_backend_naive::Naive;
use rnn_kernels::Backend;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    kind: String,
    data: Vec<serde_json::Value>,
}

impl Array {
    fn real(&self) -> Vec<f64> {
        self.data.iter().map(|x| x.as_f64().unwrap()).collect()
    }

    fn tensor(&self) -> Tensor {
        let whole = || self.data.iter().map(|x| x.as_i64().unwrap());
        let data = match &self.kind[..] {
            "float32" => Data::F32(self.real().into_iter().map(|x| x as f32).collect()),
            "int64" => Data::I64(whole().collect()),
            "int32" => Data::I32(whole().map(|x| x as i32).collect()),
            "bool" => Data::Bool(self.data.iter().map(|x| x.as_bool().unwrap()).collect()),
            other => panic!("{other}"),
        };
        Tensor::new(&self.shape, data).unwrap()
    }
}

#[derive(Deserialize)]
struct Operator {
    name: String,
    feeds: BTreeMap<String, Array>,
    expected: Array,
    model: String,
}

/// Numbers are multiples of 1/32 of few digits, so that sums of products are exact. What is left are quotients, rounded once, and functions,
/// which ONNX Runtime has to within 1.8e-7 absolutely in a sample (benches/record/accuracy.md): twice that is taken, and an ulp of ours.
const BOUND: f64 = 4.0 * f32::EPSILON as f64;

fn agree(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!((found.shape(), found.kind()), (expected.shape(), expected.kind()), "{what}");
    match (found.data(), expected.data()) {
        (Data::F32(found), Data::F32(expected)) => {
            for (found, expected) in found.iter().zip(expected) {
                let off = f64::from((found - expected).abs());
                assert!(off <= BOUND * f64::from(expected.abs()).max(1.0), "{what}: {found} is not {expected}");
            }
        }
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
}

#[test]
fn every_operator_computes_what_onnx_runtime_does() {
    let cases: Vec<Operator> = serde_json::from_str(include_str!("../data/onnx/operators.json")).unwrap();
    assert_eq!(cases.len(), 136);
    let mut operators = std::collections::BTreeSet::new();
    for case in &cases {
        operators.insert(case.name.split('-').next().unwrap().to_string());
        for backend in backends() {
            let file = bytes(&case.model);
            let model = Model::read(&file, &Limits::default()).unwrap();
            let graph: Graph<dyn Backend<f32>> =
                model.into_graph(backend, &Options::default()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let feeds: Vec<_> = case.feeds.iter().map(|(name, array)| (&name[..], array.tensor())).collect();
            let named: Vec<_> = feeds.iter().map(|(name, tensor)| (*name, tensor)).collect();
            let mut session = graph.session();
            // The second run writes where the first one did.
            for _ in 0..2 {
                let outputs =
                    graph.run_named(&mut session, &named).unwrap_or_else(|error| panic!("{}: {error}", case.name));
                agree(&case.name, &outputs[0], &case.expected.tensor());
            }
        }
    }
    assert_eq!(operators.len(), 24, "{operators:?}");
}

#[derive(Deserialize)]
struct Whole {
    name: String,
    chain: bool,
    feeds: BTreeMap<String, Array>,
    exact: BTreeMap<String, Array>,
    runtime: BTreeMap<String, Array>,
    model: String,
}

fn models() -> Vec<Whole> {
    serde_json::from_str(include_str!("../data/onnx/models.json")).unwrap()
}

/// No further from PyTorch in f64 than twice what ONNX Runtime is, or 4 ulp of the largest number.
fn near(case: &Whole, name: &str, found: &[f32]) {
    let (exact, runtime) = (case.exact[name].real(), case.runtime[name].real());
    let off = |other: &[f64]| other.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let largest = exact.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let bound = (2.0 * off(&runtime)).max(4.0 * largest * f64::from(f32::EPSILON));
    let found: Vec<_> = found.iter().map(|&x| f64::from(x)).collect();
    assert_eq!(found.len(), exact.len(), "{}", case.name);
    assert!(off(&found) <= bound && bound < 1e-5, "{}: {name} is off by {:e}, bound {bound:e}", case.name, off(&found));
}

#[test]
fn whole_models_compute_what_pytorch_does_in_f64() {
    for case in models() {
        for backend in backends() {
            let file = bytes(&case.model);
            let model = Model::read(&file, &Limits::default()).unwrap();
            let graph: Graph<dyn Backend<f32>> =
                model.into_graph(backend, &Options::default()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let feeds: Vec<_> = case.feeds.iter().map(|(name, array)| (&name[..], array.tensor())).collect();
            let named: Vec<_> = feeds.iter().map(|(name, tensor)| (*name, tensor)).collect();
            let mut session = graph.session();
            let outputs = graph.run_named(&mut session, &named).unwrap();
            for (name, tensor) in outputs.iter() {
                assert_eq!(tensor.shape(), case.exact[name].shape, "{}: {name}", case.name);
                near(&case, name, tensor.as_f32().unwrap());
            }
        }
    }
}

#[test]
fn a_chain_of_layers_becomes_a_network_with_the_same_outputs() {
    let mut chains = 0;
    for case in models() {
        let file = bytes(&case.model);
        let model = Model::read(&file, &Limits::default()).unwrap();
        let graph = model.into_graph(Naive, &Options::default()).unwrap();
        let network = match (graph.into_network(), case.chain) {
            (Ok(network), true) => network,
            (Err(error), false) => {
                assert!(error.to_string().contains("chain of layers"), "{error}");
                continue;
            }
            (other, _) => panic!("{}: {other:?}", case.name),
        };
        chains += 1;
        let x = case.feeds["x"].tensor();
        let rows_first = case.name.contains("bidirectional LSTMs");
        let numbers: Vec<f32>;
        let symbols: Vec<u32>;
        let batch = if let Ok(indices) = x.as_i64() {
            symbols = indices.iter().map(|&i| u32::try_from(i).unwrap()).collect();
            Batch::symbols(&symbols, [x.shape()[0], x.shape()[1]]).unwrap()
        } else {
            numbers = x.as_f32().unwrap().to_vec();
            let shape = <[usize; 3]>::try_from(x.shape()).unwrap();
            if rows_first {
                Batch::batch_first(&numbers, shape).unwrap()
            } else {
                Batch::features(&numbers, shape).unwrap()
            }
        };
        let mut state = network.state(batch.rows()).unwrap();
        if let Some(given) = case.feeds.get("state") {
            let given = given.tensor();
            state.as_mut_slice().copy_from_slice(given.as_f32().unwrap());
        }
        let mut workspace = Workspace::new();
        let y = network.infer(&mut workspace, &batch, &mut state).unwrap();
        let y = y.storage()[..y.steps() * y.rows() * y.cols()].to_vec();
        if case.name.contains("softmax") {
            // The network gives the logits.
            let width = case.exact["y"].shape[1];
            for (row, exact) in y.chunks(width).zip(case.exact["y"].real().chunks(width)) {
                let sum: f64 = row.iter().map(|&a| f64::from(a).exp()).sum();
                for (&a, p) in row.iter().zip(exact) {
                    assert!((f64::from(a).exp() / sum - p).abs() < 1e-6, "{}", case.name);
                }
            }
        } else {
            near(&case, "y", &y);
        }
        if case.exact.contains_key("last") {
            near(&case, "last", state.as_slice());
        }
    }
    assert_eq!(chains, 7);
}

fn refused(result: recurrent::Result<impl std::fmt::Debug>, says: &str) {
    let error = result.unwrap_err();
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn what_a_graph_cannot_compute_is_an_error_with_the_node() {
    let mut builder = Builder::new(Naive);
    let x = builder.input("x", Kind::F32, [None, Some(2)]).unwrap();
    let w = builder.constant(Tensor::f32(&[3, 1], [1.0; 3]).unwrap()).unwrap();
    let y = builder.add(Op::MatMul, [x, w]).unwrap();
    builder.output("y", y).unwrap();
    refused(builder.output("y", y), "different names, found two named `y`");
    refused(builder.add(Op::Add, [x]), "number of inputs: expected 2, found 1");
    refused(builder.input("x", Kind::F32, [None; 1]), "different names, found two named `x`");
    let graph = builder.build().unwrap();
    let mut session = graph.session();
    let x = Tensor::f32(&[1, 2], [0.0; 2]).unwrap();
    refused(
        graph.run(&mut session, &[&x]),
        "node `MatMul 0` (MatMul): factors of a product: expected shape [1, 2], found [3, 1]",
    );
    let wrong = Tensor::f32(&[1, 3], [0.0; 3]).unwrap();
    refused(graph.run(&mut session, &[&wrong]), "input `x`: expected shape [?, 2], found [1, 3]");
    refused(graph.run(&mut session, &[&Tensor::i64(&[1, 2], [0; 2]).unwrap()]), "input `x`: expected f32, found i64");
    refused(graph.run(&mut session, &[]), "inputs of the graph: expected 1 elements, found 0");
    refused(graph.run_named(&mut session, &[("z", &x)]), "each of x once, found `z`");
    let other = Builder::<Naive>::new(Naive);
    refused(other.build(), "outputs of the graph: expected at least one, found none");
}

#[test]
fn a_size_beyond_the_limit_is_refused_before_memory_is_asked_for() {
    let mut builder = Builder::new(Naive);
    let x = builder.input("x", Kind::F32, [Some(1)]).unwrap();
    let shape = builder.input("shape", Kind::I64, [None]).unwrap();
    let y = builder.add(Op::Expand, [x, shape]).unwrap();
    builder.output("y", y).unwrap();
    let graph = builder.build().unwrap();
    let mut session = graph.session();
    session.limit(1 << 20);
    let x = Tensor::f32(&[1], [0.5]).unwrap();
    let mut run = |shape: &[i64]| {
        let shape = Tensor::i64(&[shape.len()], shape).unwrap();
        let mut session_used = 0;
        let used = allocation_counter::measure(|| {
            session_used = graph.run(&mut session, &[&x, &shape]).map(|outputs| outputs[0].len()).unwrap_or(0);
        });
        (session_used, used.bytes_max)
    };
    assert_eq!(run(&[1 << 18]).0, 1 << 18);
    for beyond in [&[(1 << 18) + 1][..], &[1 << 40], &[i64::MAX, 2], &[1 << 32, 1 << 32, 1 << 32]] {
        let (len, bytes) = run(beyond);
        assert!(len == 0 && bytes < 4096, "{beyond:?}: {bytes}");
    }
    refused(Builder::new(Naive).limit(15).constant(Tensor::f32(&[4], [0.0; 4]).unwrap()), "at most 15 bytes");
}

#[test]
fn a_run_that_has_seen_its_sizes_allocates_nothing_but_its_list_of_outputs() {
    let case = models().into_iter().find(|case| case.name == "DTLN's form").unwrap();
    let graph =
        Model::read(&bytes(&case.model), &Limits::default()).unwrap().into_graph(Naive, &Options::default()).unwrap();
    let (x, state) = (case.feeds["x"].tensor(), case.feeds["state"].tensor());
    let mut session = graph.session();
    graph.run(&mut session, &[&x, &state]).unwrap();
    let used = allocation_counter::measure(|| drop(graph.run(&mut session, &[&x, &state]).unwrap()));
    assert_eq!(used.count_total, 0, "{used:?}");
}

#[test]
fn a_session_belongs_to_its_graph() {
    let graph = |len: usize| {
        let mut builder = Builder::new(Naive);
        let x = builder.input("x", Kind::F32, [Some(len)]).unwrap();
        let y = builder.add(Op::Tanh, [x]).unwrap();
        builder.output("y", y).unwrap();
        builder.build().unwrap()
    };
    let (a, b) = (graph(1), graph(1));
    let mut session = a.session();
    refused(
        b.run(&mut session, &[&Tensor::f32(&[1], [0.0]).unwrap()]),
        "expected that of this graph, found that of another",
    );
}

#[test]
fn a_graph_built_by_hand_computes_a_convolution() {
    let mut builder = Builder::new(Naive);
    let x = builder.input_of_any_shape("x", Kind::F32).unwrap();
    let w = builder.constant(Tensor::f32(&[1, 1, 2], [1.0, -1.0]).unwrap()).unwrap();
    let conv = Op::Conv1d { stride: 1, dilation: 1, padding: Padding::Explicit([1, 0]), groups: 1 };
    let y = builder.add(conv, [x, w]).unwrap();
    builder.output("y", y).unwrap();
    let graph = builder.build().unwrap();
    let mut session = graph.session();
    let x = Tensor::f32(&[1, 1, 3], [1.0, 3.0, 6.0]).unwrap();
    assert_eq!(graph.run(&mut session, &[&x]).unwrap()[0].as_f32().unwrap(), [-1.0, -2.0, -3.0]);
    let broken: Result<Tensor, Error> = Tensor::f32(&[2, 2], [0.0; 3]);
    refused(broken, "tensor: expected 4 elements, found 3");
}
