//! Layers of Keras in their order.

use super::network::plain;
use super::{heading, refused, usable};
use crate::load::File;
use crate::options::Told;
use crate::table::{Table, count, grouped, shape, short};
use recurrent::backend::Backend;
use recurrent::error::Result;
use recurrent::interop::keras::{SurveyedLayer, survey};
use serde_json::{Map, Value};

/// A file of Keras.
pub fn inspect(file: &File<'_>, told: &Told) -> Result<String> {
    let survey = survey::<dyn Backend<f32>>(file.source(), &told.keras(), told.backend()?)?;
    let version = survey.version.clone().map_or("version not said".into(), |version| format!("version {version}"));
    let class = survey.class.clone().unwrap_or_else(|| "weights alone".into());
    let mut text = heading(file, &[version, class]) + "\n";
    let mut table = Table::new(&["", "layer", "class", ">parameters", "weights", "options"]);
    for layer in &survey.layers {
        let weights: Vec<_> = layer.weights.iter().map(|(_, of)| shape(of)).collect();
        table.row([
            if layer.refused.is_some() { "✗".into() } else { String::new() },
            layer.name.clone(),
            layer.class.clone(),
            grouped(parameters(layer)),
            weights.join(" "),
            short(&options(layer), 160),
        ]);
    }
    text += &table.to_string();
    let all = survey.layers.iter().map(parameters).sum();
    text += &format!("  {} in {}\n", count(all, "parameter"), count(survey.layers.len(), "layer"));
    let refused = refused(survey.errors(), &format!(" in {}", count(survey.layers.len(), "layer")));
    if !refused.is_empty() {
        return Ok(text + &refused);
    }
    if survey.class.is_none() && told.config.is_none() {
        return Ok(text + "\nWeights alone: --config with the configuration of their network makes a model of them.\n");
    }
    Ok(text + &usable(file, told)?)
}

fn parameters(layer: &SurveyedLayer) -> usize {
    layer.weights.iter().map(|(_, of)| of.iter().fold(1_usize, |len, &axis| len.saturating_mul(axis))).sum()
}

/// What most layers say and few mean.
const USUAL: [&str; 12] = [
    "name",
    "trainable",
    "dtype",
    "seed",
    "batch_shape",
    "batch_input_shape",
    "unit_forget_bias",
    "implementation",
    "unroll",
    "use_cudnn",
    "noise_shape",
    "input_dtype",
];

/// What a layer says that changes what it computes, and what it reads.
fn options(layer: &SurveyedLayer) -> String {
    let config: Map<String, Value> = serde_json::from_str(&layer.config).unwrap_or_default();
    let mut options = said(&config);
    if let Some(shape) = config.get("batch_shape").or(config.get("batch_input_shape")) {
        options.insert(0, plain(shape).replace("null", "?"));
    }
    if !layer.inputs.is_empty() {
        options.push(format!("reads {}", layer.inputs.join(", ")));
    }
    options.join(", ")
}

fn said(config: &Map<String, Value>) -> Vec<String> {
    let counts = |(name, value): &(&String, &Value)| {
        let beginning = name.ends_with("_initializer");
        let nothing = value.is_null() || **value == Value::Bool(false) || value.as_f64() == Some(0.0);
        !beginning && !nothing && !USUAL.contains(&name.as_str())
    };
    let text = |(name, value): (&String, &Value)| {
        // A layer within a layer: its class, and what it says.
        let inner = value.get("class_name").and_then(Value::as_str);
        match (inner, value.get("config").and_then(Value::as_object)) {
            (Some(class), Some(config)) => format!("{name} {class} ({})", said(config).join(", ")),
            _ if *value == Value::Bool(true) => name.clone(),
            _ => format!("{name} {}", plain(value)),
        }
    };
    config.iter().filter(counts).map(text).collect()
}
