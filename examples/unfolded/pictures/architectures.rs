//! Networks of several layers, and how sequences go through them.

use super::{Graph, Line, Shape, X, back_in_time, in_time, row};

pub fn all() -> Vec<Graph> {
    vec![stacked(), bidirectional(), unaligned()]
}

fn stacked() -> Graph {
    let mut g = Graph::new(
        "stacked",
        "Two recurrent layers: the states of the lower one are the input of the upper one at the same step, and each has a memory of its own.",
    );
    let x = row(&mut g, Shape::Given, 250.0, "x");
    let low = row(&mut g, Shape::State, 180.0, "h¹");
    let high = row(&mut g, Shape::State, 105.0, "h²");
    let y = row(&mut g, Shape::Given, 40.0, "y");
    g.up(&x, &low);
    g.up(&low, &high);
    g.up(&high, &y);
    in_time(&mut g, &low, "");
    in_time(&mut g, &high, "");
    g
}

fn bidirectional() -> Graph {
    let mut g = Graph::new(
        "bidirectional",
        "Two layers over one input: h goes forward in time, z backward; the output of a step sees both.",
    );
    let x = row(&mut g, Shape::Given, 250.0, "x");
    let h: Vec<usize> =
        (0..3).map(|k| g.node(Shape::State, [X[k] - 20.0, 185.0], ["h_{t−1}", "h_t", "h_{t+1}"][k])).collect();
    let z: Vec<usize> =
        (0..3).map(|k| g.node(Shape::State, [X[k] + 20.0, 110.0], ["z_{t−1}", "z_t", "z_{t+1}"][k])).collect();
    let y = row(&mut g, Shape::Given, 40.0, "y");
    g.up(&x, &h);
    g.up(&x, &z);
    g.up(&h, &y);
    g.up(&z, &y);
    in_time(&mut g, &h, "");
    back_in_time(&mut g, &z);
    g
}

fn unaligned() -> Graph {
    let mut g = Graph::new(
        "unaligned",
        "Ways through the labels a and b with blanks between, over five steps: each step stays, goes on by one, or leaps a blank.",
    );
    let (at, rows) =
        ([60.0, 140.0, 220.0, 300.0, 380.0], [("–", 230.0), ("b", 185.0), ("–", 140.0), ("a", 95.0), ("–", 50.0)]);
    // From the first blank, at the top, down to the last one.
    let labels = [rows[4], rows[3], rows[2], rows[1], rows[0]];
    for (label, y) in labels {
        g.node(Shape::Given, [10.0, y], label);
    }
    let dots: Vec<Vec<usize>> =
        at.iter().map(|&x| labels.iter().map(|&(_, y)| g.node(Shape::Operation, [x, y], "")).collect()).collect();
    for t in 0..4 {
        for k in 0..5 {
            // What can be reached from the beginning and reach the end.
            let alive = |t: usize, k: usize| k <= 2 * t + 1 && k + 2 * (4 - t) + 1 >= 4;
            // Only labels leap, over the blank to another label.
            let most = if k == 1 { 2 } else { 1 };
            for to in (k..=k + most).filter(|&to| to < 5 && alive(t, k) && alive(t + 1, to)) {
                g.line(Line::Time, dots[t][k], dots[t + 1][to]).width(1.2);
            }
        }
    }
    g
}
