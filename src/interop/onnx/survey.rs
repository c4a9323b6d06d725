//! What of a model is implemented and what is not, node by node: [`Model::into_graph`] ends at the first that is not.

use super::Options;
use super::graph::Loader;
use super::model::{Model, OPSETS};
use super::proto::{AttributeValue, Node};
use super::report::NodeSummary;
use super::tensor::TensorView;
use crate::error::{Error, Result};
use crate::graph::Kind;
use rnn_kernels::Backend;
use std::collections::HashSet;
use std::sync::Arc;

/// A model, node by node.
#[derive(Debug)]
#[non_exhaustive]
pub struct Survey {
    /// Every node, in the order of the file.
    pub nodes: Vec<SurveyedNode>,
    /// Why the model is no graph here, apart from its nodes: its opset, its inputs and outputs, what it has beside nodes.
    pub refused: Vec<Error>,
    /// How many real numbers its initializers have.
    pub parameters: usize,
}

/// A node of a [`Survey`].
#[derive(Debug)]
#[non_exhaustive]
pub struct SurveyedNode {
    /// What it is, and the values that it reads and writes.
    pub summary: NodeSummary,
    /// Its attributes, name and value, long ones cut short.
    pub attributes: Vec<(String, String)>,
    /// The initializers that it reads, and their shapes.
    pub initializers: Vec<(String, Vec<usize>)>,
    /// Why it is not implemented, if it is not.
    pub refused: Option<Error>,
}

impl Survey {
    /// Whatever is not implemented; nothing, if the model [is a graph](Model::into_graph).
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.refused.iter().chain(self.nodes.iter().filter_map(|node| node.refused.as_ref()))
    }
}

impl Model<'_> {
    /// Every node with its attributes, and why it is not implemented if it is not. A node behind one that is refused is examined as well,
    /// except for values that only the refused one could say.
    ///
    /// Nodes are made on this backend and let go.
    ///
    /// # Errors
    /// [`Error::Model`] if two initializers have one name, or if memory ends.
    pub fn survey<B: Backend<f32> + ?Sized>(&self, backend: impl Into<Arc<B>>, options: &Options) -> Result<Survey> {
        let mut refused: Vec<_> = self.check_whole().err().into_iter().collect();
        let opset = self.check_opset().unwrap_or_else(|error| {
            refused.push(error);
            self.opset().unwrap_or(*OPSETS.end()).clamp(*OPSETS.start(), *OPSETS.end())
        });
        let initializers = self.initializers()?;
        let mut loader = Loader::<B>::new(self, backend.into())?;
        for info in self.true_inputs()? {
            let name = info.name;
            if let Err(error) = loader.input(info) {
                refused.push(error);
                loader.stand_in(name);
            }
        }
        let (mut nodes, mut unknown) = (Vec::new(), HashSet::new());
        for node in self.each_node(|node| Ok(Some(node)))? {
            let (summary, attributes) = (NodeSummary::of(&node), attributes(&node));
            let read = node.inputs.iter().copied();
            let read = read.filter_map(|name| Some((name.into(), initializers.find(name).ok()??.shape().to_vec())));
            let read = read.collect();
            let (inputs, outputs) = (node.inputs.clone(), node.outputs.clone());
            let error = loader.node(node, opset, options).err();
            let of_unknown = inputs.iter().any(|name| unknown.contains(name));
            if error.is_some() || of_unknown {
                unknown.extend(outputs.iter().copied().filter(|name| !name.is_empty()));
            }
            outputs.iter().for_each(|name| loader.stand_in(name));
            let error = error.filter(|error| !(of_unknown && wants_a_constant(error)));
            nodes.push(SurveyedNode { summary, attributes, initializers: read, refused: error });
        }
        for info in self.output_infos()? {
            refused.extend(loader.output(info.name).err());
        }
        let real = initializers.readable().filter(|tensor| tensor.kind == Kind::F32);
        let parameters = real.map(|tensor| tensor.shape().iter().fold(1_usize, |len, &axis| len.saturating_mul(axis)));
        let parameters = parameters.fold(0, usize::saturating_add);
        let mut survey = Survey { nodes, refused, parameters };
        if survey.errors().next().is_none() {
            survey.refused.extend(loader.builder.build().err());
        }
        Ok(survey)
    }
}

/// Whether it says that a value is computed where a constant belongs: it might be one, if what it is computed from were implemented.
fn wants_a_constant(error: &Error) -> bool {
    matches!(error, Error::Model { part, found, .. } if part.starts_with("input `") && found.ends_with("is computed"))
}

/// Elements of a list that are shown.
const SHOWN: usize = 12;

fn attributes(node: &Node<'_>) -> Vec<(String, String)> {
    fn list<T>(elements: &[T], text: impl Fn(&T) -> String) -> String {
        let shown: Vec<_> = elements.iter().take(SHOWN).map(text).collect();
        format!("[{}{}]", shown.join(", "), if elements.len() > SHOWN { ", …" } else { "" })
    }
    let word = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(80).collect::<String>();
    let text = |value: &AttributeValue<'_>| match value {
        AttributeValue::Float(x) => x.to_string(),
        AttributeValue::Int(x) => x.to_string(),
        AttributeValue::Text(text) => word(text.bytes),
        AttributeValue::Tensor(bytes) => match TensorView::read(*bytes, "of an attribute") {
            Ok(tensor) => format!("{} {:?}", tensor.kind, tensor.shape()),
            Err(_) => value.kind().into(),
        },
        AttributeValue::Floats(x) => list(x, ToString::to_string),
        AttributeValue::Ints(x) => list(x, ToString::to_string),
        AttributeValue::Texts(texts) => list(texts, |text| word(text.bytes)),
        AttributeValue::Other(kind) => (*kind).into(),
    };
    node.attributes.iter().map(|attribute| (attribute.name.into(), text(&attribute.value))).collect()
}
