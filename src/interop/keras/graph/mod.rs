//! `functional model → graph`: models of Keras that are no chain, with merges, attention, states passed from layer to layer.

mod dense;
mod merges;
mod recurrent;

use super::attributes::Attributes;
use super::hdf5::{Array, File};
use super::model::Nodes;
use super::node::{Layer, Node};
use super::recurrent::{CLASSES, Recurrent};
use super::variables::{Variables, keys};
use super::weights::Kind as Arrays;
use super::{Content, KerasOptions, Meanings};
use crate::error::{Error, Result};
use crate::finite::{NonFinite, check_finite};
use crate::graph::{Builder, Dim, Graph, Kind, Op, Tensor, Value};
use crate::interop::Source;
use rnn_kernels::Backend;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;

/// A model as a graph.
#[derive(Debug)]
#[non_exhaustive]
pub struct KerasGraph<B: ?Sized> {
    /// The graph: its inputs and outputs are those of the model, `[N, T, C]`, symbols as whole numbers.
    pub graph: Graph<B>,
    /// The version of Keras that wrote the file, if it says so.
    pub version: Option<String>,
    /// What was not taken over, because it matters for training alone.
    pub notes: Vec<String>,
}

impl<B: Backend<f32> + ?Sized> Graph<B> {
    /// The graph of a whole functional model, `.keras` or `.h5`. Its layers need not be a chain.
    ///
    /// Besides the layers of a [chain](super::super::keras) there are `Add`, `Subtract`, `Multiply`, `Average`, `Concatenate`, `Attention`,
    /// `AdditiveAttention`, `Flatten`, `Reshape`, `Permute` and `RepeatVector`; recurrent layers give and take states and may go backwards;
    /// dense layers may be `hard_sigmoid`, `hard_tanh` and `swish` too. Masks are refused, because a graph has none. Everything is computed in
    /// `f32`.
    ///
    /// # Errors
    /// [`Error::Model`] with the layer and the attribute that is not as expected, [`Error::Format`] with the array or another part of the
    /// file, [`Error::NotFinite`] with a weight, [`Error::Io`] if the file cannot be read, [`Error::Memory`].
    pub fn from_keras<'s>(
        source: impl Into<Source<'s>>,
        options: &KerasOptions,
        backend: impl Into<Arc<B>>,
    ) -> Result<KerasGraph<B>> {
        let Content { file, config, version } = Content::of(source.into(), &options.load)?;
        let config = config
            .ok_or_else(|| Error::format(&*file.name, "a whole model with its configuration", "weights alone"))?;
        let model: Json = serde_json::from_str(&config)
            .map_err(|error| Error::format(&*file.name, "a configuration in JSON", error))?;
        let mut notes = Vec::new();
        let nodes = Nodes::of(&model, &mut notes)?;
        let mut building = Building::new(&file, &nodes.nodes, version.as_deref(), options, backend.into())?;
        building.notes = notes;
        building.all(nodes)?;
        let Building { builder, variables, notes, .. } = building;
        if let Some(left) = variables.left_over().first() {
            let found = format!("the layer {left}");
            return Err(Error::format(variables.at(), "no layers beside those of the model", found));
        }
        Ok(KerasGraph { graph: builder.build()?, version, notes })
    }
}

/// A graph that grows.
pub(super) struct Building<'o, B: ?Sized> {
    builder: Builder<B>,
    variables: Variables,
    /// The places of layers in a file without names.
    places: HashMap<String, String>,
    options: &'o KerasOptions,
    meanings: Meanings,
    notes: Vec<String>,
    /// What each layer gives.
    values: HashMap<String, Vec<Given>>,
}

/// What a layer gives, and how many axes that has.
#[derive(Clone, Copy, Debug)]
struct Given {
    value: Value,
    rank: usize,
}

const KNOWN: &str = "InputLayer, Embedding, SimpleRNN, LSTM, GRU, CuDNNLSTM, CuDNNGRU, Bidirectional, Dense, TimeDistributed, Activation, \
                     Dropout, SpatialDropout1D, Add, Subtract, Multiply, Average, Concatenate, Attention, AdditiveAttention, Flatten, Reshape, \
                     Permute or RepeatVector";

