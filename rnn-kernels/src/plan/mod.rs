//! A cell of known sizes: where its parameters, its pre-activations and its states lie.

mod blocks;
mod error;
mod maps;
mod places;
mod tables;

use crate::equations::Cell;
use crate::form::{Factor, Form, Product, Slot, Stage, Width};
use crate::params::Bias;
use crate::shape::{product, sum};
use core::marker::PhantomData;
use core::ops::Range;

pub use blocks::ParamBlock;
pub use error::SizeError;
pub use maps::{Axes, Map, Way};
pub(crate) use places::Places;
pub use tables::{Group, Home, Plan, Segment, StagePlan, Term};

/// The sizes of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Size {
    /// `C`, input features.
    pub input: usize,
    /// `H`, hidden units.
    pub hidden: usize,
    /// `P`, the width of what a projection makes; `H` without one.
    pub output: usize,
    /// Which biases there are.
    pub bias: Bias,
}

impl Size {
    /// `C` input features, `H` hidden units, `P = H`, all biases.
    #[must_use]
    pub const fn new(input: usize, hidden: usize) -> Self {
        Self { input, hidden, output: hidden, bias: Bias::Both }
    }

    /// With `P` units of the output.
    #[must_use]
    pub const fn with_output(self, output: usize) -> Self {
        Self { output, ..self }
    }

    /// With these biases.
    #[must_use]
    pub const fn with_bias(self, bias: Bias) -> Self {
        Self { bias, ..self }
    }
}

/// A cell of known sizes, and the tables that every pass looks into. Made once for a layer; a clone costs as much.
///
/// `T` is the number type, so that a backend of several types knows which one a size query is about.
#[derive(Clone, Debug)]
pub struct Spec<T> {
    cell: Cell,
    size: Size,
    plan: Plan,
    number: PhantomData<T>,
}

impl<T> Spec<T> {
    /// The cell with these sizes.
    ///
    /// # Errors
    /// If the number of parameters or the width of a step overflows, if the equation reads the input unit by unit and `C` is not
    /// the width of its stage, or if heads or a fixed map do not divide the widths they are between.
    pub fn new(cell: &Cell, size: Size) -> Result<Self, SizeError> {
        let plan = Plan::new(cell, size)?;
        Ok(Self { cell: cell.clone(), size, plan, number: PhantomData })
    }

    /// The cell.
    #[inline]
    #[must_use]
    pub fn cell(&self) -> &Cell {
        &self.cell
    }

    /// The sizes.
    #[inline]
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// The tables.
    #[inline]
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The width of `y`.
    #[inline]
    #[must_use]
    pub fn y_width(&self) -> usize {
        self.plan.states[0]
    }

    /// The width of a slot.
    #[must_use]
    pub fn slot_width(&self, slot: Slot) -> usize {
        self.cell.form().slot_width(slot).map_or(self.size.input, |width| self.size.width(width))
    }

    /// The number of parameters.
    #[inline]
    #[must_use]
    pub fn params_len(&self) -> usize {
        self.plan.params
    }

    /// The blocks of the flat parameters in their order: matrices that have a bias, their biases, the other matrices, vectors.
    #[must_use]
    pub fn blocks(&self) -> &[ParamBlock] {
        &self.plan.blocks
    }

    /// `Σ N·W` over the states: the length of all states of one step.
    ///
    /// # Panics
    /// If it overflows `usize`.
    #[inline]
    #[must_use]
    pub fn states_len(&self, rows: usize) -> usize {
        product("states", &[rows, self.plan.states_width()])
    }

    /// State `k` of `rows` rows, `[N, W]`, in such a buffer.
    #[must_use]
    pub fn state(&self, k: usize, rows: usize) -> Range<usize> {
        let before = self.plan.states[..k].iter().sum::<usize>() * rows;
        before..before + self.plan.states[k] * rows
    }

    /// `Σ (T+1)·N·W` over the states `+ T·N·(gates + values)`: the length of the reserve.
    ///
    /// # Panics
    /// If it overflows `usize`.
    #[must_use]
    pub fn reserve_len(&self, steps: usize, rows: usize) -> usize {
        let (states, kept) = (self.plan.states_width(), self.plan.gates + self.plan.values_width());
        let slots = sum("reserve", steps, 1);
        sum("reserve", product("reserve", &[slots, rows, states]), product("reserve", &[steps, rows, kept]))
    }

    /// Slot `slot` of state `k`, `[N, W]`, in a reserve of `steps` steps; `0 ≤ slot ≤ T`.
    #[must_use]
    pub fn reserve_state(&self, k: usize, slot: usize, steps: usize, rows: usize) -> Range<usize> {
        self.places(steps, rows).state(k, slot)
    }

    /// What all stages kept at step `t`, `[N, G]`, stage after stage and gate after gate. A stage that keeps what it writes
    /// has no part in it.
    #[must_use]
    pub fn reserve_kept(&self, t: usize, steps: usize, rows: usize) -> Range<usize> {
        self.places(steps, rows).gates(t)
    }

    /// Value `v` of step `t`, `[N, W]`.
    #[must_use]
    pub fn reserve_value(&self, v: usize, t: usize, steps: usize, rows: usize) -> Range<usize> {
        self.places(steps, rows).value(v, t)
    }

    fn places(&self, steps: usize, rows: usize) -> Places<'_> {
        Places { plan: &self.plan, direction: crate::direction::Direction::Forward, steps, rows }
    }
}

impl Size {
    /// Whether every width of a form is a whole number here.
    fn check(self, form: &Form) -> Result<(), SizeError> {
        let slots = form.states.iter().map(|state| state.1).chain(form.values.iter().copied());
        let widths = slots.chain(form.masks.iter().chain(&form.vectors).map(|named| named.1));
        let stages = form.stages.iter().flat_map(|stage| {
            let inner = stage.products.iter().filter_map(|product| product.factor.inner());
            inner.chain([stage.width])
        });
        for width in widths.chain(stages) {
            if let Width::Scaled { times, over } = width {
                let whole = over > 0 && self.hidden > 0 && (self.hidden.saturating_mul(times)).is_multiple_of(over);
                if !whole {
                    return Err(SizeError::Fraction { cell: form.name.clone(), hidden: self.hidden, over });
                }
            }
        }
        Ok(())
    }

    /// How many heads a product with a matrix has; one if the matrix is whole.
    fn heads(self, form: &Form, stage: &Stage, product: &Product) -> Result<usize, SizeError> {
        let Factor::Heads { matrix, columns } = product.factor else { return Ok(1) };
        let of = form.slot_width(product.of).map_or(self.input, |width| self.width(width));
        let units = self.width(stage.width);
        if columns > 0 && of > 0 && of.is_multiple_of(columns) && units.is_multiple_of(of / columns) {
            return Ok(of / columns);
        }
        let (cell, matrix) = (form.name.clone(), form.matrices[matrix].name.clone());
        Err(SizeError::Heads { cell, matrix, of, columns, units })
    }

    pub(crate) fn width(self, width: Width) -> usize {
        match width {
            Width::Hidden => self.hidden,
            Width::Output => self.output,
            Width::Fixed(n) => n,
            // A product that does not fit is found where the widths of a step are summed.
            Width::Scaled { times, over } => self.hidden.saturating_mul(times) / over.max(1),
        }
    }
}
