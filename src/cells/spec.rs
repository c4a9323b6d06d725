//! A cell as data: `"lstm"`, or `{"elman": {"activation": "tanh"}}`.

use super::built_in::{Elman, Gru, whole};
use super::options::{MASKS, Options, json};
use crate::noise::{Draw, DropoutSpec, Per};
use rnn_kernels::{Activation, GruReset};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;

/// The cell of a recurrent layer: a name and options. A registry, [`Cells`](super::Cells), makes the cell of it.
///
/// In JSON it is the name alone where there are no options, and else `{name: options}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellSpec {
    name: String,
    options: Options,
}

impl CellSpec {
    /// The cell of this name, its options at their defaults.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let options = whole(&name, Options::default()).unwrap_or_default();
        Self { name, options }
    }

    /// The cell of this name with the options of its equations.
    #[cfg(feature = "onnx")]
    pub(crate) fn of(name: &str, equations: &impl Serialize) -> Self {
        let options = whole(name, json(equations)).unwrap_or_default();
        Self { name: name.into(), options }
    }

    /// With this value of an option.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.0.insert(option.into(), value.into());
        self
    }

    /// With a [mask](super::super::Mask) of the cell that is drawn anew for every batch with [noise](super::super::Batch::with_noise), and
    /// its mean in all other passes: `"masks": {name: {"dropout": {"rate": 0.2}}}` among the options.
    #[must_use]
    pub fn drawn(self, name: impl Into<String>, draw: Draw) -> Self {
        // A draw is numbers and names, which every JSON has.
        self.mask_is(name.into(), serde_json::to_value(draw).unwrap_or_default())
    }

    /// Zoneout (Krueger et al. 2017) of `lstm`, `gru` or `elman`: each number of every state keeps its old value with this probability at
    /// each step of a batch with [noise](super::super::Batch::with_noise), and by this share in all other passes.
    #[must_use]
    pub fn zoneout(self, rate: f64) -> Self {
        let draw = Draw::Zoneout(rate.into());
        let is_lstm = self.name == "lstm";
        let spec = self.with("noise", "zoneout").drawn("zoneout_h", draw);
        if is_lstm { spec.drawn("zoneout_c", draw) } else { spec }
    }

    /// Recurrent dropout of `lstm`, `gru` or `elman` as a rate or a [`DropoutSpec`](super::super::network::DropoutSpec): of what a step
    /// adds to the state (Semeniuta et al. 2016) each step by itself, or, [per sequence](super::super::network::Per::Sequence), of what the
    /// gates see of the state (Gal & Ghahramani 2016).
    #[must_use]
    pub fn recurrent_dropout(self, dropout: impl Into<DropoutSpec>) -> Self {
        let dropout = dropout.into();
        let name = match dropout.per {
            Per::Step => "candidate",
            Per::Sequence => "state",
        };
        self.with("noise", name).drawn(name, Draw::Dropout(dropout))
    }

    /// With this number as a [mask](super::super::Mask) of the cell wherever a batch gives none: `"masks": {name: value}` among the
    /// options. What a random mask is on average is what inference needs.
    #[must_use]
    pub fn mask(self, name: impl Into<String>, value: f64) -> Self {
        self.mask_is(name.into(), value.into())
    }

    fn mask_is(mut self, name: String, value: Value) -> Self {
        let masks = self.options.0.entry(MASKS).or_insert_with(|| Value::Object(Map::new()));
        // What is no object is refused when the cell is made.
        if let Some(masks) = masks.as_object_mut() {
            masks.insert(name, value);
        }
        self
    }

    /// `h = σ(W_ih x + W_hh h_prev + b)`.
    #[must_use]
    pub fn elman(activation: Activation) -> Self {
        Self { name: "elman".into(), options: json(&Elman { activation }) }
    }

    /// `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)`.
    #[must_use]
    pub fn lstm() -> Self {
        Self::new("lstm")
    }

    /// `h = (1 − z) ⊙ n + z ⊙ h_prev`; the reset gate acts before or after the product.
    #[must_use]
    pub fn gru(reset: GruReset) -> Self {
        Self { name: "gru".into(), options: json(&Gru { reset }) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }
}

impl From<&str> for CellSpec {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl Serialize for CellSpec {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !to.is_human_readable() {
            return Numbered::of(self).serialize(to);
        }
        if self.options.is_empty() {
            return to.serialize_str(&self.name);
        }
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(&self.name, &self.options.0)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for CellSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (name, options) = if from.is_human_readable() {
            from.deserialize_any(NameAndOptions)?
        } else {
            match Numbered::deserialize(from)? {
                Numbered::Elman { activation } => return Ok(Self::elman(activation)),
                Numbered::Lstm => return Ok(Self::lstm()),
                Numbered::Gru { reset } => return Ok(Self::gru(reset)),
                Numbered::Other { name, options } => (name, serde_json::from_str(&options).map_err(D::Error::custom)?),
            }
        };
        let whole = whole(&name, Options(options));
        let options = whole.map_err(|fault| D::Error::custom(format_args!("cell `{name}`: {fault}")))?;
        Ok(Self { name, options })
    }
}

/// What formats hold that have numbers for names and must know what comes next, such as bincode: the cells of this crate by
/// their number, any other one by its name, its options as JSON.
#[derive(Serialize, Deserialize)]
enum Numbered {
    Elman { activation: Activation },
    Lstm,
    Gru { reset: GruReset },
    Other { name: String, options: String },
}

impl Numbered {
    fn of(spec: &CellSpec) -> Self {
        let options = spec.options();
        match (spec.name(), options.read::<Elman>(), options.read::<Gru>()) {
            ("elman", Ok(Elman { activation }), _) => Numbered::Elman { activation },
            ("gru", _, Ok(Gru { reset })) => Numbered::Gru { reset },
            ("lstm", ..) if options.is_empty() => Numbered::Lstm,
            (name, ..) => Numbered::Other { name: name.into(), options: Value::Object(options.0.clone()).to_string() },
        }
    }
}

struct NameAndOptions;

impl<'de> Visitor<'de> for NameAndOptions {
    type Value = (String, Map<String, Value>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a cell, or a map of its name to its options")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok((name.into(), Map::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let entry: Option<(String, Option<Map<String, Value>>)> = map.next_entry()?;
        let (name, options) =
            entry.ok_or_else(|| A::Error::custom("expected the name of a cell, found an empty map"))?;
        match map.next_key::<String>()? {
            None => Ok((name, options.unwrap_or_default())),
            Some(other) => Err(A::Error::custom(format_args!("expected one cell, found `{name}` and `{other}`"))),
        }
    }
}
