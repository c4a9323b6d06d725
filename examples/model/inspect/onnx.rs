//! Nodes of ONNX in their order.

use super::{heading, is_unsupported, refused, usable};
use crate::load::File;
use crate::options::Told;
use crate::table::{Table, grouped, shape, short};
use recurrent::backend::Backend;
use recurrent::error::Result;
use recurrent::interop::onnx::{Limits, Model, ValueSummary};

/// A file of ONNX.
pub fn inspect(file: &File<'_>, told: &Told) -> Result<String> {
    let model = match Model::read(file.source(), &Limits::default()) {
        Err(error) if is_unsupported(&error) => return Ok(heading(file, &[]) + &refused([&error], "")),
        model => model?,
    };
    let opset = model.opset().map_or("no opset".into(), |opset| format!("opset {opset}"));
    let producer = if model.producer().is_empty() { "nobody who says so" } else { model.producer() };
    let mut text = heading(file, &[opset, format!("IR {}", model.ir_version()), format!("by {producer}")]);
    let survey = match model.survey::<dyn Backend<f32>>(told.backend()?, &told.onnx()) {
        Err(error) if is_unsupported(&error) => return Ok(text + &refused([&error], "")),
        survey => survey?,
    };
    let mut values = Table::new(&["", "name", "elements", "shape"]);
    for (role, infos) in [("input", model.inputs()?), ("output", model.outputs()?)] {
        infos.into_iter().for_each(|info| values.row(described(role, info)));
    }
    text += &format!("\n{values}\n");
    let mut nodes = Table::new(&["", ">", "operator", "name", "weights and constants", "attributes"]);
    for (k, node) in survey.nodes.iter().enumerate() {
        let shapes: Vec<_> = node.initializers.iter().map(|(_, of)| shape(of)).collect();
        let attributes: Vec<_> =
            node.attributes.iter().map(|(name, value)| format!("{name} {}", short(value, 40))).collect();
        nodes.row([
            if node.refused.is_some() { "✗".into() } else { String::new() },
            k.to_string(),
            node.summary.operator.clone(),
            short(&node.summary.name, 44),
            short(&shapes.join(" "), 60),
            short(&attributes.join(", "), 100),
        ]);
    }
    text += &nodes.to_string();
    text += &format!("  {} parameters in {} nodes\n", grouped(survey.parameters), survey.nodes.len());
    let of = format!(" in {} nodes and the model around them", survey.nodes.len());
    let refused = refused(survey.errors(), &of);
    Ok(if refused.is_empty() { text + &usable(file, told)? } else { text + &refused })
}

fn described(role: &str, info: ValueSummary) -> [String; 4] {
    let of = info.shape.map_or_else(|| "any".into(), |dims| shape(&dims));
    [role.into(), info.name, info.elements, of]
}
