//! Threads of our own: a small persistent [`Pool`], and [`Workers`], who run tasks on it, on a rayon pool or alone, and
//! share the rows of matrices and of whole sequences out to them.

mod pool;
mod rows;
mod split;
mod workers;

pub use pool::Pool;
pub use rows::Rows;
pub use workers::Workers;
