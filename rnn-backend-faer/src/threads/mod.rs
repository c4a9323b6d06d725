//! Threads of our own: a small persistent [pool](pool::Pool), and [`Workers`], who run tasks on it, on a rayon pool or alone, and
//! share the rows of matrices and of whole sequences out to them.

mod error;
mod lane;
mod pace;
mod panics;
mod pool;
mod rows;
mod split;
mod sync;
mod tally;
#[cfg(test)]
mod tests;
mod tiles;
mod track;
mod workers;
mod worth;

pub use error::ThreadsError;
pub use rows::Rows;
pub use tiles::{Tile, Tiles, Tiling};
pub use track::{Tracks, TracksMut};
pub use workers::Workers;
pub use worth::worth_sharing;
