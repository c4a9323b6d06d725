//! `Graph → Network`: a graph that is a chain of layers, as a network that learns, streams and is saved.
//!
//! ```text
//! input → [Gather of a table | OneHot] → (recurrent layer → [its directions side by side])* → [last step] → (product → sum → function)*
//! ```
//!
//! The nodes are read in order, and each must read what the one before it gave. Nodes that compute nothing but zeros or sizes are passed
//! over: exporters make initial states of them (`known`).

mod dense;
mod input;
mod known;
mod recurrent;

use super::build::{Graph, Node, Place};
use super::op::Op;
use super::recurrent::Layout;
use super::tensor::Tensor;
use crate::cells::Cells;
use crate::error::{Error, Result, check_len};
use crate::network::{Config, HeadSpec, InputSpec, LayerSpec, Network, Parameters, Readout};
use known::{Known, Values};
use recurrent::Open;
use rnn_kernels::{Activation, Backend};
use std::borrow::Cow;

impl<B: Backend<f32> + ?Sized> Graph<B> {
    /// The graph as a network of the same backend, if it is a chain: one input, of real vectors or symbols; recurrent layers; the last
    /// step or the final states read out; dense layers.
    ///
    /// A last affine layer becomes the head. With a softmax behind it the head is one of [`Objective::Softmax`], and the network gives the
    /// logits; without a function it is one of [`Objective::SquaredError`]. With any other function the layer stays a dense layer. Initial
    /// states that are 0 or inputs of the graph, and final states that are its outputs, are the network's [`State`](crate::State).
    ///
    /// [`Objective::Softmax`]: crate::network::Objective::Softmax
    /// [`Objective::SquaredError`]: crate::network::Objective::SquaredError
    ///
    /// # Errors
    /// [`Error::Node`] with the first node that does not fit into such a chain, [`Error::Kind`] if the inputs or outputs do not,
    /// [`Error::NotFinite`] if a weight is not finite, [`Error::Overflow`] or [`Error::Memory`] if the network does not fit.
    pub fn into_network(self) -> Result<Network<f32, B>> {
        let mut chain = Chain::new(&self)?;
        for node in &self.nodes {
            chain.node(node).map_err(|source| source.in_node(&node.name, node.op.name()))?;
        }
        chain.finish()
    }
}

/// The axes of the value that the chain has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    /// Steps and rows in either order, then features; symbols have no axis of features.
    Either,
    /// `[T, N, C]`.
    TimeFirst,
    /// `[N, T, C]`.
    RowsFirst,
    /// `[N, C]`.
    Rows,
}

impl Axes {
    fn of(layout: Layout) -> Self {
        if layout == Layout::TimeMajor { Axes::TimeFirst } else { Axes::RowsFirst }
    }

    /// How many there are.
    fn rank(self) -> usize {
        if self == Axes::Rows { 2 } else { 3 }
    }

    /// The axis of steps, if it is known.
    fn time(self) -> Option<i64> {
        match self {
            Axes::TimeFirst => Some(0),
            Axes::RowsFirst => Some(1),
            Axes::Either | Axes::Rows => None,
        }
    }
}

/// The layers that were read so far.
struct Chain<'g, B: ?Sized> {
    graph: &'g Graph<B>,
    /// Which inputs of the graph are initial states.
    states: Vec<bool>,
    /// Whether the input is symbols.
    symbols: bool,
    /// What the first layer reads; none before there is one.
    input: Option<InputSpec>,
    layers: Vec<LayerSpec>,
    readout: Readout,
    head: Option<HeadSpec>,
    /// The numbers of the parameters, in the order of the network's.
    parameters: Vec<Cow<'g, [f32]>>,
    /// The value that the chain has come to.
    at: Place,
    axes: Axes,
    /// The last recurrent layer, while its directions are not yet side by side.
    open: Option<Open>,
    /// Whether the last step was cut out and still has its axis.
    picked: bool,
    /// The final states of all recurrent layers.
    last_states: Vec<Place>,
    known: Values<'g, B>,
}

impl<'g, B: Backend<f32> + ?Sized> Chain<'g, B> {
    fn new(graph: &'g Graph<B>) -> Result<Self> {
        let states = input::states(graph);
        let (at, symbols) = input::of(graph, &states)?;
        Ok(Self {
            graph,
            states,
            symbols,
            input: None,
            layers: Vec::new(),
            readout: Readout::EveryStep,
            head: None,
            parameters: Vec::new(),
            at: Place::Input(at),
            axes: Axes::Either,
            open: None,
            picked: false,
            last_states: Vec::new(),
            known: Values::new(graph),
        })
    }

