//! `Σ bytes ≤ limit`: how much memory the values of a graph may take together, checked before it is asked for.

use crate::error::{Error, Result};

/// A limit in bytes, and how many of them are left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    limit: usize,
    left: usize,
}

impl Room {
    /// A limit of which nothing is taken yet.
    pub fn of(limit: usize) -> Self {
        Self { limit, left: limit }
    }

    /// Takes room for `len` elements of so many bytes each.
    pub fn take(&mut self, len: usize, bytes: usize) -> Result<()> {
        let taken = len.checked_mul(bytes).and_then(|bytes| self.left.checked_sub(bytes));
        self.left = taken.ok_or_else(|| {
            let found = format!("{len} more elements of {bytes} bytes where {} are left", self.left);
            Error::range("values of a graph", format!("at most {} bytes", self.limit), found)
        })?;
        Ok(())
    }
}
