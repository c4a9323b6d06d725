//! Cells that a program compiles for this backend: an equation *and its derived pullback* for every instruction set, by types alone.
//!
//! `Equations::unit` is compiled on two numbers. [`lane`]: forward. [`local`]: a number that carries its derivatives with respect
//! to the operands of a unit and to its *cuts*, what the equation keeps and writes; one sweep over the cuts is the pullback. No
//! code is generated and none is written twice: the optimiser folds what is known.

mod blocks;
mod find;
mod lane;
mod local;
mod rows;
mod rows_backward;
mod stages;
mod unit;

use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

use rnn_kernels::{Cell, CellError, Equations};

use super::pass::ForwardUnits;
use super::units_backward::BackwardUnits;
use crate::number::Number;
pub use find::find;
pub use stages::{Stage, Stages};

/// A cell that is to be compiled: its value as a constant, so that its options are known to the compiler, and the sizes of its
/// stages.
///
/// `unit` must be `#[inline(always)]`, and so must every function it calls: a call would be compiled for the target's baseline,
/// and is fifty times slower.
///
/// ```
/// use rnn_backend_faer::{Compile, Compiled, Faer, Stage};
/// use rnn_kernels::{Equations, Form, Number, Unit};
///
/// /// `h = σ(W_ih x + W_hh h + b)`.
/// #[derive(Debug)]
/// struct Sigmoid;
///
/// impl Equations for Sigmoid {
///     fn form(&self) -> Form {
///         Form::new("sigmoid").stage(rnn_kernels::Stage::new(["h"]))
///     }
///     #[inline(always)]
///     fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
///         let [h] = u.pre();
///         let [h] = u.keep([h.sigmoid()]);
///         u.write([h]);
///     }
/// }
///
/// impl Compile for Sigmoid {
///     type Cell = Self;
///     const CELL: Self = Sigmoid;
///     type Stages = (Stage<1, 0, 0, 1>,);
/// }
///
/// let compiled = Compiled::new::<Sigmoid, f32>()?;
/// let cell = compiled.cell().clone(); // for layers of `f32`
/// let backend = Faer::sequential().with_compiled(compiled);
/// # let _ = (cell, backend);
/// # Ok::<(), rnn_backend_faer::CompiledError>(())
/// ```
pub trait Compile: Sized + 'static {
    /// The cell.
    type Cell: Equations;
    /// Its value.
    const CELL: Self::Cell;
    /// Its stages in order, a tuple of one to four [`Stage`]s.
    type Stages: Stages<Self>;
}

/// The kernels of a compiled cell for one number type, to be given to a backend: [`Faer::with_compiled`](crate::Faer::with_compiled).
///
/// Its passes then use them for every layer of that number type whose cell *is* this one: a clone of [`cell`](Compiled::cell), seen
/// by comparing two pointers, or a cell made elsewhere with the same [`statement`](Cell::statement), seen by comparing two texts.
/// Cells that the backend has kernels of its own for keep those.
///
/// Results are those of the cell's program: forward with the same bits, backward but for roundings, on every instruction set and any
/// number of threads with the same bits.
#[derive(Clone)]
pub struct Compiled {
    parts: Arc<Parts>,
}

struct Parts {
    cell: Cell,
    /// `f32` or `f64`.
    number: &'static str,
    /// [`Kernels`] for that number type.
    kernels: Box<dyn Any + Send + Sync>,
}

/// The units of each stage.
#[derive(Debug)]
pub struct Kernels<T> {
    pub forward: Vec<ForwardUnits<T>>,
    pub backward: Vec<BackwardUnits<T>>,
}

impl Compiled {
    /// Traces the cell, and compares the sizes that were declared with its form.
    ///
    /// # Errors
    /// If form and equation are no cell, or if a declared size is not that of the form.
    pub fn new<C: Compile, T: Number>() -> Result<Self, CompiledError> {
        let cell = Cell::new(&C::CELL)?;
        stages::check(cell.form(), C::Stages::SIZES)?;
        let kernels: Kernels<T> = C::Stages::kernels();
        let parts = Parts { cell, number: type_name::<T>(), kernels: Box::new(kernels) };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// The cell, for layers that use it.
    #[must_use]
    pub fn cell(&self) -> &Cell {
        &self.parts.cell
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.cell().form().name;
        f.debug_struct("Compiled").field("cell", name).field("number", &self.parts.number).finish()
    }
}

/// Why a cell cannot be compiled as it was declared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompiledError {
    /// Form and equation do not make a cell.
    #[error(transparent)]
    Cell(#[from] CellError),
    /// Another number of stages than the form has.
    #[error("cell `{cell}`: {declared} stages are declared, the form has {form}")]
    Stages {
        /// The name of the cell.
        cell: String,
        /// How many are declared.
        declared: usize,
        /// How many the form has.
        form: usize,
    },
    /// Another number of something than a stage of the form has.
    #[error("cell `{cell}`, stage {stage}: {declared} {what} are declared, the form has {form}")]
    Size {
        /// The name of the cell.
        cell: String,
        /// The stage.
        stage: usize,
        /// `pre-activations`, `reads`, …
        what: &'static str,
        /// How many are declared.
        declared: usize,
        /// How many the form has.
        form: usize,
    },
    /// More operands and results than a compiled unit can tell apart.
    #[error("cell `{cell}`, stage {stage}: {found} operands and results, a compiled stage has at most {most}")]
    TooLarge {
        /// The name of the cell.
        cell: String,
        /// The stage.
        stage: usize,
        /// Pre-activations twice, reads, vectors and writes.
        found: usize,
        /// How many there may be.
        most: usize,
    },
}
