//! How large a model may be, checked before memory is asked for.

use crate::error::{Error, Result};
use crate::memory::reserve_part;

/// How large a model may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest file, in bytes.
    pub bytes: u64,
    /// The most nodes, initializers, inputs, outputs, attributes and elements of attributes, together. Each takes up to some hundred bytes
    /// in memory, a recurrent node some thousand.
    pub parts: usize,
    /// The most bytes of constants, as numbers in memory: initializers that are no weights of a recurrent layer, what is computed from
    /// constants alone, and weights that a second recurrent layer reads.
    pub constants: usize,
}

impl Default for Limits {
    /// 2 GiB, which is the longest message of the format; 2¹⁷ parts; constants of 1 GiB.
    fn default() -> Self {
        Self { bytes: 2 << 30, parts: 1 << 17, constants: 1 << 30 }
    }
}

impl Limits {
    /// The same with this longest file.
    #[must_use]
    pub fn bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// The same with this number of parts.
    #[must_use]
    pub fn parts(self, parts: usize) -> Self {
        Self { parts, ..self }
    }

    /// The same with so many bytes of constants.
    #[must_use]
    pub fn constants(self, constants: usize) -> Self {
        Self { constants, ..self }
    }
}

/// How many parts there were.
#[derive(Clone, Debug)]
pub(super) struct Count {
    limit: usize,
    seen: usize,
}

impl Count {
    pub fn of(limit: usize) -> Self {
        Self { limit, seen: 0 }
    }

    /// One part more.
    pub fn one(&mut self) -> Result<()> {
        if self.seen == self.limit {
            let expected = format!("at most {} nodes, inputs, attributes and the like", self.limit);
            return Err(Error::model("model", "parts", expected, "more"));
        }
        self.seen += 1;
        Ok(())
    }

    /// One part more, in a list of them.
    pub fn push<T>(&mut self, list: &mut Vec<T>, part: T) -> Result<()> {
        self.one()?;
        reserve_part("parts of a model", list, 1)?;
        list.push(part);
        Ok(())
    }
}
