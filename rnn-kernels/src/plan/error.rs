//! Why a cell cannot have these sizes.

use crate::form::Name;
use core::fmt;

/// Sizes that a cell cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SizeError {
    /// The number of parameters, or the width of a step, overflows `usize`.
    Overflow {
        /// The cell.
        cell: Name,
        /// The sizes.
        size: super::Size,
    },
    /// The equation reads the input unit by unit, which then is as wide as the units are many.
    Input {
        /// The cell.
        cell: Name,
        /// The stage that reads it.
        stage: usize,
        /// `C`.
        input: usize,
        /// How many units the stage has.
        units: usize,
    },
    /// A width is a fraction of `H` that is no whole number.
    Fraction {
        /// The cell.
        cell: Name,
        /// `H`.
        hidden: usize,
        /// What must divide it.
        over: usize,
    },
    /// A matrix in heads does not divide what it is multiplied by, or the units it is added to.
    Heads {
        /// The cell.
        cell: Name,
        /// The name of the matrix.
        matrix: Name,
        /// The width of what it is multiplied by.
        of: usize,
        /// The width of a head of that.
        columns: usize,
        /// How many units it is added to.
        units: usize,
    },
    /// A spread, a sum or a mean does not divide the widths it is between.
    Axes {
        /// The cell.
        cell: Name,
        /// The stage.
        stage: usize,
        /// The width of the narrow side.
        narrow: usize,
        /// The width of the wide side.
        wide: usize,
        /// How many neighbours stay together.
        inner: usize,
    },
    /// Parts of gates are not as wide as what is put into them.
    Parts {
        /// The cell.
        cell: Name,
        /// The stage.
        stage: usize,
        /// The width of what is put into a part.
        of: usize,
        /// How many parts there are.
        parts: usize,
        /// The width of all of them.
        out: usize,
    },
}

impl fmt::Display for SizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SizeError::Overflow { cell, size } => {
                write!(f, "cell `{cell}`: {size:?} has more parameters than can be counted")
            }
            SizeError::Input { cell, stage, input, units } => write!(
                f,
                "cell `{cell}`, stage {stage}: the equation reads x unit by unit, so C must be its {units} units; it is {input}"
            ),
            SizeError::Fraction { cell, hidden, over } => {
                write!(f, "cell `{cell}`: H must be a positive multiple of {over}; it is {hidden}")
            }
            SizeError::Heads { cell, matrix, of, columns, units } => write!(
                f,
                "cell `{cell}`: heads of `{matrix}` have {columns} columns; they must divide {of} elements, and their number {units} units"
            ),
            SizeError::Parts { cell, stage, of, parts, out } => {
                write!(f, "cell `{cell}`, stage {stage}: {parts} parts of {of} elements must be {out} units")
            }
            SizeError::Axes { cell, stage, narrow, wide, inner } => write!(
                f,
                "cell `{cell}`, stage {stage}: {wide} elements must be a positive multiple of {narrow}, and those of {inner}"
            ),
        }
    }
}

impl core::error::Error for SizeError {}
