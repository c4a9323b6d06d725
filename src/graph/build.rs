//! `Builder → Graph`: nodes in the order they are added, each of what was there before, so that a graph has no cycles.

use super::op::Op;
use super::ops::{self, Inputs, Scratch};
use super::room::Room;
use super::tensor::{Kind, Tensor};
use crate::backend::DefaultBackend;
use crate::error::{Error, Result};
use rnn_kernels::Backend;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an input, a constant or an output of a node is called while a graph is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(usize);

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Input(usize),
    Constant(usize),
    /// Written by a node.
    Computed(usize),
}

/// The length of an axis of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dim {
    /// This one.
    Fixed(usize),
    /// Any, under a name.
    Named(String),
    /// Any.
    Any,
}

impl From<Option<usize>> for Dim {
    fn from(len: Option<usize>) -> Self {
        len.map_or(Dim::Any, Dim::Fixed)
    }
}

impl From<usize> for Dim {
    fn from(len: usize) -> Self {
        Dim::Fixed(len)
    }
}

impl From<&str> for Dim {
    fn from(name: &str) -> Self {
        Dim::Named(name.into())
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Fixed(len) => write!(f, "{len}"),
            Dim::Named(name) => f.write_str(name),
            Dim::Any => f.write_str("?"),
        }
    }
}

/// What a graph reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputInfo {
    /// Its name.
    pub name: String,
    /// What its elements are.
    pub kind: Kind,
    /// The length of every axis; `None` if any shape will do.
    pub shape: Option<Vec<Dim>>,
}

impl InputInfo {
    /// `Ok` if this may be the input.
    pub(super) fn check(&self, found: &Tensor) -> Result<()> {
        if found.kind() != self.kind {
            return Err(Error::kind(format!("input `{}`", self.name), self.kind.to_string(), found.kind().to_string()));
        }
        let Some(shape) = &self.shape else { return Ok(()) };
        let fits = |(dim, &len): (&Dim, &usize)| if let Dim::Fixed(fixed) = dim { *fixed == len } else { true };
        if shape.len() == found.rank() && shape.iter().zip(found.shape()).all(fits) {
            return Ok(());
        }
        let dims: Vec<_> = shape.iter().map(ToString::to_string).collect();
        let expected = format!("shape [{}]", dims.join(", "));
        Err(Error::range(format!("input `{}`", self.name), expected, format!("{:?}", found.shape())))
    }
}

#[derive(Debug)]
pub(super) struct Node<B: ?Sized> {
    pub name: String,
    pub op: Op<B>,
    pub inputs: Vec<Option<Place>>,
    /// The first of the values that it writes.
    pub first: usize,
    pub outputs: usize,
}

/// A node of a graph, as reports see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// Its name.
    pub name: String,
    /// The name of its operation.
    pub op: &'static str,
}

/// A graph that is being built.
///
/// Values are named by what [`input`](Self::input), [`constant`](Self::constant) and [`add`](Self::add) return. A node whose inputs are all
/// constants is computed at once, recurrent layers excepted.
#[derive(Debug)]
pub struct Builder<B: ?Sized = DefaultBackend> {
    backend: Arc<B>,
    places: Vec<Place>,
    inputs: Vec<InputInfo>,
    constants: Vec<Tensor>,
    nodes: Vec<Node<B>>,
    computed: usize,
    outputs: Vec<(String, Place)>,
    names: HashSet<String>,
    room: Room,
}

/// The bytes of all constants of a graph, and those of all values of a run, unless one says otherwise.
pub(super) const LIMIT: usize = 1 << 30;

impl<B: Backend<f32> + ?Sized> Builder<B> {
    /// A graph without anything.
    pub fn new(backend: impl Into<Arc<B>>) -> Self {
        Self {
            backend: backend.into(),
            places: Vec::new(),
            inputs: Vec::new(),
            constants: Vec::new(),
            nodes: Vec::new(),
            computed: 0,
            outputs: Vec::new(),
            names: HashSet::new(),
            room: Room::of(LIMIT),
        }
    }

