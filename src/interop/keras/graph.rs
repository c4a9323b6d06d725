//! `functional model → graph`: models of Keras that are no chain, with merges, attention, states that are handed on.

use super::attributes::Attributes;
use super::hdf5::{Array, File};
use super::model::{Layer, Node, Nodes};
use super::recurrent::{CLASSES, Recurrent};
use super::variables::Variables;
use super::weights::{Kind as Weights, write};
use super::{Content, KerasOptions, Meanings, finite};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::graph::{Builder, Dim, Graph, Kind, Layout, Op, Recurrent as Layered, Tensor, Value};
use crate::interop::Source;
use crate::interop::orders::Gates;
use crate::network::{Config, Directions, Merge, Network, Parameters};
use rnn_kernels::{Backend, GruReset};
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
    /// What was not taken over, since it concerns training alone.
    pub notes: Vec<String>,
}

impl<B: Backend<f32> + ?Sized> Graph<B> {
    /// The graph of a whole model, `.keras` or `.h5`, whose layers need be no chain.
    ///
    /// Beside the layers of a [chain](super::super::keras) there are `Add`, `Subtract`, `Multiply`, `Average`, `Concatenate`, `Attention`,
    /// `AdditiveAttention`, `Flatten`, `Reshape`, `Permute` and `RepeatVector`; recurrent layers give and take states and may go backwards;
    /// dense layers may be `hard_sigmoid`, `hard_tanh` and `swish` too. Masks are refused: a graph has none.
    ///
    /// # Errors
    /// [`Error::Model`] with the layer and the attribute that is not as expected, [`Error::Format`] with the array or whatever else of the
    /// file, [`Error::NotFinite`] with a weight of a recurrent
    /// layer, [`Error::Io`] if the file cannot be read, [`Error::Memory`].
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
    values: HashMap<String, Vec<Value>>,
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
        let layers: Vec<_> = nodes.iter().map(|node| (node.layer.name.clone(), node.layer.class.into())).collect();
        let keys = if variables.named() { HashMap::new() } else { super::keys(&layers) };
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
            let inputs = node.inputs.iter().map(|from| self.value(&node.layer.at(), from)).collect::<Result<Vec<_>>>();
            let outputs = inputs.and_then(|inputs| self.layer(&node.layer, &inputs)).unwrap_or_else(|error| {
                faults.insert(node.layer.name.clone(), error);
                self.stand_ins(&node.layer.name)
            });
            self.values.insert(node.layer.name, outputs);
        }
        faults
    }

    /// Values of which nothing is known, in the place of what a layer would give: its output and two states.
    fn stand_ins(&mut self, layer: &str) -> Vec<Value> {
        let mut stand_in =
            |k: usize| self.builder.input_of_any_shape(format!("output {k} of {layer}, which is refused"), Kind::F32);
        (0..3).filter_map(|k| stand_in(k).ok()).collect()
    }

    fn all(&mut self, nodes: Nodes<'_>) -> Result<()> {
        let Nodes { mut nodes, inputs, outputs } = nodes;
        // In the order of the model's inputs, which is that of the graph's.
        nodes.sort_by_key(|node| inputs.iter().position(|name| *name == node.layer.name).unwrap_or(inputs.len()));
        while !nodes.is_empty() {
            let ready = |node: &Node<'_>| node.inputs.iter().all(|(name, _)| self.values.contains_key(name));
            let Some(k) = nodes.iter().position(ready) else { return Err(out_of_order(&nodes[0])) };
            let node = nodes.remove(k);
            let values =
                node.inputs.iter().map(|from| self.value(&node.layer.at(), from)).collect::<Result<Vec<_>>>()?;
            let outputs = self.layer(&node.layer, &values)?;
            self.values.insert(node.layer.name, outputs);
        }
        for output in &outputs {
            let value = self.value("outputs of the model", output)?;
            let name = if output.1 == 0 { output.0.clone() } else { format!("{}:{}", output.0, output.1) };
            self.builder.output(name, value)?;
        }
        Ok(())
    }

    /// An output of a layer.
    fn value(&self, at: &str, (name, k): &(String, u64)) -> Result<Value> {
        let given = self.values.get(name).and_then(|values| values.get(usize::try_from(*k).ok()?));
        given.copied().ok_or_else(|| Error::format(at, "an output of a layer", format!("output {k} of {name}")))
    }

    /// What a layer gives of these values.
    fn layer(&mut self, layer: &Layer<'_>, x: &[Value]) -> Result<Vec<Value>> {
        let mut attributes = Attributes::new(layer.at(), layer.config);
        let a = &mut attributes;
        let one = |a: &Attributes<'_>| match x {
            [x] => Ok(*x),
            many => Err(Error::format(&*a.at, "one input", many.len())),
        };
        let outputs = match layer.class {
            "InputLayer" => {
                let input = self.input(layer, a)?;
                attributes.finish()?;
                return Ok(vec![input]);
            }
            "Embedding" => vec![self.embedding(layer, a, one(a)?)?],
            class if CLASSES.contains(&class) => {
                let recurrent = Recurrent::of(class, a, &self.meanings, &mut self.notes)?;
                self.recurrent(layer, class, &[recurrent], None, x)?
            }
            "Bidirectional" => self.bidirectional(layer, a, x)?,
            "Dense" => vec![self.dense(layer, a, one(a)?)?],
            "TimeDistributed" => {
                let inner = Layer::of(a.get("layer").ok_or_else(|| a.wrong("layer", "a layer", "none"))?)?;
                if inner.class != "Dense" {
                    return Err(a.wrong("layer", "Dense", inner.class));
                }
                let mut attributes = Attributes::new(layer.at(), inner.config);
                let y = self.dense(layer, &mut attributes, one(a)?)?;
                attributes.common(&mut self.notes)?;
                attributes.finish()?;
                vec![y]
            }
            "Activation" => vec![self.function(a, one(a)?)?],
            "Dropout" | "SpatialDropout1D" => {
                a.known(&["noise_shape"]);
                a.of_training(&["rate"], &mut self.notes);
                vec![one(a)?]
            }
            "Add" => vec![self.fold(a, x, || Op::Add)?],
            "Multiply" => vec![self.fold(a, x, || Op::Mul)?],
            "Subtract" if x.len() == 2 => vec![self.builder.add(Op::Sub, x)?],
            "Average" => {
                let sum = self.fold(a, x, || Op::Add)?;
                #[expect(clippy::cast_precision_loss, reason = "a few inputs")]
                let share = self.number(1.0 / x.len() as f32)?;
                vec![self.builder.add(Op::Mul, [sum, share])?]
            }
            "Concatenate" => {
                let axis = a.get("axis").map_or(Some(-1), Json::as_i64);
                let axis = axis.ok_or_else(|| a.wrong("axis", "a number", "another"))?;
                vec![self.builder.add(Op::Concat { axis }, x)?]
            }
            "Attention" | "AdditiveAttention" => vec![self.attention(layer, a, x)?],
            "Flatten" => {
                if a.word("data_format")?.is_some_and(|format| format != "channels_last") {
                    return Err(a.wrong("data_format", "channels_last", "another"));
                }
                vec![self.reshaped(one(a)?, &[0, -1])?]
            }
            "Reshape" => {
                let sizes = a.get("target_shape").and_then(Json::as_array);
                let sizes = sizes.and_then(|sizes| sizes.iter().map(Json::as_i64).collect::<Option<Vec<_>>>());
                let sizes = sizes.filter(|sizes| !sizes.contains(&0) && sizes.len() < 8);
                let sizes = sizes.ok_or_else(|| a.wrong("target_shape", "sizes", "others"))?;
                vec![self.reshaped(one(a)?, &[&[0], &sizes[..]].concat())?]
            }
            "Permute" => {
                let axes = a.get("dims").and_then(Json::as_array);
                let axis = |axis: &Json| axis.as_u64().and_then(|axis| usize::try_from(axis).ok());
                let axes = axes.and_then(|axes| axes.iter().map(axis).collect::<Option<Vec<_>>>());
                let axes =
                    axes.filter(|axes| axes.len() < 8).ok_or_else(|| a.wrong("dims", "axes from 1 on", "others"))?;
                vec![self.builder.add(Op::Transpose { permutation: [&[0], &axes[..]].concat() }, [one(a)?])?]
            }
            "RepeatVector" => {
                let steps = a.size("n")?;
                let steps = i64::try_from(steps).map_err(|_| a.wrong("n", "fewer steps", steps))?;
                let row = self.builder.add(Op::Unsqueeze { axes: vec![1] }, [one(a)?])?;
                let shape = self.whole(&[1, steps, 1])?;
                vec![self.builder.add(Op::Expand, [row, shape])?]
            }
            other => return Err(Error::model(format!("layer {}", layer.name), "class_name", KNOWN, other)),
        };
        a.common(&mut self.notes)?;
        attributes.finish()?;
        Ok(outputs)
    }

    fn input(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>) -> Result<Value> {
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
        self.builder.input(layer.name.clone(), kind, sizes)
    }

    fn embedding(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: Value) -> Result<Value> {
        let shape = [a.size("input_dim")?, a.size("output_dim")?];
        a.known(&["embeddings_initializer", "input_length"]);
        let training = ["embeddings_regularizer", "activity_regularizer", "embeddings_constraint"];
        a.of_training(&training, &mut self.notes);
        a.refuse(&["lora_rank", "quantization_config", "weights", "sparse", "mask_zero"])?;
        let arrays = self.arrays(layer, &[&[""]], 1)?;
        let table = self.constant(&arrays[0], &shape)?;
        let symbols = self.builder.add(Op::Cast { to: Kind::I64 }, [x])?;
        self.builder.add(Op::Gather { axis: 0 }, [table, symbols])
    }

    fn dense(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: Value) -> Result<Value> {
        let (units, biased) = (a.size("units")?, a.flag("use_bias", true)?);
        a.known(&["kernel_initializer", "bias_initializer", "input_dim"]);
        let training =
            ["kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"];
        a.of_training(&training, &mut self.notes);
        a.refuse(&["lora_rank", "lora_alpha", "quantization_config"])?;
        let arrays = self.arrays(layer, &[&[""], &["layer"]], if biased { 2 } else { 1 })?;
        let inputs = *arrays[0].shape()?.first().unwrap_or(&0);
        let kernel = self.constant(&arrays[0], &[inputs, units])?;
        let mut y = self.builder.add(Op::MatMul, [x, kernel])?;
        if biased {
            let bias = self.constant(&arrays[1], &[units])?;
            y = self.builder.add(Op::Add, [y, bias])?;
        }
        self.function(a, y)
    }

    /// What the layer's function makes of `x`.
    fn function(&mut self, a: &mut Attributes<'_>, x: Value) -> Result<Value> {
        let linear = |building: &mut Self, slope: f32, offset: f32| {
            let (slope, offset) = (building.number(slope)?, building.number(offset)?);
            let scaled = building.builder.add(Op::Mul, [x, slope])?;
            building.builder.add(Op::Add, [scaled, offset])
        };
        let b = &mut self.builder;
        match a.word("activation")? {
            None | Some("linear") => Ok(x),
            Some("tanh") => b.add(Op::Tanh, [x]),
            Some("sigmoid") => b.add(Op::Sigmoid, [x]),
            Some("relu") => b.add(Op::Relu, [x]),
            Some("softmax") => b.add(Op::Softmax { axis: -1, flatten: false }, [x]),
            Some("swish" | "silu") => {
                let gate = b.add(Op::Sigmoid, [x])?;
                b.add(Op::Mul, [x, gate])
            }
            Some("hard_sigmoid") => {
                let slope = self.meanings.hard_sigmoid().ok_or_else(|| {
                    a.wrong("activation", "a file that says its version of Keras, or KerasOptions::version", "none")
                })?;
                #[expect(clippy::cast_possible_truncation, reason = "computed in f32")]
                let y = linear(self, slope as f32, 0.5)?;
                self.between_0_and_1(y)
            }
            Some("hard_tanh") => {
                // 2 · limit((x + 1) / 2) − 1
                let y = linear(self, 0.5, 0.5)?;
                let y = self.between_0_and_1(y)?;
                let (two, one) = (self.number(2.0)?, self.number(-1.0)?);
                let y = self.builder.add(Op::Mul, [y, two])?;
                self.builder.add(Op::Add, [y, one])
            }
            Some(other) => {
                let expected = "linear, tanh, sigmoid, relu, softmax, swish, hard_sigmoid or hard_tanh";
                Err(a.wrong("activation", expected, other))
            }
        }
    }

    /// `1 − max(0, 1 − max(0, x))`.
    fn between_0_and_1(&mut self, x: Value) -> Result<Value> {
        let one = self.number(1.0)?;
        let above = self.builder.add(Op::Relu, [x])?;
        let left = self.builder.add(Op::Sub, [one, above])?;
        let left = self.builder.add(Op::Relu, [left])?;
        self.builder.add(Op::Sub, [one, left])
    }

    fn fold(&mut self, a: &Attributes<'_>, x: &[Value], op: impl Fn() -> Op<B>) -> Result<Value> {
        let [first, rest @ ..] = x else { return Err(Error::format(&*a.at, "inputs", "none")) };
        rest.iter().try_fold(*first, |sum, &x| self.builder.add(op(), [sum, x]))
    }

    fn bidirectional(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: &[Value]) -> Result<Vec<Value>> {
        let merge = match a.get("merge_mode").and_then(Json::as_str) {
            Some("concat") => Merge::Concat,
            Some("sum") => Merge::Sum,
            Some("ave") => Merge::Average,
            Some("mul") => Merge::Product,
            other => return Err(a.wrong("merge_mode", "concat, sum, ave or mul", other.unwrap_or("none"))),
        };
        a.known(&["num_constants", "return_sequences", "stateful", "return_state"]);
        let forward = a.get("layer").ok_or_else(|| a.wrong("layer", "a layer", "none"))?;
        let mut directions = Vec::new();
        for (value, which, backwards) in
            [(Some(forward), "layer", false), (a.get("backward_layer"), "backward_layer", true)]
        {
            let Some(value) = value else { continue };
            let inner = Layer::of(value)?;
            if !CLASSES.contains(&inner.class) {
                return Err(a.wrong(which, "SimpleRNN, LSTM, GRU, CuDNNLSTM or CuDNNGRU", inner.class));
            }
            let mut attributes = Attributes::new(format!("{}, {which}", layer.at()), inner.config);
            let mut recurrent = Recurrent::of(inner.class, &mut attributes, &self.meanings, &mut self.notes)?;
            if recurrent.backwards != backwards {
                return Err(attributes.wrong("go_backwards", format!("{backwards}"), recurrent.backwards));
            }
            attributes.common(&mut self.notes)?;
            attributes.finish()?;
            recurrent.backwards = false;
            directions.push((inner.class.to_string(), recurrent));
        }
        if directions.len() == 2 && directions[0] != directions[1] {
            return Err(a.wrong("backward_layer", "the attributes of the forward layer", "others"));
        }
        let (class, recurrent) = directions.swap_remove(0);
        if recurrent.states || x.len() != 1 {
            return Err(Error::format(
                &*a.at,
                "a layer of both directions that neither takes nor gives states",
                "one that does",
            ));
        }
        self.recurrent(layer, &class, &[recurrent], Some(merge), x)
    }

    /// A recurrent layer in one direction or, merged, in both: what it gives, then its last states if it gives them.
    fn recurrent(
        &mut self,
        layer: &Layer<'_>,
        class: &str,
        directions: &[Recurrent],
        merge: Option<Merge>,
        x: &[Value],
    ) -> Result<Vec<Value>> {
        let this = &directions[0];
        let ways = match (merge, this.backwards) {
            (Some(_), _) => Directions::Both,
            (None, false) => Directions::Forward,
            (None, true) => Directions::Reverse,
        };
        let gates = match class {
            "SimpleRNN" => Gates::Elman,
            "LSTM" | "CuDNNLSTM" => Gates::Lstm,
            _ => Gates::Gru,
        };
        let states = if gates == Gates::Lstm { 2 } else { 1 };
        if ![1, 1 + states].contains(&x.len()) {
            let expected = format!("an input, and {states} states or none");
            return Err(Error::format(layer.at(), expected, format!("{} inputs", x.len())));
        }
        let reset = this.cell.options().get("reset").cloned();
        let reset_after = reset.and_then(|reset| serde_json::from_value(reset).ok()) != Some(GruReset::Before);
        let both = merge.is_some();
        let parts: &[&[&str]] = if both {
            &[&["forward_layer/cell", "backward_layer/cell"], &["forward_layer", "backward_layer"]]
        } else {
            &[&["cell"], &[""]]
        };
        let each = if this.bias == rnn_kernels::Bias::None { 2 } else { 3 };
        let arrays = self.arrays(layer, parts, if both { 2 * each } else { each })?;
        let kernel = arrays[0].shape()?;
        let width = *kernel.first().ok_or_else(|| Error::format(arrays[0].at(), "a matrix", "a number"))?;
        let config = Config::features(width).recurrent(this.spec().directions(ways).named(""));
        let at = layer.at();
        // A network has as many parameters as the arrays have numbers, which are looked at before there is memory for them.
        let numbers: usize =
            arrays.iter().map(|array| Ok(array.shape()?.iter().product::<usize>())).sum::<Result<_>>()?;
        let backend = self.builder.backend().clone();
        let network = Network::<f32, B>::with_parameters(&config, backend, &Cells::new(), |_, blocks| {
            let len = blocks.last().map_or(0, |last| last.range().end);
            if len > numbers.saturating_mul(2) {
                return Err(Error::format(&*at, format!("{len} weights"), format!("{numbers} numbers")));
            }
            let mut parameters = Parameters::zeros(blocks)?;
            let kind = Weights::Recurrent { gates, reset_after, both };
            write(&at, &arrays, "", &self.options.load, kind, &mut parameters)?;
            finite(&at, &parameters, &self.options.load)?;
            Ok(parameters)
        })?;
        let node = Op::Recurrent(Box::new(Layered::new(Arc::new(network), Layout::BatchMajor)?));
        let mut inputs = vec![Some(x[0]), None];
        for &state in &x[1..] {
            inputs.push(Some(self.builder.add(Op::Unsqueeze { axes: vec![1] }, [state])?));
        }
        let outputs = self.builder.add_named(layer.name.clone(), node, &inputs)?;
        // `Y [N, T, D, H]`, `Y_h` and `Y_c [N, D, H]`.
        let (all, axis) = if this.sequences { (outputs[0], 2) } else { (outputs[1], 1) };
        let mut y = match merge {
            None => self.builder.add(Op::Squeeze { axes: vec![axis] }, [all])?,
            Some(Merge::Concat) => self.reshaped(all, if this.sequences { &[0, 0, -1] } else { &[0, -1] })?,
            Some(merge) => {
                let (first, second) = (self.direction(all, axis, 0)?, self.direction(all, axis, 1)?);
                let op = if merge == Merge::Product { Op::Mul } else { Op::Add };
                let merged = self.builder.add(op, [first, second])?;
                if merge == Merge::Average {
                    let half = self.number(0.5)?;
                    self.builder.add(Op::Mul, [merged, half])?
                } else {
                    merged
                }
            }
        };
        if this.backwards && this.sequences {
            // What Keras gives is in the order in which the layer goes.
            let (starts, ends) = (self.whole(&[-1])?, self.whole(&[i64::MIN + 1])?);
            let (axes, steps) = (self.whole(&[1])?, self.whole(&[-1])?);
            y = self.builder.add(Op::Slice, [y, starts, ends, axes, steps])?;
        }
        let mut given = vec![y];
        if this.states {
            for &state in &outputs[1..=states] {
                given.push(self.builder.add(Op::Squeeze { axes: vec![1] }, [state])?);
            }
        }
        Ok(given)
    }

    fn direction(&mut self, all: Value, axis: i64, which: i64) -> Result<Value> {
        let index = self.builder.constant(Tensor::i64(&[], [which])?)?;
        self.builder.add(Op::Gather { axis }, [all, index])
    }

    /// `softmax(Q Kᵀ) V`, or with `Σ s tanh(q + k)` in the place of the product.
    fn attention(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: &[Value]) -> Result<Value> {
        let (query, value, key) = match *x {
            [query, value] => (query, value, value),
            [query, value, key] => (query, value, key),
            _ => {
                return Err(Error::format(&*a.at, "query and value, and a key or none", format!("{} inputs", x.len())));
            }
        };
        a.refuse(&["causal"])?;
        a.of_training(&["dropout"], &mut self.notes);
        let additive = layer.class == "AdditiveAttention";
        let scaled = a.flag("use_scale", additive)?;
        let scores = if additive {
            a.known(&["score_mode"]);
            if !scaled {
                return Err(a.wrong("use_scale", "true", "false"));
            }
            let arrays = self.arrays(layer, &[&[""]], 1)?;
            let width = arrays[0].shape()?.iter().product();
            let scale = self.constant_as(&arrays[0], &[width], &[width, 1])?;
            let query = self.builder.add(Op::Unsqueeze { axes: vec![2] }, [query])?;
            let key = self.builder.add(Op::Unsqueeze { axes: vec![1] }, [key])?;
            let sum = self.builder.add(Op::Add, [query, key])?;
            let tanh = self.builder.add(Op::Tanh, [sum])?;
            let scores = self.builder.add(Op::MatMul, [tanh, scale])?;
            self.builder.add(Op::Squeeze { axes: vec![3] }, [scores])?
        } else {
            if a.word("score_mode")?.is_some_and(|mode| mode != "dot") {
                return Err(a.wrong("score_mode", "dot", "another"));
            }
            let turned = self.builder.add(Op::Transpose { permutation: vec![0, 2, 1] }, [key])?;
            let scores = self.builder.add(Op::MatMul, [query, turned])?;
            if scaled {
                let arrays = self.arrays(layer, &[&[""]], 1)?;
                let scale = self.constant(&arrays[0], &[])?;
                self.builder.add(Op::Mul, [scores, scale])?
            } else {
                scores
            }
        };
        let weights = self.builder.add(Op::Softmax { axis: -1, flatten: false }, [scores])?;
        self.builder.add(Op::MatMul, [weights, value])
    }

    /// The arrays of a layer, which must be so many.
    fn arrays(&mut self, layer: &Layer<'_>, parts: &[&[&str]], count: usize) -> Result<Vec<Array>> {
        let name = self.places.get(&layer.name).unwrap_or(&layer.name);
        let arrays = self.variables.take(name, parts)?;
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
