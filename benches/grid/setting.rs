//! What one line of the grid measures, and its name there.

use crate::selection::Pass;
use crate::side_by_side::{Cell, Cost, Shape};
use serde::Serialize;

/// One line of the grid to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub cell: Cell,
    pub shape: Shape,
    pub pass: Pass,
    pub threads: usize,
}

/// Which line of the grid. The names of the fields are those that scripts for other libraries use, so that all lines
/// can lie in one table.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    pub cell: &'static str,
    #[serde(rename = "T")]
    pub t: usize,
    #[serde(rename = "B")]
    pub n: usize,
    #[serde(rename = "I")]
    pub c: usize,
    #[serde(rename = "H")]
    pub h: usize,
    pub layers: usize,
    pub dtype: &'static str,
    pub mode: &'static str,
    pub threads: usize,
}

impl Cell {
    /// The name peers know the cell by.
    pub fn peer_name(self) -> &'static str {
        match self {
            Cell::Elman => "rnn",
            Cell::Lstm | Cell::Gru => self.name(),
        }
    }
}

impl Setting {
    /// The line's place in the grid.
    pub fn key(&self, dtype: &'static str) -> Key {
        let [t, n, c, h] = self.shape;
        let (cell, mode, threads) = (self.cell.peer_name(), self.pass.name(), self.threads);
        Key { cell, t, n, c, h, layers: 1, dtype, mode, threads }
    }

    /// `lstm train T50 B16 I64 H128 f32 2 threads`.
    pub fn label(&self, dtype: &str) -> String {
        let [t, n, c, h] = self.shape;
        let (cell, pass, threads) = (self.cell.peer_name(), self.pass.name(), self.threads);
        let plural = if threads == 1 { "" } else { "s" };
        format!("{cell:<4} {pass:<5} T{t} B{n} I{c} H{h} {dtype} {threads} thread{plural}")
    }

    /// What it costs at least, with numbers of `size` bytes.
    pub fn cost(&self, size: usize) -> Cost {
        Cost::new(self.cell, self.pass.mode(), self.shape, size)
    }
}
