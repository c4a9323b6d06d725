//! `resume(save(run)) = run`, bit for bit: everything a training run is, in one file.
//!
//! A [`Checkpoint`] is the content, [`encode`] and [`decode`] its bytes, [`write_atomically`] the way any file of this
//! crate reaches the disk.
//!
//! # The file
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `89 52 4E 4E 0D 0A 1A 0A` |
//! | 4 | format version, little-endian |
//! | 1 | number type: 1 is f32, 2 is f64 |
//! | 3 | 0 |
//! | 8 | length of the payload, little-endian |
//! | 32 | SHA-256 of the 24 bytes above and the payload |
//! | … | payload: the fields in their order, bincode 2 with its standard configuration |
//!
//! A reader checks in this order: size limit, magic, version, number type, length, digest; only then does it decode,
//! from a slice of exactly that length, and refuses what does not end with it, is not finite or contradicts itself.
//! The digest tells accidents; it does not tell who wrote the file.

mod digest;
mod envelope;
mod fault;
mod file;
mod training;

pub use digest::Digest;
pub use envelope::{Limits, Stored, decode, encode};
pub use fault::CheckpointFault;
pub use file::write_atomically;
pub use training::Checkpoint;
