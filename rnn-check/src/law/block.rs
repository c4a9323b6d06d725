//! Names for elements: `w_ih, gate f, unit 1, column 0` rather than `index 57`.

use crate::case::Problem;
use crate::oracle::Cell;
use crate::real::Real;

/// How an array's index reads.
#[derive(Clone, Debug)]
enum Axes {
    /// `[T, N, F]`.
    Seq { rows: usize, cols: usize, gate: usize },
    /// `[N, F]`.
    Mat { cols: usize },
    /// Flat parameters.
    Params { blocks: Vec<rnn_kernels::Block>, hidden: usize },
}

/// An array, as a report names its elements.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The array.
    pub name: &'a str,
    axes: Axes,
    letters: &'static [&'static str],
}

fn letters(cell: Cell) -> &'static [&'static str] {
    match cell {
        Cell::Elman(_) => &["h"],
        Cell::Lstm => &["i", "f", "g", "o"],
        Cell::Gru(_) => &["r", "z", "n"],
    }
}

impl<'a> Block<'a> {
    /// A matrix `[_, cols]`.
    #[must_use]
    pub fn matrix(name: &'a str, cols: usize) -> Self {
        Self { name, axes: Axes::Mat { cols: cols.max(1) }, letters: &[] }
    }

    /// `[T, N, cols]`.
    #[must_use]
    pub fn sequence<T>(name: &'a str, problem: &Problem<T>, cols: usize) -> Self {
        let axes = Axes::Seq { rows: problem.dims.batch.max(1), cols: cols.max(1), gate: 0 };
        Self { name, axes, letters: &[] }
    }

    /// `[T, N, G·H]`.
    #[must_use]
    pub fn gates<T>(name: &'a str, problem: &Problem<T>) -> Self {
        let (hidden, gates) = (problem.dims.hidden, problem.cell.gates());
        let axes = Axes::Seq { rows: problem.dims.batch.max(1), cols: (gates * hidden).max(1), gate: hidden };
        Self { name, axes, letters: letters(problem.cell) }
    }

    /// Flat parameters.
    #[must_use]
    pub fn params<T: Real>(name: &'a str, problem: &Problem<T>) -> Self {
        let axes = Axes::Params { blocks: problem.param_layout().blocks().collect(), hidden: problem.dims.hidden };
        Self { name, axes, letters: letters(problem.cell) }
    }

    /// The element, in words.
    #[must_use]
    pub fn describe(&self, index: usize) -> String {
        let unit = |name: &str, j: usize, hidden: usize| match self.letters.get(j / hidden.max(1)) {
            Some(letter) => format!("{name}gate {letter}, unit {}", j % hidden.max(1)),
            None => format!("{name}column {j}"),
        };
        let name = self.name;
        match &self.axes {
            Axes::Mat { cols } => format!("{name}[row {}, column {}]", index / cols, index % cols),
            Axes::Seq { rows, cols, gate } => {
                let (t, n, j) = (index / cols / rows, index / cols % rows, index % cols);
                format!("{name}[t={t}, row {n}, {}]", unit("", j, *gate))
            }
            Axes::Params { blocks, hidden } => {
                let Some(block) = blocks.iter().find(|b| b.range().contains(&index)) else { return name.to_string() };
                let at = index - block.offset;
                let row = unit("", at / block.cols, *hidden);
                let col = if block.is_vector { String::new() } else { format!(", column {}", at % block.cols) };
                format!("{name}.{}[{row}{col}]", block.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Block;
    use crate::case::Case;

    #[test]
    fn elements_are_named_by_block_gate_unit_time_and_row() {
        let problem = Case::plain().problem::<f32>(); // T N C H = 3 2 5 4
        assert_eq!(Block::params("d", &problem).describe(5 * 4 + 5 + 2), "d.weight_ih[gate f, unit 1, column 2]");
        assert_eq!(Block::params("d", &problem).describe(16 * 9 + 16 + 9), "d.bias_hh[gate g, unit 1]");
        assert_eq!(Block::gates("gates", &problem).describe(16 * 3 + 13), "gates[t=1, row 1, gate o, unit 1]");
        assert_eq!(Block::sequence("y", &problem, 4).describe(4 * 2 * 2 + 4 + 3), "y[t=2, row 1, column 3]");
        assert_eq!(Block::matrix("h_n", 4).describe(7), "h_n[row 1, column 3]");
    }
}
