//! Cells that the oracle interprets, each with the equations of its source beside it, written without looking at its form.
//!
//! The interpretation proves that a backend computes a form and an equation; that they are those of the paper is seen here.

mod cfc;
mod clockwork;
mod complex;
mod elman_family;
mod gated_delta;
mod gru_family;
mod layer_norm;
mod linear;
mod lstm_family;
mod lstm_peephole;
mod mamba;
mod mlstm;
mod noise;
mod parameters;
mod slstm;

pub use cfc::{CFC, CFC_NO_GATE, CFC_PURE};
pub use clockwork::{CLOCKWORK, CLOCKWORK_SLOW_FIRST};
pub use complex::{HGRN_COMPLEX, LRU, LRU_NO_FEEDTHROUGH};
pub use elman_family::{
    DEEP_TRANSITION, DEEP_TRANSITION_SHORTCUTS, IND_RNN, JORDAN, LEAKY, LEAKY_BEFORE, LEAKY_STATE, SKIP,
};
pub use gated_delta::GATED_DELTA;
pub use gru_family::{GRU_AFTER, GRU_BEFORE, LI_GRU, MGU, MGU_AFTER, MGU_NO_RESET};
pub use layer_norm::{LSTM_LAYER_NORM, LSTM_LAYER_NORM_CARRIED, LSTM_LAYER_NORM_GATES, LSTM_LAYER_NORM_GATES_RAW};
pub use linear::{HGRN, MIN_GRU, MIN_GRU_IDENTITY, MIN_LSTM, RG_LRU, RG_LRU_HEADS};
pub use lstm_family::{LSTM_1997, LSTM_BLOCKS, LSTM_COUPLED, LSTM_FUNCTIONS, LSTM_PROJECTION};
pub use lstm_peephole::LSTM_PEEPHOLE;
pub use mamba::MAMBA;
pub use mlstm::{MLSTM, MLSTM_PLAIN};
pub use noise::{
    ELMAN_CANDIDATE, ELMAN_STATE, ELMAN_ZONEOUT, GRU_CANDIDATE, GRU_STATE, GRU_STATE_BEFORE, GRU_ZONEOUT,
    LSTM_CANDIDATE, LSTM_STATE, LSTM_ZONEOUT, LSTM_ZONEOUT_PROJECTION,
};
pub use slstm::{SLSTM, SLSTM_HEADS};

use super::Dims;
use parameters::Parameters;
use rnn_kernels::{Cell, Equations};

/// One step of one row in f64: flat parameters, `x [C]`, `h [H]`, the other states and all masks to the new `h` and the new others.
pub type Witness = fn(dims: Dims, params: &[f64], x: &[f64], h: &[f64], c: &[f64], masks: &[f64]) -> [Vec<f64>; 2];

/// The cell of these equations.
fn cell<E: Equations>(equations: &E) -> Cell {
    Cell::new(equations).unwrap_or_else(|e| panic!("{e}"))
}

fn sigmoid(v: f64) -> f64 {
    1.0 / (1.0 + (-v).exp())
}

/// `[f(0), f(1), …]`, one for each unit.
fn each(dims: Dims, f: impl FnMut(usize) -> f64) -> Vec<f64> {
    (0..dims.hidden).map(f).collect()
}
