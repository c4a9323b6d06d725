//! Why a cell cannot be made, or not used in a layer.

use rnn_kernels::{CellError, Name, SizeError};

/// What is wrong with the cell of a layer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CellFault {
    /// No cell of this name is in the registry.
    #[error("expected one of {}, found another name: `Cells::with_cell` adds a cell, `with_cells` takes them", .known.join(", "))]
    Unknown {
        /// The names that are.
        known: Vec<String>,
    },
    /// Its options are not those that it takes.
    #[error("options: {found}")]
    Options {
        /// What is expected and what is there.
        found: String,
    },
    /// Form and equation do not make a cell.
    #[error("{0}")]
    Equation(Box<CellError>),
    /// A number is given for a mask that it does not have.
    #[error("masks: expected one of [{}], found `{mask}`", .known.join(", "))]
    UnknownMask {
        /// The mask.
        mask: String,
        /// The names of those that it has.
        known: Vec<Name>,
    },
    /// It has more masks than there is room for in a pass.
    #[error("expected at most 16 masks, found {}: {}", .masks.len(), .masks.join(", "))]
    Masks {
        /// Their names.
        masks: Vec<Name>,
    },
    /// The width of its output is given, and it is as wide as the layer.
    #[error("expected no `output`, found one: the width of this cell's output is that of its layer")]
    NoOutput,
    /// It cannot have the sizes of its layer.
    #[error("{0}")]
    Size(SizeError),
    /// It reads its input unit by unit, and the input are symbols, which are never written out.
    #[error(
        "expected an equation that multiplies x by a matrix above one-hot input, found one that reads it unit by unit"
    )]
    OneHot,
}

impl From<CellError> for CellFault {
    fn from(error: CellError) -> Self {
        CellFault::Equation(Box::new(error))
    }
}
