//! The kernels of a cell among those that were compiled.

use rnn_kernels::Cell;

use super::{Compiled, Kernels};
use crate::number::Number;

/// The kernels for a cell, if it was compiled for this number type.
#[inline]
pub fn find<'c, T: Number>(compiled: &'c [Compiled], cell: &Cell) -> Option<&'c Kernels<T>> {
    if compiled.is_empty() || cell.known().is_some() {
        return None;
    }
    compiled.iter().find_map(|compiled| compiled.parts.kernels.downcast_ref().filter(|_| compiled.is_of(cell)))
}

impl Compiled {
    #[inline]
    fn is_of(&self, cell: &Cell) -> bool {
        let own = self.cell();
        cell.is_clone_of(own) || cell.statement() == own.statement()
    }
}
