//! `JSON → a layer and what it is called with`, as every model of Keras has them.

use crate::error::{Error, Result};
use serde_json::{Map, Value};

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
pub(super) fn cut(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}

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

impl<'a> Node<'a> {
    /// This layer, which this JSON describes, with its call.
    pub fn of(layer: Layer<'a>, value: &'a Value) -> Result<Self> {
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
pub(super) fn references(value: &Value) -> Vec<(&str, u64)> {
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
