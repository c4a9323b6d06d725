//! `config.json → layers, one after another`: the models of Keras that are a chain.

use super::attributes::Attributes;
use super::masks::take_masks;
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// A layer of a model.
#[derive(Debug)]
pub(super) struct Layer<'a> {
    pub class: &'a str,
    pub name: String,
    pub config: &'a Map<String, Value>,
}

impl<'a> Layer<'a> {
    /// What messages call it.
    pub fn at(&self) -> String {
        format!("layer {} ({})", self.name, self.class)
    }

    /// The layer that this JSON describes.
    pub fn of(value: &'a Value) -> Result<Self> {
        let class = value.get("class_name").and_then(Value::as_str);
        let config = value.get("config").and_then(Value::as_object);
        let (Some(class), Some(config)) = (class, config) else {
            return Err(Error::format("a layer", "class_name and config", cut(value)));
        };
        let named = value.get("name").or_else(|| config.get("name")).and_then(Value::as_str);
        let name = named.ok_or_else(|| Error::format(format!("a layer ({class})"), "a name", cut(value)))?.to_string();
        Ok(Self { class, name, config })
    }
}

/// The beginning of what was found.
fn cut(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}

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

/// An output of a layer: its name and which of its outputs.
pub(super) type Output = (String, u64);

/// A layer and what it is called with.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub layer: Layer<'a>,
    /// What it reads: its input, then states that it is given.
    pub inputs: Vec<Output>,
    /// What it is given as its mask. Keras passes masks on by itself; its version 3 writes down which.
    pub mask: Option<Output>,
    /// Its call as Keras 3 has it in the file, nothing for a layer that is not called.
    pub call: Option<&'a Value>,
}

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

impl<'a> Node<'a> {
    /// This layer, which this JSON describes, with its call.
    fn of(layer: Layer<'a>, value: &'a Value) -> Result<Self> {
        let wrong = |expected: &str, found: String| Err(Error::format(layer.at(), expected, found));
        let nodes = value.get("inbound_nodes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let call = match nodes {
            [] => return Ok(Self { layer, inputs: Vec::new(), mask: None, call: None }),
            [call] => call,
            many => return wrong("one use of the layer", format!("{}", many.len())),
        };
        // Arguments of the call. Others than states and masks would change what the layer gives.
        let nothing = |given: &Value| given.is_null() || given == &Value::Bool(false);
        let of_old = call.as_array().into_iter().flatten().filter_map(|input| input.get(3));
        let arguments: Vec<_> = of_old.chain(call.get("kwargs")).filter_map(Value::as_object).collect();
        let owned = |(name, k): (&str, u64)| (name.to_string(), k);
        let mut mask = None;
        for (name, given) in arguments.iter().flat_map(|arguments| arguments.iter()) {
            match &name[..] {
                _ if nothing(given) => {}
                "initial_state" => {}
                "mask" if matches!(references(given)[..], [_]) => mask = references(given).pop().map(owned),
                _ => return wrong("no argument but its inputs", format!("{name}: {}", cut(given))),
            }
        }
        // Keras 2 says the arguments once more behind each input.
        let states = arguments.iter().find_map(|given| given.get("initial_state")).map(references).unwrap_or_default();
        let inputs = references(call.get("args").unwrap_or(call)).into_iter().chain(states).map(owned).collect();
        Ok(Self { layer, inputs, mask, call: Some(call) })
    }
}

/// Which outputs of which layers this JSON refers to: `["name", node, tensor, …]`, by itself or in lists, or the `keras_history` of a tensor.
fn references(value: &Value) -> Vec<(&str, u64)> {
    let mut found = Vec::new();
    collect(value, 6, &mut found);
    found
}

fn collect<'a>(value: &'a Value, deep: usize, found: &mut Vec<(&'a str, u64)>) {
    match value {
        Value::Array(list) => match (&list[..], deep) {
            ([Value::String(name), Value::Number(_), tensor, ..], _) => {
                found.push((name, tensor.as_u64().unwrap_or(u64::MAX)));
            }
            (list, 1..) => list.iter().for_each(|inside| collect(inside, deep - 1, found)),
            _ => {}
        },
        Value::Object(_) if deep > 0 => {
            let history = value.get("config").and_then(|config| config.get("keras_history"));
            history.into_iter().for_each(|history| collect(history, deep - 1, found));
        }
        _ => {}
    }
}
