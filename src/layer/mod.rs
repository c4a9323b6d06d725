//! The layers a network is made of, forward and backward side by side, and single layers ready to use.

mod cell;
pub(crate) mod dense;
pub(crate) mod last_step;
mod single;

pub(crate) use cell::{Backward, Cell, Forward, Infer, Pass};
pub use single::{Elman, Gru, Lstm};
