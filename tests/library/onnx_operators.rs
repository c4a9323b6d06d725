//! Operators of graphs against ONNX Runtime, and whole models against PyTorch in f64.

#![allow(clippy::cast_possible_truncation)] // of numbers that were f32, and of small ones

use crate::onnx_recurrent::backends;
use crate::onnx_refused::bytes;
use recurrent::graph::{Builder, Data, EmptyRows, Graph, Kind, Layout, Op, Padding, Recurrent, Tensor};
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
    assert_eq!(cases.len(), 152);
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
            let probabilities = y.chunks(case.exact["y"].shape[1]).flat_map(|row| {
                let sum: f64 = row.iter().map(|&a| f64::from(a).exp()).sum();
                row.iter().map(move |&a| (f64::from(a).exp() / sum) as f32)
            });
            near(&case, "y", &probabilities.collect::<Vec<_>>());
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
        Model::read(bytes(&case.model), &Limits::default()).unwrap().into_graph(Naive, &Options::default()).unwrap();
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
    let conv = Op::Conv1d { stride: 1, dilation: 1, padding: Padding::Explicit([1, 0]), groups: 1, taps: Some(2) };
    let y = builder.add(conv, [x, w]).unwrap();
    builder.output("y", y).unwrap();
    let graph = builder.build().unwrap();
    let mut session = graph.session();
    let x = Tensor::f32(&[1, 1, 3], [1.0, 3.0, 6.0]).unwrap();
    assert_eq!(graph.run(&mut session, &[&x]).unwrap()[0].as_f32().unwrap(), [-1.0, -2.0, -3.0]);
    let broken: Result<Tensor, Error> = Tensor::f32(&[2, 2], [0.0; 3]);
    refused(broken, "tensor: expected 4 elements, found 3");
}

/// The output of an operation of these inputs, which are inputs of the graph.
fn computed(op: Op<Naive>, inputs: &[Tensor]) -> recurrent::Result<Tensor> {
    let mut builder = Builder::new(Naive);
    let values: Vec<_> = inputs
        .iter()
        .enumerate()
        .map(|(k, input)| builder.input_of_any_shape(k.to_string(), input.kind()).unwrap())
        .collect();
    let y = builder.add(op, values)?;
    builder.output("y", y)?;
    let graph = builder.build()?;
    let mut session = graph.session();
    let inputs: Vec<_> = inputs.iter().collect();
    Ok(graph.run(&mut session, &inputs)?[0].clone())
}

