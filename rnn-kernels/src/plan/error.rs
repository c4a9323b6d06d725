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
        }
    }
}

impl core::error::Error for SizeError {}