impl<'o, B: Backend<f32> + ?Sized> Building<'o, B> {
    /// A graph without anything, and the weights of a file.
    pub(super) fn new(
        file: &File,
        nodes: &[Node<'_>],
        version: Option<&str>,
        options: &'o KerasOptions,
        backend: Arc<B>,
    ) -> Result<Self> {
        let variables = Variables::of(file)?;
        // Their arrays have no more bytes than the file.
        variables.numbers()?;
        let layers = nodes.iter().map(|node| (&*node.layer.name, node.layer.class));
        let keys = if variables.named() { HashMap::new() } else { keys(layers) };
        let places = keys.into_iter().map(|(key, name)| (name, key)).collect();
        let limit = usize::try_from(options.load.max_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            builder: Builder::new(backend).limit(limit),
            variables,
            places,
            options,
            meanings: Meanings::new(version, options),
            notes: Vec::new(),
            values: HashMap::new(),
        })
    }

    /// Why layers cannot be in a graph, by their names: each of those that cannot, whatever the others are.
    pub(super) fn faults(&mut self, mut nodes: Vec<Node<'_>>) -> HashMap<String, Error> {
        let mut faults = HashMap::new();
        while !nodes.is_empty() {
            let ready = |node: &Node<'_>| node.inputs.iter().all(|(name, _)| self.values.contains_key(name));
            let Some(k) = nodes.iter().position(ready) else {
                let stuck = nodes.iter().map(|node| (node.layer.name.clone(), out_of_order(node)));
                faults.extend(stuck);
                break;
            };
            let node = nodes.remove(k);
            let outputs = self.node(&node).unwrap_or_else(|error| {
                faults.insert(node.layer.name.clone(), error);
                self.stand_ins(&node.layer.name)
            });
            self.values.insert(node.layer.name, outputs);
        }
        faults
    }

    /// Values of which nothing is known, in the place of what a layer would give: its output, as a sequence, and two states.
    fn stand_ins(&mut self, layer: &str) -> Vec<Given> {
        let mut stand_in = |(k, rank): (usize, usize)| {
            let value = self.builder.input_of_any_shape(format!("output {k} of {layer}, which is refused"), Kind::F32);
            value.ok().map(|value| Given { value, rank })
        };
        [3, 2, 2].into_iter().enumerate().filter_map(&mut stand_in).collect()
    }

    fn all(&mut self, nodes: Nodes<'_>) -> Result<()> {
        let Nodes { mut nodes, inputs, outputs } = nodes;
        // In the order of the model's inputs, which is that of the graph's.
        nodes.sort_by_key(|node| inputs.iter().position(|name| *name == node.layer.name).unwrap_or(inputs.len()));
        while !nodes.is_empty() {
            let ready = |node: &Node<'_>| node.inputs.iter().all(|(name, _)| self.values.contains_key(name));
            let Some(k) = nodes.iter().position(ready) else { return Err(out_of_order(&nodes[0])) };
            let node = nodes.remove(k);
            let outputs = self.node(&node)?;
            self.values.insert(node.layer.name, outputs);
        }
        for output in &outputs {
            let Given { value, .. } = self.value("outputs of the model", output)?;
            let name = if output.1 == 0 { output.0.clone() } else { format!("{}:{}", output.0, output.1) };
            self.builder.output(name, value)?;
        }
        Ok(())
    }

    /// An output of a layer.
    fn value(&self, at: &str, (name, k): &(String, u64)) -> Result<Given> {
        let given = self.values.get(name).and_then(|values| values.get(usize::try_from(*k).ok()?));
        given.copied().ok_or_else(|| Error::format(at, "an output of a layer", format!("output {k} of {name}")))
    }

