//! What messages of ONNX may say beside what a writer usually does, field by field: it is read as it is meant, or refused.

use crate::onnx_robust::{field, model};
use crate::onnx_take::{edge, initializer, node, node_with, real};
use recurrent::Result;
use recurrent::graph::Tensor;
use recurrent::interop::onnx::{Limits, Model, Options, RecurrentOptions, read_tensor};
use rnn_backend_naive::Naive;

/// The numbers of types of attributes.
const FLOAT: u8 = 1;
const INT: u8 = 2;
const FLOATS: u8 = 6;
const INTS: u8 = 7;
const STRINGS: u8 = 8;

/// An attribute of a node: what its type is said to be, and the field of its value.
fn attribute(name: &str, kind: u8, value: &[u8]) -> Vec<u8> {
    field(5, &[&field(1, name.as_bytes())[..], &[0xa0, 0x01, kind], value].concat())
}

fn float(x: f32) -> Vec<u8> {
    [&[2 << 3 | 5][..], &x.to_le_bytes()].concat()
}

fn int(x: u8) -> Vec<u8> {
    vec![3 << 3, x]
}

fn varint(number: i64) -> Vec<u8> {
    let mut left = number.cast_unsigned();
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = left.to_le_bytes();
        left >>= 7;
        bytes.push(if left == 0 { low } else { low | 0x80 });
        if left == 0 {
            return bytes;
        }
    }
}

/// One feature, two units: `W` and `R` of so many gates.
fn weights(gates: usize) -> Vec<u8> {
    [initializer("W", &real(&[1, 2 * gates, 1])), initializer("R", &real(&[1, 2 * gates, 2]))].concat()
}

/// The first output of a model of these parts, without inputs or with `x`.
fn run(parts: &[Vec<u8>], inputs: &[&Tensor]) -> Result<Tensor> {
    let bytes = model(&parts.concat());
    let graph = Model::read(&bytes, &Limits::default())?.into_graph(Naive, &Options::default())?;
    let mut session = graph.session();
    Ok(graph.run(&mut session, inputs)?[0].clone())
}

