//! Models in JSON: layers of RTNeural, and what a file of Neural Amp Modeler says.

use super::network::{layers, plain, summary};
use super::{heading, refused};
use crate::load::{File, Net, What};
use crate::options::Told;
use crate::table::{Table, count, grouped};
use recurrent::error::{Error, Result};
use recurrent::interop::Source;
use serde_json::{Value, json};

/// A file of RTNeural.
pub fn rtneural(file: &File<'_>, told: &Told) -> Result<String> {
    let model: Value =
        serde_json::from_slice(&file.bytes).map_err(|error| Error::format(file.name(), "JSON", error))?;
    let listed = model.get("layers").and_then(Value::as_array).cloned();
    let listed = listed.ok_or_else(|| Error::format(file.name(), "a list of layers", "none"))?;
    let (faults, whole) = faults(file, model.clone(), told)?;
    let mut table = Table::new(&["", ">", "type", "shape", ">parameters", "options"]);
    let mut all = 0;
    for (k, layer) in listed.iter().enumerate() {
        let text = |key: &str| layer.get(key).map_or_else(String::new, plain);
        let known = ["type", "shape", "weights"];
        let options = layer.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(&name.as_str()));
        let options: Vec<_> = options.map(|(name, value)| format!("{name} {}", plain(value))).collect();
        let len = layer.get("weights").map_or(0, numbers);
        all += len;
        table.row([
            if faults[k].is_some() { "✗".into() } else { String::new() },
            k.to_string(),
            text("type"),
            text("shape").replace("null", "?"),
            grouped(len),
            options.join(", "),
        ]);
    }
    let counted = count(listed.len(), "layer");
    let text = format!("{}\n{table}  {} in {counted}\n", heading(file, &[]), count(all, "parameter"));
    let refused = refused(faults.iter().flatten().chain(&whole), &format!(" in {counted}"));
    if !refused.is_empty() {
        return Ok(text + &refused);
    }
    let model = file.load(told)?;
    let What::Network(chain) = &model.what else { unreachable!("RTNeural has no graphs") };
    Ok(format!("{text}\n{}", summary(chain)))
}

/// How many numbers there are in arrays of arrays.
fn numbers(value: &Value) -> usize {
    value.as_array().map_or(1, |list| list.iter().map(numbers).sum())
}

/// What is wrong with each layer, and with all of them together: reading ends at the first layer that is refused, so that one makes room
/// for a dense one of its width, and the rest is read on.
fn faults(file: &File<'_>, mut model: Value, told: &Told) -> Result<(Vec<Option<Error>>, Option<Error>)> {
    let len = |model: &Value| model["layers"].as_array().map_or(0, Vec::len);
    let mut faults: Vec<Option<Error>> = (0..len(&model)).map(|_| None).collect();
    loop {
        let text = serde_json::to_vec(&model).map_err(Error::application)?;
        let read = Net::from_rtneural(Source::from(&text).named(file.name()), &told.load(), told.backend()?);
        let Err(error) = read else { return Ok((faults, None)) };
        let Some(k) = layer_of(&error).filter(|&k| k < faults.len() && faults[k].is_none()) else {
            return Ok((faults, Some(error)));
        };
        let width = |value: &Value| value.as_array().and_then(|shape| shape.last()).and_then(Value::as_u64);
        let inputs = if k == 0 { width(&model["in_shape"]) } else { width(&model["layers"][k - 1]["shape"]) };
        faults[k] = Some(error);
        let inputs = inputs.unwrap_or(1);
        let units = width(&model["layers"][k]["shape"]).unwrap_or(inputs);
        // No more zeros than the file has bytes for.
        let room = inputs.saturating_mul(units) <= file.bytes.len() as u64;
        let (Ok(inputs), Ok(units), true) = (usize::try_from(inputs), usize::try_from(units), room) else {
            return Ok((faults, None));
        };
        let weights = vec![vec![0; units]; inputs];
        model["layers"][k] =
            json!({ "type": "dense", "activation": "", "shape": [null, null, units], "weights": [weights] });
    }
}

/// The layer that an error is about: `file, layers[3], type`.
fn layer_of(error: &Error) -> Option<usize> {
    let Error::Format { what, .. } = error else { return None };
    let (_, behind) = what.rsplit_once(", layers[")?;
    behind.split_once(']')?.0.parse().ok()
}

/// A file of Neural Amp Modeler.
pub fn nam(file: &File<'_>, told: &Told) -> Result<String> {
    let model: Value =
        serde_json::from_slice(&file.bytes).map_err(|error| Error::format(file.name(), "JSON", error))?;
    let mut table = Table::new(&["", ""]);
    for (name, value) in model.as_object().into_iter().flatten() {
        let text = match (&**name, value) {
            ("weights", weights) => count(numbers(weights), "number"),
            (_, value) => plain(value),
        };
        table.row([name.clone(), text]);
    }
    let text = format!("{}{table}", heading(file, &[]));
    match file.load(told) {
        Ok(model) => {
            let What::Network(chain) = &model.what else { unreachable!("NAM has no graphs") };
            Ok(format!("{text}\n{}\n{}", layers(&chain.network), summary(chain)))
        }
        Err(error) => Ok(text + &refused([&error], "")),
    }
}
