//! What can be wrong with a checkpoint.

use super::Digest;

/// Why some bytes are not the checkpoint one asked for; each says what was expected and what was found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// More bytes than the limit allows.
    #[error("too large: expected at most {limit} bytes, found {found}")]
    TooLarge {
        /// The limit.
        limit: u64,
        /// The size.
        found: u64,
    },
    /// More bytes in one part than any limit allows.
    #[error("{part}: expected at most {limit} bytes, found more")]
    PartTooLarge {
        /// Which part.
        part: String,
        /// Its limit.
        limit: u64,
    },
    /// There is not enough memory.
    #[error("{part}: expected {bytes} bytes of memory, found less")]
    Memory {
        /// For which part, or for the whole file.
        part: String,
        /// How much was asked for.
        bytes: u64,
    },
    /// The file ends too early.
    #[error("truncated: expected {expected} bytes, found {found}")]
    Truncated {
        /// How many bytes there must be; while the header or the table is incomplete, up to its end.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The file goes on after its end.
    #[error("too long: expected {expected} bytes, found {found}")]
    TrailingBytes {
        /// How many bytes there must be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// Not a checkpoint at all.
    #[error("not a checkpoint: expected it to begin with {expected:02x?}, found {found:02x?}")]
    NotACheckpoint {
        /// The first bytes of every checkpoint.
        expected: [u8; 8],
        /// The first bytes of this file.
        found: [u8; 8],
    },
    /// Written by a version of this crate that this one does not know.
    #[error("unknown format version: expected at most {expected}, found {found}")]
    UnknownVersion {
        /// The newest version this crate reads.
        expected: u32,
        /// The version of the file.
        found: u32,
    },
    /// Another number type.
    #[error("number type: expected {expected}, found {found}")]
    NumberType {
        /// The type asked for.
        expected: &'static str,
        /// The type in the file.
        found: String,
    },
    /// Some bytes are not those that were written.
    #[error("{part}, altered: expected digest {expected}, found {found}")]
    Altered {
        /// Which part.
        part: String,
        /// The digest that was written.
        expected: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// The digests are right but a part does not hold what it should.
    #[error("{part}: expected what its type writes, found {found}")]
    Malformed {
        /// Which part.
        part: String,
        /// What the decoder says.
        found: String,
    },
    /// A part that every checkpoint has is not there.
    #[error("expected a part {expected:?}, found none")]
    MissingPart {
        /// Its name.
        expected: &'static str,
    },
    /// There is a part that this version of the crate does not know and must not skip.
    #[error("expected no parts but known ones, found {found:?}, which must not be skipped")]
    UnknownPart {
        /// Its name.
        found: String,
    },
    /// A field contradicts the others or holds a number that is not finite.
    #[error("{found}")]
    Invalid {
        /// What is wrong, expected and found.
        found: String,
    },
}
