//! The provided pointwise kernels and heads: the mathematics as written, forward and backward side by side.

pub mod activation;
pub mod affine;
pub mod elman;
pub mod embedding;
pub mod gru;
pub mod loss;
pub mod lstm;
pub mod program;
