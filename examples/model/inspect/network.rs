//! A network, layer by layer, and what it reads and gives.

use super::{heading, is_unsupported, refused};
use crate::load::{Chain, File, Net, Nodes, What};
use crate::options::Told;
use crate::table::{Table, count, grouped, shape};
use recurrent::Bias;
use recurrent::cells::CellSpec;
use recurrent::error::Result;
use recurrent::graph::InputInfo;
use recurrent::network::{Directions, InputSpec, LayerSpec, Merge, Readout, RecurrentSpec};

/// A file that is a network of this crate.
pub fn inspect(file: &File<'_>, told: &Told) -> Result<String> {
    let head = heading(file, &[]);
    match file.load(told) {
        Ok(model) => {
            let What::Network(chain) = &model.what else { unreachable!("no file of a network is a graph") };
            let notes: String = model.notes.iter().map(|note| format!("  note: {note}\n")).collect();
            Ok(format!("{head}\n{}\n{}{notes}", layers(&chain.network), summary(chain)))
        }
        Err(error) if is_unsupported(&error) => Ok(head + &refused([&error], "")),
        Err(error) => Err(error),
    }
}

/// Its layers: where their parameters are, what they are, widths, how many parameters they have.
pub fn layers(network: &Net) -> Table {
    let mut table = Table::new(&["layer", "kind", ">in", ">out", ">parameters", "options"]);
    let config = network.config();
    let named = |name: &Option<String>, default: &str, k: usize| match (name, k) {
        (Some(name), _) => name.clone(),
        (None, 1) => default.to_string(),
        (None, k) => format!("{default}{k}"),
    };
    let mut row = |name: &str, kind: &str, width: &mut usize, units: usize, options: String| {
        let parameters = if kind == "dropout" { 0 } else { parameters(network, name) };
        table.row([name.into(), kind.into(), width.to_string(), units.to_string(), grouped(parameters), options]);
        *width = units;
    };
    let mut width = match &config.input {
        InputSpec::Features { width } => *width,
        InputSpec::OneHot { symbols } => *symbols,
        InputSpec::Embedding { symbols, width, name } => {
            let mut symbols = *symbols;
            row(name.as_deref().unwrap_or("embedding"), "embedding", &mut symbols, *width, String::new());
            *width
        }
    };
    let (mut recurrent, mut denses) = (0, 0);
    for layer in &config.layers {
        match layer {
            LayerSpec::Recurrent(spec) => {
                recurrent += 1;
                let ways = if spec.directions == Directions::Both && spec.merge == Merge::Concat { 2 } else { 1 };
                let name = named(&spec.name, "rnn", recurrent);
                row(&name, spec.cell.name(), &mut width, ways * spec.hidden, options(spec));
            }
            LayerSpec::Dense(spec) => {
                denses += 1;
                let mut options = vec![word(&spec.activation)];
                options.extend((!spec.bias).then(|| "no bias".into()));
                row(&named(&spec.name, "dense", denses), "dense", &mut width, spec.units, options.join(", "));
            }
            LayerSpec::Dropout(_) => {
                let same = width;
                row("", "dropout", &mut width, same, "of training alone".into());
            }
        }
    }
    if let Some(head) = &config.head {
        let mut options = vec![format!("objective {}", word(&head.objective))];
        options.extend((!head.bias).then(|| "no bias".into()));
        row(head.name.as_deref().unwrap_or("head"), "head", &mut width, head.units, options.join(", "));
    }
    table
}

/// The parameters with this prefix, of which an empty one has those without any.
fn parameters(network: &Net, prefix: &str) -> usize {
    let own = |name: &str| match prefix {
        "" => !name.contains('.'),
        prefix => name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')),
    };
    network.parameters().blocks().iter().filter(|block| own(&block.name)).map(|block| block.len()).sum()
}

