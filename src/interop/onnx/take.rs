//! `(Model, name) → layer`: one recurrent node out of a model whose other nodes may be anything.

use super::Options;
use super::graph::Loader;
use super::model::{Model, operator_of};
use super::proto::Node;
use super::recurrent::{Operator, RecurrentOptions, Weights};
use super::report::summary;
use super::surroundings::{Neighbour, Surroundings};
use crate::backend::DefaultBackend;
use crate::error::{Error, Result};
use crate::graph::Recurrent;
use rnn_kernels::Backend;
use std::collections::HashSet;
use std::sync::Arc;

/// A recurrent node that was taken out of a model.
#[derive(Debug)]
#[non_exhaustive]
pub struct Taken<B: ?Sized = DefaultBackend> {
    /// Its name.
    pub name: String,
    /// What its attributes say.
    pub options: RecurrentOptions,
    /// The layer. Its [networks](Recurrent::networks) learn, stream and are saved as any other; in a
    /// [graph](crate::graph::Builder) it is an operation.
    pub layer: Recurrent<B>,
    /// What stands around it.
    pub surroundings: Surroundings,
}

impl Model<'_> {
    /// Takes a recurrent node out of any graph, by its name: the layer that it is, and what stands around it. Only the nodes that its
    /// weights are computed from must be implemented.
    ///
    /// A node without a name is called by its first output.
    ///
    /// # Errors
    /// [`Error::Range`] if no recurrent node has this name or several have. [`Error::Model`] if its attributes or weights are not
    /// implemented, its weights are no constants, or the opset is none of 7 to 22. [`Error::Node`] if its weights cannot be computed.
    /// [`Error::NotFinite`] if a weight is not finite. [`Error::Overflow`] or [`Error::Memory`] if the layer does not fit.
    pub fn take<B: Backend<f32> + ?Sized>(
        &self,
        node: &str,
        backend: impl Into<Arc<B>>,
        options: &Options,
    ) -> Result<Taken<B>> {
        let (opset, backend) = (self.check_opset()?, backend.into());
        let found = self.each_node(|other| {
            let operator = operator_of(&other).filter(|_| other.label() == node);
            Ok(operator.map(|operator| (operator, other)))
        })?;
        let [(operator, mut node)] = <[_; 1]>::try_from(found).map_err(|found: Vec<_>| {
            let expected = "the name of one recurrent node, as `recurrent_nodes` lists them";
            Error::range("node of the model", expected, format!("`{node}`, that of {}", found.len()))
        })?;
        let said = RecurrentOptions::take(&mut node, operator, opset)?;
        let weights = self.weights_of(&node, operator, opset, &backend)?;
        let layer = said.layer(&node.place(), &weights, &backend, options)?;
        let surroundings = self.surroundings(&node, operator)?;
        Ok(Taken { name: node.label().into(), options: said, layer, surroundings })
    }

    /// The weights of a node, with what they are computed from.
    fn weights_of<'m, B: Backend<f32> + ?Sized>(
        &'m self,
        node: &Node<'m>,
        operator: Operator,
        opset: i64,
        backend: &Arc<B>,
    ) -> Result<Weights> {
        let mut needed: HashSet<&str> = Weights::names(node).collect();
        // A node stands behind those that it reads from.
        let mut nodes = self.each_node(|other| Ok(Some(other)))?;
        let mut before = Vec::new();
        while let Some(other) = nodes.pop() {
            if other.outputs.iter().any(|output| needed.contains(output)) {
                needed.extend(other.inputs.iter().filter(|name| !name.is_empty()));
                before.push(other);
            }
        }
        let mut loader = Loader::new(self, backend.clone())?;
        for info in self.true_inputs()?.into_iter().filter(|info| needed.contains(info.name)) {
            loader.input(info)?;
        }
        for other in before.into_iter().rev() {
            loader.node(other, opset, &Options::default())?;
        }
        loader.weights(node, operator)
    }

    /// What provides the inputs of a node and what reads its outputs.
    fn surroundings(&self, node: &Node<'_>, operator: Operator) -> Result<Surroundings> {
        let (initializers, inputs, outputs) = (self.initializers()?, self.true_inputs()?, self.outputs()?);
        // The nodes that a function is true of.
        let those = |is: &dyn Fn(&Node<'_>) -> bool| {
            self.each_node(|other| {
                Ok(is(&other).then(|| Neighbour::Node { name: other.label().into(), operator: other.operator() }))
            })
        };
        let mut neighbours = Vec::new();
        for (k, &name) in node.inputs.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let provided = if let Some(info) = inputs.iter().find(|info| info.name == name) {
                Neighbour::Model(summary(info))
            } else if let Some(tensor) = initializers.find(name)? {
                Neighbour::Initializer(tensor.shape().to_vec())
            } else {
                let writers = those(&|other| other.outputs.contains(&name))?;
                writers.into_iter().next().unwrap_or(Neighbour::Nothing)
            };
            let role = operator.inputs().get(k).copied().unwrap_or("another input");
            neighbours.push((role, name.to_string(), provided));
        }
        let mut readers = Vec::new();
        for (role, &name) in ["Y", "Y_h", "Y_c"].into_iter().zip(&node.outputs).filter(|(_, name)| !name.is_empty()) {
            let mut found = those(&|other| other.inputs.contains(&name))?;
            found.extend(outputs.iter().filter(|output| output.name == name).cloned().map(Neighbour::Model));
            readers.push((role, name.to_string(), found));
        }
        Ok(Surroundings { inputs: neighbours, outputs: readers })
    }
}
