//! Threads of our own: a small persistent [`Pool`], and [`Workers`], who run tasks on it, on a rayon pool or alone, and
//! share the rows of matrices out to them.

mod pool;
mod split;
mod workers;

pub use pool::Pool;
pub use workers::Workers;