    /// The same, whose constants take at most so many bytes; by default 1 GiB.
    #[must_use]
    pub fn limit(self, bytes: usize) -> Self {
        Self { room: Room::of(bytes), ..self }
    }

    /// The backend.
    #[must_use]
    pub fn backend(&self) -> &Arc<B> {
        &self.backend
    }

    /// An input of this kind and shape.
    ///
    /// # Errors
    /// [`Error::Config`] if there is an input of this name.
    pub fn input<D: Into<Dim>>(
        &mut self,
        name: impl Into<String>,
        kind: Kind,
        shape: impl IntoIterator<Item = D>,
    ) -> Result<Value> {
        self.input_of(InputInfo { name: name.into(), kind, shape: Some(shape.into_iter().map(Into::into).collect()) })
    }

    /// An input of any shape.
    ///
    /// # Errors
    /// As [`input`](Self::input).
    pub fn input_of_any_shape(&mut self, name: impl Into<String>, kind: Kind) -> Result<Value> {
        self.input_of(InputInfo { name: name.into(), kind, shape: None })
    }

    /// An input that is known by itself.
    pub(crate) fn input_of(&mut self, info: InputInfo) -> Result<Value> {
        if self.inputs.iter().any(|other| other.name == info.name) {
            return Err(Error::config("inputs of the graph", "different names", format!("two named `{}`", info.name)));
        }
        self.inputs.push(info);
        Ok(self.value(Place::Input(self.inputs.len() - 1)))
    }

    /// A constant.
    ///
    /// # Errors
    /// [`Error::Range`] if it is beyond the limit.
    pub fn constant(&mut self, tensor: Tensor) -> Result<Value> {
        self.room.take(tensor.len(), tensor.kind().bytes())?;
        Ok(self.constant_within(tensor))
    }

    fn constant_within(&mut self, tensor: Tensor) -> Value {
        self.constants.push(tensor);
        self.value(Place::Constant(self.constants.len() - 1))
    }

    fn value(&mut self, place: Place) -> Value {
        self.places.push(place);
        Value(self.places.len() - 1)
    }

    /// The constant that a value is, if it is one.
    #[must_use]
    pub fn as_constant(&self, value: Value) -> Option<&Tensor> {
        match self.places.get(value.0)? {
            Place::Constant(k) => self.constants.get(*k),
            _ => None,
        }
    }

    /// What is known of an input, if the value is one.
    #[must_use]
    pub fn as_input(&self, value: Value) -> Option<&InputInfo> {
        match self.places.get(value.0)? {
            Place::Input(k) => self.inputs.get(*k),
            _ => None,
        }
    }

    /// A node; the first of its outputs.
    ///
    /// # Errors
    /// [`Error::Node`] if the operation cannot have these inputs, or cannot be computed where all of them are constants.
    pub fn add(&mut self, op: Op<B>, inputs: impl AsRef<[Value]>) -> Result<Value> {
        let inputs: Vec<_> = inputs.as_ref().iter().copied().map(Some).collect();
        let name = format!("{} {}", op.name(), self.nodes.len());
        Ok(self.add_named(name, op, &inputs)?[0])
    }

