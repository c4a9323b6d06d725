//! `ModelProto`, `GraphProto`, `NodeProto`, …: the messages of ONNX, read one at a time from where they lie.
//!
//! Numbers of fields are those of onnx.proto3, IR version 14. A field that is not known here is an error; documentation and metadata are
//! passed over.

use super::limits::Count;
use super::wire::{Bytes, Field};
use crate::error::{Error, Result};
use crate::graph::{Dim, MOST_AXES};

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub name: &'a str,
    pub op: &'a str,
    pub domain: &'a str,
    pub overload: &'a str,
    /// Names of values; empty where one is left out.
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub attributes: Vec<Attribute<'a>>,
}

impl<'a> Node<'a> {
    pub fn read(bytes: Bytes<'a>, count: &mut Count) -> Result<Self> {
        let (mut name, mut op, mut domain, mut overload) = (None, None, None, None);
        let (mut inputs, mut outputs, mut attributes) = (Vec::new(), Vec::new(), Vec::new());
        for field in bytes.fields("NodeProto") {
            let field = field?;
            match field.number {
                1 => count.push(&mut inputs, field.text()?)?,
                2 => count.push(&mut outputs, field.text()?)?,
                3 => field.once(&mut name, field.text()?)?,
                4 => field.once(&mut op, field.text()?)?,
                5 => {
                    let attribute = Attribute::read(field.bytes()?, count)?;
                    count.push(&mut attributes, attribute)?;
                }
                6 | 9 => drop(field.bytes()?),
                7 => field.once(&mut domain, field.text()?)?,
                8 => field.once(&mut overload, field.text()?)?,
                _ => return Err(field.unknown()),
            }
        }
        let (name, op) = (name.unwrap_or_default(), op.unwrap_or_default());
        let (domain, overload) = (domain.unwrap_or_default(), overload.unwrap_or_default());
        Ok(Self { name, op, domain, overload, inputs, outputs, attributes })
    }

    /// What the node is called: by its name, or else by its first output.
    pub fn label(&self) -> &'a str {
        let output = || self.outputs.iter().find(|output| !output.is_empty()).copied();
        if self.name.is_empty() { output().unwrap_or("without a name") } else { self.name }
    }

    /// How messages call it.
    pub fn place(&self) -> String {
        format!("node `{}` ({})", self.label(), self.operator())
    }

    /// The operator, with its domain if that is not ONNX' own.
    pub fn operator(&self) -> String {
        if is_own_domain(self.domain) { self.op.into() } else { format!("{}.{}", self.domain, self.op) }
    }
}

/// Whether operators of this domain are ONNX' own.
pub(super) fn is_own_domain(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

/// An attribute of a node.
#[derive(Clone, Debug)]
pub(super) struct Attribute<'a> {
    pub name: &'a str,
    pub value: AttributeValue<'a>,
}

#[derive(Clone, Debug)]
pub(super) enum AttributeValue<'a> {
    Float(f32),
    Int(i64),
    Text(Bytes<'a>),
    Tensor(Bytes<'a>),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<Bytes<'a>>),
    /// Of a type that no operator here has, by the name of the type.
    Other(&'static str),
}

impl AttributeValue<'_> {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Float(_) => "a float",
            Self::Int(_) => "an int",
            Self::Text(_) => "a string",
            Self::Tensor(_) => "a tensor",
            Self::Floats(_) => "floats",
            Self::Ints(_) => "ints",
            Self::Texts(_) => "strings",
            Self::Other(kind) => kind,
        }
    }
}

/// The types of attributes by the number of the field that has them.
const TYPES: [(u32, u64, &str); 14] = [
    (2, 1, "FLOAT"),
    (3, 2, "INT"),
    (4, 3, "STRING"),
    (5, 4, "TENSOR"),
    (6, 5, "GRAPH"),
    (7, 6, "FLOATS"),
    (8, 7, "INTS"),
    (9, 8, "STRINGS"),
    (10, 9, "TENSORS"),
    (11, 10, "GRAPHS"),
    (14, 13, "TYPE_PROTO"),
    (15, 14, "TYPE_PROTOS"),
    (22, 11, "SPARSE_TENSOR"),
    (23, 12, "SPARSE_TENSORS"),
];

