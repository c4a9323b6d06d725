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

const BIASES: [Bias; 3] = [Bias::Both, Bias::Input, Bias::None];
const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Reverse];
const ACCUMS: [Accum; 2] = [Accum::Replace, Accum::Add];

/// How many values each axis has.
const SIZES: [usize; 11] = [SHAPES.len(), 7, Upstream::SETS.len(), 5, 4, 3, Lengths::ALL.len(), 2, 2, 2, 2];

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

fn rows() -> Vec<[usize; 11]> {
    type Pair = ((usize, usize), (usize, usize));
    let mut open: HashSet<Pair> = HashSet::new();
    let axes = SIZES.len();
    for (a, b) in (0..axes).flat_map(|a| (a + 1..axes).map(move |b| (a, b))) {
        for (i, j) in (0..SIZES[a]).flat_map(|i| (0..SIZES[b]).map(move |j| (i, j))) {
            open.insert(((a, i), (b, j)));
        }
    }
    let mut rows = Vec::new();
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
            let candidates = (0..SIZES[axis]).map(|k| (k + turn) % SIZES[axis]).rev();
            row[axis] = candidates.max_by_key(|&value| gain(value)).expect("an axis has values");
        }
        for (a, b) in (0..axes).flat_map(|a| (a + 1..axes).map(move |b| (a, b))) {
            open.remove(&((a, row[a]), (b, row[b])));
        }
        rows.push(row);
    }
    rows
}

fn pair(a: (usize, usize), b: (usize, usize)) -> ((usize, usize), (usize, usize)) {
    if a < b { (a, b) } else { (b, a) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of values that no row has.
    fn missing(rows: &[[usize; 11]]) -> usize {
        let axes = (0..SIZES.len()).flat_map(|a| (a + 1..SIZES.len()).map(move |b| (a, b)));
        let pairs = axes.flat_map(|(a, b)| (0..SIZES[a]).flat_map(move |i| (0..SIZES[b]).map(move |j| (a, i, b, j))));
        pairs.filter(|&(a, i, b, j)| !rows.iter().any(|row| row[a] == i && row[b] == j)).count()
    }

    #[test]
    fn every_pair_of_values_of_any_two_axes_occurs() {
        let rows = rows();
        assert_eq!(missing(&rows), 0);
        assert!(rows.len() < 130, "{} cases are no short list", rows.len());
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
