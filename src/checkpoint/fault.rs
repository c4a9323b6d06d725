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
    /// The file ends too early.
    #[error("truncated: expected {expected} bytes, found {found}")]
    Truncated {
        /// How many bytes there must be; while the header is incomplete, its length.
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
    #[error("unknown format version: expected {expected}, found {found}")]
    UnknownVersion {
        /// The version this crate reads.
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
    #[error("altered: expected digest {expected}, found {found}")]
    Altered {
        /// The digest in the header.
        expected: Digest,
        /// The digest of the content.
        found: Digest,
    },
    /// The digest is right but the content is not that of a checkpoint with these fields.
    #[error("malformed: expected the fields of a checkpoint, found: {found}")]
    Malformed {
        /// What the decoder says.
        found: String,
    },
    /// A field contradicts the others or holds a number that is not finite.
    #[error("{found}")]
    Invalid {
        /// What is wrong, expected and found.
        found: String,
    },
}
