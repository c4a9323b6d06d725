//! Cells of `rnn_kernels::cells` against values made by the reference implementations: every output, every last state
//! and every gradient, `max |a − b| ≤ 1e-10 · max |b|` of each array.

mod batch_norm;
mod cfc;
mod elman;
mod gated;
mod golden;
mod hgrn;
mod layer;
mod layer_norm;
mod linear;
mod matrix_state;
mod minimal;
mod mixed;
mod plain;
mod slstm;
mod variants;
