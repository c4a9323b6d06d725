//! What a model says of itself: its nodes, inputs and outputs, and the options of its recurrent nodes.

use super::model::{Model, operator_of};
use super::proto::{Node, ValueInfo};
use super::recurrent::RecurrentOptions;
use super::tensor::{TensorView, type_name};
use crate::error::Result;
use crate::graph::Dim;

/// A node of a model.
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

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueSummary {
    /// Its name.
    pub name: String,
    /// The name of its element type.
    pub elements: String,
    /// The length of each axis, if the model says it.
    pub shape: Option<Vec<Dim>>,
}

/// A recurrent node of a model.
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

impl Model<'_> {
    /// Every node, in the order of the file.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) if the list does not fit.
    pub fn nodes(&self) -> Result<Vec<NodeSummary>> {
        self.each_node(|node| Ok(Some(NodeSummary::of(&node))))
    }

    /// The inputs, without the initializers that old files list among them and without those that
    /// [`with_constant`](Self::with_constant) gave a value.
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model) if two initializers have one name, [`Error::Memory`](crate::Error::Memory) if the list does
    /// not fit.
    pub fn inputs(&self) -> Result<Vec<ValueSummary>> {
        Ok(self.true_inputs()?.iter().map(summary).collect())
    }

    /// The outputs.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) if the list does not fit.
    pub fn outputs(&self) -> Result<Vec<ValueSummary>> {
        Ok(self.output_infos()?.iter().map(summary).collect())
    }

    /// Every recurrent node, in the order of the file.
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model) if one has an attribute, an activation or a layout that is not implemented: nothing is passed
    /// over. [`Error::Memory`](crate::Error::Memory) if the list does not fit.
    pub fn recurrent_nodes(&self) -> Result<Vec<RecurrentNode>> {
        let initializers = self.initializers()?;
        let opset = self.opset().unwrap_or_default();
        self.each_node(|mut node| {
            let Some(operator) = operator_of(&node) else { return Ok(None) };
            let options = RecurrentOptions::take(&mut node, operator, opset)?;
            let shape = |k: usize| -> Result<Option<TensorView<'_>>> {
                node.inputs.get(k).map_or(Ok(None), |&name| initializers.find(name))
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
}

pub(super) fn summary(info: &ValueInfo<'_>) -> ValueSummary {
    let elements = info.other.map_or_else(|| type_name(info.elements.unwrap_or(0)), String::from);
    ValueSummary { name: info.name.into(), elements, shape: info.shape.clone() }
}
