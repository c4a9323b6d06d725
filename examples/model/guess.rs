//! `names and shapes → configuration`: what weights with PyTorch's names say of the network that they are of.
//!
//! ```text
//! [P.]weight_ih_l{k}[_reverse] [G·H, C]   one recurrent layer for each P; 3 gates are a GRU, 4 an LSTM
//! P.weight [V, C], no bias                 an embedding, below
//! P.weight [O, D·H], P.bias [O]            the head, above
//! ```
//! What is not in the names is assumed: every step is read out, and nothing but weights comes between layers.

use crate::options::CellName;
use recurrent::Bias;
use recurrent::error::{Error, Result};
use recurrent::network::{Config, Directions, EmbeddingSpec, HeadSpec, Objective, RecurrentSpec};

/// A tensor: its name and its shape.
pub type Named = (String, Vec<usize>);

/// What the configuration is said to be in notes.
pub const ASSUMED: &str = "the file has weights and no configuration; it is assumed from names and shapes, with an output at every step: \
                           --config says it";

/// The configuration of the network that has these tensors.
///
/// # Errors
/// [`Error::Format`] with what does not fit, if it takes a configuration to say it.
pub fn config(file: &str, tensors: &[Named], cell: Option<CellName>) -> Result<Config> {
    let guess = Guess { file, tensors, cell };
    let mut left: Vec<&Named> = tensors.iter().collect();
    let mut prefixes: Vec<&str> = tensors.iter().filter_map(|(name, _)| name.strip_suffix("weight_ih_l0")).collect();
    if prefixes.is_empty() {
        return Err(guess.wrong("a tensor named `…weight_ih_l0`, or --config", "none"));
    }
    let mut layers = Vec::new();
    while !prefixes.is_empty() {
        // Layers that read what the one before gives; the first of them reads what no other gives.
        let found = prefixes.iter().map(|prefix| guess.recurrent(prefix)).collect::<Result<Vec<_>>>()?;
        let given = layers.last().map(|(_, _, width): &(RecurrentSpec, usize, usize)| *width);
        let fits: Vec<_> = (0..found.len()).filter(|&k| given.is_none_or(|width| found[k].1 == width)).collect();
        let first = |k: &usize| found.iter().enumerate().all(|(other, layer)| other == *k || layer.2 != found[*k].1);
        let next = if let [only] = fits[..] { Some(only) } else { fits.into_iter().find(first) };
        let next = next.ok_or_else(|| {
            let expected = "recurrent layers of which each reads what one other gives, or --config";
            guess.wrong(expected, format!("those named {}", prefixes.join(", ")))
        })?;
        let own = prefixes.swap_remove(next);
        left.retain(|(name, _)| !name.strip_prefix(own).is_some_and(is_recurrent));
        layers.extend(found.into_iter().nth(next));
    }
    let (inputs, width) = (layers[0].1, layers[layers.len() - 1].2);
    let bias_of = |name: &str| tensors.iter().any(|(other, _)| Some(&**other) == bias_name(name).as_deref());
    let is_table = |(name, shape): &&Named| {
        let fits = shape.len() == 2 && shape[1] == inputs && !bias_of(name);
        fits && name.ends_with("weight") && (inputs != width || name.contains("emb"))
    };
    let table = left.iter().position(is_table).map(|k| left.swap_remove(k));
    let is_head = |(name, shape): &&Named| shape.len() == 2 && shape[1] == width && name.ends_with(".weight");
    let head = left.iter().position(is_head).map(|k| left.swap_remove(k));
    if let Some((name, _)) = head {
        left.retain(|(other, _)| Some(&**other) != bias_name(name).as_deref());
    }
    if let Some((name, shape)) = left.first() {
        let expected = "an embedding, recurrent layers and a head alone, or --config";
        return Err(guess.wrong(expected, format!("`{name}` {shape:?} beside them")));
    }
    let prefix = |name: &str| name.strip_suffix(".weight").unwrap_or_default().to_string();
    let mut config = match table {
        Some((name, shape)) => Config::new(EmbeddingSpec::new(shape[0], shape[1]).named(prefix(name))),
        None => Config::features(inputs),
    };
    config = layers.into_iter().fold(config, |config, (spec, ..)| config.recurrent(spec));
    Ok(match head {
        Some((name, shape)) => {
            let head = HeadSpec::new(shape[0], Objective::SquaredError).named(prefix(name));
            config.head(HeadSpec { bias: bias_of(name), ..head })
        }
        None => config,
    })
}

/// `P.bias` beside `P.weight`.
fn bias_name(weight: &str) -> Option<String> {
    weight.strip_suffix("weight").map(|prefix| format!("{prefix}bias"))
}

/// Whether a name without its prefix is that of a recurrent layer.
fn is_recurrent(name: &str) -> bool {
    ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"].iter().any(|part| name.starts_with(part))
}

struct Guess<'a> {
    file: &'a str,
    tensors: &'a [Named],
    cell: Option<CellName>,
}

impl Guess<'_> {
    fn wrong(&self, expected: &str, found: impl ToString) -> Error {
        Error::format(format!("{}, configuration of the weights", self.file), expected, found)
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.iter().find(|(other, _)| other == name).map(|(_, shape)| &shape[..])
    }

    /// The layers under a prefix, with the widths of what they read and give.
    fn recurrent(&self, prefix: &str) -> Result<(RecurrentSpec, usize, usize)> {
        let (first, recurrent) = (format!("{prefix}weight_ih_l0"), format!("{prefix}weight_hh_l0"));
        let (Some(&[rows, inputs]), Some(&[_, hidden])) = (self.shape(&first), self.shape(&recurrent)) else {
            return Err(self.wrong(&format!("matrices `{first}` and `{recurrent}`"), "others"));
        };
        let gates = rows.checked_div(hidden).filter(|gates| gates * hidden == rows);
        let fits = |cell: &CellName| Some(cell.gates()) == gates;
        let cell = match (self.cell, gates) {
            (Some(cell), _) => Some(cell).filter(fits),
            (None, Some(3)) => Some(CellName::Gru),
            (None, Some(4)) => Some(CellName::Lstm),
            (None, Some(1)) => {
                return Err(self.wrong("--cell tanh or --cell relu, since the layer has one gate", "neither"));
            }
            _ => None,
        };
        let cell = cell.ok_or_else(|| {
            let expected = match self.cell {
                Some(cell) => format!("{} times as many rows as units in `{first}`", cell.gates()),
                None => format!("one, three or four times as many rows as units in `{first}`, or --config"),
            };
            self.wrong(&expected, format!("{rows} rows and {hidden} units"))
        })?;
        let has = |name: &str| self.shape(&format!("{prefix}{name}")).is_some();
        let layers = (0..).take_while(|k| has(&format!("weight_ih_l{k}"))).count();
        let bias = match (has("bias_ih_l0"), has("bias_hh_l0")) {
            (true, true) => Bias::Both,
            (false, false) => Bias::None,
            (true, false) => Bias::Input,
            (false, true) => return Err(self.wrong("both biases, none, or bias_ih alone", "bias_hh alone")),
        };
        let directions = if has("weight_ih_l0_reverse") { Directions::Both } else { Directions::Forward };
        let spec = RecurrentSpec::new(cell.spec(), hidden).layers(layers).bias(bias).directions(directions);
        let ways = if directions == Directions::Both { 2 } else { 1 };
        Ok((spec.named(prefix.trim_end_matches('.')), inputs, hidden.saturating_mul(ways)))
    }
}