fn refused(result: Result<impl std::fmt::Debug>, says: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn the_domain_ai_onnx_is_that_of_onnx_own_operators() {
    let of = |domain: &[u8], of_opset: &[u8]| {
        let layer = node_with("GRU", &["x", "W", "R"], &["Y"], domain);
        let function = node_with("Tanh", &["Y"], &["y"], domain);
        let graph = [weights(3), layer, function, edge(11, "x", &[3, 1, 1]), edge(12, "y", &[])].concat();
        [&[0x08, 8][..], &field(8, &[of_opset, &[0x10, 17]].concat()), &field(7, &graph)].concat()
    };
    let (named, unnamed) = (of(&field(7, b"ai.onnx"), &field(1, b"ai.onnx")), of(&[], &[]));
    let [named, unnamed] = [&named, &unnamed].map(|bytes| Model::read(bytes, &Limits::default()).unwrap());
    assert_eq!((named.opset(), unnamed.opset()), (Some(17), Some(17)));
    assert_eq!(named.nodes().unwrap(), unnamed.nodes().unwrap());
    assert_eq!(named.recurrent_nodes().unwrap().len(), 1);
    let x = real(&[3, 1, 1]);
    let [named, unnamed] = [named, unnamed].map(|model| {
        let graph = model.into_graph(Naive, &Options::default()).unwrap();
        let mut session = graph.session();
        graph.run(&mut session, &[&x]).unwrap()[0].clone()
    });
    assert_eq!(named, unnamed);
}

#[test]
fn a_node_without_a_name_is_called_by_the_first_output_that_it_has() {
    for (outputs, name, called) in [
        (&["Y", "Y_h"][..], &b""[..], "Y"),
        (&["", "Y_h"], b"", "Y_h"),
        (&["", "Y_h"], b"layer", "layer"),
        (&["", ""], b"", "without a name"),
    ] {
        let layer = node_with("GRU", &["x", "W", "R"], outputs, &field(3, name));
        let bytes = model(&[weights(3), layer, edge(11, "x", &[3, 1, 1]), edge(12, "Y_h", &[])].concat());
        let model = Model::read(&bytes, &Limits::default()).unwrap();
        assert_eq!(
            (&model.nodes().unwrap()[0].name[..], &model.recurrent_nodes().unwrap()[0].name[..]),
            (called, called)
        );
        assert_eq!(model.take(called, Naive, &Options::default()).unwrap().name, called);
    }
}

#[test]
fn an_attribute_whose_value_is_not_of_the_type_that_it_says_is_refused() {
    for (op, name, kind, value, says) in [
        ("Softmax", "axis", INT, float(1.0), "INT"),
        ("LeakyRelu", "alpha", FLOAT, int(1), "FLOAT"),
        ("Transpose", "perm", INTS, int(0), "INTS"),
        ("Constant", "value_floats", FLOATS, float(1.0), "FLOATS"),
        ("RNN", "activations", STRINGS, field(4, b"Relu"), "STRINGS"),
    ] {
        let node = node_with(op, &["x"], &["y"], &attribute(name, kind, &value));
        let error = Model::read(model(&node), &Limits::default()).map(drop).unwrap_err().to_string();
        assert!(error.starts_with(&format!("attribute `{name}`, ")), "{error}");
        assert!(error.ends_with(&format!("value: expected one of type {says}, found one of another")), "{error}");
    }
}

#[test]
fn a_tensor_has_its_numbers_raw_or_typed_and_not_both() {
    // One FLOAT.
    let read = |parts: &[Vec<u8>]| read_tensor(&[&[0x08, 1, 0x10, 1][..], &parts.concat()].concat());
    let (typed, raw) = (field(4, &1.0_f32.to_le_bytes()), field(9, &2.0_f32.to_le_bytes()));
    let one = |x: f32| Tensor::f32(&[1], [x]).unwrap();
    assert_eq!(read(std::slice::from_ref(&typed)).unwrap(), one(1.0));
    assert_eq!(read(std::slice::from_ref(&raw)).unwrap(), one(2.0));
    assert_eq!(read(&[typed.clone(), field(9, &[])]).unwrap(), one(1.0));
    refused(read(&[typed.clone(), raw.clone()]), "expected 1 numbers, found raw and typed ones");
    refused(read(&[raw, typed]), "expected 1 numbers, found raw and typed ones");
}

#[test]
fn typed_numbers_beyond_their_type_are_refused_and_not_cut() {
    // One number of a type, in the field that INT32 and BOOL share.
    let read = |kind: u8, number: i64| read_tensor(&[&[0x08, 1, 0x10, kind][..], &field(5, &varint(number))].concat());
    let (int32, bool) = (6, 9);
    for number in [i32::MIN, -1, 7, i32::MAX] {
        assert_eq!(read(int32, number.into()).unwrap(), Tensor::i32(&[1], [number]).unwrap());
    }
    for number in [i64::from(i32::MIN) - 1, i64::from(i32::MAX) + 1, 1 << 32, i64::MIN] {
        refused(read(int32, number), &format!("expected numbers of its type, found {number}"));
    }
    assert_eq!(read(bool, 1).unwrap(), Tensor::bool(&[1], [true]).unwrap());
    refused(read(bool, 2), "expected numbers of its type, found 2");
}

#[test]
fn two_tanh_of_an_rnn_in_one_direction_are_its_default() {
    let of = |functions: &[&str]| -> Result<RecurrentOptions> {
        let names: Vec<u8> = functions.iter().flat_map(|name| field(9, name.as_bytes())).collect();
        let rest = if functions.is_empty() { Vec::new() } else { attribute("activations", STRINGS, &names) };
        let layer = node_with("RNN", &["x", "W", "R"], &["Y"], &rest);
        let bytes = model(&[weights(1), layer, edge(11, "x", &[3, 1, 1]), edge(12, "Y", &[])].concat());
        let model = Model::read(&bytes, &Limits::default())?;
        Ok(model.take("Y", Naive, &Options::default())?.options)
    };
    assert_eq!(of(&["Tanh", "Tanh"]).unwrap(), of(&[]).unwrap());
    assert_eq!(of(&["tanh", "tanh"]).unwrap(), of(&["Tanh"]).unwrap());
    for other in [["Relu", "Relu"], ["Tanh", "Relu"]] {
        refused(of(&other), "attribute `activations`: expected 1 for each of 1 directions, found 2");
    }
}

#[test]
fn outputs_that_an_operator_does_not_have_are_refused() {
    let of = |op: &str, inputs: &[&str], outputs: &[&str]| {
        let x = real(&[3, 1, 1]);
        run(&[weights(3), node(op, inputs, outputs), edge(11, "x", &[3, 1, 1]), edge(12, "y", &[])], &[&x])
    };
    of("Tanh", &["x"], &["y", ""]).unwrap();
    of("GRU", &["x", "W", "R"], &["y", "last"]).unwrap();
    // Names that are left out at the end are none.
    of("GRU", &["x", "W", "R", "", "", "", ""], &["y", "last", ""]).unwrap();
    refused(of("Tanh", &["x"], &["y", "z"]), "node `y` (Tanh), outputs: expected at most 1, found 2");
    refused(of("Tanh", &["x"], &["y", "", "z"]), "outputs: expected at most 1, found 2");
    refused(of("GRU", &["x", "W", "R"], &["y", "h", "c"]), "node `y` (GRU), outputs: expected at most 2, found 3");
}

#[test]
fn a_node_that_writes_a_value_of_the_name_of_an_initializer_is_refused() {
    let parts = |read_before: bool| {
        let function = if read_before { "c" } else { "x" };
        let (before, writes) = (node("Tanh", &[function], &["y"]), node("Relu", &["x"], &["c"]));
        vec![initializer("c", &real(&[1])), before, writes, edge(11, "x", &[1]), edge(12, "y", &[])]
    };
    for read_before in [false, true] {
        let says = "node `c` (Relu), value `c`: expected one that is written once, found it twice";
        refused(run(&parts(read_before), &[&real(&[1])]), says);
    }
}

#[test]
fn a_model_may_have_as_many_parts_as_its_limit_and_no_more() {
    let read = |graph: &[u8], parts| Model::read(model(graph), &Limits::default().parts(parts)).map(drop);
    let least = |graph: &[u8]| (0..100).find(|&parts| read(graph, parts).is_ok()).unwrap();
    // The list of opsets has one of them.
    assert_eq!(least(&[]), 1);
    assert_eq!(least(&edge(11, "x", &[1])), 2, "an input");
    assert_eq!(least(&edge(12, "x", &[1])), 2, "an output");
    assert_eq!(least(&weights(1)), 3, "two initializers");
    assert_eq!(least(&node("Tanh", &["x"], &["y"])), 4, "a node, its input and its output");
    let softmax = node_with("Softmax", &["x"], &["y"], &attribute("axis", INT, &int(1)));
    assert_eq!(least(&softmax), 5, "and its attribute");
    let transpose = node_with("Transpose", &["x"], &["y"], &attribute("perm", INTS, &field(8, &[1, 0])));
    assert_eq!(least(&transpose), 7, "and two elements of it");
    refused(read(&transpose, 6), "at most 6 nodes, inputs, attributes and the like, found more");
}

#[test]
fn the_producer_of_a_model_is_told_with_its_version() {
    for (fields, producer) in [
        (vec![field(2, b"pytorch"), field(3, b"2.9.1")], "pytorch 2.9.1"),
        (vec![field(2, b"pytorch")], "pytorch"),
        (vec![], ""),
    ] {
        let bytes = [fields.concat(), model(&[])].concat();
        assert_eq!(Model::read(&bytes, &Limits::default()).unwrap().producer(), producer);
    }
}

#[test]
fn a_constant_of_one_number_has_no_axis_and_a_list_has_one() {
    for (name, kind, value, expected) in [
        ("value_int", INT, int(7), Tensor::i64(&[], [7])),
        ("value_ints", INTS, field(8, &[7]), Tensor::i64(&[1], [7])),
        ("value_float", FLOAT, float(0.5), Tensor::f32(&[], [0.5])),
        ("value_floats", FLOATS, field(7, &0.5_f32.to_le_bytes()), Tensor::f32(&[1], [0.5])),
    ] {
        let constant = node_with("Constant", &[], &["y"], &attribute(name, kind, &value));
        assert_eq!(run(&[constant, edge(12, "y", &[])], &[]).unwrap(), expected.unwrap(), "{name}");
    }
}
