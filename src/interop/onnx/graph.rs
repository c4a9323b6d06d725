//! `Model → Graph`: nodes in the order of the file, values by name.

use super::Options;
use super::model::{Initializers, Model, input_kind, operator_of, weights};
use super::operators;
use super::proto::{Node, ValueInfo};
use super::recurrent::{Operator, RecurrentOptions, Weights};
use crate::error::{Error, Result};
use crate::graph::{Builder, Graph, InputInfo, Kind, Op, Tensor, Value};
use rnn_kernels::Backend;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

impl Model<'_> {
    /// The whole model as a graph.
    ///
    /// # Errors
    /// [`Error::Model`] if anything in it is not implemented, with its name; [`Error::Node`] if a node cannot be made;
    /// [`Error::Overflow`], [`Error::Memory`].
    pub fn into_graph<B: Backend<f32> + ?Sized>(
        self,
        backend: impl Into<Arc<B>>,
        options: &Options,
    ) -> Result<Graph<B>> {
        self.check_whole()?;
        let opset = self.check_opset()?;
        let mut loader = Loader::new(&self, backend.into())?;
        for info in self.true_inputs()? {
            loader.input(info)?;
        }
        let nodes = self.each_node(|node| Ok(Some(node)))?;
        for node in nodes {
            loader.node(node, opset, options)?;
        }
        let outputs = self.output_infos()?;
        for info in outputs {
            loader.output(info.name)?;
        }
        loader.builder.build()
    }
}

/// The weights of a node alone, and of what they are computed from.
pub(super) fn weights_of<'m, B: Backend<f32> + ?Sized>(
    model: &'m Model<'m>,
    node: &Node<'m>,
    operator: Operator,
    backend: &Arc<B>,
) -> Result<Weights> {
    let opset = model.check_opset()?;
    let mut loader = Loader::new(model, backend.clone())?;
    // Nodes that write what the weights are read from, in the order of the file.
    let roots = [1, 2, 3, 7].into_iter().filter_map(|k| node.inputs.get(k).copied()).filter(|name| !name.is_empty());
    let mut needed: HashSet<&str> = roots.collect();
    let mut nodes = model.each_node(|other| Ok(Some(other)))?;
    let mut before = Vec::new();
    while let Some(other) = nodes.pop() {
        if other.outputs.iter().any(|output| needed.contains(output)) {
            needed.extend(other.inputs.iter().filter(|name| !name.is_empty()));
            before.push(other);
        }
    }
    for other in before.into_iter().rev() {
        loader.node(other, opset, &Options::default())?;
    }
    weights(node, operator, |role, name| loader.constant(&node.place(), role, name))
}

/// A graph that grows, node by node.
pub(super) struct Loader<'m, B: ?Sized> {
    pub builder: Builder<B>,
    initializers: Initializers<'m>,
    given: &'m [(String, Tensor)],
    values: HashMap<&'m str, Value>,
}

impl<'m, B: Backend<f32> + ?Sized> Loader<'m, B> {
    pub fn new(model: &'m Model<'m>, backend: Arc<B>) -> Result<Self> {
        let builder = Builder::new(backend).limit(model.limits().constants);
        Ok(Self { builder, initializers: model.initializers()?, given: model.given(), values: HashMap::new() })
    }

    /// An input of the model.
    pub fn input(&mut self, info: ValueInfo<'m>) -> Result<()> {
        let kind = input_kind(&info)?;
        let value = self.builder.input_of(InputInfo { name: info.name.into(), kind, shape: info.shape })?;
        self.define("model", info.name, value)
    }

    /// An output of the model.
    pub fn output(&mut self, name: &'m str) -> Result<()> {
        let value = self.value("model", name)?;
        self.builder.output(name, value)
    }

    /// Whether there is a value of this name already, not counting initializers.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A value of which nothing is known, under the name of one that cannot be made.
    pub fn stand_in(&mut self, name: &'m str) {
        if !name.is_empty() && !self.has(name) {
            // No input of the model has this name, which stands for one of its nodes.
            let value = self.builder.input_of_any_shape(format!("in the place of `{name}`"), Kind::F32);
            self.values.extend(value.ok().map(|value| (name, value)));
        }
    }