/// Whatever a recurrent layer says beside its cell and its width.
fn options(spec: &RecurrentSpec) -> String {
    let mut options = Vec::new();
    if spec.layers > 1 {
        options.push(format!("{} stacked", spec.layers));
    }
    match spec.directions {
        Directions::Forward => {}
        Directions::Reverse => options.push("reverse".into()),
        Directions::Both => options.push(format!("both directions, {}", word(&spec.merge))),
    }
    options.extend(cell(&spec.cell));
    match spec.bias {
        Bias::Both => {}
        Bias::None => options.push("no bias".into()),
        _ => options.push(format!("bias {}", word(&spec.bias))),
    }
    options.extend(spec.learned_initial.then(|| "learned initial states".into()));
    options.join(", ")
}

/// The options of a cell: `gate hard_sigmoid {slope 0.2, offset 0.5}`.
fn cell(spec: &CellSpec) -> Option<String> {
    let text = serde_json::to_value(spec).ok()?;
    let options = text.as_object()?.values().next()?.as_object()?.clone();
    let text: Vec<_> = options.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
    Some(text.join(", ")).filter(|text| !text.is_empty())
}

/// JSON without its quotes and colons.
pub fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(", ")),
        serde_json::Value::Object(map) => {
            let entries: Vec<_> = map.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// What an option is called in a configuration.
fn word(option: &impl serde::Serialize) -> String {
    serde_json::to_value(option).map_or_else(|error| error.to_string(), |value| plain(&value))
}

/// What a network reads and gives, and what can be done with it.
pub fn summary(chain: &Chain) -> String {
    let Chain { network, softmax, masking, batch_first, .. } = chain;
    let config = network.config();
    let (first, second) = if *batch_first { ("N", "T") } else { ("T", "N") };
    let read = match &config.input {
        InputSpec::Features { width } => format!("real numbers [{first}, {second}, {width}]"),
        InputSpec::OneHot { symbols } | InputSpec::Embedding { symbols, .. } => {
            format!("symbols 0 to {} [{first}, {second}]", symbols.saturating_sub(1))
        }
    };
    let width = network.output_width();
    let given = match config.readout {
        Readout::EveryStep => format!("[{first}, {second}, {width}]"),
        Readout::LastStep => format!("[N, {width}], of the last step"),
        Readout::FinalStates => format!("[N, {width}], of the final states"),
    };
    let mut text = format!("A network of {}:\n", count(network.parameters().len(), "parameter"));
    text += &format!("  reads x: {read}; gives y: {given}{}\n", if *softmax { ", a softmax" } else { "" });
    if let Some(masking) = masking {
        text += &format!("  skips masked steps, {masking:?}\n");
    }
    let streams = network.recurrent_layers().all(|layer| layer.direction == recurrent::Direction::Forward);
    let stream = if streams { "streams step by step, " } else { "reads whole sequences (a layer goes backwards), " };
    text + &format!("  {stream}learns, and can be converted\n")
}

/// What a graph reads and gives, and whether it is a network too.
pub fn graph_summary(graph: Nodes) -> String {
    let mut text = format!("A graph of {}:\n", count(graph.nodes().len(), "operation"));
    for input in graph.inputs() {
        text += &format!("  reads {}: {}\n", input.name, described(input));
    }
    let outputs: Vec<_> = graph.outputs().map(str::to_string).collect();
    text += &format!("  gives {}\n", outputs.join(", "));
    match graph.into_network() {
        Ok(network) => {
            text +=
                &format!("It is a network too, which streams, learns and can be converted:\n\n{}", layers(&network));
        }
        Err(error) => text += &format!("  It runs and does not learn, since it is no chain of layers: {error}\n"),
    }
    text
}

/// Kind and shape of an input.
pub fn described(input: &InputInfo) -> String {
    let of = input.shape.as_ref().map_or_else(|| "of any shape".into(), |dims| shape(dims));
    format!("{} {of}", input.kind)
}
