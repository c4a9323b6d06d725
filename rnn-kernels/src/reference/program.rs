//! The equation of a cell, and its pullback, as programs on the units of each row.

use crate::pass::{Row, UnitBackward, UnitForward};
use crate::program::{Program, Reference, Runner};
use crate::scalar::Scalar;

/// Overwrites what is kept and written of every row.
pub fn forward<T: Scalar>(mut unit: UnitForward<'_, T>) {
    let program = unit.program();
    forward_with(&Reference, program, &mut unit);
}

/// Overwrites the cotangents of pre-activations, adds to those of vectors, and treats those of reads as they say.
pub fn backward<T: Scalar>(mut unit: UnitBackward<'_, T>) {
    let program = unit.program();
    backward_with(&Reference, program, &mut unit);
}

/// [`forward`] by any program of the stage, run by `runner`.
pub fn forward_with<T: Scalar, R: Runner<T>>(runner: &R, program: &Program, unit: &mut UnitForward<'_, T>) {
    for n in unit.rows() {
        runner.run(program, &mut Row { unit: &mut *unit, n });
    }
}

/// [`backward`] by any pullback of the stage, run by `runner`.
pub fn backward_with<T: Scalar, R: Runner<T>>(runner: &R, program: &Program, unit: &mut UnitBackward<'_, T>) {
    for n in unit.rows() {
        runner.run(program, &mut Row { unit: &mut *unit, n });
    }
}
