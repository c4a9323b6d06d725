//! A short list of cases as wide as vectors and tiles are: several vectors and a tail, several row tiles, a long sequence.

use super::{Case, Fill, Layout, Lengths, Stream, Upstream};
use crate::oracle::{Cell, Dims};
use rnn_kernels::{Accum, Bias, Direction};

/// `[T, N, C, H]`. One size is large at a time, or two that meet in one product, so that a case stays cheap.
const SHAPES: [[usize; 4]; 6] =
    [[2, 17, 7, 48], [33, 3, 5, 16], [2, 5, 40, 65], [3, 33, 9, 8], [1, 2, 3, 130], [4, 17, 40, 6]];

/// Every cell in every shape, the other options drawn; the same list always, and any beginning of it is a mixture. Cells that have
/// joined since come last.
pub fn wide() -> impl Iterator<Item = Case> {
    // 6 and 7 have no common divisor: k runs through all pairs.
    let first = Cell::WITH_EQUATIONS.len() * SHAPES.len();
    let cell = |k: usize| Cell::WITH_EQUATIONS[(k + 4) % Cell::WITH_EQUATIONS.len()];
    let joined = Cell::ALL.into_iter().skip(Cell::WITH_EQUATIONS.len());
    (0..first).map(move |k| case(k, cell(k))).chain(joined.flat_map(wide_of))
}

/// One cell in every shape.
pub fn wide_of(cell: Cell) -> impl Iterator<Item = Case> {
    (0..SHAPES.len()).map(move |k| case(k, cell))
}

fn case(k: usize, cell: Cell) -> Case {
    let [steps, batch, input, hidden] = SHAPES[k % SHAPES.len()];
    let mut stream = Stream::new(k as u64, 98);
    let mut below = |n| stream.below(n);
    Case {
        cell,
        bias: [Bias::Both, Bias::Input, Bias::None][below(3)],
        direction: [Direction::Forward, Direction::Reverse][below(2)],
        dims: Dims { steps, batch, input, hidden },
        lengths: Lengths::ALL[below(Lengths::ALL.len())],
        state: below(4) > 0,
        one_hot: below(5) == 0,
        layout: Layout::ALL[below(Layout::ALL.len())],
        upstream: if below(2) == 0 { Upstream::ALL } else { Upstream::SETS[below(Upstream::SETS.len())] },
        d_x: [Accum::Replace, Accum::Add][below(2)],
        fill: [Fill::Uniform, Fill::Uniform, Fill::Dyadic, Fill::Expansive][below(4)],
        seed: 0x1000 + k as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_cell_meets_every_shape_once_and_a_few_cases_are_all_cells() {
        let cases: Vec<Case> = wide().collect();
        let pairs: HashSet<_> = cases.iter().map(|case| (case.cell.name(), case.dims)).collect();
        let all = Cell::ALL.len() * SHAPES.len();
        assert_eq!((pairs.len(), cases.len()), (all, all));
        let (each, first) = (Cell::WITH_EQUATIONS.len(), Cell::WITH_EQUATIONS.len() * SHAPES.len());
        let cells = |cases: &[Case]| cases.iter().map(|case| case.cell.name()).collect::<HashSet<_>>().len();
        assert!(cases[..first].chunks(each).all(|some| cells(some) == each));
    }

    #[test]
    fn sizes_beyond_one_tile_occur() {
        let at_least = |size: fn(&Case) -> usize, n: usize| wide().any(|case| size(&case) >= n);
        assert!(at_least(|c| c.dims.steps, 33) && at_least(|c| c.dims.batch, 33));
        assert!(at_least(|c| c.dims.input, 40) && at_least(|c| c.dims.hidden, 130));
    }
}
