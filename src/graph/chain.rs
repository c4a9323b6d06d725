//! `Graph → Network`: a graph that is a chain of layers, as a network that learns, streams and is saved.
//!
//! ```text
//! input → [Gather of a table | OneHot] → (recurrent layer → [its directions side by side])* → [last step] → (product → sum → function)*
//! ```

use super::build::{Graph, Node, Place};
use super::op::Op;
use super::recurrent::{Layout, Recurrent};
use super::tensor::{Kind, Tensor};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::network::{
    Config, DenseSpec, Directions, HeadSpec, InputSpec, LayerSpec, Network, Objective, Parameters, Readout,
    RecurrentSpec,
};
use rnn_kernels::{Activation, Backend};

/// The axes of the value that the chain has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    /// Steps and rows in either order, then features; or, of symbols, nothing.
    Either,
    /// `[T, N, C]`.
    TimeFirst,
    /// `[N, T, C]`.
    RowsFirst,
    /// `[N, C]`.
    Rows,
}

impl Axes {
    fn swapped(self) -> Self {
        match self {
            Axes::TimeFirst => Axes::RowsFirst,
            Axes::RowsFirst => Axes::TimeFirst,
            other => other,
        }
    }

    fn layout(layout: Layout) -> Self {
        if layout == Layout::TimeMajor { Axes::TimeFirst } else { Axes::RowsFirst }
    }
}

impl<B: Backend<f32> + ?Sized> Graph<B> {
    /// The graph as a network of the same backend, if it is a chain: one input, of real vectors or symbols; recurrent layers; the last
    /// step or the final states read out; dense layers.
    ///
    /// A last affine layer becomes the head: with a softmax behind it one of [`Objective::Softmax`], whose output are then the logits; without
    /// a function one of [`Objective::SquaredError`]. With a function other than the softmax it stays a dense layer. Initial states that are
    /// 0 or inputs of the graph, and final states that are its outputs, are the network's [`State`](crate::State).
    ///
    /// # Errors
    /// [`Error::Node`] with the first node that is not of such a chain, [`Error::Kind`] if inputs or outputs are others.
    pub fn into_network(self) -> Result<Network<f32, B>> {
        let mut chain = Chain::new(&self)?;
        for node in &self.nodes {
            chain.node(node).map_err(|source| source.in_node(&node.name, node.op.name()))?;
        }
        chain.finish()
    }
}

struct Chain<'g, B: ?Sized> {
    graph: &'g Graph<B>,
    input: InputSpec,
    layers: Vec<LayerSpec>,
    readout: Readout,
    head: Option<HeadSpec>,
    /// The numbers of the parameters, one block after another.
    parameters: Vec<Vec<f32>>,
    /// Where the chain has come to.
    at: Place,
    axes: Axes,
    /// A recurrent layer whose directions are not yet side by side.
    open: Option<Open>,
    /// Whether the last step was cut out, whose axis is still there.
    picked: bool,
    /// States of recurrent layers.
    states: Vec<Place>,
    /// Of every value that is computed.
    known: Vec<Known>,
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    /// It is 0 everywhere.
    Zero,
    /// It is whole numbers about sizes.
    Size,
}

/// What of a recurrent layer is being rearranged.
#[derive(Clone, Copy, Debug)]
struct Open {
    layout: Layout,
    ways: usize,
    hidden: usize,
    /// Its final states and not all steps.
    last: bool,
    /// Whether the axis of directions stands before that of units.
    transposed: bool,
}

