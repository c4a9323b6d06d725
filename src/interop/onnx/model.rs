//! `bytes → Model`: a file of which the places of its parts are kept. A part is read when it is needed.

use super::limits::{Count, Limits};
use super::proto::{self, Node, ValueInfo, is_own_domain, peek};
use super::recurrent::Operator;
use super::tensor::{KNOWN_TYPES, TensorView, kind, type_name};
use super::wire::Bytes;
use crate::error::{Error, Result};
use crate::graph::{InputInfo, Tensor};
use crate::interop::Source;
use crate::memory::{reserve, reserve_part};
use std::borrow::Cow;

/// A part of the file.
#[derive(Clone, Copy, Debug)]
struct Span {
    at: u32,
    len: u32,
}

/// A model in a file: the parts of its graph are found and counted, and nothing is computed yet.
///
/// It keeps the bytes of the file, and eight bytes for each node, tensor, input and output. Everything else is read from the bytes when it
/// is asked for.
#[derive(Debug)]
pub struct Model<'a> {
    name: String,
    bytes: Cow<'a, [u8]>,
    limits: Limits,
    ir_version: i64,
    opset: Option<i64>,
    producer: String,
    nodes: Vec<Span>,
    initializers: Vec<Span>,
    inputs: Vec<Span>,
    outputs: Vec<Span>,
    /// A part of the model that is not implemented, and what is expected in its place.
    refused: Option<(&'static str, &'static str)>,
    /// Values that the caller gave to inputs.
    given: Vec<(String, Tensor)>,
}

/// The versions of the format, and of the operators, that are implemented.
const IR_VERSIONS: std::ops::RangeInclusive<i64> = 3..=14;
pub(super) const OPSETS: std::ops::RangeInclusive<i64> = 7..=22;

impl<'a> Model<'a> {
    /// Reads a model from a path, bytes in memory or a reader.
    ///
    /// # Errors
    /// [`Error::Format`] if it is longer than the limit, no regular file or not ONNX. [`Error::Model`] if the version of its format is not
    /// implemented or it has too many parts. [`Error::Io`] if it cannot be read, [`Error::Memory`] if it does not fit.
    pub fn read(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Self> {
        let most = limits.bytes.min(u64::from(u32::MAX));
        let (name, bytes) = source.into().bytes(most)?;
        let mut model = Self {
            name,
            bytes: Cow::Borrowed(&[]),
            limits: *limits,
            ir_version: 0,
            opset: None,
            producer: String::new(),
            nodes: Vec::new(),
            initializers: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            refused: None,
            given: Vec::new(),
        };
        model.index(&bytes).map_err(|error| model.named(error))?;
        model.bytes = bytes;
        Ok(model)
    }

    /// The error of a file, with the name of the file.
    fn named(&self, error: Error) -> Error {
        match error {
            Error::Format { what, expected, found } => {
                Error::Format { what: format!("{}: {what}", self.name), expected, found }
            }
            other => other,
        }
    }

    fn index(&mut self, bytes: &[u8]) -> Result<()> {
        let file = Bytes { bytes, at: 0 };
        let (mut ir_version, mut graph, mut producer, mut version) = (None, None, None, None);
        let mut count = Count::of(self.limits.parts);
        for field in file.fields("ModelProto") {
            let field = field?;
            match field.number {
                1 => field.once(&mut ir_version, field.int()?)?,
                2 => field.once(&mut producer, field.text()?)?,
                3 => field.once(&mut version, field.text()?)?,
                7 => field.once(&mut graph, field.bytes()?)?,
                8 => {
                    count.one()?;
                    let (domain, version) = proto::opset(field.bytes()?)?;
                    if is_own_domain(domain) {
                        field.once(&mut self.opset, version)?;
                    }
                }
                4 | 6 | 14 => drop(field.bytes()?),
                5 => drop(field.int()?),
                20 => self.refused = self.refused.or(Some(("training_info", "a model that only infers"))),
                25 => self.refused = self.refused.or(Some(("functions", "nodes of operators"))),
                26 => self.refused = self.refused.or(Some(("device configurations", "a model of one device"))),
                _ => return Err(field.unknown()),
            }
        }
        let what = || Error::format("ONNX file", "a model with a version and a graph", "none");
        self.ir_version = ir_version.ok_or_else(what)?;
        if !IR_VERSIONS.contains(&self.ir_version) {
            let expected = format!("{} to {}", IR_VERSIONS.start(), IR_VERSIONS.end());
            return Err(Error::model("model", "IR version", expected, self.ir_version));
        }
        self.producer = [producer, version].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let graph = graph.ok_or_else(what)?;
        // Twice: to know how many there are, and to write down where they are.
        let mut counts = [0_usize; 4];
        for field in graph.fields("GraphProto") {
            let field = field?;
            match field.number {
                1 => counts[0] += 1,
                5 => counts[1] += 1,
                11 => counts[2] += 1,
                12 => counts[3] += 1,
                2 | 10 | 13 | 16 => drop(field.bytes()?),
                14 => {
                    self.refused = self.refused.or(Some(("quantization_annotation", "numbers that are not quantised")))
                }
                15 => self.refused = self.refused.or(Some(("sparse_initializer", "dense tensors"))),
                _ => return Err(field.unknown()),
            }
            if matches!(field.number, 1 | 5 | 11 | 12) {
                count.one()?;
            }
        }
        let lists = [&mut self.nodes, &mut self.initializers, &mut self.inputs, &mut self.outputs];
        for ((list, count), number) in lists.into_iter().zip(counts).zip([1, 5, 11, 12]) {
            reserve("parts of a model", list, count)?;
            for field in graph.fields("GraphProto") {
                let field = field?;
                if field.number == number {
                    let part = field.bytes()?;
                    let fits = |x: usize| u32::try_from(x).map_err(|_| field.unknown());
                    list.push(Span { at: fits(part.at)?, len: fits(part.bytes.len())? });
                }
            }
        }
        let part = |span: &Span| part(bytes, *span);
        self.nodes.iter().try_for_each(|span| Node::read(part(span), &mut count).map(drop))?;
        self.initializers.iter().try_for_each(|span| peek(part(span), "TensorProto", 8).map(drop))?;
        self.inputs.iter().chain(&self.outputs).try_for_each(|span| ValueInfo::read(part(span)).map(drop))
    }

    fn part(&self, span: Span) -> Bytes<'_> {
        part(&self.bytes, span)
    }

