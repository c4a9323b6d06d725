//! What one line measures.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Steps, batch, input, hidden.
pub type Shape = [usize; 4];

/// A layer, with the gates of `PyTorch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// `tanh`
    Rnn,
    Lstm,
    /// The reset gate after the recurrent product
    Gru,
}

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Inference over T steps from a given state; every hidden state is made
    Fwd,
    /// Forward, and the gradients of weights, biases, input and initial state from a fixed cotangent of every output
    Train,
}

/// The numbers computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    F32,
    F64,
}

/// One line to be. The fields are named as in the lines of other programs, so that all can lie in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub cell: Cell,
    #[serde(rename = "T")]
    pub t: usize,
    #[serde(rename = "B")]
    pub n: usize,
    #[serde(rename = "I")]
    pub c: usize,
    #[serde(rename = "H")]
    pub h: usize,
    pub dtype: Dtype,
    pub mode: Mode,
    pub threads: usize,
}

impl Cell {
    pub fn gates(self) -> usize {
        match self {
            Cell::Rnn => 1,
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }
}

impl Setting {
    /// Operations of the products; training repeats both twice.
    pub fn flops(&self) -> f64 {
        let forward = 2 * self.t * self.n * self.cell.gates() * self.h * (self.c + self.h);
        forward as f64 * if self.mode == Mode::Train { 3.0 } else { 1.0 }
    }
}