    /// What a layer gives of what it is called with.
    fn node(&mut self, node: &Node<'_>) -> Result<Vec<Given>> {
        let at = node.layer.at();
        if let Some((mask, _)) = &node.mask {
            return Err(Error::format(at, "no mask: graphs have none", format!("{mask} as its mask")));
        }
        let values = node.inputs.iter().map(|from| self.value(&at, from)).collect::<Result<Vec<_>>>()?;
        self.layer(&node.layer, &values)
    }

    /// What a layer gives of these values.
    fn layer(&mut self, layer: &Layer<'_>, x: &[Given]) -> Result<Vec<Given>> {
        let mut attributes = Attributes::new(layer.at(), layer.config);
        let a = &mut attributes;
        if layer.class == "InputLayer" {
            let input = self.input(layer, a)?;
            attributes.finish()?;
            return Ok(vec![input]);
        }
        let values: Vec<_> = x.iter().map(|x| x.value).collect();
        let outputs = match layer.class {
            class if CLASSES.contains(&class) => {
                let recurrent = Recurrent::of(class, a, &self.meanings, &mut self.notes)?;
                self.recurrent(layer, &recurrent, None, &values)?
            }
            "Bidirectional" => self.bidirectional(layer, a, &values)?,
            "Add" => vec![self.merge(a, x, || Op::Add)?],
            "Multiply" => vec![self.merge(a, x, || Op::Mul)?],
            "Subtract" if x.len() != 2 => return Err(Error::format(&*a.at, "two inputs", x.len())),
            "Subtract" => vec![self.merge(a, x, || Op::Sub)?],
            "Average" => vec![self.average(a, x)?],
            "Concatenate" => {
                let axis = a.get("axis").map_or(Some(-1), Json::as_i64);
                let axis = axis.ok_or_else(|| a.wrong("axis", "a number", "another"))?;
                let value = self.builder.add(Op::Concat { axis }, &values)?;
                vec![Given { value, rank: x.first().map_or(0, |x| x.rank) }]
            }
            "Attention" | "AdditiveAttention" => vec![Given { value: self.attention(layer, a, &values)?, rank: 3 }],
            _ => {
                let [x] = x else { return Err(Error::format(&*a.at, "one input", x.len())) };
                vec![self.of_one(layer, a, *x)?]
            }
        };
        a.common(&mut self.notes)?;
        attributes.finish()?;
        Ok(outputs)
    }

    /// What a layer gives that reads one value.
    fn of_one(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: Given) -> Result<Given> {
        let Given { value: x, rank } = x;
        let (value, rank) = match layer.class {
            "Embedding" => (self.embedding(layer, a, x)?, rank + 1),
            "Dense" => (self.dense(layer, a, x)?, rank),
            "TimeDistributed" => {
                let inner = Layer::of(a.get("layer").ok_or_else(|| a.wrong("layer", "a layer", "none"))?)?;
                if inner.class != "Dense" {
                    return Err(a.wrong("layer", "Dense", inner.class));
                }
                let mut attributes = Attributes::new(layer.at(), inner.config);
                let y = self.dense(layer, &mut attributes, x)?;
                attributes.common(&mut self.notes)?;
                attributes.finish()?;
                (y, rank)
            }
            "Activation" => (self.function(a, x)?, rank),
            "Dropout" | "SpatialDropout1D" => {
                a.known(&["noise_shape"]);
                a.of_training(&["rate"], &mut self.notes);
                (x, rank)
            }
            "Flatten" => {
                if a.word("data_format")?.is_some_and(|format| format != "channels_last") {
                    return Err(a.wrong("data_format", "channels_last", "another"));
                }
                (self.reshaped(x, &[0, -1])?, 2)
            }
            "Reshape" => {
                let sizes = a.get("target_shape").and_then(Json::as_array);
                let sizes = sizes.and_then(|sizes| sizes.iter().map(Json::as_i64).collect::<Option<Vec<_>>>());
                let sizes = sizes.filter(|sizes| !sizes.contains(&0) && sizes.len() < 8);
                let sizes = sizes.ok_or_else(|| a.wrong("target_shape", "sizes", "others"))?;
                (self.reshaped(x, &[&[0], &sizes[..]].concat())?, 1 + sizes.len())
            }
            "Permute" => {
                let axes = a.get("dims").and_then(Json::as_array);
                let axis = |axis: &Json| axis.as_u64().and_then(|axis| usize::try_from(axis).ok());
                let axes = axes.and_then(|axes| axes.iter().map(axis).collect::<Option<Vec<_>>>());
                let axes =
                    axes.filter(|axes| axes.len() < 8).ok_or_else(|| a.wrong("dims", "axes from 1 on", "others"))?;
                (self.builder.add(Op::Transpose { permutation: [&[0], &axes[..]].concat() }, [x])?, rank)
            }
            "RepeatVector" => {
                let steps = a.size("n")?;
                let steps = i64::try_from(steps).map_err(|_| a.wrong("n", "fewer steps", steps))?;
                let row = self.builder.add(Op::Unsqueeze { axes: vec![1] }, [x])?;
                let shape = self.whole(&[1, steps, 1])?;
                (self.builder.add(Op::Expand, [row, shape])?, 3)
            }
            other => return Err(Error::model(format!("layer {}", layer.name), "class_name", KNOWN, other)),
        };
        Ok(Given { value, rank })
    }