    /// The name of the file in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the format.
    #[must_use]
    pub fn ir_version(&self) -> i64 {
        self.ir_version
    }

    /// The version of ONNX' own operators; none if the model does not say it.
    #[must_use]
    pub fn opset(&self) -> Option<i64> {
        self.opset
    }

    /// The program that wrote it, with its version.
    #[must_use]
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// The same model with a constant in the place of an input: some files have the weights of a recurrent layer as inputs.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such input or it has another shape, [`Error::Kind`] if it has elements of another type,
    /// [`Error::Model`] if elements of its type are not implemented.
    pub fn with_constant(mut self, input: impl Into<String>, tensor: Tensor) -> Result<Self> {
        let input = input.into();
        let infos = self.true_inputs()?;
        let Some(info) = infos.iter().find(|info| info.name == input) else {
            let names: Vec<_> = infos.iter().map(|info| info.name).collect();
            return Err(Error::range("input of the model", format!("one of {}", names.join(", ")), input));
        };
        input_info(info)?.check(&tensor)?;
        self.given.push((input, tensor));
        Ok(self)
    }

    /// What `make` makes of each node, without those for which it makes nothing.
    pub(super) fn each_node<'m, T>(&'m self, mut make: impl FnMut(Node<'m>) -> Result<Option<T>>) -> Result<Vec<T>> {
        let mut made = Vec::new();
        for &span in &self.nodes {
            if let Some(one) = make(self.node(span)?)? {
                reserve_part("nodes of a model", &mut made, 1)?;
                made.push(one);
            }
        }
        Ok(made)
    }

