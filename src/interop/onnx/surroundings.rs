//! What stands around a recurrent node: what its inputs come from, what reads its outputs.

use super::report::ValueSummary;
use std::fmt;

/// Where an input comes from, or where an output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Neighbour {
    /// A node.
    Node {
        /// Its name.
        name: String,
        /// Its operator.
        operator: String,
    },
    /// An input or output of the model.
    Model(ValueSummary),
    /// A tensor of the file, of this shape.
    Initializer(Vec<usize>),
    /// Nothing in the file has this name.
    Nothing,
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Neighbour::Node { name, operator } => write!(f, "{operator} `{name}`"),
            Neighbour::Model(value) => {
                let dims = value.shape.as_ref().map(|shape| shape.iter().map(ToString::to_string).collect::<Vec<_>>());
                let shape = dims.map_or_else(|| "of any shape".into(), |dims| format!("[{}]", dims.join(", ")));
                write!(f, "the model's `{}` {} {shape}", value.name, value.elements)
            }
            Neighbour::Initializer(shape) => write!(f, "numbers of the file {shape:?}"),
            Neighbour::Nothing => f.write_str("nothing"),
        }
    }
}

/// What stands around a node. As a text, a line for each value.
///
/// ```text
/// X `lstm_4_X` from Transpose `Transpose2`
/// Y_h `lstm_4_Y_h` to Squeeze `Squeeze4`
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Surroundings {
    /// Role, name and origin of each input that the node has.
    pub inputs: Vec<(&'static str, String, Neighbour)>,
    /// Role, name and readers of each output that the node names.
    pub outputs: Vec<(&'static str, String, Vec<Neighbour>)>,
}

impl fmt::Display for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (role, name, from) in &self.inputs {
            writeln!(f, "{role} `{name}` from {from}")?;
        }
        for (role, name, readers) in &self.outputs {
            let to: Vec<_> = readers.iter().map(ToString::to_string).collect();
            let to = if to.is_empty() { "nothing".into() } else { to.join(", ") };
            writeln!(f, "{role} `{name}` to {to}")?;
        }
        Ok(())
    }
}
