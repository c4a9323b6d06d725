//! What a checkpoint may be at most: one set of limits for who writes it and who reads it.

use super::CheckpointFault as Fault;

/// How large a checkpoint may be. What the limits would refuse to read is not written either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes. There is no other bound: with a larger one than the default, files of any size that
    /// memory holds are written and read.
    pub bytes: u64,
}

impl Default for Limits {
    /// 1 GiB.
    fn default() -> Self {
        Self { bytes: 1 << 30 }
    }
}

/// The longest part with settings: its content is decoded into structures, which take several times its memory.
pub(super) const SETTINGS: u64 = 1 << 20;

/// The longest table of parts: a thousand of them.
pub(super) const TABLE: u64 = 1 << 16;

impl Limits {
    /// `Ok` if a whole file may have this size.
    pub(super) fn check(self, found: u64) -> Result<(), Fault> {
        if found <= self.bytes { Ok(()) } else { Err(Fault::TooLarge { limit: self.bytes, found }) }
    }
}
