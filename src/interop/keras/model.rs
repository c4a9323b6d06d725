//! `config.json → layers, one after another`: the models of Keras that are a chain.

use super::attributes::Attributes;
use super::masks::take_masks;
use super::node::{Layer, Node, Output, cut, references};
use crate::error::{Error, Result};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The layers of a model, from its input to its output, and the shape of the input if it is said beside them.
pub(super) fn chain<'a>(model: &'a Value, notes: &mut Vec<String>) -> Result<(Vec<Layer<'a>>, Option<&'a Value>)> {
    let (class, config, list) = parts(model, notes)?;
    match class {
        "Sequential" => Ok((list.iter().map(Layer::of).collect::<Result<_>>()?, config.get("build_input_shape"))),
        "Functional" | "Model" => Ok((Nodes::functional(config, list)?.chain()?, None)),
        other => Err(Error::format("the model", "Sequential or Functional", other)),
    }
}

/// The class, the configuration and the layers of a model.
fn parts<'a>(model: &'a Value, notes: &mut Vec<String>) -> Result<(&'a str, &'a Value, &'a [Value])> {
    let wrong = |expected: &str, found: &Value| Err(Error::format("the model", expected, cut(found)));
    let class = model.get("class_name").and_then(Value::as_str).unwrap_or("no class");
    let Some(config) = model.get("config") else { return wrong("a config", model) };
    if let Some(attributes) = config.as_object() {
        let mut attributes = Attributes::new("the model".into(), attributes);
        attributes.known(&["layers", "build_input_shape", "input_layers", "output_layers"]);
        attributes.common(notes)?;
        attributes.finish()?;
    }
    // The first versions wrote the layers of a sequential model alone.
    let Some(list) = config.get("layers").unwrap_or(config).as_array() else { return wrong("layers", config) };
    if list.len() > MOST {
        return Err(Error::format("the model", format!("at most {MOST} layers"), list.len()));
    }
    Ok((class, config, list))
}

/// As many layers as a network may have, and those that it needs no layer for.
const MOST: usize = 4 * crate::network::Config::MOST_LAYERS;

/// The layers of a model in any order, the names of its inputs, and its outputs.
#[derive(Debug)]
pub(super) struct Nodes<'a> {
    pub nodes: Vec<Node<'a>>,
    pub inputs: Vec<String>,
    pub outputs: Vec<Output>,
}

impl<'a> Nodes<'a> {
    /// The layers of a functional model.
    pub fn of(model: &'a Value, notes: &mut Vec<String>) -> Result<Self> {
        let (class, config, list) = parts(model, notes)?;
        match class {
            "Functional" | "Model" => Self::functional(config, list),
            "Sequential" => Err(Error::format("the model", "Functional", "Sequential")),
            other => Err(Error::format("the model", "Sequential or Functional", other)),
        }
    }

    fn functional(config: &'a Value, list: &'a [Value]) -> Result<Self> {
        let mut names = HashSet::new();
        let mut nodes = Vec::new();
        for value in list {
            let layer = Layer::of(value)?;
            if !names.insert(layer.name.clone()) {
                return Err(Error::format(layer.at(), "a different name for every layer", "the name twice"));
            }
            nodes.push(Node::of(layer, value)?);
        }
        let ends = |which: &str| config.get(which).map(references).unwrap_or_default();
        let own = |(name, k): (&str, u64)| (name.to_string(), k);
        let inputs = ends("input_layers").into_iter().map(|(name, _)| name.to_string()).collect();
        Ok(Self { nodes, inputs, outputs: ends("output_layers").into_iter().map(own).collect() })
    }

    /// The layers from the input to the output, if each has one input and feeds one.
    fn chain(self) -> Result<Vec<Layer<'a>>> {
        let Self { nodes, inputs, outputs } = self;
        let (Ok([first]), [(output, 0)]) = (<[String; 1]>::try_from(inputs), &outputs[..]) else {
            return Err(Error::format("the model", "one input and one output, or Graph::from_keras", "more"));
        };
        let mut by_name: HashMap<_, _> = nodes.into_iter().map(|node| (node.layer.name.clone(), node)).collect();
        let (mut name, mut chain) = (output.clone(), Vec::new());
        loop {
            let missing = || Error::format("the model", format!("a layer {name} that is used once"), "none");
            chain.push(by_name.remove(&name).ok_or_else(missing)?);
            let node = &chain[chain.len() - 1];
            let at = node.layer.at();
            match &node.inputs[..] {
                [(before, 0)] => name = before.clone(),
                [] if name == first => break,
                [] => return Err(Error::format(at, format!("a chain that begins at {first}"), "another beginning")),
                [(name, k)] => {
                    return Err(Error::format(at, "the output of one layer", format!("output {k} of {name}")));
                }
                many => {
                    let expected = "one input, or Graph::from_keras for models that are no chain";
                    return Err(Error::format(at, expected, many.len()));
                }
            }
        }
        chain.reverse();
        take_masks(&chain, &mut by_name)?;
        if let Some(beside) = by_name.values().next() {
            let expected = "a chain of layers, or Graph::from_keras";
            return Err(Error::format(beside.layer.at(), expected, "a layer beside it"));
        }
        Ok(chain.into_iter().map(|node| node.layer).collect())
    }
}
