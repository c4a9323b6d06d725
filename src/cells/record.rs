//! `(layer, name, SHA-256 of the statement)`: which equation a layer was trained with.

use crate::digest::Digest;
use crate::error::{Error, Result};
use rnn_kernels::Cell;
use serde::{Deserialize, Serialize};

/// The cell of a recurrent layer, as a checkpoint remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CellRecord {
    /// The prefix of the layer's parameters and its number in the stack, e.g. `rnn.l0`.
    pub layer: String,
    /// The name of the cell in the configuration.
    pub cell: String,
    /// The digest of what it computes: its [statement](Cell::statement).
    pub digest: Digest,
}

impl CellRecord {
    /// The record of this cell, under this name, in this layer.
    #[must_use]
    pub fn new(layer: impl Into<String>, name: impl Into<String>, cell: &Cell) -> Self {
        Self { layer: layer.into(), cell: name.into(), digest: Digest::of(cell.statement().as_bytes()) }
    }
}

/// `Ok` if these are the same cells, layer by layer.
pub(crate) fn expect(expected: &[CellRecord], found: &[CellRecord]) -> Result<()> {
    let names = |records: &[CellRecord]| {
        records.iter().map(|record| format!("{} in {}", record.cell, record.layer)).collect::<Vec<_>>().join(", ")
    };
    if names(expected) != names(found) {
        return Err(Error::kind("cells of the network", names(expected), names(found)));
    }
    match expected.iter().zip(found).find(|(expected, found)| expected.digest != found.digest) {
        None => Ok(()),
        Some((expected, found)) => Err(Error::Equation {
            layer: expected.layer.clone(),
            cell: expected.cell.clone(),
            expected: expected.digest,
            found: found.digest,
        }),
    }
}
