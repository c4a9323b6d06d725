//! A short list of cases as wide as vectors and tiles are: several vectors and a tail, several row tiles, a long sequence.

use super::{Case, Fill, Layout, Lengths, Stream, Upstream};
use crate::oracle::{Cell, Dims};
use rnn_kernels::{Accum, Bias, Direction};

/// `[T, N, C, H]`. One size is large at a time, or two that meet in one product, so that a case stays cheap.
const SHAPES: [[usize; 4]; 6] =
    [[2, 17, 7, 48], [33, 3, 5, 16], [2, 5, 40, 65], [3, 33, 9, 8], [1, 2, 3, 130], [4, 17, 40, 6]];

/// Every cell in every shape, the other options drawn; the same list always, and any beginning of it is a mixture.
pub fn wide() -> impl Iterator<Item = Case> {
    // 6 and 7 have no common divisor: k runs through all pairs.
    (0..SHAPES.len() * Cell::ALL.len()).map(|k| {
        let [steps, batch, input, hidden] = SHAPES[k % SHAPES.len()];
        let mut stream = Stream::new(k as u64, 98);
        let mut below = |n| stream.below(n);
        Case {
            cell: Cell::ALL[(k + 4) % Cell::ALL.len()],
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_cell_meets_every_shape_once_and_seven_cases_are_all_cells() {
        let cases: Vec<Case> = wide().collect();
        let pairs: HashSet<_> = cases.iter().map(|case| (case.cell, case.dims)).collect();
        assert_eq!((pairs.len(), cases.len()), (42, 42));
        let cells = |cases: &[Case]| cases.iter().map(|case| case.cell).collect::<HashSet<_>>().len();
        assert!(cases.chunks(7).all(|seven| cells(seven) == 7));
    }

    #[test]
    fn sizes_beyond_one_tile_occur() {
        let at_least = |size: fn(&Case) -> usize, n: usize| wide().any(|case| size(&case) >= n);
        assert!(at_least(|c| c.dims.steps, 33) && at_least(|c| c.dims.batch, 33));
        assert!(at_least(|c| c.dims.input, 40) && at_least(|c| c.dims.hidden, 130));
    }
}