#[test]
fn equal_padding_counts_the_dilation() {
    // By the text: L / stride outputs, rounded up; (outputs − 1) · stride + (K − 1) · dilation + 1 − L zeros, here 3 of them.
    let x = Tensor::f32(&[1, 1, 5], [1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    let w = Tensor::f32(&[1, 1, 2], [1.0, 10.0]).unwrap();
    for (padding, expected) in
        [(Padding::SameUpper, [30.0, 41.0, 52.0, 3.0, 4.0]), (Padding::SameLower, [20.0, 30.0, 41.0, 52.0, 3.0])]
    {
        let conv = Op::Conv1d { stride: 1, dilation: 3, padding, groups: 1, taps: None };
        let found = computed(conv, &[x.clone(), w.clone()]).unwrap();
        assert_eq!(found.as_f32().unwrap(), expected, "{padding:?}");
    }
}

#[test]
fn sizes_of_tensors_without_elements_may_be_any() {
    let empty = || Tensor::f32(&[0, 1 << 40, 1 << 40], []).unwrap();
    let bound = |at: i64| Tensor::i64(&[1], [at]).unwrap();
    let cut = computed(Op::Slice, &[empty(), bound(1 << 39), bound(i64::MAX), bound(1), bound(3)]).unwrap();
    assert_eq!(cut.shape(), [0, (1_usize << 39).div_ceil(3), 1 << 40]);
    for (axis, flatten) in [(0, false), (1, true), (0, true)] {
        assert_eq!(computed(Op::Softmax { axis, flatten }, &[empty()]).unwrap(), empty());
    }
    assert_eq!(computed(Op::Concat { axis: 2 }, &[empty()]).unwrap(), empty());
    assert_eq!(computed(Op::Gather { axis: 2 }, &[empty(), bound(-1)]).unwrap().shape(), [0, 1 << 40, 1]);
    assert_eq!(computed(Op::Add, &[empty(), empty()]).unwrap(), empty());
    let turned = computed(Op::Transpose { permutation: vec![1, 0, 2] }, &[empty()]).unwrap();
    assert_eq!(turned.shape(), [1 << 40, 0, 1 << 40]);
}

#[test]
fn a_convolution_that_reaches_beyond_all_numbers_is_an_error() {
    let x = Tensor::f32(&[1, 1, 3], [1.0; 3]).unwrap();
    let w = Tensor::f32(&[1, 1, 4], [1.0; 4]).unwrap();
    for (dilation, padding) in [
        (usize::MAX / 3, Padding::Explicit([0, 0])),
        (usize::MAX / 3, Padding::SameUpper),
        (usize::MAX, Padding::SameLower),
        (1, Padding::Explicit([usize::MAX, 1])),
    ] {
        let conv = Op::Conv1d { stride: 1, dilation, padding, groups: 1, taps: None };
        refused(computed(conv, &[x.clone(), w.clone()]), "convolution: expected a size that fits into memory");
    }
    let conv = |stride, groups, taps| Op::Conv1d { stride, dilation: 1, padding: Padding::SameUpper, groups, taps };
    refused(computed(conv(0, 1, None), &[x.clone(), w.clone()]), "expected at least 1, found 0");
    refused(computed(conv(1, 3, None), &[x.clone(), w.clone()]), "channels 1 and units 1 in 3 equal parts");
    refused(computed(conv(1, 1, Some(3)), &[x, w]), "taps of a convolution: expected 3, found 4");
}

#[test]
fn a_number_that_does_not_fit_is_not_cast() {
    let real = |x: f32| Tensor::f32(&[1], [x]).unwrap();
    for x in [f32::NAN, f32::INFINITY, 9_223_372_036_854_775_808.0] {
        refused(computed(Op::Cast { to: Kind::I64 }, &[real(x)]), "element 0: expected a whole number of 64 bits");
    }
    let least = computed(Op::Cast { to: Kind::I64 }, &[real(-9_223_372_036_854_775_808.0)]).unwrap();
    assert_eq!(least.as_i64().unwrap(), [i64::MIN]);
    for x in [real(2_147_483_648.0), Tensor::i64(&[1], [1 << 31]).unwrap()] {
        refused(computed(Op::Cast { to: Kind::I32 }, &[x]), "element 0: expected a whole number of 32 bits");
    }
    let whole = computed(Op::Div, &[Tensor::i64(&[1], [i64::MIN]).unwrap(), Tensor::i64(&[1], [-1]).unwrap()]);
    assert_eq!(whole.unwrap().as_i64().unwrap(), [i64::MIN], "wraps");
    refused(computed(Op::Div, &[Tensor::i32(&[1], [1]).unwrap(), Tensor::i32(&[1], [0]).unwrap()]), "divisor");
}

#[test]
fn indices_and_shapes_outside_their_range_are_errors() {
    let x = || Tensor::f32(&[2, 3], [0.0; 6]).unwrap();
    let whole = |numbers: &[i64]| Tensor::i64(&[numbers.len()], numbers).unwrap();
    for (index, axis) in [(3, 1), (-4, 1), (2, 0), (i64::MIN, 0), (i64::MAX, 1)] {
        refused(computed(Op::Gather { axis }, &[x(), whole(&[0, index])]), "index[1]: expected within");
    }
    refused(computed(Op::Gather { axis: 2 }, &[x(), whole(&[0])]), "axis: expected an axis of 2, found 2");
    let reshape = |shape: &[i64], allow_zero| computed(Op::Reshape { allow_zero }, &[x(), whole(shape)]);
    for (shape, allow_zero) in [
        (&[-1, -1][..], false),
        (&[4, -1], false),
        (&[7], false),
        (&[-2, 3], false),
        (&[0, 0, 0], false),
        (&[0, -1], true),
        (&[0, 6], true),
    ] {
        refused(reshape(shape, allow_zero), "new shape: expected one of 6 elements");
    }
    refused(reshape(&[i64::MAX, 3], false), "new shape: expected a size that fits");
    refused(reshape(&[1; 9], false), "new shape: expected one of 6 elements");
    refused(computed(Op::Unsqueeze { axes: vec![0, 0] }, &[x()]), "new axes: expected different ones");
    refused(computed(Op::Unsqueeze { axes: vec![0; 7] }, &[x()]), "at most 8, found 9");
    refused(computed(Op::Squeeze { axes: vec![0] }, &[x()]), "length of axis 0 to squeeze: expected 1, found 2");
    refused(computed(Op::Transpose { permutation: vec![0, 0] }, &[x()]), "each of 2 axes once");
    refused(computed(Op::Transpose { permutation: vec![0, 1, 2] }, &[x()]), "each of 2 axes once");
    refused(computed(Op::Slice, &[x(), whole(&[0, 0]), whole(&[1, 1]), whole(&[1, -1])]), "axes to slice");
    refused(computed(Op::Slice, &[x(), whole(&[0]), whole(&[1, 1])]), "ends: expected 1 elements, found 2");
    refused(computed(Op::Slice, &[x(), whole(&[0]), whole(&[1]), whole(&[0]), whole(&[0])]), "step of a slice");
    refused(computed(Op::Concat { axis: 0 }, &[x(), Tensor::f32(&[2, 2], [0.0; 4]).unwrap()]), "expected shape [2, 3]");
    refused(computed(Op::Expand, &[x(), whole(&[3, 3])]), "expected shape [2, 3], found [3, 3]");
    refused(computed(Op::Add, &[x(), whole(&[1])]), "operands: expected two of f32, found i64");
}

#[test]
fn a_value_belongs_to_the_builder_that_gave_it() {
    let (mut one, mut other) = (Builder::new(Naive), Builder::new(Naive));
    let x = one.input("x", Kind::F32, [Some(1)]).unwrap();
    other.input("x", Kind::F32, [Some(1)]).unwrap();
    refused(other.add(Op::Tanh, [x]), "value: expected one of this graph, found that of another");
    refused(other.output("y", x), "value: expected one of this graph, found that of another");
    assert!(other.as_input(x).is_none() && one.as_input(x).is_some());
    let constant = one.constant(Tensor::f32(&[1], [1.0]).unwrap()).unwrap();
    other.constant(Tensor::f32(&[1], [2.0]).unwrap()).unwrap();
    assert!(other.as_constant(constant).is_none() && one.as_constant(constant).is_some());
}

#[test]
fn a_layer_without_steps_gives_its_initial_states_or_zero() {
    let network = || {
        let config = recurrent::network::Config::features(2).recurrent(recurrent::network::RecurrentSpec::lstm(3));
        recurrent::Network::<f32, Naive>::with_backend(&config, 1, Naive).unwrap()
    };
    let [h, c] = [0.5, 2.0].map(|x| Tensor::f32(&[1, 2, 3], [x; 6]).unwrap());
    for (empty_rows, expected) in [(EmptyRows::InitialState, [0.5, 2.0]), (EmptyRows::Zero, [0.0, 0.0])] {
        let mut builder = Builder::new(Naive);
        let x = builder.input("x", Kind::F32, [None, None, Some(2)]).unwrap();
        let states = [h.clone(), c.clone()].map(|state| Some(builder.constant(state).unwrap()));
        let layer = Recurrent::new(network(), Layout::TimeMajor).unwrap().with_empty_rows(empty_rows);
        let op = Op::Recurrent(Box::new(layer));
        let written = builder.add_named("layer", op, &[Some(x), None, states[0], states[1]]).unwrap();
        for (name, value) in ["y", "h", "c"].into_iter().zip(written) {
            builder.output(name, value).unwrap();
        }
        let graph = builder.build().unwrap();
        let mut session = graph.session();
        let nothing = Tensor::f32(&[0, 2, 2], []).unwrap();
        let outputs = graph.run(&mut session, &[&nothing]).unwrap();
        assert_eq!(outputs[0].shape(), [0, 1, 2, 3]);
        assert_eq!([outputs[1].as_f32().unwrap()[5], outputs[2].as_f32().unwrap()[5]], expected, "{empty_rows:?}");
        let no_rows = Tensor::f32(&[1 << 40, 0, 2], []).unwrap();
        refused(
            graph.run(&mut session, &[&no_rows]).map(|outputs| outputs.len()),
            "initial h: expected shape [1, 0, 3]",
        );
    }
    // Steps of no rows, however many.
    let layer = Op::Recurrent(Box::new(Recurrent::new(network(), Layout::TimeMajor).unwrap()));
    let found = computed(layer, &[Tensor::f32(&[1 << 40, 0, 2], []).unwrap()]).unwrap();
    assert_eq!(found.shape(), [1 << 40, 1, 0, 3]);
}