    fn node(&mut self, node: &'g Node<B>) -> Result<()> {
        if self.known.note(node) != Known::Nothing {
            return Ok(());
        }
        let goes_on =
            matches!(node.op, Op::Identity | Op::Add | Op::Softmax { .. } | Op::Sigmoid | Op::Tanh | Op::Relu);
        if !goes_on {
            self.head_to_dense()?;
        }
        let (first, second) = (node.input(0), node.input(1));
        self.maybe_final_states(first);
        let swapped =
            first != Some(self.at) && second == Some(self.at) && matches!(node.op, Op::Add | Op::Gather { .. });
        if first != Some(self.at) && !swapped {
            return Err(wrong("what the layer before it gives"));
        }
        if self.picked && !matches!(node.op, Op::Squeeze { .. }) {
            return Err(wrong("the axis of the last step to be taken out"));
        }
        match &node.op {
            Op::Recurrent(layer) => return self.recurrent(node, layer),
            Op::Identity => {}
            Op::Gather { axis } if swapped => self.embedding(self.needed(node, 0)?, *axis)?,
            Op::Gather { axis } => self.last_step(self.needed(node, 1)?, *axis)?,
            Op::OneHot { axis } => self.one_hot(self.needed(node, 1)?, self.needed(node, 2)?, *axis)?,
            Op::Transpose { permutation } => self.transpose(permutation)?,
            Op::Squeeze { axes } if self.picked => self.squeeze_step(axes)?,
            Op::Squeeze { axes } => self.squeeze_direction(axes)?,
            Op::Slice => self.slice(node)?,
            Op::Reshape { allow_zero: false } => self.reshape(self.needed(node, 1)?)?,
            Op::MatMul => self.product(self.needed(node, 1)?, false)?,
            // A product of matrices, not of stacks of them.
            Op::Gemm { alpha: 1.0, beta: 1.0, transpose_a: false, transpose_b } if self.axes == Axes::Rows => {
                self.product(self.needed(node, 1)?, *transpose_b)?;
                if node.input(2).is_some() {
                    self.bias(self.needed(node, 2)?)?;
                }
            }
            Op::Add => self.bias(self.needed(node, usize::from(!swapped))?)?,
            Op::Sigmoid => self.function(Activation::Sigmoid)?,
            Op::Tanh => self.function(Activation::Tanh)?,
            Op::Relu => self.function(Activation::Relu)?,
            Op::Softmax { axis, .. } => self.softmax(*axis)?,
            _ => return Err(wrong("a layer of a network")),
        }
        self.at = Place::Computed(node.first);
        Ok(())
    }

    /// The constant that is input `k` of a node.
    fn needed(&self, node: &Node<B>, k: usize) -> Result<&'g Tensor> {
        match node.input(k) {
            Some(Place::Constant(constant)) => Ok(&self.graph.constants[constant]),
            _ => Err(wrong(&format!("a constant as input {k}"))),
        }
    }

    /// These numbers as the next parameters.
    fn keep(&mut self, tensor: &'g Tensor) -> Result<()> {
        self.parameters.push(Cow::Borrowed(tensor.as_f32()?));
        Ok(())
    }

    fn finish(self) -> Result<Network<f32, B>> {
        let Self { graph, input, layers, readout, head, parameters, at, open, picked, last_states, .. } = self;
        let mut outputs = graph.outputs.iter().map(|(_, place)| *place).filter(|place| !last_states.contains(place));
        if outputs.next() != Some(at) || outputs.next().is_some() || open.is_some() || picked {
            let found = "other outputs than the last value and final states";
            return Err(Error::kind("chain of layers", "one output, of the last layer", found));
        }
        let input = input.ok_or_else(|| Error::kind("chain of layers", "at least one layer", "none"))?;
        let config = Config { readout, layers, head, ..Config::new(input) };
        Network::with_parameters(&config, graph.backend.clone(), &Cells::new(), |_, blocks| {
            let mut all = Parameters::zeros(blocks)?;
            check_len("parameters of the chain", all.len(), parameters.iter().map(|part| part.len()).sum())?;
            let mut from = 0;
            for part in &parameters {
                all[from..from + part.len()].copy_from_slice(part);
                from += part.len();
            }
            all.check_finite("weights of the chain")?;
            Ok(all)
        })
    }
}

fn wrong(expected: &str) -> Error {
    Error::kind("chain of layers", expected, "another node")
}
