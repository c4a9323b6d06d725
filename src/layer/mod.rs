//! The layers a network is made of, forward and backward side by side, and single layers ready to use.

pub(crate) mod dense;
pub(crate) mod last_step;
mod single;

pub use single::{Elman, Gru, Lstm};
