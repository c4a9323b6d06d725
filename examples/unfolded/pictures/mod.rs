//! The graphs of all chapters.

mod architectures;
mod cells;
mod concepts;
mod inside;

use super::graph::{Graph, Line, Shape};

/// Every picture, by its chapter.
pub fn all() -> Vec<Graph> {
    [concepts::all(), inside::all(), cells::all(), architectures::all()].concat()
}

/// Where the columns of three steps stand.
const X: [f64; 3] = [110.0, 220.0, 330.0];
/// What is written below a letter in each of them.
const T: [&str; 3] = ["{t−1}", "t", "{t+1}"];

/// One node of this kind for each step: `letter` with the time below it.
fn row(g: &mut Graph, shape: Shape, y: f64, letter: &str) -> Vec<usize> {
    (0..3).map(|k| g.node(shape, [X[k], y], format!("{letter}_{}", T[k]))).collect()
}

/// The same text in each of the three columns.
fn same(g: &mut Graph, shape: Shape, y: f64, label: &str) -> Vec<usize> {
    X.iter().map(|&x| g.node(shape, [x, y], label)).collect()
}

/// The row goes on in time, before and after what is shown.
fn in_time(g: &mut Graph, row: &[usize], label: &str) {
    let y = g.nodes[row[0]].at[1];
    let (first, last) = (g.node(Shape::Given, [X[0] - 80.0, y], "…"), g.node(Shape::Given, [X[2] + 80.0, y], "…"));
    let whole = [&[first], row, &[last]].concat();
    for (k, pair) in whole.windows(2).enumerate() {
        let within = k > 0 && k < whole.len() - 2;
        g.line(Line::Time, pair[0], pair[1]).says(if within { label } else { "" });
    }
}

/// The row goes back in time, before and after what is shown.
fn back_in_time(g: &mut Graph, row: &[usize]) {
    let y = g.nodes[row[0]].at[1];
    let (first, last) = (g.node(Shape::Given, [X[0] - 80.0, y], "…"), g.node(Shape::Given, [X[2] + 80.0, y], "…"));
    let whole = [&[first], row, &[last]].concat();
    for pair in whole.windows(2).rev() {
        g.line(Line::Time, pair[1], pair[0]);
    }
}