    /// A node with a name, some of whose inputs may be left out; all of its outputs.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_named(&mut self, name: impl Into<String>, op: Op<B>, inputs: &[Option<Value>]) -> Result<Vec<Value>> {
        let (name, label) = (name.into(), op.name());
        self.node(&name, op, inputs).map_err(|source| source.in_node(&name, label))
    }

    fn node(&mut self, name: &str, op: Op<B>, inputs: &[Option<Value>]) -> Result<Vec<Value>> {
        op.check_inputs(inputs)?;
        let inputs = inputs.iter().map(|value| value.map(|value| self.place(value)).transpose());
        let inputs: Vec<_> = inputs.collect::<Result<_>>()?;
        let outputs = op.outputs();
        let folds = |place: &Option<Place>| place.is_none_or(|place| matches!(place, Place::Constant(_)));
        if inputs.iter().all(folds) && !matches!(op, Op::Recurrent(_)) {
            let mut written = vec![Tensor::default(); outputs];
            let read = Inputs { places: &inputs, constants: &self.constants, given: &[], computed: &[] };
            ops::run(&op, &*self.backend, &read, &mut written, &mut Scratch::default(), &mut self.room)?;
            return Ok(written.into_iter().map(|tensor| self.constant_within(tensor)).collect());
        }
        if let (Op::Shape { .. }, Some(Some(Place::Input(k)))) = (&op, inputs.first())
            && let Some(shape) = fixed(&self.inputs[*k])
        {
            let mut written = Tensor::default();
            ops::shape_of(&op, &shape, &mut written, &mut self.room)?;
            return Ok(vec![self.constant_within(written)]);
        }
        let first = self.computed;
        self.computed += outputs;
        self.nodes.push(Node { name: name.into(), op, inputs, first, outputs });
        Ok((first..self.computed).map(|k| self.value(Place::Computed(k))).collect())
    }

    fn place(&self, value: Value) -> Result<Place> {
        let known = self.places.get(value.0).copied();
        known.ok_or_else(|| Error::kind("value", "one of this graph", "that of another"))
    }

    /// An output.
    ///
    /// # Errors
    /// [`Error::Config`] if there is an output of this name, [`Error::Kind`] if the value is that of another graph.
    pub fn output(&mut self, name: impl Into<String>, value: Value) -> Result<()> {
        let (name, place) = (name.into(), self.place(value)?);
        if !self.names.insert(name.clone()) {
            return Err(Error::config("outputs of the graph", "different names", format!("two named `{name}`")));
        }
        self.outputs.push((name, place));
        Ok(())
    }

    /// The graph, without what no output needs.
    ///
    /// # Errors
    /// [`Error::Config`] if it has no output.
    pub fn build(self) -> Result<Graph<B>> {
        let Self { backend, inputs, mut constants, nodes, computed, outputs, .. } = self;
        if outputs.is_empty() {
            return Err(Error::config("outputs of the graph", "at least one", "none"));
        }
        let (mut needed, mut kept) = (vec![false; computed], vec![false; constants.len()]);
        let mut need = |place: Place, needed: &mut Vec<bool>| match place {
            Place::Computed(k) => needed[k] = true,
            Place::Constant(k) => kept[k] = true,
            Place::Input(_) => {}
        };
        outputs.iter().for_each(|&(_, place)| need(place, &mut needed));
        let mut used = Vec::new();
        for node in nodes.into_iter().rev() {
            if needed[node.first..node.first + node.outputs].contains(&true) {
                node.inputs.iter().flatten().for_each(|&place| need(place, &mut needed));
                used.push(node);
            }
        }
        used.reverse();
        constants.iter_mut().zip(kept).filter(|(_, kept)| !kept).for_each(|(constant, _)| constant.release());
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Graph { id, backend, inputs, constants, nodes: used, computed, outputs })
    }
}

/// The shape of an input that has only one.
fn fixed(input: &InputInfo) -> Option<Vec<usize>> {
    let fixed = |dim: &Dim| if let Dim::Fixed(len) = dim { Some(*len) } else { None };
    input.shape.as_ref()?.iter().map(fixed).collect()
}

/// A graph of operations: inputs, constants, nodes in an order in which they can be computed, outputs.
///
/// It is shared by reference and never changes; a [`Session`](super::Session) has what changes.
#[derive(Debug)]
pub struct Graph<B: ?Sized = DefaultBackend> {
    pub(super) id: u64,
    pub(super) backend: Arc<B>,
    pub(super) inputs: Vec<InputInfo>,
    pub(super) constants: Vec<Tensor>,
    pub(super) nodes: Vec<Node<B>>,
    pub(super) computed: usize,
    pub(super) outputs: Vec<(String, Place)>,
}

impl<B: ?Sized> Graph<B> {
    /// What it reads, in the order of [`run`](Self::run).
    #[must_use]
    pub fn inputs(&self) -> &[InputInfo] {
        &self.inputs
    }

    /// The names of its outputs.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.outputs.iter().map(|(name, _)| &name[..])
    }

    /// Its nodes, in the order in which they are computed.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeInfo> {
        self.nodes.iter().map(|node| NodeInfo { name: node.name.clone(), op: node.op.name() })
    }
}