impl<'a> Attribute<'a> {
    fn read(bytes: Bytes<'a>, count: &mut Count) -> Result<Self> {
        let (mut name, mut kind, mut reference, mut used) = (None, None, None, None::<u32>);
        let (mut float, mut int, mut text, mut tensor) = (None, None, None, None);
        let (mut floats, mut ints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for field in bytes.fields("AttributeProto") {
            let field = field?;
            match field.number {
                1 => field.once(&mut name, field.text()?)?,
                13 => drop(field.bytes()?),
                20 => field.once(&mut kind, field.varint()?)?,
                21 => field.once(&mut reference, field.text()?)?,
                number if TYPES.iter().any(|(field, ..)| *field == number) => {
                    if used.is_some_and(|used| used != number) {
                        let found = format!("fields {} and {number}", used.unwrap_or_default());
                        let at = format!("ONNX file, byte {}", field.at);
                        return Err(Error::format(at, "an attribute with one value", found));
                    }
                    used = Some(number);
                    match number {
                        2 => field.once(&mut float, field.float()?)?,
                        3 => field.once(&mut int, field.int()?)?,
                        4 => field.once(&mut text, field.bytes()?)?,
                        5 => field.once(&mut tensor, field.bytes()?)?,
                        7 => field.floats()?.try_for_each(|value| count.push(&mut floats, value))?,
                        8 => field.ints()?.try_for_each(|value| count.push(&mut ints, value?))?,
                        9 => count.push(&mut texts, field.bytes()?)?,
                        _ => drop(field.bytes()?),
                    }
                }
                _ => return Err(field.unknown()),
            }
        }
        let name = name.unwrap_or_default();
        let at = || format!("attribute `{name}`, byte {}", bytes.at);
        if let Some(reference) = reference.filter(|reference: &&str| !reference.is_empty()) {
            return Err(Error::model(at(), "value", "one of its own", format!("that of `{reference}` of a function")));
        }
        // The field of an empty list, an empty text or a 0 may be missing. Files of IR version 1 have no types.
        let (field, _, label) = match (kind, used) {
            (Some(kind), _) => TYPES.iter().find(|(_, number, _)| *number == kind),
            (None, Some(used)) => TYPES.iter().find(|(field, ..)| *field == used),
            (None, None) => None,
        }
        .ok_or_else(|| {
            let found = kind.map_or_else(|| "none".into(), |kind: u64| format!("type {kind}"));
            Error::model(at(), "type", "one that is known", found)
        })?;
        if used.is_some_and(|used| used != *field) {
            return Err(Error::model(at(), "value", format!("one of type {label}"), "one of another"));
        }
        let value = match field {
            2 => AttributeValue::Float(float.unwrap_or_default()),
            3 => AttributeValue::Int(int.unwrap_or_default()),
            4 => AttributeValue::Text(text.unwrap_or(Bytes { bytes: &[], at: bytes.at })),
            5 => AttributeValue::Tensor(tensor.unwrap_or(Bytes { bytes: &[], at: bytes.at })),
            7 => AttributeValue::Floats(floats),
            8 => AttributeValue::Ints(ints),
            9 => AttributeValue::Texts(texts),
            _ => AttributeValue::Other(label),
        };
        Ok(Self { name, value })
    }
}

/// An input or output of a graph.
#[derive(Clone, Debug)]
pub(super) struct ValueInfo<'a> {
    pub name: &'a str,
    /// The number of its element type; nothing if it is no tensor or has no type.
    pub elements: Option<i64>,
    pub shape: Option<Vec<Dim>>,
    /// Whether it is something else than a tensor.
    pub other: Option<&'static str>,
}

impl<'a> ValueInfo<'a> {
    pub fn read(bytes: Bytes<'a>) -> Result<Self> {
        let (mut name, mut kind) = (None, None);
        for field in bytes.fields("ValueInfoProto") {
            let field = field?;
            match field.number {
                1 => field.once(&mut name, field.text()?)?,
                2 => field.once(&mut kind, field.bytes()?)?,
                3 | 4 => drop(field.bytes()?),
                _ => return Err(field.unknown()),
            }
        }
        let mut info = Self { name: name.unwrap_or_default(), elements: None, shape: None, other: None };
        for field in kind.into_iter().flat_map(|kind| kind.fields("TypeProto")) {
            let field = field?;
            match field.number {
                1 => info.take_tensor(field.bytes()?)?,
                4 => info.other = Some("a sequence"),
                5 => info.other = Some("a map"),
                6 => drop(field.bytes()?),
                7 => info.other = Some("an opaque type"),
                8 => info.other = Some("a sparse tensor"),
                9 => info.other = Some("an optional value"),
                _ => return Err(field.unknown()),
            }
        }
        Ok(info)
    }

    fn take_tensor(&mut self, bytes: Bytes<'a>) -> Result<()> {
        for field in bytes.fields("TypeProto.Tensor") {
            let field = field?;
            match field.number {
                1 => field.once(&mut self.elements, field.int()?)?,
                2 => field.once(&mut self.shape, shape(field.bytes()?)?)?,
                _ => return Err(field.unknown()),
            }
        }
        Ok(())
    }
}

fn shape(bytes: Bytes<'_>) -> Result<Vec<Dim>> {
    let mut shape = Vec::new();
    for field in bytes.fields("TensorShapeProto") {
        let field = field?;
        if field.number != 1 {
            return Err(field.unknown());
        }
        if shape.len() == MOST_AXES {
            let at = format!("ONNX file, byte {}", field.at);
            return Err(Error::format(at, format!("at most {MOST_AXES} axes of a tensor"), "more"));
        }
        let mut dim = Dim::Any;
        for field in field.bytes()?.fields("TensorShapeProto.Dimension") {
            let field = field?;
            match field.number {
                // Some exporters write −1 and 0 where they know nothing.
                1 => dim = usize::try_from(field.int()?).ok().filter(|&len| len > 0).into(),
                2 => dim = Dim::Named(field.text()?.into()),
                3 => drop(field.bytes()?),
                _ => return Err(field.unknown()),
            }
        }
        shape.push(dim);
    }
    Ok(shape)
}

/// An entry of the list of operator sets.
pub(super) fn opset(bytes: Bytes<'_>) -> Result<(&str, i64)> {
    let (mut domain, mut version) = (None, None);
    for field in bytes.fields("OperatorSetIdProto") {
        let field = field?;
        match field.number {
            1 => field.once(&mut domain, field.text()?)?,
            2 => field.once(&mut version, field.int()?)?,
            _ => return Err(field.unknown()),
        }
    }
    Ok((domain.unwrap_or_default(), version.unwrap_or_default()))
}

/// A text that a field has, or nothing, of a message whose other fields are passed over: to find things before they are read.
pub(super) fn peek<'a>(bytes: Bytes<'a>, message: &'static str, number: u32) -> Result<&'a str> {
    let mut found = None;
    for field in bytes.fields(message) {
        let field: Field<'a> = field?;
        if field.number == number {
            field.once(&mut found, field.text()?)?;
        }
    }
    Ok(found.unwrap_or_default())
}
