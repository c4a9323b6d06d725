//! Names for elements: `w_ih, gate f, unit 1, column 0` rather than `index 57`.

use crate::case::Problem;
use crate::oracle::Cell;
use crate::real::Real;
use serde::{Deserialize, Serialize};
use std::fmt;

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

    /// How many steps and rows an array of this many elements has, where it has any.
    pub(super) fn extent(&self, elements: usize) -> (Option<usize>, Option<usize>) {
        match &self.axes {
            Axes::Mat { cols } => (None, Some(elements / cols)),
            Axes::Seq { rows, cols, .. } => (Some(elements / cols / rows), Some(*rows)),
            Axes::Params { .. } => (None, None),
        }
    }

    /// The element's coordinates.
    #[must_use]
    pub fn element(&self, index: usize) -> Element {
        let mut element = Element { array: self.name.into(), ..Element::default() };
        match &self.axes {
            Axes::Mat { cols } => {
                element.row = Some(index / cols);
                element.column = Some(index % cols);
            }
            Axes::Seq { rows, cols, gate } => {
                element.step = Some(index / cols / rows);
                element.row = Some(index / cols % rows);
                self.split(&mut element, index % cols, *gate);
            }
            Axes::Params { blocks, hidden } => {
                let Some(block) = blocks.iter().find(|b| b.range().contains(&index)) else { return element };
                let at = index - block.offset;
                element.part = Some(block.name.into());
                self.split(&mut element, at / block.cols, *hidden);
                element.column = element.column.or((!block.is_vector).then_some(at % block.cols));
            }
        }
        element
    }

    /// Row `j` of the gates is a gate and a unit, as far as there are gates.
    fn split(&self, element: &mut Element, j: usize, hidden: usize) {
        match self.letters.get(j / hidden.max(1)) {
            Some(letter) => {
                element.gate = Some((*letter).into());
                element.unit = Some(j % hidden.max(1));
            }
            None => element.column = Some(j),
        }
    }

    /// The element, in words.
    #[must_use]
    pub fn describe(&self, index: usize) -> String {
        self.element(index).to_string()
    }
}

/// Where an element lies, in the words of the equations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// The array: `y`, `d_params`, …
    pub array: String,
    /// The block of flat parameters: `weight_hh`, …
    pub part: Option<String>,
    /// The step, or the slot of a state.
    pub step: Option<usize>,
    /// The row of the batch, or of a matrix.
    pub row: Option<usize>,
    /// The gate's letter.
    pub gate: Option<String>,
    /// The hidden unit.
    pub unit: Option<usize>,
    /// The column.
    pub column: Option<usize>,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.array)?;
        if let Some(part) = &self.part {
            write!(f, ".{part}")?;
        }
        let number = |name: &str, n: Option<usize>| n.map(|n| format!("{name}{n}"));
        let words = [
            number("t=", self.step),
            number("row ", self.row),
            self.gate.as_ref().map(|gate| format!("gate {gate}")),
            number("unit ", self.unit),
            number("column ", self.column),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { Ok(()) } else { write!(f, "[{}]", words.join(", ")) }
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
