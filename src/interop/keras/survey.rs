//! What of a model is implemented and what is not, layer by layer: reading it ends at the first that is not.

use super::graph::Building;
use super::layers::faults;
use super::model::{Nodes, chain};
use super::node::{Layer, Node};
use super::variables::Variables;
use super::{Content, KerasOptions, Meanings};
use crate::error::{Error, Result};
use crate::interop::Source;
use rnn_kernels::Backend;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// A file of Keras, layer by layer.
#[derive(Debug)]
#[non_exhaustive]
pub struct Survey {
    /// The version of Keras that wrote it, if it says so.
    pub version: Option<String>,
    /// The class of the model, `Sequential` or `Functional`; nothing of weights alone.
    pub class: Option<String>,
    /// Every layer, in the order of the file; of weights alone those that have some.
    pub layers: Vec<SurveyedLayer>,
    /// Why the model is none here, apart from its layers.
    pub refused: Vec<Error>,
}

/// A layer of a [`Survey`].
#[derive(Debug)]
#[non_exhaustive]
pub struct SurveyedLayer {
    /// Its name; of weights alone it may be its kind and number.
    pub name: String,
    /// Its class, nothing of weights alone.
    pub class: String,
    /// What it says of itself, as JSON.
    pub config: String,
    /// The layers that it reads, where that is not just the one before it.
    pub inputs: Vec<String>,
    /// Its arrays of weights: where they are below it, and their shapes.
    pub weights: Vec<(String, Vec<usize>)>,
    /// Why it is not implemented, if it is not.
    pub refused: Option<Error>,
}

impl Survey {
    /// Whatever is not implemented.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.refused.iter().chain(self.layers.iter().filter_map(|layer| layer.refused.as_ref()))
    }
}

/// Every layer of a file, `.keras`, `.h5` or weights alone, and why it is not implemented if it is not. A functional model is seen as what
/// has the fewest faults: a [network](crate::Network::from_keras) or a [graph](crate::graph::Graph::from_keras), whose layers are made on this
/// backend and let go.
///
/// # Errors
/// [`Error::Format`] if it is no file of Keras, broken or too long; [`Error::Io`], [`Error::Memory`].
pub fn survey<'s, B: Backend<f32> + ?Sized>(
    source: impl Into<Source<'s>>,
    options: &KerasOptions,
    backend: impl Into<Arc<B>>,
) -> Result<Survey> {
    let content = Content::of(source.into(), &options.load)?;
    let variables = Variables::of(&content.file)?;
    let (weights, named) = (variables.shapes()?, variables.named());
    drop(variables);
    let mut survey = Survey { version: content.version.clone(), class: None, layers: Vec::new(), refused: Vec::new() };
    let model = content.config.as_deref().map(serde_json::from_str::<Value>).transpose();
    let model = model.map_err(|error| Error::format(&*content.file.name, "a configuration in JSON", error))?;
    let layers = model.as_ref().map(|model| layers(model, &content, options, backend.into())).transpose();
    survey.class = model.as_ref().map(|model| model.get("class_name").and_then(Value::as_str).unwrap_or("?").into());
    match layers {
        Ok(Some(found)) => {
            (survey.layers, survey.refused) = found;
            let classes = survey.layers.iter().map(|layer| (&*layer.name, &*layer.class));
            let mut keys = if named { HashMap::new() } else { super::keys(classes) };
            for (layer, arrays) in weights {
                let name = keys.remove(&layer).unwrap_or(layer);
                let own = survey.layers.iter_mut().find(|layer| layer.name == name);
                own.into_iter().for_each(|layer| layer.weights.clone_from(&arrays));
            }
        }
        other => {
            survey.refused.extend(other.err());
            let alone = |(name, weights)| {
                let (class, config, inputs) = (String::new(), "{}".into(), Vec::new());
                SurveyedLayer { name, class, config, inputs, weights, refused: None }
            };
            survey.layers = weights.into_iter().map(alone).collect();
        }
    }
    Ok(survey)
}

/// The layers of a model, and its own faults.
fn layers<B: Backend<f32> + ?Sized>(
    model: &Value,
    content: &Content,
    options: &KerasOptions,
    backend: Arc<B>,
) -> Result<(Vec<SurveyedLayer>, Vec<Error>)> {
    let version = content.version.as_deref();
    let meanings = Meanings::new(version, options);
    let in_a_row = chain(model, &mut Vec::new()).map(|(layers, input)| {
        let (faults, whole) = faults(&layers, input, &meanings);
        let all = layers.iter().zip(faults).map(|(layer, refused)| surveyed(layer, Vec::new(), refused));
        (all.collect::<Vec<_>>(), Vec::from_iter(whole))
    });
    let count = |(layers, whole): &(Vec<SurveyedLayer>, Vec<Error>)| {
        layers.iter().filter(|layer| layer.refused.is_some()).count() + whole.len()
    };
    let fine = in_a_row.as_ref().is_ok_and(|found| count(found) == 0);
    if fine || model.get("class_name").and_then(Value::as_str) == Some("Sequential") {
        return in_a_row;
    }
    let Nodes { nodes, .. } = match Nodes::of(model, &mut Vec::new()) {
        Ok(nodes) => nodes,
        Err(error) => return in_a_row.map_err(|_| error),
    };
    let mut building = Building::new(&content.file, &nodes, version, options, backend)?;
    let read = |node: &Node<'_>| node.inputs.iter().map(|(name, _)| name.clone()).collect();
    let mut all: Vec<_> = nodes.iter().map(|node| surveyed(&node.layer, read(node), None)).collect();
    let mut faults = building.faults(nodes);
    all.iter_mut().for_each(|layer| layer.refused = faults.remove(&layer.name));
    let as_graph = (all, Vec::new());
    Ok(in_a_row.ok().filter(|found| count(found) <= count(&as_graph)).unwrap_or(as_graph))
}

fn surveyed(layer: &Layer<'_>, inputs: Vec<String>, refused: Option<Error>) -> SurveyedLayer {
    let config = serde_json::to_string(layer.config).unwrap_or_default();
    SurveyedLayer { name: layer.name.clone(), class: layer.class.into(), config, inputs, weights: Vec::new(), refused }
}