impl<'g, B: Backend<f32> + ?Sized> Chain<'g, B> {
    fn new(graph: &'g Graph<B>) -> Result<Self> {
        let wrong = |found: &str| Error::kind("chain of layers", "one input of real vectors or symbols", found);
        // States are inputs of recurrent layers alone.
        let is_state = |k: usize| {
            let mut readers = graph.nodes.iter().filter(|node| node.inputs.contains(&Some(Place::Input(k)))).peekable();
            readers.peek().is_some()
                && readers.all(|node| matches!(node.op, Op::Recurrent(_)) && node.inputs[0] != Some(Place::Input(k)))
        };
        let mut inputs = (0..graph.inputs.len()).filter(|&k| !is_state(k));
        let (Some(input), None) = (inputs.next(), inputs.next()) else { return Err(wrong("more or none")) };
        let width = match (graph.inputs[input].kind, &graph.inputs[input].shape) {
            // Replaced by what reads the symbols.
            (Kind::I64 | Kind::I32, _) => 0,
            (Kind::F32, Some(shape)) if shape.len() == 3 => match shape[2] {
                super::build::Dim::Fixed(width) => width,
                _ => 0,
            },
            _ => return Err(wrong("others")),
        };
        let states = (0..graph.inputs.len()).filter(|&k| is_state(k)).map(Place::Input).collect();
        Ok(Self {
            graph,
            input: InputSpec::Features { width },
            layers: Vec::new(),
            readout: Readout::EveryStep,
            head: None,
            parameters: Vec::new(),
            at: Place::Input(input),
            axes: Axes::Either,
            open: None,
            picked: false,
            states,
            known: vec![Known::Nothing; graph.computed],
        })
    }

