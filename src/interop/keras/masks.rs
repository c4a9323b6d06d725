//! `mask = any(x ≠ value)` or `symbols ≠ 0`: the masks that Keras 3 writes down as layers beside those of a functional model.

use super::node::{Node, Output};
use crate::error::{Error, Result};
use serde_json::Value;
use std::collections::HashMap;

/// Takes the layers that compute the mask of this chain out of those beside it. Keras passes the mask of a `Masking` or an `Embedding` on to
/// every layer behind it, which is what a network does; a layer that is given another one is refused.
pub(super) fn take_masks(chain: &[Node<'_>], beside: &mut HashMap<String, Node<'_>>) -> Result<()> {
    let mut computed = Vec::new();
    for (k, node) in chain.iter().enumerate() {
        let Some(given) = &node.mask else { continue };
        let masking = chain[..k].iter().rfind(|before| value(before).is_some());
        let layers = masking.and_then(|masking| layers(masking, given, beside)).ok_or_else(|| {
            let expected = "no mask but that of a Masking or an Embedding before it";
            Error::format(node.layer.at(), expected, format!("output {} of {} as its mask", given.1, given.0))
        })?;
        computed.extend(layers);
    }
    computed.iter().for_each(|name| drop(beside.remove(name)));
    Ok(())
}

/// What a step that this layer masks consists of.
fn value(layer: &Node<'_>) -> Option<f64> {
    let config = layer.layer.config;
    match layer.layer.class {
        "Masking" => config.get("mask_value")?.as_f64(),
        "Embedding" => (config.get("mask_zero")? == &Value::Bool(true)).then_some(0.0),
        _ => None,
    }
}

/// The layers that compute this mask, if it is that of the layer `masking`.
fn layers(masking: &Node<'_>, mask: &Output, beside: &HashMap<String, Node<'_>>) -> Option<Vec<String>> {
    let node = |(name, k): &Output| beside.get(name).filter(|_| *k == 0);
    let last = node(mask)?;
    let compared = if masking.layer.class == "Masking" {
        let config = last.layer.config;
        let steps = config.get("axis")?.as_i64() == Some(-1) && config.get("keepdims") == Some(&Value::Bool(false));
        let [features] = &last.inputs[..] else { return None };
        (last.layer.class == "Any" && steps).then(|| node(features))??
    } else {
        last
    };
    let with = compared.call?.get("args")?.get(1)?.as_f64();
    let same = compared.layer.class == "NotEqual" && compared.inputs == masking.inputs && with == value(masking);
    same.then(|| [last, compared].map(|node| node.layer.name.clone()).to_vec())
}
