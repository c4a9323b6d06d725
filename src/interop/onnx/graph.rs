//! `Model → Graph`: nodes in the order of the file, values by name.

use super::Options;
use super::model::{Initializers, Model, input_info, operator_of};
use super::operators;
use super::proto::{Node, ValueInfo};
use super::recurrent::{Operator, RecurrentOptions, Weights};
use crate::error::{Error, Result};
use crate::graph::{Builder, Graph, Kind, Op, Tensor, Value};
use rnn_kernels::Backend;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

impl Model<'_> {
    /// The whole model as a graph.
    ///
    /// # Errors
    /// [`Error::Model`] with the name of whatever is not implemented. [`Error::Node`] if a node cannot have its inputs, or cannot be
    /// computed where all of them are constants. [`Error::Range`] if the constants are beyond the [limit](super::Limits::constants),
    /// [`Error::Config`] if two inputs or two outputs have one name, [`Error::NotFinite`] if a weight of a recurrent node is not finite,
    /// [`Error::Overflow`] or [`Error::Memory`] if the graph does not fit.
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

/// A graph that nodes of a model are added to.
pub(super) struct Loader<'m, B: ?Sized> {
    pub builder: Builder<B>,
    initializers: Initializers<'m>,
    given: &'m [(String, Tensor)],
    values: HashMap<&'m str, Value>,
    /// The weights that recurrent nodes have read.
    read: HashSet<&'m str>,
}

impl<'m, B: Backend<f32> + ?Sized> Loader<'m, B> {
    pub fn new(model: &'m Model<'_>, backend: Arc<B>) -> Result<Self> {
        let builder = Builder::new(backend).limit(model.limits().constants);
        let (initializers, given) = (model.initializers()?, model.given());
        Ok(Self { builder, initializers, given, values: HashMap::new(), read: HashSet::new() })
    }

    /// An input of the model.
    pub fn input(&mut self, info: ValueInfo<'m>) -> Result<()> {
        let value = self.builder.input_of(input_info(&info)?)?;
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
        let given = self.given.iter().any(|(given, _)| given == name);
        if self.values.insert(name, value).is_some() || given || self.initializers.find(name)?.is_some() {
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

    /// The weights of a recurrent node.
    pub fn weights(&mut self, node: &Node<'m>, operator: Operator) -> Result<Weights> {
        let place = node.place();
        Weights::of(node, operator, |role, name| self.weight(&place, role, name))
    }

    /// A weight by its name, which the graph does not keep: the network of the layer does.
    ///
    /// The file has room for a weight that is read once. Weights that several layers read, or that were computed, count as constants for
    /// each of them.
    fn weight(&mut self, at: &str, role: &str, name: &'m str) -> Result<Tensor> {
        if let Some(tensor) = self.tensor(name)? {
            if !self.read.insert(name) {
                self.builder.take_room(&tensor)?;
            }
            return Ok(tensor);
        }
        let wrong = |found: String| {
            let expected = "a constant: an initializer, or an input that `with_constant` gave a value";
            Error::model(at, format!("input `{role}`"), expected, found)
        };
        let value = *self.values.get(name).ok_or_else(|| wrong(format!("`{name}`, which is none")))?;
        if self.builder.as_input(value).is_some() {
            return Err(wrong(format!("`{name}`, an input without a value")));
        }
        let tensor = self.builder.as_constant(value).cloned();
        let tensor = tensor.ok_or_else(|| wrong(format!("`{name}`, which is computed")))?;
        self.builder.take_room(&tensor)?;
        Ok(tensor)
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
        if node.outputs.iter().skip(written.len()).any(|name| !name.is_empty()) {
            let names = node.outputs.iter().filter(|name| !name.is_empty()).count();
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
        let weights = self.weights(node, operator)?;
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