    fn input(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>) -> Result<Given> {
        a.of_input()?;
        let shape = a.get("batch_shape").or(a.get("batch_input_shape")).and_then(Json::as_array);
        let shape = shape.filter(|shape| shape.len() <= 8).ok_or_else(|| a.wrong("batch_shape", "sizes", "none"))?;
        let size = |size: &Json| size.as_u64().and_then(|size| usize::try_from(size).ok());
        let sizes: Vec<Dim> = shape.iter().map(|json| size(json).into()).collect();
        let kind = match layer.config.get("dtype").and_then(Json::as_str) {
            Some("int32") => Kind::I32,
            Some("int64") => Kind::I64,
            _ => Kind::F32,
        };
        let rank = sizes.len();
        Ok(Given { value: self.builder.input(layer.name.clone(), kind, sizes)?, rank })
    }

    /// The arrays of a layer, which must be so many.
    fn arrays(&mut self, layer: &Layer<'_>, kind: Arrays, count: usize) -> Result<Vec<Array>> {
        let name = self.places.get(&layer.name).unwrap_or(&layer.name);
        let arrays = self.variables.take(name, kind.parts())?;
        if arrays.len() == count {
            return Ok(arrays);
        }
        Err(Error::format(layer.at(), format!("{count} arrays of weights"), arrays.len()))
    }

    fn constant(&mut self, array: &Array, shape: &[usize]) -> Result<Value> {
        self.constant_as(array, shape, shape)
    }

    /// An array of this shape, as a constant of another one.
    fn constant_as(&mut self, array: &Array, shape: &[usize], to: &[usize]) -> Result<Value> {
        let found = array.shape()?;
        if found != shape {
            return Err(Error::format(array.at(), format!("the shape {shape:?}"), format!("{found:?}")));
        }
        let numbers = array.read::<f32>(&self.options.load)?;
        if self.options.load.non_finite == NonFinite::Refuse {
            check_finite(array.at(), &numbers)?;
        }
        self.builder.constant(Tensor::f32(to, numbers)?)
    }

    fn number(&mut self, number: f32) -> Result<Value> {
        self.builder.constant(Tensor::f32(&[], [number])?)
    }

    fn whole(&mut self, numbers: &[i64]) -> Result<Value> {
        self.builder.constant(Tensor::i64(&[numbers.len()], numbers)?)
    }

    fn reshaped(&mut self, x: Value, shape: &[i64]) -> Result<Value> {
        let shape = self.whole(shape)?;
        self.builder.add(Op::Reshape { allow_zero: false }, [x, shape])
    }
}

/// The error of a layer that reads what is not there.
fn out_of_order(node: &Node<'_>) -> Error {
    Error::format(node.layer.at(), "inputs that are layers before it", "others")
}
