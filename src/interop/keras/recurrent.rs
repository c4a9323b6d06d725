//! What a recurrent layer of Keras says of itself, wherever it stands.

use super::Meanings;
use super::attributes::Attributes;
use crate::cells::CellSpec;
use crate::error::Result;
use crate::network::{Merge, RecurrentSpec};
use rnn_kernels::cells::Nonlinearity;
use rnn_kernels::{Bias, GruReset};
use serde_json::Value;

/// A recurrent layer in one direction.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recurrent {
    pub cell: CellSpec,
    pub units: usize,
    pub bias: Bias,
    /// Whether it gives every step, in its own order, and not the last one alone.
    pub sequences: bool,
    /// Whether it begins at the last step.
    pub backwards: bool,
    /// Whether it gives its last states as well.
    pub states: bool,
    /// Whether it gives 0 at masked steps, and not what it gave before.
    pub zero_output: bool,
}

/// The classes of recurrent layers.
pub(super) const CLASSES: [&str; 5] = ["SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU"];

impl Recurrent {
    /// The layer of a class, which is one of [`CLASSES`]. What it says of training alone is noted.
    pub fn of(class: &str, a: &mut Attributes<'_>, meanings: &Meanings, notes: &mut Vec<String>) -> Result<Self> {
        let units = a.size("units")?;
        let of_cudnn = class.starts_with("CuDNN");
        let bias = if of_cudnn || a.flag("use_bias", true)? { Bias::Both } else { Bias::None };
        let cell = cell(class, a, meanings)?;
        a.known(&["unit_forget_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer"]);
        // Several ways to the same numbers.
        a.known(&["unroll", "implementation", "use_cudnn", "consume_less", "input_dim", "input_length", "inner_init"]);
        let training = [
            "kernel_regularizer",
            "recurrent_regularizer",
            "bias_regularizer",
            "activity_regularizer",
            "kernel_constraint",
            "recurrent_constraint",
            "bias_constraint",
            "dropout",
            "recurrent_dropout",
        ];
        a.of_training(&training, notes);
        a.refuse(&["time_major"])?;
        if a.flag("stateful", false)? {
            let note = "not taken over: pass the state of a batch to the next one";
            notes.push(format!("{}, stateful: {note}", a.at));
        }
        let (sequences, backwards) = (a.flag("return_sequences", false)?, a.flag("go_backwards", false)?);
        let (states, zero_output) = (a.flag("return_state", false)?, a.flag("zero_output_for_mask", false)?);
        Ok(Self { cell, units, bias, sequences, backwards, states, zero_output })
    }

    /// Its cell, units and biases, without a name and in the forward direction.
    pub fn spec(&self) -> RecurrentSpec {
        RecurrentSpec::new(self.cell.clone(), self.units).bias(self.bias)
    }
}

/// The cell with the functions that the layer names.
fn cell(class: &str, a: &mut Attributes<'_>, meanings: &Meanings) -> Result<CellSpec> {
    match class {
        "CuDNNLSTM" => return Ok(CellSpec::lstm()),
        "CuDNNGRU" => return Ok(CellSpec::gru(GruReset::After)),
        _ => {}
    }
    let state = a.nonlinearity("activation", Some("tanh"), meanings)?;
    if class == "SimpleRNN" {
        return Ok(CellSpec::new("elman").with("activation", json(state)));
    }
    a.refuse(&["inner_activation"])?;
    let gate = a.nonlinearity("recurrent_activation", meanings.recurrent_activation(), meanings)?;
    let plain = (state, gate) == (Nonlinearity::Tanh, Nonlinearity::Sigmoid);
    let named = |cell: CellSpec| cell.with("candidate", json(state)).with("gate", json(gate));
    if class == "LSTM" {
        return Ok(if plain { CellSpec::lstm() } else { named(CellSpec::lstm().with("state", json(state))) });
    }
    let after = match a.get("reset_after") {
        None => meanings.reset_after(&a.at)?,
        Some(_) => a.flag("reset_after", true)?,
    };
    let cell = CellSpec::gru(if after { GruReset::After } else { GruReset::Before });
    Ok(if plain { cell } else { named(cell) })
}

fn json(function: Nonlinearity) -> Value {
    // Functions are names and numbers, which every JSON has.
    serde_json::to_value(function).unwrap_or_default()
}

/// How a `Bidirectional` layer puts its directions together.
pub(super) fn merge(a: &mut Attributes<'_>) -> Result<Merge> {
    match a.word("merge_mode")? {
        Some("concat") => Ok(Merge::Concat),
        Some("sum") => Ok(Merge::Sum),
        Some("ave") => Ok(Merge::Average),
        Some("mul") => Ok(Merge::Product),
        other => Err(a.wrong("merge_mode", "concat, sum, ave or mul", other.unwrap_or("none"))),
    }
}
