//! `bytes → Model`: a file whose parts are known by their places, and read when they are needed.

use super::limits::{Count, Limits};
use super::proto::{self, Node, ValueInfo, is_own_domain, peek};
use super::recurrent::{Operator, RecurrentOptions, Weights};
use super::surroundings::{Neighbour, Surroundings};
use super::tensor::{TensorView, kind, type_name};
use super::wire::Bytes;
use super::{Options, Taken};
use crate::error::{Error, Result};
use crate::graph::{Dim, Kind, Tensor};
use crate::interop::Source;
use crate::memory::{reserve, reserve_part};
use rnn_kernels::Backend;
use std::borrow::Cow;
use std::sync::Arc;

/// A part of the file.
#[derive(Clone, Copy, Debug)]
struct Span {
    at: u32,
    len: u32,
}

/// A model of a file: what its graph has, found and counted, not yet computed.
///
/// Beside the bytes of the file it keeps eight for each node and each tensor. Everything else is read from the bytes when it is asked for.
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
    /// What a graph cannot have here, with the name of it.
    refused: Option<(&'static str, &'static str)>,
    /// Values that the caller gave in the place of inputs.
    given: Vec<(String, Tensor)>,
}

/// The versions of the format that this crate knows, and of the operators.
const IR_VERSIONS: std::ops::RangeInclusive<i64> = 3..=14;
pub(super) const OPSETS: std::ops::RangeInclusive<i64> = 7..=22;

/// A node, as reports see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeSummary {
    /// Its name; its first output if it has none.
    pub name: String,
    /// Its operator, with the domain if that is not ONNX' own.
    pub operator: String,
    /// The values that it reads; empty where one is left out.
    pub inputs: Vec<String>,
    /// The values that it writes; empty where one is left out.
    pub outputs: Vec<String>,
}

impl NodeSummary {
    pub(super) fn of(node: &Node<'_>) -> Self {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let (inputs, outputs) = (owned(&node.inputs), owned(&node.outputs));
        Self { name: node.label().into(), operator: node.operator(), inputs, outputs }
    }
}

/// An input or output of a model, as reports see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueSummary {
    /// Its name.
    pub name: String,
    /// The name of its element type.
    pub elements: String,
    /// The length of every axis, if the model says it.
    pub shape: Option<Vec<Dim>>,
}

/// A recurrent node, as reports see it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecurrentNode {
    /// Its name; its first output if it has none.
    pub name: String,
    /// What its attributes say.
    pub options: RecurrentOptions,
    /// `C` and `H`, if its weights are initializers.
    pub sizes: Option<[usize; 2]>,
    /// The names of the inputs that it has: `X`, `W`, `R` and some of `B`, `sequence_lens`, `initial_h`, `initial_c`, `P`.
    pub inputs: Vec<&'static str>,
}

impl<'a> Model<'a> {
    /// The model of a path, bytes in memory or a reader.
    ///
    /// # Errors
    /// [`Error::Format`] if it is longer than the limit, no regular file or not ONNX; [`Error::Model`] if its version is none of those
    /// that are known or it has too many parts; [`Error::Io`], [`Error::Memory`].
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

    /// What messages call the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the format.
    #[must_use]
    pub fn ir_version(&self) -> i64 {
        self.ir_version
    }

    /// The version of ONNX' own operators; nothing if the model uses none of them.
    #[must_use]
    pub fn opset(&self) -> Option<i64> {
        self.opset
    }

    /// What wrote it, with its version.
    #[must_use]
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// Every node, in the order of the file.
    ///
    /// # Errors
    /// Only if memory ends.
    pub fn nodes(&self) -> Result<Vec<NodeSummary>> {
        self.each_node(|node| Ok(Some(NodeSummary::of(&node))))
    }

    /// What the graph reads; initializers, which old files list there, are left out.
    ///
    /// # Errors
    /// Only if memory ends.
    pub fn inputs(&self) -> Result<Vec<ValueSummary>> {
        let infos = self.true_inputs()?;
        Ok(infos.into_iter().map(|info| summary(&info)).collect())
    }

    /// What it gives.
    ///
    /// # Errors
    /// Only if memory ends.
    pub fn outputs(&self) -> Result<Vec<ValueSummary>> {
        self.outputs.iter().map(|&span| Ok(summary(&ValueInfo::read(self.part(span))?))).collect()
    }

