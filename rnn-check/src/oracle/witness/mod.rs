//! Cells that the oracle interprets, each with the equations of its source beside it, written without looking at its form.
//!
//! The interpretation proves that a backend computes a form and an equation; that they are those of the paper is seen here.

mod lstm_peephole;

pub use lstm_peephole::LSTM_PEEPHOLE;

use super::Dims;

/// One step of one row in f64: flat parameters, `x [C]`, `h [H]` and the other states to the new `h` and the new others.
pub type Witness = fn(dims: Dims, params: &[f64], x: &[f64], h: &[f64], c: &[f64]) -> [Vec<f64>; 2];
