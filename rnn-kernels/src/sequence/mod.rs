//! The provided sequence drivers: forward and backpropagation through time of every cell, for any backend.
//!
//! Everything stays in time order and a row that a step does not belong to keeps its state: no gather, no sort,
//! no branch for the first step. Equations never see lengths; [`ragged`] does. Rows that start anew are several passes: [`resets`].

mod backward;
mod forward;
mod infer;
pub mod input;
pub mod maps;
pub mod ragged;
pub mod resets;
pub mod weights;

pub use backward::backward;
pub use forward::{forward, lens};
pub use infer::infer;
