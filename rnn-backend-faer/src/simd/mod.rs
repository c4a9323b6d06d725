//! Vector kernels with run-time dispatch: activations ([`math`]), the
//! pointwise part of the cells ([`gates`]), products of few rows ([`product`]).
//! σ and tanh of a gate come in two accuracies ([`math`], [`fast`]).
//!
//! A kernel is written once, as code that the compiler vectorises or over the
//! vectors of an instruction set, and instantiated for each [`Isa`] inside a
//! function that may use it ([`Simd`] is the proof that it may). All kernels
//! use fused multiply-adds in a fixed order per element, so **the result bits
//! depend neither on the instruction set nor on where in a slice an element
//! lies**, nor (for products) on how many rows are computed together.

mod accuracy;
pub(crate) mod columns;
pub mod fast;
mod fused;
pub mod gates;
mod isa;
mod logarithm;
pub mod math;
pub mod paths;
mod pointwise;
mod prefetch;
pub mod product;
pub(crate) mod program;
mod real;
pub(crate) mod recurrence;
pub mod regression;
pub mod softmax;
mod trigonometry;
mod turns;
pub(crate) mod vector;

pub use accuracy::Accuracy;
pub use isa::{Isa, Simd};
pub use real::Real;
