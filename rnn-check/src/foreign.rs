//! Weights of other libraries: the order of their gates, which way their matrices lie, where their biases go.
//!
//! Our rows are PyTorch's: LSTM `i f g o`, GRU `r z n`, `w [G·H, C]`. Each row of [`ORDERS`] is tested: the law
//! `foreign::other_libraries_orders_are_permutations` computes a cell by the equations of that library, gate by gate by its letter and in
//! its layout, and holds a backend to it that runs on the weights this module makes of them.
//!
//! | library | LSTM | GRU | matrices | biases |
//! |---|---|---|---|---|
//! | ONNX | `i o f c` | `z r h`; `linear_before_reset` 1 is reset after, 0 before | `[G·H, C]` | both, one after the other in `B [2·G·H]` |
//! | Keras | `i f c o` | `z r h`; `reset_after` is ours | `[C, G·H]` | LSTM and reset before one, reset after both, `[2, 3·H]` |
//! | cuDNN | `i f c o` | `r z h`, reset after | `[G·H, C]` | both, or one by its bias mode |
//!
//! **A single bias** is `b_ih`, and `b_hh` is absent or 0. Of an LSTM, an Elman network and a GRU with its reset before the product that is one
//! choice among equals, since both biases are summands of one pre-activation. Of a GRU with its reset after it is none: there `b_hn`
//! is inside the product with `r`, and a bias that stands outside is `b_in`. Only a bias that a library adds to `W_hn h` *before* the
//! reset gate (cuDNN's single recurrent bias) is `b_hh`.

use crate::oracle::{Cell, Reset};

/// Which way a weight matrix lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrices {
    /// `[G·H, C]`, a row for each unit of each gate: ours.
    Rows,
    /// `[C, G·H]`, a column for each.
    Columns,
}

/// How a library lays out the weights of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The library.
    pub library: &'static str,
    /// The cell.
    pub cell: Cell,
    /// The letters of its gates, in its order.
    pub letters: &'static str,
    /// `gates[k]`: which of its gates is our gate `k`.
    pub gates: &'static [usize],
    /// Which way its matrices lie.
    pub matrices: Matrices,
    /// How many biases its own files have: 1 or 2.
    pub biases: usize,
}

const fn lstm(
    library: &'static str,
    letters: &'static str,
    gates: &'static [usize],
    matrices: Matrices,
    biases: usize,
) -> Order {
    Order { library, cell: Cell::Lstm, letters, gates, matrices, biases }
}

const fn gru(
    library: &'static str,
    reset: Reset,
    letters: &'static str,
    gates: &'static [usize],
    matrices: Matrices,
    biases: usize,
) -> Order {
    Order { library, cell: Cell::Gru(reset), letters, gates, matrices, biases }
}

/// Sources: the operator specifications of ONNX (`LSTM`, `GRU`), the layers of Keras 3, `cudnnGetRNNWeightParams` of cuDNN.
pub const ORDERS: [Order; 8] = [
    lstm("ONNX", "iofc", &[0, 2, 3, 1], Matrices::Rows, 2),
    gru("ONNX", Reset::After, "zrh", &[1, 0, 2], Matrices::Rows, 2),
    gru("ONNX", Reset::Before, "zrh", &[1, 0, 2], Matrices::Rows, 2),
    lstm("Keras", "ifco", &[0, 1, 2, 3], Matrices::Columns, 1),
    gru("Keras", Reset::After, "zrh", &[1, 0, 2], Matrices::Columns, 2),
    gru("Keras", Reset::Before, "zrh", &[1, 0, 2], Matrices::Columns, 1),
    lstm("cuDNN", "ifco", &[0, 1, 2, 3], Matrices::Rows, 2),
    gru("cuDNN", Reset::After, "rzh", &[0, 1, 2], Matrices::Rows, 2),
];

impl Order {
    /// Our `[G·H, cols]` of a matrix in the library's layout.
    ///
    /// # Panics
    /// Unless `theirs` has `G·H·cols` elements.
    #[must_use]
    pub fn matrix<T: Copy>(&self, theirs: &[T], cols: usize) -> Vec<T> {
        let rows = theirs.len() / cols.max(1);
        assert!(
            rows * cols == theirs.len() && rows.is_multiple_of(self.gates.len()),
            "[G·H, {cols}] of {} elements",
            theirs.len()
        );
        let at = |row: usize, col: usize| match self.matrices {
            Matrices::Rows => theirs[row * cols + col],
            Matrices::Columns => theirs[col * rows + row],
        };
        let hidden = rows / self.gates.len();
        let row_of = |row: usize| self.gates[row / hidden] * hidden + row % hidden;
        (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col))).map(|(row, col)| at(row_of(row), col)).collect()
    }

    /// Our `[G·H]` of a bias in the library's order.
    ///
    /// # Panics
    /// Unless its length is a multiple of the number of gates.
    #[must_use]
    pub fn bias<T: Copy>(&self, theirs: &[T]) -> Vec<T> {
        Self { matrices: Matrices::Rows, ..*self }.matrix(theirs, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_onnx_come_in_our_order() {
        // i o f c, two units of one column each.
        assert_eq!(ORDERS[0].matrix(&[10, 11, 40, 41, 20, 21, 30, 31], 1), [10, 11, 20, 21, 30, 31, 40, 41]);
        // z r h
        assert_eq!(ORDERS[1].bias(&['z', 'r', 'h']), ['r', 'z', 'h']);
    }

    #[test]
    fn columns_of_keras_are_our_rows() {
        // [C, 4·H] with two features and one unit.
        assert_eq!(ORDERS[3].matrix(&[1, 2, 3, 4, 5, 6, 7, 8], 2), [1, 5, 2, 6, 3, 7, 4, 8]);
    }

    #[test]
    fn every_order_is_a_permutation_of_its_letters() {
        for order in ORDERS {
            let ours = if order.cell == Cell::Lstm { "ifco" } else { "rzh" };
            let picked: String = order.gates.iter().map(|&k| char::from(order.letters.as_bytes()[k])).collect();
            assert_eq!(picked, ours, "{order:?}");
        }
    }
}
