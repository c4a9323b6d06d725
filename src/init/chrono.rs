//! `b = ± ln u`: which gates of which cells keep a state for `u + 1` steps at that bias (Tallec & Ollivier 2018).

use crate::cells::CellSpec;
use serde_json::Value;

/// Where a bias lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The biases of the gate of this name.
    Gate(&'static str),
    /// This many times `H` into the first of these vectors that the cell has.
    Vector(&'static [&'static str], usize),
}

/// What a gate at `b = ln u`, and so at `σ(b) = 1 − 1/(u + 1)`, does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// It multiplies the old state: `ln u`.
    Keeps,
    /// It multiplies what is new, or takes away from the old state: `−ln u`.
    LetsIn,
}

use Task::{Keeps, LetsIn};

/// Each bias, and what its gate does.
pub(crate) type Biases = &'static [(Place, Task)];

const LSTM: Biases = &[(Place::Gate("f"), Keeps), (Place::Gate("i"), LetsIn)];
const SHIFTS: &[&str] = &["bias", "layernorm_h_bias", "layernorm_bias"];
/// The rows `i f g o` of the bias that is added behind the norms, or of the shift of the last norm.
const NORMALISED: Biases = &[(Place::Vector(SHIFTS, 1), Keeps), (Place::Vector(SHIFTS, 0), LetsIn)];

/// The biases of a cell that say how long it keeps its state at first, or why there are none.
pub(crate) fn chrono(cell: &CellSpec) -> Result<Biases, &'static str> {
    let says = |option: &str, value: &str| cell.options().get(option).and_then(Value::as_str) == Some(value);
    let other_function = cell.options().get("gate").is_some_and(|gate| *gate != "sigmoid");
    match cell.name() {
        "lstm" | "gru" if other_function => Err("its gates are not σ"),
        "lstm" if says("forget", "one") => Err("it keeps its state for ever, without a gate"),
        "lstm" if says("forget", "coupled") => Ok(&[(Place::Gate("i"), LetsIn)]),
        "lstm_blocks" => Err("it keeps its state for ever, without a gate"),
        "lstm" | "lstm_peephole" | "min_lstm" => Ok(LSTM),
        "lstm_layer_norm" => Ok(NORMALISED),
        "gru" | "li_gru" => Ok(&[(Place::Gate("z"), Keeps)]),
        "min_gru" => Ok(&[(Place::Gate("z"), LetsIn)]),
        "mgu" if says("update", "old") => Ok(&[(Place::Gate("f"), Keeps)]),
        "mgu" => Ok(&[(Place::Gate("f"), LetsIn)]),
        "hgrn" => Ok(&[(Place::Gate("f"), Keeps)]),
        "leaky" if cell.options().get("rate").is_some_and(|rate| *rate != "learned") => Err("its rate is fixed"),
        "leaky" if says("leak", "state_alone") => Err("its rate does not scale what comes in"),
        "leaky" => Ok(&[(Place::Vector(&["leak"], 0), LetsIn)]),
        "slstm" | "mlstm" => Err("its input gate is an exponential, and sums are divided by the sum of the gates"),
        "lru" | "rg_lru" | "mamba" | "gated_delta" => Err("how long it keeps its state is drawn as its paper says"),
        "elman" | "cfc" | "clockwork" | "deep_transition" | "ind_rnn" | "jordan" | "skip" => {
            Err("no gate says how long it keeps its state")
        }
        _ => Err("which of its gates keep a state is known of the cells of this crate alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Keeps, LetsIn, Place, chrono};
    use crate::Cells;
    use crate::cells::CellSpec;
    use serde_json::json;

    #[test]
    fn every_cell_has_biases_or_a_reason_of_its_own_why_not() {
        for name in Cells::new().names() {
            let of_others = chrono(&CellSpec::new("another")).unwrap_err();
            assert_ne!(chrono(&name.into()), Err(of_others), "{name}");
        }
    }

    #[test]
    fn every_gate_that_is_named_is_one_of_the_cell() {
        let mut checked = 0;
        for name in Cells::new().names() {
            for (place, _) in chrono(&name.into()).unwrap_or(&[]) {
                let cell = Cells::new().make(&name.into()).unwrap();
                let known = match *place {
                    Place::Gate(gate) => {
                        cell.form().stages.iter().any(|stage| stage.gates.iter().any(|own| own == gate))
                    }
                    Place::Vector(names, _) => cell.form().vectors.iter().any(|(own, _)| names.contains(&&**own)),
                };
                assert!(known, "{name}: {place:?}");
                checked += 1;
            }
        }
        assert!(checked >= 13, "{checked}");
    }

    #[test]
    fn what_a_gate_does_may_be_an_option_of_the_cell() {
        let of = |name: &str, option: &str, value: serde_json::Value| chrono(&CellSpec::new(name).with(option, value));
        let f = Place::Gate("f");
        assert_eq!(of("mgu", "update", json!("new")), Ok(&[(f, LetsIn)][..]));
        assert_eq!(of("mgu", "update", json!("old")), Ok(&[(f, Keeps)][..]));
        assert_eq!(of("lstm", "forget", json!("coupled")), Ok(&[(Place::Gate("i"), LetsIn)][..]));
        assert_eq!(of("gru", "gate", json!("sigmoid")), Ok(&[(Place::Gate("z"), Keeps)][..]));
        for (name, option, value) in [
            ("lstm", "forget", json!("one")),
            ("lstm", "gate", json!({"hard_sigmoid": {"slope": 0.2, "offset": 0.5}})),
            ("gru", "gate", json!("hard_tanh")),
            ("leaky", "rate", json!({"fixed": 0.5})),
            ("leaky", "leak", json!("state_alone")),
        ] {
            of(name, option, value).unwrap_err();
        }
    }
}