    fn constant(&self, place: Option<Place>) -> Option<&'g Tensor> {
        match place? {
            Place::Constant(k) => Some(&self.graph.constants[k]),
            _ => None,
        }
    }

    /// The constant at an input of a node.
    fn needed(&self, node: &Node<B>, k: usize) -> Result<&'g Tensor> {
        let place = node.inputs.get(k).copied().flatten();
        self.constant(place).ok_or_else(|| wrong(&format!("a constant as input {k}")))
    }

    fn node(&mut self, node: &Node<B>) -> Result<()> {
        self.known[node.first] = self.knows(node);
        if self.known[node.first] != Known::Nothing {
            return Ok(());
        }
        if self.head.is_some()
            && !matches!(node.op, Op::Identity | Op::Add | Op::Softmax { .. } | Op::Sigmoid | Op::Tanh | Op::Relu)
        {
            self.head_to_dense();
        }
        let from = node.inputs.first().copied().flatten();
        let second = node.inputs.get(1).copied().flatten();
        let swapped =
            from != Some(self.at) && second == Some(self.at) && matches!(node.op, Op::Add | Op::Gather { .. });
        let is_last_state = self.open.is_some() && from.is_some_and(|from| self.states.contains(&from));
        if from != Some(self.at) && !swapped && !is_last_state {
            return Err(wrong("what the layer before it gives"));
        }
        if is_last_state && from != Some(self.at) {
            self.take_last_state()?;
        }
        if self.picked && !matches!(node.op, Op::Squeeze { .. }) {
            return Err(wrong("the axis of the last step to be taken out"));
        }
        match &node.op {
            Op::Recurrent(layer) => return self.recurrent(node, layer),
            Op::Identity => {}
            Op::Gather { axis } if swapped => self.embedding(self.constant(from), *axis)?,
            Op::Gather { axis } => self.gather(node, *axis)?,
            Op::OneHot { axis } => self.one_hot(node, *axis)?,
            Op::Transpose { permutation } => self.transpose(permutation)?,
            Op::Squeeze { axes } if self.picked => self.pick(axes)?,
            Op::Squeeze { axes } => self.squeeze(axes)?,
            Op::Slice => self.slice(node)?,
            Op::Reshape { .. } => self.reshape(self.needed(node, 1)?)?,
            Op::MatMul => self.product(self.needed(node, 1)?, false)?,
            Op::Gemm { alpha, beta, transpose_a: false, transpose_b } if *alpha == 1.0 && *beta == 1.0 => {
                self.product(self.needed(node, 1)?, *transpose_b)?;
                if node.inputs.len() > 2 {
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

    /// What is known of a value without running the graph.
    fn known(&self, place: Option<Place>) -> Known {
        match place {
            None => Known::Nothing,
            Some(Place::Input(_)) => Known::Nothing,
            Some(Place::Computed(k)) => self.known[k],
            Some(Place::Constant(k)) => match self.graph.constants[k].as_f32() {
                Ok(x) if x.iter().all(|&x| x == 0.0) => Known::Zero,
                Ok(_) => Known::Nothing,
                Err(_) => Known::Size,
            },
        }
    }

    /// What is known of what a node gives: zeros, or numbers about sizes, from which initial states are made.
    fn knows(&self, node: &Node<B>) -> Known {
        let first = self.known(node.inputs.first().copied().flatten());
        let of_sizes = || node.inputs.iter().flatten().all(|&place| self.known(Some(place)) == Known::Size);
        match &node.op {
            Op::Shape { .. } => Known::Size,
            Op::ConstantOfShape { value } if value.as_f32().is_ok_and(|x| x == [0.0]) => Known::Zero,
            Op::Expand | Op::Slice | Op::Squeeze { .. } | Op::Unsqueeze { .. } | Op::Identity | Op::Gather { .. }
                if first == Known::Zero =>
            {
                Known::Zero
            }
            Op::Gather { .. }
            | Op::Concat { .. }
            | Op::Unsqueeze { .. }
            | Op::Squeeze { .. }
            | Op::Slice
            | Op::Cast { .. }
            | Op::Mul
            | Op::Add
            | Op::Identity
            | Op::Reshape { .. }
                if of_sizes() =>
            {
                Known::Size
            }
            _ => Known::Nothing,
        }
    }

    fn embedding(&mut self, table: Option<&Tensor>, axis: i64) -> Result<()> {
        let Some(&[symbols, width]) = table.map(Tensor::shape) else { return Err(wrong("a table of vectors")) };
        if axis != 0 || !self.layers.is_empty() || !self.parameters.is_empty() {
            return Err(wrong("a table of vectors of the symbols of the input"));
        }
        self.input = InputSpec::Embedding { symbols, width, name: None };
        self.keep(table)
    }

    fn one_hot(&mut self, node: &Node<B>, axis: i64) -> Result<()> {
        let depth = self.needed(node, 1)?.as_i64()?.first().and_then(|&depth| usize::try_from(depth).ok());
        let values = self.needed(node, 2)?.as_f32()?;
        match depth {
            Some(symbols) if values == [0.0, 1.0] && (axis == -1 || axis == 2) && self.layers.is_empty() => {
                self.input = InputSpec::OneHot { symbols };
                Ok(())
            }
            _ => Err(wrong("symbols as vectors of 0 and 1")),
        }
    }

    fn keep(&mut self, tensor: Option<&Tensor>) -> Result<()> {
        let numbers = tensor.ok_or_else(|| wrong("a constant"))?.as_f32()?;
        self.parameters.push(numbers.to_vec());
        Ok(())
    }

    fn recurrent(&mut self, node: &Node<B>, layer: &Recurrent<B>) -> Result<()> {
        let ready = self.readout == Readout::EveryStep && self.open.is_none();
        let fits = self.axes == Axes::Either || self.axes == Axes::layout(layer.layout());
        if node.inputs.get(1).copied().flatten().is_some() {
            return Err(wrong("rows of all steps, and no lengths"));
        }
        let zero = |place: &Place| matches!(place, Place::Input(_)) || self.known(Some(*place)) == Known::Zero;
        if !node.inputs.iter().skip(2).flatten().all(zero) {
            return Err(wrong("initial states of 0, or that are inputs"));
        }
        let [network] = layer.networks() else { return Err(wrong("one cell for both directions")) };
        let [LayerSpec::Recurrent(spec)] = &network.config().layers[..] else { return Err(wrong("one layer")) };
        if !ready || !fits || self.head.is_some() {
            return Err(wrong("a sequence in the layer's own order of axes"));
        }
        if let (InputSpec::Features { width }, true) = (&mut self.input, self.layers.is_empty())
            && let InputSpec::Features { width: own } = network.config().input
        {
            *width = own;
        }
        self.layers.push(LayerSpec::Recurrent(RecurrentSpec { name: None, ..spec.clone() }));
        self.parameters.push(network.parameters().to_vec());
        let ways = if spec.directions == Directions::Both { 2 } else { 1 };
        self.open = Some(Open { layout: layer.layout(), ways, hidden: layer.hidden(), last: false, transposed: false });
        self.states.extend((1..node.outputs).map(|k| Place::Computed(node.first + k)));
        self.at = Place::Computed(node.first);
        Ok(())
    }

    /// The chain goes on from `Y_h` of the layer it has just come to.
    fn take_last_state(&mut self) -> Result<()> {
        let Some(open) = &mut self.open else { return Err(wrong("the states of the layer before it")) };
        open.last = true;
        self.readout = Readout::FinalStates;
        Ok(())
    }

    fn transpose(&mut self, permutation: &[usize]) -> Result<()> {
        if let Some(open) = &mut self.open {
            let whole = match (open.layout, open.last) {
                (Layout::TimeMajor, false) => &[0, 2, 1, 3][..],
                (Layout::TimeMajor, true) => &[1, 0, 2],
                _ => &[],
            };
            if permutation == whole && !open.transposed {
                open.transposed = true;
                return Ok(());
            }
            return Err(wrong("directions beside units"));
        }
        match (permutation, self.axes) {
            ([1, 0, 2], Axes::Either) if self.layers.is_empty() => Ok(()),
            ([1, 0, 2], Axes::TimeFirst | Axes::RowsFirst) => {
                self.axes = self.axes.swapped();
                Ok(())
            }
            _ => Err(wrong("steps and rows exchanged")),
        }
    }

    fn squeeze(&mut self, axes: &[i64]) -> Result<()> {
        let Some(open) = self.open else { return Err(wrong("a layer in one direction")) };
        let axis = match (open.layout, open.last) {
            (Layout::TimeMajor, true) => 0,
            (Layout::TimeMajor, false) | (_, true) => 1,
            _ => 2,
        };
        if open.ways != 1 || axes != [axis] || open.transposed {
            return Err(wrong("the axis of one direction to be taken out"));
        }
        self.close(open);
        Ok(())
    }

    fn reshape(&mut self, shape: &Tensor) -> Result<()> {
        let Some(open) = self.open else { return Err(wrong("a layer in both directions")) };
        let wide = i64::try_from(open.ways * open.hidden).unwrap_or(i64::MAX);
        let beside = open.transposed || open.layout == Layout::BatchMajor;
        let (before, last) = shape.as_i64()?.split_at(shape.len().saturating_sub(1));
        let axes = if open.last { 1 } else { 2 };
        let keeps = before.len() == axes && before.iter().all(|&len| len == 0);
        if !beside || !keeps || (last != [wide] && last != [-1]) {
            return Err(wrong("both directions side by side"));
        }
        self.close(open);
        Ok(())
    }

    fn close(&mut self, open: Open) {
        self.axes = if open.last { Axes::Rows } else { Axes::layout(open.layout) };
        self.open = None;
    }

    fn gather(&mut self, node: &Node<B>, axis: i64) -> Result<()> {
        let index = self.needed(node, 1)?;
        let time = match self.axes {
            Axes::TimeFirst => 0,
            Axes::RowsFirst => 1,
            _ => return Err(wrong("a sequence")),
        };
        if index.rank() != 0 || index.as_i64()? != [-1] || axis != time || !self.may_pick() {
            return Err(wrong("the last step of a recurrent layer"));
        }
        (self.readout, self.axes) = (Readout::LastStep, Axes::Rows);
        Ok(())
    }

    /// Whether the chain has just come to all steps of a recurrent layer.
    fn may_pick(&self) -> bool {
        matches!(self.layers.last(), Some(LayerSpec::Recurrent(_)))
            && self.open.is_none()
            && self.head.is_none()
            && self.readout == Readout::EveryStep
    }

    /// `y[−1:]` along time.
    fn slice(&mut self, node: &Node<B>) -> Result<()> {
        let time: i64 = if self.axes == Axes::TimeFirst { 0 } else { 1 };
        let is = |k: usize, holds: &dyn Fn(&[i64]) -> bool| self.needed(node, k)?.as_i64().map(holds);
        let steps = node.inputs.get(4).copied().flatten().is_none() || is(4, &|steps| steps == [1])?;
        let last = is(1, &|starts| starts == [-1])?
            && is(2, &|ends| matches!(ends, [end] if *end >= i64::from(i32::MAX)))?
            && is(3, &|axes| axes == [time])?;
        if !steps || !last || !self.may_pick() || matches!(self.axes, Axes::Either | Axes::Rows) {
            return Err(wrong("the last step of a recurrent layer"));
        }
        self.picked = true;
        Ok(())
    }

    /// The axis of the one step that is left.
    fn pick(&mut self, axes: &[i64]) -> Result<()> {
        let time = if self.axes == Axes::TimeFirst { 0 } else { 1 };
        if axes != [time] {
            return Err(wrong("the axis of the last step to be taken out"));
        }
        (self.picked, self.readout, self.axes) = (false, Readout::LastStep, Axes::Rows);
        Ok(())
    }

    /// `x W` or `x Wᵀ`, at first as a head without a bias.
    fn product(&mut self, weight: &Tensor, transposed: bool) -> Result<()> {
        let &[rows, columns] = weight.shape() else { return Err(wrong("a matrix of weights")) };
        if self.open.is_some() {
            return Err(wrong("directions side by side"));
        }
        let from = weight.as_f32()?;
        let (units, numbers) = if transposed {
            (rows, from.to_vec())
        } else {
            let mut to = crate::memory::zeros("weights", from.len())?;
            for (k, row) in from.chunks_exact(columns.max(1)).enumerate() {
                row.iter().enumerate().for_each(|(unit, &w)| to[unit * rows + k] = w);
            }
            (columns, to)
        };
        if let (InputSpec::Features { width: width @ 0 }, true) = (&mut self.input, self.layers.is_empty()) {
            *width = if transposed { columns } else { rows };
        }
        self.parameters.push(numbers);
        self.head = Some(HeadSpec { bias: false, ..HeadSpec::new(units, Objective::SquaredError) });
        Ok(())
    }

    fn bias(&mut self, bias: &Tensor) -> Result<()> {
        match &mut self.head {
            Some(head) if !head.bias && head.objective == Objective::SquaredError && bias.len() == head.units => {
                head.bias = true;
                self.keep(Some(bias))
            }
            _ => Err(wrong("a bias of the product before it")),
        }
    }

    fn function(&mut self, activation: Activation) -> Result<()> {
        match self.head.take() {
            Some(HeadSpec { units, bias, objective: Objective::SquaredError, .. }) => {
                self.layers.push(LayerSpec::Dense(DenseSpec { units, activation, bias, name: None }));
                Ok(())
            }
            _ => Err(wrong("a function of an affine layer")),
        }
    }

    fn softmax(&mut self, axis: i64) -> Result<()> {
        let last = if self.axes == Axes::Rows { 1 } else { 2 };
        match &mut self.head {
            Some(head) if head.objective == Objective::SquaredError && (axis == -1 || axis == last) => {
                head.objective = Objective::Softmax;
                Ok(())
            }
            _ => Err(wrong("a softmax over the units of an affine layer")),
        }
    }

    /// What was the last affine layer is not the last.
    fn head_to_dense(&mut self) {
        if let Some(HeadSpec { units, bias, .. }) = self.head.take() {
            let activation = Activation::Identity;
            self.layers.push(LayerSpec::Dense(DenseSpec { units, activation, bias, name: None }));
        }
    }

    fn finish(self) -> Result<Network<f32, B>> {
        let Self { graph, input, layers, readout, head, parameters, at, open, picked, states, .. } = self;
        let mut outputs = graph.outputs.iter().map(|(_, place)| *place).filter(|place| !states.contains(place));
        if outputs.next() != Some(at) || outputs.next().is_some() || open.is_some() || picked {
            let found = "other outputs than the last value and final states";
            return Err(Error::kind("chain of layers", "one output, of the last layer", found));
        }
        let config = Config { readout, layers, head, ..Config::new(input) };
        Network::with_parameters(&config, graph.backend.clone(), &Cells::new(), |_, blocks| {
            let mut all = Parameters::zeros(blocks)?;
            let len: usize = parameters.iter().map(Vec::len).sum();
            crate::error::check_len("parameters of the chain", all.len(), len)?;
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
