//! The equation of a stage, and heads: the mathematics as written, forward and backward side by side.

pub mod activation;
pub mod affine;
pub mod ctc;
pub mod embedding;
pub mod linear;
pub mod loss;
pub mod program;
mod wide;
