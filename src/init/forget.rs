//! `σ(b) = 1 − 1/τ`: for how many steps gates keep a state before anything is learnt.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where the biases of gates that keep a state begin.
///
/// In JSON a number, or `{"chrono": steps}`:
///
/// ```
/// use recurrent::init::{ForgetBias, Init};
///
/// let of = |text: &str| serde_json::from_str::<Init>(text).unwrap().forget_bias;
/// assert_eq!(of(r#"{"forget_bias": 1.0}"#), Some(ForgetBias::Value(1.0)));
/// assert_eq!(of(r#"{"forget_bias": {"chrono": 784}}"#), Some(ForgetBias::Chrono(784.0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ForgetBias {
    /// This number for gates called `f`, as the forget gate of an LSTM is, `b_ih + b_hh` together: 1 keeps the gate open at first
    /// (Jozefowicz et al. 2015). Layers without such a gate are as ever.
    Value(f64),
    /// `b = ln u`, `u` from `U(1, T_max − 1)`, drawn for each unit: the unit keeps its state for `u + 1` steps at first, from 2 up to
    /// `T_max`, which is the longest dependency that is expected (Tallec & Ollivier 2018).
    ///
    /// It is `b_ih + b_hh` together of the gate by which the state is kept, or of the one by which it is lost, with the other sign:
    ///
    /// | cell | bias |
    /// |---|---|
    /// | `lstm`, `lstm_peephole`, `lstm_layer_norm`, `min_lstm` | `b_f = ln u`, `b_i = −b_f` |
    /// | `lstm` with coupled gates, where `f = 1 − i` | `b_i = −ln u` |
    /// | `gru`, `li_gru`: PyTorch's `z`, which keeps | `b_z = ln u` |
    /// | `min_gru`, whose `z` lets in | `b_z = −ln u` |
    /// | `mgu` as its paper writes, where `f` lets in | `b_f = −ln u` |
    /// | `mgu` with `"update": "old"`; `hgrn` | `b_f = ln u` |
    /// | `leaky` with a learned rate `a = σ(leak)` that scales what comes in | `leak = −ln u` |
    ///
    /// A recurrent layer with another cell, without biases or with another function than `σ` for its gates is an error that says so:
    /// nothing is left out in silence.
    Chrono(f64),
}

impl From<f64> for ForgetBias {
    fn from(value: f64) -> Self {
        ForgetBias::Value(value)
    }
}

/// As formats with names have it.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, or {\"chrono\": steps}")]
enum Named {
    Value(f64),
    Chrono(Chrono),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chrono {
    chrono: f64,
}

/// As formats have it that must know what comes next.
#[derive(Serialize, Deserialize)]
enum Numbered {
    Value(f64),
    Chrono(f64),
}

impl Serialize for ForgetBias {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match (to.is_human_readable(), *self) {
            (true, ForgetBias::Value(value)) => Named::Value(value).serialize(to),
            (true, ForgetBias::Chrono(chrono)) => Named::Chrono(Chrono { chrono }).serialize(to),
            (false, ForgetBias::Value(value)) => Numbered::Value(value).serialize(to),
            (false, ForgetBias::Chrono(steps)) => Numbered::Chrono(steps).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for ForgetBias {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return Ok(match Named::deserialize(from)? {
                Named::Value(value) => ForgetBias::Value(value),
                Named::Chrono(Chrono { chrono }) => ForgetBias::Chrono(chrono),
            });
        }
        Ok(match Numbered::deserialize(from)? {
            Numbered::Value(value) => ForgetBias::Value(value),
            Numbered::Chrono(steps) => ForgetBias::Chrono(steps),
        })
    }
}
