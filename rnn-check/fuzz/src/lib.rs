//! What the targets share: the peak of memory, digests that vouch for a file, and small networks.

#![forbid(unsafe_code)]

mod budget;
pub mod checkpoint;
pub mod frame;
mod memory;
pub mod pass;
pub mod seal;

pub use budget::{Size, size};
pub use memory::within;