    /// The same model in which an input is this tensor: some files have the weights of a recurrent layer as inputs.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such input, [`Error::Kind`] if it has other elements.
    pub fn with_constant(mut self, input: impl Into<String>, tensor: Tensor) -> Result<Self> {
        let input = input.into();
        let infos = self.true_inputs()?;
        let Some(info) = infos.iter().find(|info| info.name == input) else {
            let names: Vec<_> = infos.iter().map(|info| info.name).collect();
            return Err(Error::range("input of the model", format!("one of {}", names.join(", ")), input));
        };
        let expected = info.elements.and_then(kind);
        if expected.is_some_and(|expected| expected != tensor.kind()) {
            let found = tensor.kind().to_string();
            return Err(Error::kind(format!("input `{input}`"), type_name(info.elements.unwrap_or(0)), found));
        }
        self.given.push((input, tensor));
        Ok(self)
    }

    /// Every recurrent node, in the order of the file.
    ///
    /// # Errors
    /// [`Error::Model`] if one has an attribute, an activation or a layout that is not implemented; nothing is passed over.
    pub fn recurrent_nodes(&self) -> Result<Vec<RecurrentNode>> {
        let names = self.sorted(&self.initializers, "TensorProto", 8)?;
        let opset = self.opset.unwrap_or_default();
        self.each_node(|mut node| {
            let Some(operator) = operator_of(&node) else { return Ok(None) };
            let options = RecurrentOptions::take(&mut node, operator, opset)?;
            let shape = |k: usize| -> Result<Option<TensorView<'_>>> {
                let Some(name) = node.inputs.get(k) else { return Ok(None) };
                names.find(name).map(|span| TensorView::read(self.part(span), name)).transpose()
            };
            let sizes = match (shape(1)?, shape(2)?) {
                (Some(w), Some(r)) => Some(options.sizes(&node.place(), w.shape(), r.shape())?),
                _ => None,
            };
            let inputs = operator.inputs().iter().zip(&node.inputs).filter(|(_, name)| !name.is_empty());
            let inputs = inputs.map(|(&input, _)| input).collect();
            Ok(Some(RecurrentNode { name: node.label().into(), options, sizes, inputs }))
        })
    }

    /// A recurrent node by its name, out of any graph: the layer it is, and what stands around it. Nodes that it does not read its weights
    /// from may be anything.
    ///
    /// A node without a name goes by that of its first output.
    ///
    /// # Errors
    /// [`Error::Range`] if no recurrent node has this name or several have; [`Error::Model`] if its attributes or weights are not implemented,
    /// its weights are no constants, or the opset is none of 7 to 22; [`Error::Overflow`] or [`Error::Memory`] if the layer does not fit.
    pub fn take<B: Backend<f32> + ?Sized>(
        &self,
        node: &str,
        backend: impl Into<Arc<B>>,
        options: &Options,
    ) -> Result<Taken<B>> {
        self.check_opset()?;
        let found = self.each_node(|other| {
            let wanted = other.label() == node && operator_of(&other).is_some();
            Ok(wanted.then_some(other))
        })?;
        let [mut taken] = <[_; 1]>::try_from(found).map_err(|found: Vec<_>| {
            let expected = "the name of one recurrent node, as `recurrent_nodes` lists them";
            Error::range("node of the model", expected, format!("`{node}`, that of {}", found.len()))
        })?;
        let operator = operator_of(&taken).unwrap_or(Operator::Rnn);
        let place = taken.place();
        let said = RecurrentOptions::take(&mut taken, operator, self.opset.unwrap_or_default())?;
        let backend = backend.into();
        let weights = super::graph::weights_of(self, &taken, operator, &backend)?;
        let layer = said.layer(&place, &weights, &backend, options)?;
        let surroundings = self.surroundings(&taken, operator)?;
        Ok(Taken { name: taken.label().into(), options: said, layer, surroundings })
    }

    /// What provides the inputs of a node and what reads its outputs.
    fn surroundings(&self, node: &Node<'_>, operator: Operator) -> Result<Surroundings> {
        let initializers = self.sorted(&self.initializers, "TensorProto", 8)?;
        let inputs = self.true_inputs()?;
        let mut neighbours = Vec::new();
        for (k, &name) in node.inputs.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let provided = if let Some(info) = inputs.iter().find(|info| info.name == name) {
                Neighbour::Model(summary(info))
            } else if let Some(span) = initializers.find(name) {
                Neighbour::Initializer(TensorView::read(self.part(span), name)?.shape().to_vec())
            } else {
                let writes = |other: Node<'_>| {
                    let here = other.outputs.contains(&name);
                    Ok(here.then(|| Neighbour::Node { name: other.label().into(), operator: other.operator() }))
                };
                self.each_node(writes)?.into_iter().next().unwrap_or(Neighbour::Nothing)
            };
            let role = operator.inputs().get(k).copied().unwrap_or("another input");
            neighbours.push((role, name.to_string(), provided));
        }
        let mut readers = Vec::new();
        for (role, &name) in ["Y", "Y_h", "Y_c"].into_iter().zip(&node.outputs).filter(|(_, name)| !name.is_empty()) {
            let mut found = self.each_node(|other| {
                let here = other.inputs.contains(&name);
                Ok(here.then(|| Neighbour::Node { name: other.label().into(), operator: other.operator() }))
            })?;
            let outputs = self.outputs()?.into_iter().filter(|output| output.name == name);
            found.extend(outputs.map(Neighbour::Model));
            readers.push((role, name.to_string(), found));
        }
        Ok(Surroundings { inputs: neighbours, outputs: readers })
    }

    /// What a function makes of each node that it does not pass over.
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

    /// The inputs that are no initializers and no constants that were given.
    pub(super) fn true_inputs(&self) -> Result<Vec<ValueInfo<'_>>> {
        let names = self.sorted(&self.initializers, "TensorProto", 8)?;
        let infos = self.inputs.iter().map(|&span| ValueInfo::read(self.part(span)));
        let is_true = |info: &ValueInfo<'_>| {
            names.find(info.name).is_none() && !self.given.iter().any(|(name, _)| name == info.name)
        };
        infos.filter(|info| info.as_ref().map_or(true, is_true)).collect()
    }

    /// The names of the outputs.
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

    /// `Ok` if the operators of this version are implemented.
    pub(super) fn check_opset(&self) -> Result<i64> {
        let expected = || format!("{} to {}", OPSETS.start(), OPSETS.end());
        match self.opset {
            Some(opset) if OPSETS.contains(&opset) => Ok(opset),
            Some(other) => Err(Error::model("model", "opset", expected(), other)),
            None => Err(Error::model("model", "opset", expected(), "none")),
        }
    }

    /// `Ok` if the graph has nothing beside nodes, dense initializers, inputs and outputs.
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

