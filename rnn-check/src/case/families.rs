//! A few cases for each cell of the families, out of the covering list: all cells together see most rows of it.

use super::covering::DIRECTIONS;
use super::{Case, Lengths, covering};
use crate::oracle::Cell;

/// How many rows of the covering list lie between two cases of a cell.
const APART: usize = 24;

/// `each` cases of every cell of [`Cell::FAMILIES`], cell after cell; from four on every cell meets four kinds of lengths in both
/// directions, and its neighbours the others.
///
/// A cell of heads and fixed maps sees no more than 17 units, with matrices for states that are hundreds of numbers.
/// Case `k` of a cell is a row of the covering list, 24 rows from that of case `k + 1`, so that four of each take almost every row,
/// and a cell that joins changes no case of those before it. Lengths and directions take turns.
pub fn families(each: usize) -> impl Iterator<Item = Case> {
    let (cells, rows) = (Cell::FAMILIES, covering());
    let each = each.min(rows.len());
    cells.iter().enumerate().flat_map(move |(n, &cell)| {
        (0..each).map(move |k| {
            let row = rows[(n + k * APART) % rows.len()];
            let lengths = Lengths::ALL[(n + k) % Lengths::ALL.len()];
            // Another turn for every six cells, or each kind of lengths would have a direction of its own.
            let turn = n + k + n / Lengths::ALL.len();
            let case = Case { cell, lengths, direction: DIRECTIONS[turn % DIRECTIONS.len()], ..row };
            // What its stages are wide is a multiple of H, and blocks of units end within that.
            if cell.is_whole() { case } else { case.at_most(5, 3, 9, 17) }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn four_cases_of_each_cell_take_the_first_rows_of_the_list_all_of_them() {
        let seeds: HashSet<u64> = families(4).map(|case| case.seed).collect();
        let rows = covering().len();
        assert!(seeds.len() == rows.min(3 * APART + Cell::FAMILIES.len()), "{} of {rows} rows", seeds.len());
    }

    #[test]
    fn every_cell_meets_four_kinds_of_lengths_and_both_directions_and_all_cells_all_kinds() {
        let kinds: HashSet<_> = families(3).map(|case| format!("{:?} {:?}", case.lengths, case.direction)).collect();
        assert_eq!(kinds.len(), 2 * Lengths::ALL.len());
        for &cell in Cell::FAMILIES {
            let of_cell = || families(4).filter(|case| case.cell == cell);
            let lengths: HashSet<_> = of_cell().map(|case| format!("{:?}", case.lengths)).collect();
            let directions: HashSet<_> = of_cell().map(|case| format!("{:?}", case.direction)).collect();
            assert_eq!((lengths.len(), directions.len()), (4, 2), "{cell:?}");
        }
    }
}
