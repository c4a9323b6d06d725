//! Why form and equation are no cell: what was expected and found, the gate by its name.

use crate::form::Name;
use alloc::string::String;
use core::fmt;

/// A form and an equation that do not make a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellError {
    /// The name of the cell.
    pub cell: Name,
    /// Which stage it is about, if it is about one.
    pub stage: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a form, or between a form and its equation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no state.
    NoState,
    /// There is no stage.
    NoStage,
    /// Two things that a checkpoint or a message tells apart by name have one name.
    NameTwice {
        /// The name.
        name: Name,
    },
    /// The form refers to something that it does not have.
    Missing {
        /// `matrix`, `state`, …
        what: &'static str,
        /// The index.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// No product is added to a gate.
    GateWithoutProduct {
        /// Its name.
        gate: Name,
    },
    /// A product is added to a gate twice.
    GateTwice {
        /// Its name.
        gate: Name,
        /// What the product multiplies by, in words.
        factor: String,
    },
    /// A fixed map goes into gates that are no neighbours.
    GatesApart {
        /// The map, in words.
        factor: String,
    },
    /// No product uses a matrix.
    MatrixUnused {
        /// Its name.
        matrix: Name,
    },
    /// A matrix is multiplied by slots of different widths, or in heads and whole.
    MatrixColumns {
        /// Its name.
        matrix: Name,
    },
    /// A mask is multiplied.
    ProductOfMask {
        /// What it is multiplied by, in words.
        factor: String,
    },
    /// A fixed map is given the input, whose width is not that of any unit.
    MapOfInput {
        /// The map, in words.
        factor: String,
    },
    /// A stage reads what no stage before it has written.
    NotYetWritten {
        /// The slot, in words.
        slot: String,
    },
    /// A stage writes what is not its to write: the input, an old state, a mask.
    NotWritable {
        /// The slot, in words.
        slot: String,
    },
    /// A stage reads or writes a slot or a vector twice, or two stages write it.
    Twice {
        /// What, in words.
        slot: String,
    },
    /// No stage writes a new state or a value.
    NeverWritten {
        /// The slot, in words.
        slot: String,
    },
    /// A slot or a vector that is read or written unit by unit has not the width of its stage.
    Width {
        /// What, in words.
        slot: String,
    },
    /// The equation takes another number of operands than the form gives.
    Arity {
        /// `pre-activations`, `reads`, …
        what: &'static str,
        /// How many the form gives.
        given: usize,
        /// How many the equation takes.
        taken: usize,
    },
    /// The equation does not write what the form says.
    NotWritten {
        /// The slot, in words.
        slot: String,
    },
    /// Nothing that a stage writes depends on an operand.
    Unused {
        /// The gate, slot or vector, in words.
        operand: String,
    },
    /// The equation goes on with the value it gave to `keep` or `write` instead of the one it got back.
    GoesOnWithGiven {
        /// The gate or slot, in words.
        operand: String,
    },
    /// Backward needs a pre-activation that `keep` replaced by a value it cannot be computed from.
    NotKept {
        /// The name of its gate.
        gate: Name,
    },
    /// The program needs more registers than there are.
    TooLarge {
        /// How many it needs.
        registers: usize,
        /// How many there are.
        most: usize,
    },
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell `{}`", self.cell)?;
        if let Some(stage) = self.stage {
            write!(f, ", stage {stage}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoState => write!(f, "there is no state; the first state is the output"),
            Fault::NoStage => write!(f, "there is no stage"),
            Fault::NameTwice { name } => write!(f, "two things are called `{name}`"),
            Fault::Missing { what, index, count } => write!(f, "there is no {what} {index}; there are {count}"),
            Fault::GateWithoutProduct { gate } => write!(f, "no product is added to gate `{gate}`"),
            Fault::GateTwice { gate, factor } => write!(f, "a product with {factor} is added to gate `{gate}` twice"),
            Fault::GatesApart { factor } => write!(f, "{factor} goes into gates that do not follow each other"),
            Fault::MatrixUnused { matrix } => write!(f, "no product uses matrix `{matrix}`"),
            Fault::MatrixColumns { matrix } => {
                write!(f, "matrix `{matrix}` is multiplied by slots of different widths, or in heads and whole")
            }
            Fault::ProductOfMask { factor } => {
                write!(f, "{factor} is multiplied by a mask, which is only read unit by unit")
            }
            Fault::MapOfInput { factor } => {
                write!(f, "{factor} is taken of the input; a matrix must stand between them")
            }
            Fault::NotYetWritten { slot } => write!(f, "{slot} is read, but no earlier stage writes it"),
            Fault::NotWritable { slot } => write!(f, "{slot} is written; a stage writes new states and values"),
            Fault::Twice { slot } => write!(f, "{slot} stands there twice"),
            Fault::NeverWritten { slot } => write!(f, "no stage writes {slot}"),
            Fault::Width { slot } => write!(f, "{slot} does not have the width of the stage"),
            Fault::Arity { what, given, taken } => {
                write!(f, "the form gives {given} {what}, the equation takes {taken}")
            }
            Fault::NotWritten { slot } => write!(f, "the equation does not write {slot}"),
            Fault::Unused { operand } => write!(f, "nothing that is written depends on {operand}"),
            Fault::GoesOnWithGiven { operand } => write!(
                f,
                "the equation goes on with the value it gave for {operand}; it must go on with the one that `keep` or `write` returned"
            ),
            Fault::NotKept { gate } => {
                write!(f, "backward needs the pre-activation of gate `{gate}`, in whose place another value is kept")
            }
            Fault::TooLarge { registers, most } => {
                write!(f, "the equation needs {registers} registers; there are {most}")
            }
        }
    }
}

impl core::error::Error for CellError {}
