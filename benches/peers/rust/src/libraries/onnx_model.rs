//! A layer as an ONNX model for the inference engines, as `libraries/onnx_model.py` writes it for theirs: one node, the
//! weights inside; inputs `x [T, B, I]` and the initial state, output `y [T, 1, B, H]`.

use crate::problem::Problem;
use crate::setting::{Cell, Setting};
use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto, TypeProto, ValueInfoProto,
    attribute_proto::AttributeType, tensor_proto::DataType, tensor_shape_proto, type_proto,
};

/// The weights of a `GraphProto`. The types of tract write the sizes of a tensor packed, which rten refuses: ONNX, whose syntax is
/// proto2, writes them one by one.
#[derive(Message)]
struct Initializers {
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Tensor>,
}

/// A `TensorProto`.
#[derive(Message)]
struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw_data: Vec<u8>,
}

/// The graph of a `ModelProto`.
#[derive(Message)]
struct WithGraph {
    #[prost(bytes = "vec", tag = "7")]
    graph: Vec<u8>,
}

/// The inputs of the model in their order, with their shapes.
pub fn inputs(problem: &Problem) -> Vec<(&'static str, [usize; 3], Vec<f32>)> {
    let Setting { cell, t, n, c, h, .. } = problem.setting;
    let mut inputs = vec![("x", [t, n, c], single(&problem.x)), ("h_0", [1, n, h], single(&problem.h_0))];
    inputs.extend((cell == Cell::Lstm).then(|| ("c_0", [1, n, h], single(&problem.c_0))));
    inputs
}

/// The bytes of the model file.
pub fn model(problem: &Problem) -> Vec<u8> {
    let Setting { cell, t, n, c, h, .. } = problem.setting;
    // ONNX has i, o, f, g of an LSTM and z, r, n of a GRU; the problem i, f, g, o and r, z, n.
    let (operator, order): (_, &[usize]) = match cell {
        Cell::Rnn => ("RNN", &[0]),
        Cell::Lstm => ("LSTM", &[0, 3, 1, 2]),
        Cell::Gru => ("GRU", &[1, 0, 2]),
    };
    let gates = |rows: &[f64], width: usize| -> Vec<f64> {
        order.iter().flat_map(|gate| &rows[gate * h * width..][..h * width]).copied().collect()
    };
    let rows = cell.gates() * h;
    let biases = [gates(&problem.b_ih, 1), gates(&problem.b_hh, 1)].concat();
    let initializer = vec![
        tensor("W", &[1, rows, c], &gates(&problem.w_ih, c)),
        tensor("R", &[1, rows, h], &gates(&problem.w_hh, h)),
        tensor("B", &[1, 2 * rows], &biases),
    ];
    let inputs = inputs(problem);
    let mut attribute = vec![integer("hidden_size", h)];
    // The reset gate after the recurrent product.
    attribute.extend((cell == Cell::Gru).then(|| integer("linear_before_reset", 1)));
    let node = NodeProto {
        input: ["x", "W", "R", "B", ""]
            .into_iter()
            .chain(inputs[1..].iter().map(|input| input.0))
            .map(Into::into)
            .collect(),
        output: vec!["y".into()],
        name: "layer".into(),
        op_type: operator.into(),
        attribute,
        ..NodeProto::default()
    };
    let graph = GraphProto {
        node: vec![node],
        name: "layer".into(),
        input: inputs.iter().map(|(name, shape, _)| value(name, shape)).collect(),
        output: vec![value("y", &[t, 1, n, h])],
        ..GraphProto::default()
    };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { version: 14, ..OperatorSetIdProto::default() }],
        ..ModelProto::default()
    };
    // Fields of one message may come in parts.
    let graph = [graph.encode_to_vec(), Initializers { initializer }.encode_to_vec()].concat();
    [model.encode_to_vec(), WithGraph { graph }.encode_to_vec()].concat()
}

/// In the type that the engines compute in.
#[allow(clippy::cast_possible_truncation)]
fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn extents(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&extent| i64::try_from(extent).expect("it fits into memory")).collect()
}

fn tensor(name: &str, shape: &[usize], values: &[f64]) -> Tensor {
    Tensor {
        name: name.into(),
        dims: extents(shape),
        data_type: DataType::Float.into(),
        raw_data: single(values).into_iter().flat_map(f32::to_le_bytes).collect(),
    }
}

fn integer(name: &str, value: usize) -> AttributeProto {
    let i = i64::try_from(value).expect("a size");
    AttributeProto { name: name.into(), r#type: AttributeType::Int.into(), i, ..AttributeProto::default() }
}

fn value(name: &str, shape: &[usize]) -> ValueInfoProto {
    let dim = |extent| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(extent)),
        ..tensor_shape_proto::Dimension::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: DataType::Float.into(),
        shape: Some(TensorShapeProto { dim: extents(shape).into_iter().map(dim).collect() }),
    };
    let of = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.into(), r#type: Some(of), ..ValueInfoProto::default() }
}
