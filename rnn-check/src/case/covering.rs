//! A short list of cases in which every pair of values of any two axes occurs together.
//!
//! Most published defects of recurrent kernels need two unusual things at once (a reverse direction *and* ragged rows, no
//! bias *and* three rows), so this list runs first and always. It is built greedily: each new case takes the value that
//! covers most pairs not yet seen, axis by axis (the AETG method of Cohen et al. 1997, with one candidate).

use super::{Case, Fill, Layout, Lengths, Upstream};
use crate::oracle::{Cell, Dims};
use rnn_kernels::{Accum, Bias, Direction};
use std::collections::HashSet;
use std::sync::OnceLock;

/// `[T, N, C, H]`: vector widths and their tails, one unit, nothing at all.
pub(super) const SHAPES: [[usize; 4]; 11] = [
    [3, 2, 5, 4],
    [7, 3, 2, 5],
    [1, 5, 3, 2],
    [4, 3, 1, 8],
    [2, 1, 4, 3],
    [5, 4, 8, 17],
    [6, 5, 17, 33],
    [9, 2, 3, 16],
    [0, 2, 3, 4],
    [3, 0, 2, 4],
    [2, 3, 1, 1],
];

pub(super) const BIASES: [Bias; 3] = [Bias::Both, Bias::Input, Bias::None];
pub(super) const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Reverse];
pub(super) const ACCUMS: [Accum; 2] = [Accum::Replace, Accum::Add];

/// How many values each axis has; cells are the second.
const SIZES: [usize; 11] = [
    SHAPES.len(),
    Cell::ALL.len(),
    Upstream::SETS.len(),
    Fill::ALL.len(),
    Layout::ALL.len(),
    BIASES.len(),
    Lengths::ALL.len(),
    DIRECTIONS.len(),
    2,
    2,
    ACCUMS.len(),
];
const CELLS: usize = 1;

/// The case that takes these values.
fn case(v: [usize; 11], seed: u64) -> Case {
    let [steps, batch, input, hidden] = SHAPES[v[0]];
    Case {
        dims: Dims { steps, batch, input, hidden },
        cell: Cell::ALL[v[1]],
        upstream: Upstream::SETS[v[2]],
        fill: Fill::ALL[v[3]],
        layout: Layout::ALL[v[4]],
        bias: BIASES[v[5]],
        lengths: Lengths::ALL[v[6]],
        direction: DIRECTIONS[v[7]],
        state: v[8] == 0,
        one_hot: v[9] == 1,
        d_x: ACCUMS[v[10]],
        seed,
    }
}

/// Covers every pair of values of any two axes; the same list always.
pub fn covering() -> &'static [Case] {
    static LIST: OnceLock<Vec<Case>> = OnceLock::new();
    LIST.get_or_init(|| rows().into_iter().zip(1..).map(|(row, seed)| case(row, seed)).collect())
}

type Pair = ((usize, usize), (usize, usize));

/// First the cells with equations in the oracle, then one more at a time: the list only grows at its end.
fn rows() -> Vec<[usize; 11]> {
    let first = Cell::ALL.iter().take_while(|cell| !matches!(cell, Cell::Own(_))).count();
    let mut rows = Vec::new();
    for cells in first..=SIZES[CELLS] {
        let new = |(axis, value): (usize, usize)| cells > first && axis == CELLS && value + 1 == cells;
        let wanted = |&(a, b): &Pair| cells == first || new(a) || new(b);
        let mut sizes = SIZES;
        sizes[CELLS] = cells;
        cover(&mut rows, sizes, pairs(sizes).filter(wanted).collect());
    }
    rows
}

/// Every pair of values of two axes.
fn pairs(sizes: [usize; 11]) -> impl Iterator<Item = Pair> {
    let axes = (0..sizes.len()).flat_map(move |a| (a + 1..sizes.len()).map(move |b| (a, b)));
    axes.flat_map(move |(a, b)| (0..sizes[a]).flat_map(move |i| (0..sizes[b]).map(move |j| ((a, i), (b, j)))))
}

/// Rows until no pair is open.
fn cover(rows: &mut Vec<[usize; 11]>, sizes: [usize; 11], mut open: HashSet<Pair>) {
    let axes = sizes.len();
    while !open.is_empty() {
        // The smallest open pair starts the row, so that every row covers something and the list is the same always.
        let &((a, i), (b, j)) = open.iter().min().expect("not empty");
        let mut row = [usize::MAX; 11];
        (row[a], row[b]) = (i, j);
        for axis in (0..axes).filter(|&axis| axis != a && axis != b) {
            let gain = |value: usize| {
                let known = (0..axes).filter(|&other| other != axis && row[other] != usize::MAX);
                known.filter(|&other| open.contains(&pair((axis, value), (other, row[other])))).count()
            };
            // Of equals the one that is due in turn, so that ties do not always fall to the first value.
            let turn = rows.len();
            let candidates = (0..sizes[axis]).map(|k| (k + turn) % sizes[axis]).rev();
            row[axis] = candidates.max_by_key(|&value| gain(value)).expect("an axis has values");
        }
        for (a, b) in (0..axes).flat_map(|a| (a + 1..axes).map(move |b| (a, b))) {
            open.remove(&((a, row[a]), (b, row[b])));
        }
        rows.push(row);
    }
}

fn pair(a: (usize, usize), b: (usize, usize)) -> ((usize, usize), (usize, usize)) {
    if a < b { (a, b) } else { (b, a) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of values that no row has.
    fn missing(rows: &[[usize; 11]]) -> usize {
        pairs(SIZES).filter(|&((a, i), (b, j))| !rows.iter().any(|row| row[a] == i && row[b] == j)).count()
    }

    #[test]
    fn every_pair_of_values_of_any_two_axes_occurs() {
        let rows = rows();
        assert_eq!(missing(&rows), 0);
        assert!(rows.len() < 150, "{} cases are no short list", rows.len());
    }

    #[test]
    fn a_cell_that_joins_the_list_changes_no_case_before_it() {
        let first = Cell::ALL.iter().take_while(|cell| !matches!(cell, Cell::Own(_))).count();
        let rows = rows();
        let joined = rows.iter().position(|row| row[CELLS] >= first).unwrap_or(rows.len());
        assert!(rows[..joined].iter().all(|row| row[CELLS] < first) && joined >= first * SHAPES.len());
        assert!(rows[joined..].iter().all(|row| row[CELLS] >= first));
    }

    #[test]
    fn a_list_that_lacks_a_pair_is_noticed() {
        let rows = rows();
        // The last row was added for a pair that no other has.
        assert!(missing(&rows[..rows.len() - 1]) > 0);
        let without_reverse: Vec<_> = rows.iter().copied().filter(|row| row[7] == 0).collect();
        assert!(missing(&without_reverse) > SIZES[0]);
    }
}
