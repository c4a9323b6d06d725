//! Derivatives, two independent ways.
//!
//! - exact, of anything written over [`Number`](crate::number::Number): [`vjp`], [`jvp`], [`gradient`];
//! - numerical, of anything that maps f64 to f64, a backend's own forward pass included: [`partial`], [`directional`],
//!   each with an error estimate and a second opinion.

mod exact;
mod finite;

pub use exact::{gradient, jvp, vjp};
pub use finite::{Estimate, Evidence, Verdict, along, directional, partial};
