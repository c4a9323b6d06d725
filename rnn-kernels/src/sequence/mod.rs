//! The provided sequence drivers: forward and backpropagation through time of every cell, for any backend.
//!
//! Everything stays in time order and a row that a step does not belong to keeps its state: no gather, no sort,
//! no branch for the first step. Pointwise kernels never see lengths; [`ragged`] does.

pub mod elman;
pub mod gru;
pub mod input;
pub mod lstm;
pub mod ragged;
pub mod weights;
