//! Names for elements: `w_ih, gate f, unit 1, column 0` rather than `index 57`.

use crate::case::Problem;
use crate::drive::spec;
use crate::oracle::{Cell, Dims, units};
use crate::real::Real;
use rnn_kernels::Bias;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How an array's index reads.
#[derive(Clone, Debug)]
enum Axes {
    /// `[T, N, F]`.
    Seq { rows: usize, cols: usize, gates: Letters },
    /// `[N, F]`.
    Mat { cols: usize },
    /// Flat parameters.
    Params { cell: Cell, bias: Bias, dims: Dims },
}

/// The gates that rows belong to, and how many rows each has.
#[derive(Clone, Debug, Default)]
struct Letters(Vec<(String, usize)>);

/// An array, as a report names its elements.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The array.
    pub name: &'a str,
    axes: Axes,
}

/// The gates that the rows of a block of parameters belong to: of a matrix those of its products, stage after stage.
fn rows(cell: Cell, block: &str, hidden: usize) -> Letters {
    let form = cell.kernel().form();
    let of = |m: usize| form.matrices[m].name == block || form.matrices[m].bias.as_deref() == Some(block);
    let products = form.stages.iter().flat_map(|stage| stage.products.iter().map(move |product| (stage, product)));
    let of_block = products.filter(|(_, product)| product.factor.matrix().is_some_and(of));
    let gates = of_block.flat_map(|(stage, product)| {
        let all = || (0..stage.gates.len()).collect();
        let into: Vec<usize> = product.into.clone().unwrap_or_else(all);
        into.into_iter().map(move |gate| (stage.gates[gate].to_string(), units(stage.width, hidden)))
    });
    Letters(gates.collect())
}

/// The gates that a reserve keeps, stage after stage.
fn kept(cell: Cell, hidden: usize) -> Letters {
    let stages = cell.kernel().form().stages.iter().enumerate();
    let kept = stages.filter(|(s, _)| cell.gates_of(*s, hidden).is_some()).map(|(_, stage)| stage);
    let gates = kept.flat_map(|s| s.gates.iter().map(|gate| (gate.to_string(), units(s.width, hidden))));
    Letters(gates.collect())
}

impl<'a> Block<'a> {
    /// A matrix `[_, cols]`.
    #[must_use]
    pub fn matrix(name: &'a str, cols: usize) -> Self {
        Self { name, axes: Axes::Mat { cols: cols.max(1) } }
    }

    /// `[T, N, cols]`.
    #[must_use]
    pub fn sequence<T>(name: &'a str, problem: &Problem<T>, cols: usize) -> Self {
        Self::steps(name, problem, cols, Letters::default())
    }

    fn steps<T>(name: &'a str, problem: &Problem<T>, cols: usize, gates: Letters) -> Self {
        Self { name, axes: Axes::Seq { rows: problem.dims.batch.max(1), cols: cols.max(1), gates } }
    }

    /// `[T, N, K]`.
    #[must_use]
    pub fn gates<T>(name: &'a str, problem: &Problem<T>) -> Self {
        let hidden = problem.dims.hidden;
        Self::steps(name, problem, problem.cell.kept(hidden), kept(problem.cell, hidden))
    }

    /// Flat parameters.
    #[must_use]
    pub fn params<T: Real>(name: &'a str, problem: &Problem<T>) -> Self {
        Self { name, axes: Axes::Params { cell: problem.cell, bias: problem.bias, dims: problem.dims } }
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
            Axes::Seq { rows, cols, gates } => {
                element.step = Some(index / cols / rows);
                element.row = Some(index / cols % rows);
                gates.split(&mut element, index % cols);
            }
            Axes::Params { cell, bias, dims } => {
                let spec = spec::<f64>(*cell, *bias, *dims);
                let Some(block) = spec.blocks().iter().find(|block| block.range.contains(&index)) else {
                    return element;
                };
                let at = index - block.range.start;
                element.part = Some(block.name.to_string());
                let gates = rows(*cell, &block.name, dims.hidden);
                gates.split(&mut element, at / block.cols);
                element.column = element.column.or((!block.is_vector).then_some(at % block.cols));
            }
        }
        element
    }

    /// The element, in words.
    #[must_use]
    pub fn describe(&self, index: usize) -> String {
        self.element(index).to_string()
    }
}

impl Letters {
    /// Row `j` of the gates is a gate and a unit, as far as there are gates.
    fn split(&self, element: &mut Element, j: usize) {
        let mut start = 0;
        for (name, rows) in &self.0 {
            if j < start + rows {
                element.gate = Some(name.clone());
                element.unit = Some(j - start);
                return;
            }
            start += rows;
        }
        element.column = Some(j);
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
