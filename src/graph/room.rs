//! `Σ bytes ≤ limit`: what the values of a graph may take in all, asked before memory is.

use crate::error::{Error, Result};

/// How many bytes are left of a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    limit: usize,
    left: usize,
}

impl Room {
    /// All of it left.
    pub fn of(limit: usize) -> Self {
        Self { limit, left: limit }
    }

    /// Room for so many elements.
    pub fn take(&mut self, len: usize, bytes: usize) -> Result<()> {
        let taken = len.checked_mul(bytes).and_then(|bytes| self.left.checked_sub(bytes));
        self.left = taken.ok_or_else(|| {
            let found = format!("{len} more elements of {bytes} bytes where {} are left", self.left);
            Error::range("values of a graph", format!("at most {} bytes", self.limit), found)
        })?;
        Ok(())
    }
}
