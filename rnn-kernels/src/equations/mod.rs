//! A cell is a form and one equation: the trait, the operands of a unit, and the cells of this crate, one file each.

mod cell;
mod elman;
mod error;
mod gru;
mod lstm;
mod statement;
mod unit;

use crate::form::Form;
use crate::number::Number;
use core::fmt::Debug;

pub use cell::{Cell, Known};
pub use elman::Elman;
pub use error::{CellError, Fault};
pub use gru::{Gru, GruReset};
pub use lstm::Lstm;
pub use unit::Unit;

/// A recurrent cell: its form, and the equation of one unit.
///
/// The driver, backpropagation through time, the bounds of the checks and a backend's kernels follow from these two:
/// [`Cell::new`] traces the equation once and derives its pullback.
///
/// ```
/// use rnn_kernels::{Cell, Equations, Form, Number, Stage, Unit};
///
/// /// `h = σ(W_ih x + W_hh h + b)`.
/// #[derive(Debug)]
/// struct Sigmoid;
///
/// impl Equations for Sigmoid {
///     fn form(&self) -> Form {
///         Form::new("sigmoid").stage(Stage::new(["h"]))
///     }
///     fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
///         let [h] = u.pre();
///         let [h] = u.keep([h.sigmoid()]);
///         u.write([h]);
///     }
/// }
///
/// let cell = Cell::new(&Sigmoid)?;
/// assert_eq!(cell.form().name, "sigmoid");
/// # Ok::<(), rnn_kernels::CellError>(())
/// ```
pub trait Equations: Debug {
    /// Where numbers flow between steps and products.
    fn form(&self) -> Form;

    /// One unit of a stage: from pre-activations, reads and vectors to what it keeps and writes.
    ///
    /// The same operands are taken whatever their values are, and nothing outside of `self` and `u` is read: the
    /// equation is run on numbers that only describe it. Mark it `#[inline(always)]` where it is to be compiled.
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>);
}
