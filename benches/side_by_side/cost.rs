//! What a pass over a layer costs at least: operations of its products, and bytes of weights it has to read.
//!
//! `G` gates (Elman 1, GRU 3, LSTM 4), `s` bytes a number:
//!
//! | | forward | training |
//! |---|---|---|
//! | operations | `2·T·N·G·H·(C+H)` | three times that: `dx`, `dh` and the weight gradients repeat both products twice |
//! | bytes | `s·(T·G·H·H + G·H·C)` | twice that for both directions, and `s·G·H·(C+H)` written: the gradients |
//! | working set | `s·G·H·H`, with one step `s·G·H·(C+H)` | the same |
//! | σ, tanh | `T·N·H` times (0, 1), GRU (2, 1), LSTM (3, 2) | the same: a backward pass can keep what it needs |
//!
//! A step needs the state of the step before, so `W_hh` is read in every step; the input product needs no state, so
//! once is enough for `W_ih`. What lies between two reads of the same weight is the working set: the level of the
//! memory that holds it bounds how fast they come. Other pointwise work, `x`, `y` and the reserve are left out: this is a floor.

use super::{Cell, Mode, Shape};

/// Lower bounds for one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Floating-point operations; a fused multiply-add is two.
    pub flops: f64,
    /// Bytes of weights read, and of weight gradients written.
    pub bytes: f64,
    /// Bytes of weights between two reads of the same one.
    pub working_set: f64,
    /// How many times σ is computed.
    pub sigmoids: f64,
    /// How many times tanh is computed.
    pub tanhs: f64,
}

impl Cost {
    /// Of a pass in `mode`, with numbers of `size` bytes.
    pub fn new(cell: Cell, mode: Mode, shape: Shape, size: usize) -> Cost {
        let [t, n, c, h] = shape.map(|extent| extent as f64);
        let (gates, size) = (cell.gates() as f64, size as f64);
        let (w_ih, w_hh) = (size * gates * h * c, size * gates * h * h);
        let flops = 2.0 * t * n * gates * h * (c + h);
        let bytes = t * w_hh + w_ih;
        let working_set = if shape[0] > 1 { w_hh } else { w_ih + w_hh };
        let [sigmoids, tanhs] = match cell {
            Cell::Elman => [0.0, 1.0],
            Cell::Gru => [2.0, 1.0],
            Cell::Lstm => [3.0, 2.0],
        }
        .map(|each| each * t * n * h);
        let forward = Cost { flops, bytes, working_set, sigmoids, tanhs };
        match mode {
            Mode::Forward | Mode::Infer => forward,
            Mode::Train => Cost { flops: 3.0 * flops, bytes: 2.0 * bytes + w_ih + w_hh, ..forward },
        }
    }
}
