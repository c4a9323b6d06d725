//! The options of a cell as data.

use super::CellFault;
use crate::noise::Draw;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The option that every cell with units of the output takes: `P`.
const OUTPUT: &str = "output";
/// The option that every cell with masks takes: what each of them is where a batch does not give it.
pub(super) const MASKS: &str = "masks";

/// What a mask is where a batch does not give it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum MaskSpec {
    /// One number.
    Constant(f64),
    /// Random numbers where a batch has noise, else their mean.
    Drawn(Draw),
}

/// The options of a cell by name, as JSON has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(pub(super) Map<String, Value>);

impl Options {
    /// The options as a type of one's own. `deny_unknown_fields` makes it refuse names that it does not know.
    ///
    /// # Errors
    /// [`CellFault::Options`] if they are not those of the type.
    pub fn read<O: DeserializeOwned>(&self) -> Result<O, CellFault> {
        let read = serde_json::from_value(Value::Object(self.0.clone()));
        read.map_err(|error| CellFault::Options { found: error.to_string() })
    }

    /// As [`read`](Self::read), without what are options of the layer as much as of the cell.
    #[cfg(feature = "onnx")]
    pub(crate) fn read_equations<O: DeserializeOwned>(&self) -> Result<O, CellFault> {
        let mut own = self.clone();
        own.take_those_of_the_layer().for_each(drop);
        own.read()
    }

    /// The option of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// `P`, the width of the output, if the option is given.
    ///
    /// # Errors
    /// If it is no number from 1 on.
    pub(crate) fn output(&self) -> Result<Option<usize>, CellFault> {
        let wrong =
            |found: &Value| CellFault::Options { found: format!("expected an `output` of at least 1, found {found}") };
        let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0);
        self.get(OUTPUT).map(|value| number(value).ok_or_else(|| wrong(value))).transpose()
    }

    /// What each mask is where a batch does not give it.
    ///
    /// # Errors
    /// If they are no numbers by name.
    pub(crate) fn masks(&self) -> Result<BTreeMap<String, MaskSpec>, CellFault> {
        let wrong = |found: &Value| CellFault::Options {
            found: format!("expected `masks` to be finite numbers or draws by name, found {found}"),
        };
        let Some(given) = self.get(MASKS) else { return Ok(BTreeMap::new()) };
        let one = |(name, value): (&String, &Value)| {
            let drawn = || serde_json::from_value(value.clone()).ok().map(MaskSpec::Drawn);
            let spec = value.as_f64().map(MaskSpec::Constant).or_else(drawn);
            spec.map(|spec| (name.clone(), spec)).ok_or_else(|| wrong(given))
        };
        given.as_object().ok_or_else(|| wrong(given))?.iter().map(one).collect()
    }

    /// Takes away what are options of the layer as much as of the cell: the width of the output and the masks.
    pub(super) fn take_those_of_the_layer(&mut self) -> impl Iterator<Item = (String, Value)> + use<> {
        [OUTPUT, MASKS].map(|name| self.0.remove_entry(name)).into_iter().flatten()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Options from a type of this crate, which is a structure of names.
pub(super) fn json(options: &impl Serialize) -> Options {
    match serde_json::to_value(options) {
        Ok(Value::Object(map)) => Options(map),
        other => unreachable!("options are a structure of names: {other:?}"),
    }
}
