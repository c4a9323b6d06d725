//! The equation of a cell, and its pullback, as programs on the units of each row.

use crate::pass::{Row, UnitBackward, UnitForward};
use crate::program::{Reference, evaluate};
use crate::scalar::Scalar;

/// Overwrites what is kept and written of every row.
pub fn forward<T: Scalar>(mut unit: UnitForward<'_, T>) {
    let spec = unit.memory.spec;
    for n in unit.rows() {
        evaluate(&Reference, spec.cell().forward(unit.stage), &mut Row { unit: &mut unit, n });
    }
}

/// Overwrites the cotangents of pre-activations, adds to those of vectors, and treats those of reads as they say.
pub fn backward<T: Scalar>(mut unit: UnitBackward<'_, T>) {
    let spec = unit.memory.spec;
    for n in unit.rows() {
        evaluate(&Reference, spec.cell().backward(unit.stage), &mut Row { unit: &mut unit, n });
    }
}