    fn node(&self, span: Span) -> Result<Node<'_>> {
        // Counted when the model was read.
        Node::read(self.part(span), &mut Count::of(usize::MAX))
    }

    /// The inputs that are no initializers and were given no value.
    pub(super) fn true_inputs(&self) -> Result<Vec<ValueInfo<'_>>> {
        let names = self.sorted(&self.initializers, "TensorProto", 8)?;
        let infos = self.inputs.iter().map(|&span| ValueInfo::read(self.part(span)));
        let is_true = |info: &ValueInfo<'_>| {
            names.find(info.name).is_none() && !self.given.iter().any(|(name, _)| name == info.name)
        };
        infos.filter(|info| info.as_ref().map_or(true, is_true)).collect()
    }

    /// The outputs.
    pub(super) fn output_infos(&self) -> Result<Vec<ValueInfo<'_>>> {
        self.outputs.iter().map(|&span| ValueInfo::read(self.part(span))).collect()
    }

    pub(super) fn given(&self) -> &[(String, Tensor)] {
        &self.given
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The initializers by name.
    pub(super) fn initializers(&self) -> Result<Initializers<'_>> {
        Ok(Initializers { model: self, names: self.sorted(&self.initializers, "TensorProto", 8)? })
    }

    /// The opset, if it is implemented.
    pub(super) fn check_opset(&self) -> Result<i64> {
        let expected = || format!("{} to {}", OPSETS.start(), OPSETS.end());
        match self.opset {
            Some(opset) if OPSETS.contains(&opset) => Ok(opset),
            Some(other) => Err(Error::model("model", "opset", expected(), other)),
            None => Err(Error::model("model", "opset", expected(), "none")),
        }
    }

    /// `Ok` if the model has only nodes, dense initializers, inputs and outputs.
    pub(super) fn check_whole(&self) -> Result<()> {
        match self.refused {
            Some((part, expected)) => Err(Error::model("model", part, expected, part)),
            None => Ok(()),
        }
    }

    fn sorted<'m>(&'m self, spans: &'m [Span], message: &'static str, field: u32) -> Result<Names<'m>> {
        let mut names = Vec::new();
        reserve("names of a model", &mut names, spans.len())?;
        for &span in spans {
            names.push((peek(self.part(span), message, field)?, span));
        }
        names.sort_by_key(|(name, _)| *name);
        if let Some(twice) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::model(
                "model",
                "initializers",
                "different names",
                format!("two named `{}`", twice[0].0),
            ));
        }
        Ok(Names(names))
    }
}

/// Parts by name.
#[derive(Debug)]
struct Names<'m>(Vec<(&'m str, Span)>);

impl Names<'_> {
    fn find(&self, name: &str) -> Option<Span> {
        let at = self.0.binary_search_by_key(&name, |(name, _)| *name).ok()?;
        Some(self.0[at].1)
    }
}

/// The initializers of a model.
#[derive(Debug)]
pub(super) struct Initializers<'m> {
    model: &'m Model<'m>,
    names: Names<'m>,
}

impl<'m> Initializers<'m> {
    /// Each of them whose numbers could be read, before they are.
    pub fn readable(&self) -> impl Iterator<Item = TensorView<'m>> {
        self.names.0.iter().filter_map(|&(name, span)| TensorView::read(self.model.part(span), name).ok())
    }

    /// The tensor of this name, before its numbers are read.
    pub fn find(&self, name: &'m str) -> Result<Option<TensorView<'m>>> {
        self.names.find(name).map(|span| TensorView::read(self.model.part(span), name)).transpose()
    }
}

fn part(bytes: &[u8], span: Span) -> Bytes<'_> {
    let (at, len) = (span.at as usize, span.len as usize);
    Bytes { bytes: bytes.get(at..at + len).unwrap_or(&[]), at }
}

/// The recurrent operator that a node is.
pub(super) fn operator_of(node: &Node<'_>) -> Option<Operator> {
    if is_own_domain(node.domain) { Operator::named(node.op) } else { None }
}

/// An input of the model as one of a graph.
pub(super) fn input_info(info: &ValueInfo<'_>) -> Result<InputInfo> {
    let wrong = |expected: &str, found: String| {
        Err(Error::model(format!("input `{}` of the model", info.name), "type", expected, found))
    };
    if let Some(other) = info.other {
        return wrong("a tensor", other.into());
    }
    let elements = info.elements.unwrap_or(0);
    let Some(kind) = kind(elements) else { return wrong(KNOWN_TYPES, type_name(elements)) };
    Ok(InputInfo { name: info.name.into(), kind, shape: info.shape.clone() })
}
