//! Tensors as JSON: `{"shape": [2], "kind": "f32", "data": [1.0, 2.0]}`.

use recurrent::graph::{Data, Tensor};
use recurrent::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, json};

/// Tensors by name.
pub type Named = Vec<(String, Tensor)>;

#[derive(Deserialize)]
struct Written {
    shape: Vec<usize>,
    kind: String,
    data: Vec<f64>,
}

#[allow(clippy::cast_possible_truncation)] // numbers of the kind that they are said to be
pub fn read(value: &Value) -> Result<Tensor> {
    let Written { shape, kind, data } = Written::deserialize(value).map_err(Error::application)?;
    match &kind[..] {
        "f32" => Tensor::f32(&shape, data.iter().map(|&x| x as f32).collect::<Vec<_>>()),
        "i64" => Tensor::i64(&shape, data.iter().map(|&x| x as i64).collect::<Vec<_>>()),
        "i32" => Tensor::i32(&shape, data.iter().map(|&x| x as i32).collect::<Vec<_>>()),
        other => Err(Error::application(format!("a tensor of {other}"))),
    }
}

/// Every f32 as the f64 that it is, not as the shortest text that is read as this f32.
pub fn written(tensor: &Tensor) -> Value {
    let (kind, data) = match tensor.data() {
        Data::F32(x) => ("f32", json!(x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>())),
        Data::I64(x) => ("i64", json!(x)),
        Data::I32(x) => ("i32", json!(x)),
        other => ("other", json!(other.len())),
    };
    json!({ "shape": tensor.shape(), "kind": kind, "data": data })
}

/// The tensor of a name.
pub fn named<'a>(tensors: &'a Named, name: &str) -> Result<&'a Tensor> {
    let found = tensors.iter().find(|(other, _)| other == name);
    found.map(|(_, tensor)| tensor).ok_or_else(|| Error::application(format!("no tensor named {name}")))
}

/// Symbols of a network from whole numbers.
pub fn symbols(tensor: &Tensor) -> Result<Vec<u32>> {
    let symbol = |&x: &i64| u32::try_from(x).map_err(Error::application);
    tensor.as_i64()?.iter().map(symbol).collect()
}
