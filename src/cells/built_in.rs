//! `elman`, `gru`, `lstm`, `lstm_peephole`: the cells that every registry has, and their options.

use super::options::{Options, json};
use super::{CellFault, Cells};
use rnn_kernels::{Activation, Cell, GruReset, LstmPeephole};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Elman {
    pub activation: Activation,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Gru {
    pub reset: GruReset,
}

/// The options of a cell that has none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoOptions {}

/// The registry of the cells of this crate.
pub(super) fn cells() -> Cells {
    Cells::empty()
        .with("elman", |options| Ok(Cell::elman(options.read::<Elman>()?.activation)))
        .with("gru", |options| Ok(Cell::gru(options.read::<Gru>()?.reset)))
        .with("lstm", |options| options.read::<NoOptions>().map(|NoOptions {}| Cell::lstm()))
        .with("lstm_peephole", |options| {
            let NoOptions {} = options.read()?;
            Ok(Cell::new(&LstmPeephole)?)
        })
}

/// The options of a cell of this crate with its defaults filled in, so that equal cells are equal data; those of any other
/// cell as they are.
pub(super) fn whole(name: &str, options: Options) -> Result<Options, CellFault> {
    Ok(match name {
        "elman" => json(&options.read::<Elman>()?),
        "gru" => json(&options.read::<Gru>()?),
        "lstm" | "lstm_peephole" => json(&options.read::<NoOptions>()?),
        _ => options,
    })
}
