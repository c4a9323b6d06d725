//! Recurrent nodes taken out of models, and where their weights may come from.

use crate::onnx_recurrent::cases;
use crate::onnx_robust::{field, model};
use allocation_counter::measure;
use recurrent::graph::{Builder, Op, Tensor};
use recurrent::interop::onnx::{Limits, Model, Options, write_tensor};
use recurrent::{Error, Result};
use rnn_backend_naive::Naive;

const HIDDEN: usize = 2;

pub fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> Vec<u8> {
    node_with(op, inputs, outputs, &[])
}

/// A node with other fields than its operator and the names of its values.
pub fn node_with(op: &str, inputs: &[&str], outputs: &[&str], rest: &[u8]) -> Vec<u8> {
    let (inputs, outputs) = (inputs.iter().map(|x| (1, x)), outputs.iter().map(|x| (2, x)));
    let names: Vec<u8> = inputs.chain(outputs).flat_map(|(number, name)| field(number, name.as_bytes())).collect();
    field(1, &[&names[..], &field(4, op.as_bytes()), rest].concat())
}

pub fn initializer(name: &str, tensor: &Tensor) -> Vec<u8> {
    field(5, &write_tensor(name, tensor).unwrap())
}

pub fn real(shape: &[usize]) -> Tensor {
    let len: usize = shape.iter().product();
    Tensor::f32(shape, (0..len).map(|k| (k as f32).sin()).collect::<Vec<_>>()).unwrap()
}

