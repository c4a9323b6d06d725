//! A short list of cases in which every two values that can meet do, and every three of most axes.
//!
//! Built greedily: a case starts from the first combination that is still open and takes, axis by axis, the value that
//! closes most others.

use super::axes::{AXES, Case, IN_TRIPLES, SIZES, conflict};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Values of two or three axes, by rising axis.
pub type Combination = Vec<(usize, usize)>;

/// Every combination the array has to contain.
pub fn required() -> BTreeSet<Combination> {
    let all = |axes: &[usize]| {
        let mut combinations = vec![Combination::new()];
        for &axis in axes {
            combinations = combinations
                .iter()
                .flat_map(|c| (0..SIZES[axis]).map(move |value| [&c[..], &[(axis, value)]].concat()))
                .collect();
        }
        combinations
    };
    let pairs = (0..AXES).flat_map(|a| (a + 1..AXES).map(move |b| vec![a, b]));
    let triples = IN_TRIPLES.into_iter().flat_map(|a| {
        let above = move |x: usize| IN_TRIPLES.into_iter().filter(move |&y| y > x);
        above(a).flat_map(move |b| above(b).map(move |c| vec![a, b, c]))
    });
    pairs.chain(triples).flat_map(|axes| all(&axes)).filter(|c| can_meet(c)).collect()
}

fn can_meet(combination: &[(usize, usize)]) -> bool {
    let pairs = combination.iter().enumerate().flat_map(|(k, a)| combination[k + 1..].iter().map(move |b| (a, b)));
    pairs.into_iter().all(|(&a, &b)| conflict(a, b).is_none())
}

/// The combinations of two or three of these values that contain `axis`, of those that are required at all.
fn with(row: &[Option<usize>; AXES], axis: usize, value: usize) -> Vec<Combination> {
    let known: Vec<_> = (0..AXES).filter(|&a| a != axis).filter_map(|a| row[a].map(|v| (a, v))).collect();
    let sorted = |mut c: Combination| {
        c.sort_unstable();
        c
    };
    let mut all: Vec<_> = known.iter().map(|&other| sorted(vec![(axis, value), other])).collect();
    if IN_TRIPLES.contains(&axis) {
        let others: Vec<_> = known.into_iter().filter(|(a, _)| IN_TRIPLES.contains(a)).collect();
        for (k, &a) in others.iter().enumerate() {
            all.extend(others[k + 1..].iter().map(|&b| sorted(vec![(axis, value), a, b])));
        }
    }
    all
}

/// The rows of the array, the same always.
pub fn rows() -> &'static [[usize; AXES]] {
    static ROWS: OnceLock<Vec<[usize; AXES]>> = OnceLock::new();
    ROWS.get_or_init(greedy)
}

fn greedy() -> Vec<[usize; AXES]> {
    let mut open = required();
    let mut rows = Vec::new();
    while let Some(first) = open.first().cloned() {
        let mut row = [None; AXES];
        first.iter().for_each(|&(axis, value)| row[axis] = Some(value));
        for axis in (0..AXES).filter(|axis| first.iter().all(|(a, _)| a != axis)) {
            let legal = |value: &usize| {
                let here = (axis, *value);
                (0..AXES).filter_map(|a| row[a].map(|v| (a, v))).all(|other| can_meet(&ordered(here, other)))
            };
            // Of equals the one that is due in turn, so that ties do not always fall to the first value.
            let turn = rows.len();
            let candidates = (0..SIZES[axis]).map(|k| (k + turn) % SIZES[axis]).filter(legal);
            let gain = |value: &usize| with(&row, axis, *value).iter().filter(|c| open.contains(*c)).count();
            row[axis] = Some(candidates.max_by_key(gain).expect("every axis has a value that conflicts with none"));
        }
        let row = row.map(|value| value.expect("every axis was given one"));
        contained(&row).iter().for_each(|c| {
            open.remove(c);
        });
        rows.push(row);
    }
    rows
}

fn ordered(a: (usize, usize), b: (usize, usize)) -> [(usize, usize); 2] {
    if a < b { [a, b] } else { [b, a] }
}

/// The combinations of a row that are required.
fn contained(row: &[usize; AXES]) -> BTreeSet<Combination> {
    let some = row.map(Some);
    (0..AXES).flat_map(|axis| with(&some, axis, row[axis])).collect()
}

pub fn cases() -> Vec<Case> {
    rows().iter().zip(1..).map(|(row, seed)| Case::of(*row, seed)).collect()
}

/// What is required and in no row.
fn missing(rows: &[[usize; AXES]]) -> usize {
    let mut open = required();
    rows.iter().flat_map(contained).for_each(|c| {
        open.remove(&c);
    });
    open.len()
}

#[test]
fn every_two_values_that_can_meet_do_and_every_three_of_most_axes() {
    let (rows, required) = (rows(), required());
    println!("{} combinations in {} cases", required.len(), rows.len());
    assert!(required.len() > 8000, "{} combinations are too few", required.len());
    assert_eq!(missing(rows), 0);
    assert!(rows.len() < 400, "{} cases are no short list", rows.len());
    assert!(rows.iter().all(|row| can_meet(&row.iter().copied().enumerate().collect::<Vec<_>>())));
}

#[test]
fn a_list_that_lacks_a_combination_is_noticed() {
    let rows = rows();
    // The last row was added for a combination that no other has.
    assert!(missing(&rows[..rows.len() - 1]) > 0);
    let at_the_start: Vec<_> = rows.iter().copied().filter(|row| row[2] == 0).collect();
    assert!(missing(&at_the_start) > 100);
}