fn summary(info: &ValueInfo<'_>) -> ValueSummary {
    let elements = info.other.map_or_else(|| type_name(info.elements.unwrap_or(0)), String::from);
    ValueSummary { name: info.name.into(), elements, shape: info.shape.clone() }
}

/// The kind of an input of the graph.
pub(super) fn input_kind(info: &ValueInfo<'_>) -> Result<Kind> {
    let at = || format!("input `{}` of the model", info.name);
    if let Some(other) = info.other {
        return Err(Error::model(at(), "type", "a tensor", other));
    }
    let elements = info.elements.unwrap_or(0);
    kind(elements).ok_or_else(|| Error::model(at(), "type", super::tensor::KNOWN_TYPES, type_name(elements)))
}

/// The weights among the inputs of a recurrent node, by a way to get a constant of a name.
pub(super) fn weights<'m>(
    node: &Node<'m>,
    operator: Operator,
    mut constant: impl FnMut(&str, &'m str) -> Result<Tensor>,
) -> Result<Weights> {
    let mut get = |k: usize| -> Result<Option<Tensor>> {
        let role = operator.inputs().get(k);
        let name = node.inputs.get(k).copied().filter(|name| !name.is_empty());
        role.zip(name).map(|(role, name)| constant(role, name)).transpose()
    };
    let missing = |input: &str| Error::model(node.place(), format!("input `{input}`"), "a constant", "none");
    Ok(Weights {
        w: get(1)?.ok_or_else(|| missing("W"))?,
        r: get(2)?.ok_or_else(|| missing("R"))?,
        b: get(3)?,
        p: get(7)?,
    })
}
