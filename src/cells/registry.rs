//! The registry: a value that maps names to makers.

use super::built_in::{self, NoOptions};
use super::{CellFault, CellSpec, Options};
use crate::error::{Error, Result};
use rnn_kernels::{Cell, Width};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The most masks that a cell of a layer may have: a pass allocates nothing, so that there is room for them from the start.
pub(crate) const MOST_MASKS: usize = 16;

type Maker = dyn Fn(&Options) -> Result<Cell, CellFault> + Send + Sync;

/// The cells that a configuration may name. A clone shares the makers.
#[derive(Clone)]
pub struct Cells {
    makers: BTreeMap<String, Arc<Maker>>,
}

impl Default for Cells {
    fn default() -> Self {
        Self::new()
    }
}

impl Cells {
    /// Those of this crate: `elman`, `gru`, `lstm` and every cell of [`rnn_kernels::cells`] under the name of its file, each
    /// with the fields of its type as options.
    #[must_use]
    pub fn new() -> Self {
        built_in::cells()
    }

    pub(super) fn empty() -> Self {
        Self { makers: BTreeMap::new() }
    }

    /// With a cell of this name that has options: `make` reads them and traces the equation.
    ///
    /// It takes the place of an earlier one of that name. The options of the cells of this crate stay what they are,
    /// whoever makes them. Options called `output` and `masks` are those of the layer and not handed to `make`.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&Options) -> Result<Cell, CellFault> + Send + Sync + 'static,
    ) -> Self {
        self.makers.insert(name.into(), Arc::new(make));
        self
    }

    /// With a cell without options, under the name that its form has.
    #[must_use]
    pub fn with_cell(self, cell: Cell) -> Self {
        let name = cell.form().name.clone().into_owned();
        self.with(name, move |options| options.read::<NoOptions>().map(|NoOptions {}| cell.clone()))
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.makers.keys().map(|name| &name[..])
    }

    /// The cell of a configuration.
    ///
    /// # Errors
    /// [`Error::Cell`] if there is none of this name, its options are wrong, or form and equation do not make a cell.
    pub fn make(&self, spec: &CellSpec) -> Result<Cell> {
        self.make_at("cell", spec)
    }

    pub(crate) fn make_at(&self, at: &str, spec: &CellSpec) -> Result<Cell> {
        let fault = |fault| Error::Cell { at: at.into(), cell: spec.name().into(), fault };
        let unknown = || fault(CellFault::Unknown { known: self.names().map(String::from).collect() });
        let make = self.makers.get(spec.name()).ok_or_else(unknown)?;
        let mut options = spec.options().clone();
        let (output, masks) = (options.output().map_err(fault)?, options.masks().map_err(fault)?);
        drop(options.take_those_of_the_layer());
        let cell = make(&options).map_err(fault)?;
        if output.is_some() && !cell.form().states.iter().any(|(_, width)| *width == Width::Output) {
            return Err(fault(CellFault::NoOutput));
        }
        let known: Vec<_> = cell.form().masks.iter().map(|(name, _)| name.clone()).collect();
        match masks.into_keys().find(|mask| !known.iter().any(|name| name == mask)) {
            Some(mask) => Err(fault(CellFault::UnknownMask { mask, known })),
            None if known.len() > MOST_MASKS => Err(fault(CellFault::Masks { masks: known })),
            None => Ok(cell),
        }
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cells").field(&self.makers.keys().collect::<Vec<_>>()).finish()
    }
}
