//! Threads of our own: a small persistent [`Pool`], and [`Rows`], strided rows
//! of one buffer that several threads may write.

mod pool;
mod rows;
mod split;
mod workers;

pub use pool::Pool;
pub use rows::{Rows, RowsShape};
pub use workers::Workers;
