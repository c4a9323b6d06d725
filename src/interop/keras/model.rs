//! `config.json → layers, one after another`: the models of Keras that are a chain.

use super::attributes::Attributes;
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::collections::HashMap;

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
    let wrong = |expected: &str, found: &Value| Err(Error::format("the model", expected, cut(found)));
    let class = model.get("class_name").and_then(Value::as_str);
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
    match class {
        Some("Sequential") => Ok((list.iter().map(Layer::of).collect::<Result<_>>()?, config.get("build_input_shape"))),
        Some("Functional" | "Model") => Ok((functional(config, list)?, None)),
        other => Err(Error::format("the model", "Sequential or Functional", other.unwrap_or("no class"))),
    }
}

/// As many layers as a network may have, and those that it needs no layer for.
const MOST: usize = 4 * crate::network::Config::MOST_LAYERS;

/// The layers of a functional model in which each has one input, and feeds one.
fn functional<'a>(config: &'a Value, list: &'a [Value]) -> Result<Vec<Layer<'a>>> {
    let mut inputs = HashMap::new();
    for value in list {
        let layer = Layer::of(value)?;
        let from = inbound(&layer, value)?;
        if let Some(first) = inputs.insert(layer.name.clone(), (layer, from)) {
            return Err(Error::format(first.0.at(), "a different name for every layer", "the name twice"));
        }
    }
    let end = |which: &str| {
        let ends = config.get(which).map(references).unwrap_or_default();
        match &ends[..] {
            [(name, 0)] => Ok(name.to_string()),
            other => Err(Error::format("the model", format!("one of its {which}"), format!("{other:?}"))),
        }
    };
    let (first, mut name) = (end("input_layers")?, end("output_layers")?);
    let mut chain = Vec::new();
    loop {
        let missing = || Error::format("the model", format!("a layer {name} that is used once"), "none");
        let (layer, from) = inputs.remove(&name).ok_or_else(missing)?;
        let at = layer.at();
        chain.push(layer);
        match from {
            Some(before) => name = before,
            None if name == first => break,
            None => return Err(Error::format(at, format!("a chain that begins at {first}"), "another beginning")),
        }
    }
    if let Some((layer, _)) = inputs.values().next() {
        return Err(Error::format(layer.at(), "a chain of layers", "a layer beside it"));
    }
    chain.reverse();
    Ok(chain)
}

/// The layer before this one; none before an input.
fn inbound(layer: &Layer<'_>, value: &Value) -> Result<Option<String>> {
    let wrong = |expected: &str, found: String| Err(Error::format(layer.at(), expected, found));
    let nodes = value.get("inbound_nodes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let node = match nodes {
        [] => return Ok(None),
        [node] => node,
        many => return wrong("one use of the layer", format!("{}", many.len())),
    };
    // What else a layer is given, such as states and masks.
    let empty =
        |(name, given): (&String, &Value)| given.is_null() || name == "training" && given == &Value::Bool(false);
    let of_old = node.as_array().into_iter().flatten().filter_map(|input| input.get(3));
    for arguments in of_old.chain(node.get("kwargs")).filter_map(Value::as_object) {
        if let Some((name, given)) = arguments.iter().find(|argument| !empty((argument.0, argument.1))) {
            return wrong("no argument but its input", format!("{name}: {}", cut(given)));
        }
    }
    match &references(node.get("args").unwrap_or(node))[..] {
        [(name, 0)] => Ok(Some(name.to_string())),
        [(name, k)] => wrong("the output of one layer", format!("output {k} of {name}")),
        many => wrong("one input", format!("{}", many.len())),
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