/// A value of type FLOAT and this shape, as an input (11) or output (12).
pub fn edge(number: u8, name: &str, shape: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = shape.iter().flat_map(|&len| field(1, &[0x08, len])).collect();
    let tensor = [&[0x08, 1][..], &field(2, &dims)].concat();
    field(number, &[field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat())
}

/// `Y = GRU(x, W, R)` of one feature; weights by these parts.
fn gru(parts: &[Vec<u8>]) -> Vec<u8> {
    let edges = [edge(11, "x", &[3, 1, 1]), edge(12, "Y", &[])].concat();
    model(&[&parts.concat()[..], &node("GRU", &["x", "W", "R"], &["Y"]), &edges].concat())
}

fn take(bytes: &[u8]) -> Result<Vec<f32>> {
    let taken = Model::read(bytes, &Limits::default())?.take("Y", Naive, &Options::default())?;
    Ok(taken.layer.networks()[0].parameters().to_vec())
}

#[test]
fn a_node_alone_is_the_layer_that_it_is_in_the_whole_model() {
    for case in cases() {
        let bytes = case.bytes();
        for options in [Options::default(), Options::of_onnx_runtime()] {
            let model = Model::read(&bytes, &Limits::default()).unwrap();
            let taken = model.take("layer", Naive, &options).unwrap();
            let node = &model.recurrent_nodes().unwrap()[0];
            assert_eq!((&taken.name, &taken.options), (&node.name, &node.options), "{}", case.name);
            let mut builder = Builder::new(Naive);
            let feeds = case.feeds();
            let find = |name: &str| feeds.iter().find(|(other, _)| *other == name).map(|(_, tensor)| tensor.clone());
            let given = ["X", "sequence_lens", "initial_h", "initial_c"].map(find);
            let inputs: Vec<_> = given
                .iter()
                .enumerate()
                .map(|(k, given)| Some(builder.input_of_any_shape(k.to_string(), given.as_ref()?.kind()).unwrap()))
                .collect();
            let outputs = builder.add_named("layer", Op::Recurrent(Box::new(taken.layer)), &inputs).unwrap();
            builder.output("Y", outputs[0]).unwrap();
            let alone = builder.build().unwrap();
            let whole = model.into_graph(Naive, &options).unwrap();
            let (mut session, mut session_of_whole) = (alone.session(), whole.session());
            let given: Vec<_> = given.iter().flatten().collect();
            let named: Vec<_> = feeds.iter().map(|(name, tensor)| (*name, tensor)).collect();
            let found = alone.run(&mut session, &given).unwrap();
            assert_eq!(
                &found[0],
                whole.run_named(&mut session_of_whole, &named).unwrap().named("Y").unwrap(),
                "{}, {options:?}",
                case.name
            );
        }
    }
}

#[test]
fn weights_are_initializers_or_given_or_computed_from_constants() {
    let (w, r) = (real(&[1, 3 * HIDDEN, 1]), real(&[1, 3 * HIDDEN, HIDDEN]));
    let [stored_w, stored_r] = [("W", &w), ("R", &r)].map(|(name, tensor)| initializer(name, tensor));
    let expected = take(&gru(&[stored_w.clone(), stored_r.clone()])).unwrap();
    // As an old file lists it: an initializer is no input.
    let listed = gru(&[stored_w, stored_r.clone(), edge(11, "W", &[1, 6, 1])]);
    assert_eq!(take(&listed).unwrap(), expected);
    let names: Vec<_> = Model::read(&listed, &Limits::default()).unwrap().inputs().unwrap();
    assert_eq!(names.iter().map(|input| &input.name[..]).collect::<Vec<_>>(), ["x"]);
    // Given in the place of an input.
    let open = gru(&[stored_r.clone(), edge(11, "W", &[1, 6, 1])]);
    let error = take(&open).unwrap_err().to_string();
    assert!(error.contains("input `W`: expected a constant: an initializer, or an input that"), "{error}");
    assert!(error.contains("found `W`, an input without a value"), "{error}");
    let given =
        |name: &str, tensor: Tensor| Model::read(&open, &Limits::default()).unwrap().with_constant(name, tensor);
    let taken = given("W", w.clone()).unwrap().take("Y", Naive, &Options::default()).unwrap();
    assert_eq!(taken.layer.networks()[0].parameters().to_vec(), expected);
    let whole = given("W", w.clone()).unwrap().into_graph(Naive, &Options::default()).unwrap();
    assert_eq!(whole.inputs().len(), 1);
    // Computed: W = Wᵀᵀ.
    let turned = Tensor::f32(&[1, 1, 6], w.as_f32().unwrap()).unwrap();
    let shape = Tensor::i64(&[3], [1, 6, 1]).unwrap();
    let parts = [
        initializer("V", &turned),
        initializer("shape", &shape),
        stored_r.clone(),
        node("Identity", &["V"], &["U"]),
        node("Reshape", &["U", "shape"], &["W"]),
        // Of no concern.
        node("NotImplemented", &["x"], &["z"]),
    ];
    assert_eq!(take(&gru(&parts)).unwrap(), expected);
    // Computed from an input.
    let parts = [edge(11, "v", &[1, 6, 1]), stored_r, node("Tanh", &["v"], &["W"])];
    let error = take(&gru(&parts)).unwrap_err().to_string();
    assert!(error.contains("found `W`, which is computed"), "{error}");
}

#[test]
fn a_constant_must_be_what_the_input_is() {
    let bytes = gru(&[initializer("R", &real(&[1, 6, 2])), edge(11, "W", &[1, 6, 1])]);
    let says = |name: &str, tensor: Tensor, what: &str| {
        let model = Model::read(&bytes, &Limits::default()).unwrap();
        let error = model.with_constant(name, tensor).map(drop).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    says("V", real(&[1, 6, 1]), "input of the model: expected one of W, x, found V");
    says("R", real(&[1, 6, 2]), "input of the model: expected one of W, x, found R");
    says("W", real(&[1, 6, 2]), "input `W`: expected shape [1, 6, 1], found [1, 6, 2]");
    says("W", Tensor::i64(&[1, 6, 1], [0; 6]).unwrap(), "input `W`: expected f32, found i64");
    // A value of this name is written by a node as well.
    let bytes = gru(&[initializer("R", &real(&[1, 6, 2])), edge(11, "W", &[1, 6, 1]), node("Tanh", &["x"], &["W"])]);
    let model = Model::read(&bytes, &Limits::default()).unwrap().with_constant("W", real(&[1, 6, 1])).unwrap();
    let error = model.into_graph(Naive, &Options::default()).map(drop).unwrap_err().to_string();
    assert!(error.contains("value `W`: expected one that is written once, found it twice"), "{error}");
}

#[test]
fn what_stands_around_a_node_is_said_by_name() {
    let parts = [
        initializer("W", &real(&[1, 6, 1])),
        initializer("R", &real(&[1, 6, 2])),
        node("Tanh", &["x"], &["t"]),
        node("GRU", &["t", "W", "R", "", "nobody"], &["Y", "Y_h"]),
        node("Relu", &["Y"], &["relu"]),
        node("Concat", &["relu", "Y"], &["out"]),
        edge(11, "x", &[3, 1, 1]),
        edge(12, "Y", &[]),
    ];
    let bytes = model(&parts.concat());
    let model = Model::read(&bytes, &Limits::default()).unwrap();
    let taken = model.take("Y", Naive, &Options::default()).unwrap();
    let expected = "X `t` from Tanh `t`\nW `W` from numbers of the file [1, 6, 1]\nR `R` from numbers of the file [1, 6, 2]\n\
        sequence_lens `nobody` from nothing\nY `Y` to Relu `relu`, Concat `out`, the model's `Y` FLOAT []\nY_h `Y_h` to nothing\n";
    assert_eq!(taken.surroundings.to_string(), expected);
    assert!(matches!(model.take("relu", Naive, &Options::default()), Err(Error::Range { .. })));
}

#[test]
fn a_node_tells_the_inputs_that_it_has_and_none_that_is_left_out() {
    let weights = [initializer("W", &real(&[1, 6, 1])), initializer("R", &real(&[1, 6, 2]))].concat();
    let edges = [edge(11, "x", &[3, 1, 1]), edge(11, "h", &[1, 1, 2]), edge(12, "Y", &[])].concat();
    let bytes = model(&[weights, node("GRU", &["x", "W", "R", "", "", "h"], &["Y"]), edges].concat());
    let nodes = Model::read(&bytes, &Limits::default()).unwrap().recurrent_nodes().unwrap();
    assert_eq!(nodes[0].inputs, ["X", "W", "R", "initial_h"]);
}

#[test]
fn weights_that_many_layers_read_count_for_each_of_them() {
    const WIDE: usize = 64;
    let weights = [("W", real(&[1, 3 * WIDE, 1])), ("R", real(&[1, 3 * WIDE, WIDE]))];
    let mut parts: Vec<_> = weights.iter().map(|(name, tensor)| initializer(name, tensor)).collect();
    parts.extend((0..1000).map(|k| node("GRU", &["x", "W", "R"], &[&format!("y{k}")])));
    parts.extend([edge(11, "x", &[3, 1, 1]), edge(12, "y0", &[])]);
    let bytes = model(&parts.concat());
    let limits = Limits::default().constants(1 << 20);
    let mut error = String::new();
    let used = measure(|| {
        let model = Model::read(&bytes, &limits).unwrap();
        error = model.into_graph(Naive, &Options::default()).map(drop).unwrap_err().to_string();
    });
    assert!(error.contains("values of a graph: expected at most 1048576 bytes"), "{error}");
    // A network keeps its parameters, and again as it multiplies by them.
    assert!(used.bytes_max < 4 << 20, "{used:?}");
    // Twenty of them are within the limit.
    let few = model(&[&parts[..23].concat()[..], &parts[parts.len() - 2..].concat()].concat());
    Model::read(&few, &limits).unwrap().into_graph(Naive, &Options::default()).unwrap();
}

#[test]
fn weights_that_were_computed_count_for_each_layer_that_reads_them() {
    const WIDE: usize = 64;
    let recurrent = real(&[1, 3 * WIDE, WIDE]);
    let layers = |count: usize| {
        let mut parts = vec![
            initializer("W", &real(&[1, 3 * WIDE, 1])),
            initializer("V", &recurrent),
            node("Identity", &["V"], &["R"]),
            edge(11, "x", &[3, 1, 1]),
            edge(12, "y0", &[]),
        ];
        parts.extend((0..count).map(|k| node("GRU", &["x", "W", "R"], &[&format!("y{k}")])));
        model(&parts.concat())
    };
    // The numbers before and behind the Identity, and those of ten layers.
    let limits = Limits::default().constants(12 * 4 * recurrent.len() + 4 * 10 * 3 * WIDE);
    let graph = |count| Model::read(layers(count), &limits).unwrap().into_graph(Naive, &Options::default());
    graph(10).unwrap();
    let error = graph(20).map(drop).unwrap_err().to_string();
    assert!(error.contains("values of a graph: expected at most"), "{error}");
}
