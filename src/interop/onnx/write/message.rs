//! `nodes, initializers, inputs, outputs → ModelProto`: the messages of a model that is being written.

use super::super::tensor::{encode, number};
use super::super::wire::Writer;
use crate::error::{Error, Result};
use crate::graph::{Dim, Kind, Tensor};
use crate::memory::reserve_part;

/// The operators that are written, and the version of the format that came with them (2022).
pub(super) const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// The longest message of Protocol Buffers.
const LONGEST: usize = i32::MAX as usize;

/// An attribute.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Int(i64),
    Float(f32),
    Text(&'a str),
    Ints(&'a [i64]),
    Floats(&'a [f32]),
    Texts(&'a [&'a str]),
}

/// A graph that is being written.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The fields of the graph so far.
    graph: Writer,
    values: usize,
}

impl Messages {
    /// A name that no other value has.
    pub fn fresh(&mut self, what: &str) -> String {
        self.values += 1;
        format!("{what}_{}", self.values)
    }

    /// A node of the operator.
    pub fn node(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[(&str, Value<'_>)],
    ) -> Result<()> {
        let mut node = Writer::default();
        inputs.iter().for_each(|input| node.bytes(1, input));
        outputs.iter().for_each(|output| node.bytes(2, output));
        node.bytes(3, name);
        node.bytes(4, op);
        for (name, value) in attributes {
            node.message(5, |attribute| {
                attribute.bytes(1, name);
                let kind = match value {
                    Value::Float(x) => {
                        attribute.float(2, *x);
                        1
                    }
                    Value::Int(x) => {
                        attribute.int(3, *x);
                        2
                    }
                    Value::Text(x) => {
                        attribute.bytes(4, x);
                        3
                    }
                    Value::Floats(x) => {
                        x.iter().for_each(|&x| attribute.float(7, x));
                        6
                    }
                    Value::Ints(x) => {
                        x.iter().for_each(|&x| attribute.int(8, x));
                        7
                    }
                    Value::Texts(x) => {
                        x.iter().for_each(|x| attribute.bytes(9, x));
                        8
                    }
                };
                attribute.int(20, kind);
            });
        }
        self.part(1, &node.0)
    }

    /// A node of one output, whose name it returns.
    pub fn value(&mut self, op: &str, inputs: &[&str], attributes: &[(&str, Value<'_>)]) -> Result<String> {
        let output = self.fresh(&op.to_ascii_lowercase());
        self.node(op, &output, inputs, &[&output], attributes)?;
        Ok(output)
    }

    /// A tensor of this name.
    pub fn initializer(&mut self, name: &str, tensor: &Tensor) -> Result<()> {
        let mut head = Writer::default();
        encode(&mut head, name, &Tensor::zeros(tensor.kind(), &[0])?);
        // A length takes at most eleven bytes, the field nine.
        let room = head.0.len() + tensor.len() * tensor.kind().bytes() + 128;
        reserve_part("ONNX model", &mut self.graph.0, room)?;
        let mut exact = Writer::default();
        for &len in tensor.shape() {
            exact.int(1, i64::try_from(len).unwrap_or(i64::MAX));
        }
        exact.int(2, number(tensor.kind()));
        exact.bytes(8, name);
        exact.head(9, tensor.len() * tensor.kind().bytes());
        self.graph.head(5, exact.0.len() + tensor.len() * tensor.kind().bytes());
        encode(&mut self.graph, name, tensor);
        self.check()
    }

    /// An initializer with a name of its own.
    pub fn constant(&mut self, what: &str, tensor: &Tensor) -> Result<String> {
        let name = self.fresh(what);
        self.initializer(&name, tensor)?;
        Ok(name)
    }

    /// Whole numbers as an initializer.
    pub fn whole(&mut self, what: &str, numbers: &[i64]) -> Result<String> {
        self.constant(what, &Tensor::i64(&[numbers.len()], numbers)?)
    }

    /// An input (11) or output (12) of the graph.
    pub fn edge(&mut self, field: u32, name: &str, kind: Kind, shape: &[Dim]) -> Result<()> {
        let mut info = Writer::default();
        info.bytes(1, name);
        info.message(2, |of| {
            of.message(1, |tensor| {
                tensor.int(1, number(kind));
                tensor.message(2, |dims| {
                    for dim in shape {
                        dims.message(1, |to| match dim {
                            Dim::Fixed(len) => to.int(1, i64::try_from(*len).unwrap_or(i64::MAX)),
                            Dim::Named(name) => to.bytes(2, name),
                            Dim::Any => {}
                        });
                    }
                });
            });
        });
        self.part(field, &info.0)
    }

    fn part(&mut self, field: u32, bytes: &[u8]) -> Result<()> {
        reserve_part("ONNX model", &mut self.graph.0, bytes.len() + 16)?;
        self.graph.bytes(field, bytes);
        self.check()
    }

    fn check(&self) -> Result<()> {
        if self.graph.0.len() < LONGEST - 1024 {
            return Ok(());
        }
        Err(Error::format("ONNX model", format!("at most {LONGEST} bytes, which the format allows"), "more"))
    }

    /// The whole file.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.graph.bytes(2, "recurrent");
        let mut model = Writer::default();
        reserve_part("ONNX model", &mut model.0, self.graph.0.len() + 256)?;
        model.int(1, IR_VERSION);
        model.bytes(2, "recurrent");
        model.bytes(3, env!("CARGO_PKG_VERSION"));
        model.message(8, |opset| {
            opset.bytes(1, "");
            opset.int(2, OPSET);
        });
        model.bytes(7, &self.graph.0);
        Ok(model.0)
    }
}
