//! `Builder → Graph`: nodes in the order they are added. Each reads what was there before it, so a graph has no cycles.

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

/// The handle of an input, a constant or an output of a node while a graph is built. It belongs to the [`Builder`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value {
    graph: u64,
    at: usize,
}

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
    /// This length.
    Fixed(usize),
    /// Any length; the name is for readers, and axes of one name need not agree.
    Named(String),
    /// Any length.
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

/// An input of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputInfo {
    /// Its name.
    pub name: String,
    /// The kind of its elements.
    pub kind: Kind,
    /// The length of each axis; `None` if it may have any shape.
    pub shape: Option<Vec<Dim>>,
}

impl InputInfo {
    /// `Ok` if this tensor may be the input.
    pub(crate) fn check(&self, found: &Tensor) -> Result<()> {
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

/// An operation with the places that it reads and writes.
#[derive(Debug)]
pub(super) struct Node<B: ?Sized> {
    pub name: String,
    pub op: Op<B>,
    pub inputs: Vec<Option<Place>>,
    /// The first of the values that it writes.
    pub first: usize,
    pub outputs: usize,
}

impl<B: ?Sized> Node<B> {
    /// Where input `k` is, if the node has it.
    pub fn input(&self, k: usize) -> Option<Place> {
        self.inputs.get(k).copied().flatten()
    }
}

/// The name of a node of a graph and that of its operation.
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
/// [`input`](Self::input), [`constant`](Self::constant) and [`add`](Self::add) return the [`Value`]s that later nodes read. A node whose
/// inputs are all constants is computed at once, except for recurrent layers.
#[derive(Debug)]
pub struct Builder<B: ?Sized = DefaultBackend> {
    id: u64,
    backend: Arc<B>,
    places: Vec<Place>,
    inputs: Vec<InputInfo>,
    constants: Vec<Tensor>,
    nodes: Vec<Node<B>>,
    computed: usize,
    outputs: Vec<(String, Place)>,
    input_names: HashSet<String>,
    output_names: HashSet<String>,
    room: Room,
}

/// The default limit, in bytes: of all constants of a graph together, and of all values of a run together.
pub(super) const LIMIT: usize = 1 << 30;

impl<B: Backend<f32> + ?Sized> Builder<B> {
    /// An empty graph.
    pub fn new(backend: impl Into<Arc<B>>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            backend: backend.into(),
            places: Vec::new(),
            inputs: Vec::new(),
            constants: Vec::new(),
            nodes: Vec::new(),
            computed: 0,
            outputs: Vec::new(),
            input_names: HashSet::new(),
            output_names: HashSet::new(),
            room: Room::of(LIMIT),
        }
    }

    /// The same with this limit: its constants take at most so many bytes together. The default is 1 GiB.
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
    /// [`Error::Config`] if there is already an input of this name.
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

    /// An input of this description.
    pub(crate) fn input_of(&mut self, info: InputInfo) -> Result<Value> {
        if !self.input_names.insert(info.name.clone()) {
            return Err(Error::config("inputs of the graph", "different names", format!("two named `{}`", info.name)));
        }
        self.inputs.push(info);
        Ok(self.value(Place::Input(self.inputs.len() - 1)))
    }

    /// A constant.
    ///
    /// # Errors
    /// [`Error::Range`] if the constants are then beyond the limit.
    pub fn constant(&mut self, tensor: Tensor) -> Result<Value> {
        self.take_room(&tensor)?;
        Ok(self.constant_within(tensor))
    }

    /// Counts a tensor against the limit of constants.
    pub(crate) fn take_room(&mut self, tensor: &Tensor) -> Result<()> {
        self.room.take(tensor.len(), tensor.kind().bytes())
    }

    fn constant_within(&mut self, tensor: Tensor) -> Value {
        self.constants.push(tensor);
        self.value(Place::Constant(self.constants.len() - 1))
    }

    fn value(&mut self, place: Place) -> Value {
        self.places.push(place);
        Value { graph: self.id, at: self.places.len() - 1 }
    }

    /// The constant behind a value, if it is a constant of this graph.
    #[must_use]
    pub fn as_constant(&self, value: Value) -> Option<&Tensor> {
        match self.place(value).ok()? {
            Place::Constant(k) => self.constants.get(k),
            _ => None,
        }
    }

    /// Name, kind and shape of an input, if the value is an input of this graph.
    #[must_use]
    pub fn as_input(&self, value: Value) -> Option<&InputInfo> {
        match self.place(value).ok()? {
            Place::Input(k) => self.inputs.get(k),
            _ => None,
        }
    }

    /// Adds a node and returns the first of its outputs.
    ///
    /// # Errors
    /// [`Error::Node`] if the operation cannot have these inputs, if one of them is of another graph, or if all are constants and the
    /// operation cannot be computed.
    pub fn add(&mut self, op: Op<B>, inputs: impl AsRef<[Value]>) -> Result<Value> {
        let inputs: Vec<_> = inputs.as_ref().iter().copied().map(Some).collect();
        let name = format!("{} {}", op.name(), self.nodes.len());
        Ok(self.add_named(name, op, &inputs)?[0])
    }

    /// Adds a node with a name, some of whose inputs may be left out, and returns all of its outputs.
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
        let is_constant = |place: &Option<Place>| place.is_none_or(|place| matches!(place, Place::Constant(_)));
        if inputs.iter().all(is_constant) && !matches!(op, Op::Recurrent(_)) {
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
        let known = self.places.get(value.at).filter(|_| value.graph == self.id);
        known.copied().ok_or_else(|| Error::kind("value", "one of this graph", "that of another"))
    }

    /// An output.
    ///
    /// # Errors
    /// [`Error::Config`] if there is already an output of this name, [`Error::Kind`] if the value is that of another graph.
    pub fn output(&mut self, name: impl Into<String>, value: Value) -> Result<()> {
        let (name, place) = (name.into(), self.place(value)?);
        if !self.output_names.insert(name.clone()) {
            return Err(Error::config("outputs of the graph", "different names", format!("two named `{name}`")));
        }
        self.outputs.push((name, place));
        Ok(())
    }

    /// The graph, without the nodes and constants that no output needs.
    ///
    /// # Errors
    /// [`Error::Config`] if it has no output.
    pub fn build(self) -> Result<Graph<B>> {
        let Self { id, backend, inputs, mut constants, nodes, computed, outputs, .. } = self;
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
        Ok(Graph { id, backend, inputs, constants, nodes: used, computed, outputs })
    }
}

/// The shape of an input all of whose axes are fixed.
fn fixed(input: &InputInfo) -> Option<Vec<usize>> {
    let fixed = |dim: &Dim| if let Dim::Fixed(len) = dim { Some(*len) } else { None };
    input.shape.as_ref()?.iter().map(fixed).collect()
}

/// A graph of operations: inputs, constants, nodes in an order in which they can be computed, outputs.
///
/// It never changes and can be shared between threads. What changes in a run is in a [`Session`](super::Session), one for each thread.
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
    /// Its inputs, in the order in which [`run`](Self::run) takes them.
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