    fn define(&mut self, at: &str, name: &'m str, value: Value) -> Result<()> {
        if self.values.insert(name, value).is_some() || self.initializers.find(name)?.is_some() {
            return Err(Error::model(at, format!("value `{name}`"), "one that is written once", "it twice"));
        }
        Ok(())
    }

    /// The value of a name: one that was written, or an initializer.
    fn value(&mut self, at: &str, name: &'m str) -> Result<Value> {
        if let Some(&value) = self.values.get(name) {
            return Ok(value);
        }
        let tensor = self.tensor(name)?.ok_or_else(|| {
            let expected = "one that an input, an initializer or an earlier node gives";
            Error::model(at, format!("value `{name}`"), expected, "none")
        })?;
        let value = self.builder.constant(tensor)?;
        self.values.insert(name, value);
        Ok(value)
    }

    /// The numbers of an initializer, or of an input that was given some.
    fn tensor(&self, name: &'m str) -> Result<Option<Tensor>> {
        if let Some((_, tensor)) = self.given.iter().find(|(given, _)| given == name) {
            return Ok(Some(tensor.clone()));
        }
        self.initializers.find(name)?.map(|view| view.decode()).transpose()
    }

    /// A constant by its name, which is not kept if it is an initializer.
    fn constant(&mut self, at: &str, role: &str, name: &'m str) -> Result<Tensor> {
        if let Some(tensor) = self.tensor(name)? {
            return Ok(tensor);
        }
        let wrong = |found: String| {
            let expected = "a constant: an initializer, or an input that `with_constant` gave a value";
            Error::model(at, format!("input `{role}`"), expected, found)
        };
        let value = *self.values.get(name).ok_or_else(|| wrong(format!("`{name}`, which is none")))?;
        self.builder.as_constant(value).cloned().ok_or_else(|| wrong(format!("`{name}`, which is computed")))
    }

    pub fn node(&mut self, mut node: Node<'m>, opset: i64, options: &Options) -> Result<()> {
        let place = node.place();
        let written = if let Some(operator) = operator_of(&node) {
            self.recurrent(&mut node, operator, opset, options)?
        } else if let Some(tensor) = operators::constant(&mut node)? {
            vec![self.builder.constant(tensor)?]
        } else {
            let mut inputs = Vec::new();
            for &name in &node.inputs {
                inputs.push(if name.is_empty() { None } else { Some(self.value(&place, name)?) });
            }
            let (op, inputs) = operators::operation(&mut node, opset, inputs, &mut self.builder)?;
            self.builder.add_named(node.label(), op, &inputs)?
        };
        let names = node.outputs.iter().copied().filter(|name| !name.is_empty()).count();
        if node.outputs.len() > written.len() && node.outputs[written.len()..].iter().any(|name| !name.is_empty()) {
            return Err(Error::model(place, "outputs", format!("at most {}", written.len()), names));
        }
        for (&name, value) in node.outputs.iter().zip(written) {
            if !name.is_empty() {
                self.define(&place, name, value)?;
            }
        }
        Ok(())
    }

    fn recurrent(
        &mut self,
        node: &mut Node<'m>,
        operator: Operator,
        opset: i64,
        options: &Options,
    ) -> Result<Vec<Value>> {
        let place = node.place();
        let said = RecurrentOptions::take(node, operator, opset)?;
        let weights = weights(node, operator, |role, name| self.constant(&place, role, name))?;
        let layer = said.layer(&place, &weights, self.builder.backend(), options)?;
        drop(weights);
        let mut inputs = Vec::new();
        for k in [0, 4, 5, 6] {
            let name = node.inputs.get(k).copied().filter(|name| !name.is_empty());
            inputs.push(name.map(|name| self.value(&place, name)).transpose()?);
        }
        self.builder.add_named(node.label(), Op::Recurrent(Box::new(layer)), &inputs)
    }
}
