//! Networks of several layers, and how sequences go through them.

use super::{Graph, Line, Shape, X, back_in_time, in_time, row};

pub fn all() -> Vec<Graph> {
    vec![stacked(), bidirectional(), unaligned(), encoder_decoder(), attending(), choosing(), trees(), echo_states()]
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

fn encoder_decoder() -> Graph {
    let mut g = Graph::new(
        "encoder_decoder",
        "An encoder reads three symbols; its last state is the first one of a decoder, which reads the symbol before and writes the next.",
    );
    let encoder: Vec<usize> = (0..3).map(|k| g.node(Shape::State, [[40.0, 110.0, 180.0][k], 120.0], "h")).collect();
    let x: Vec<usize> =
        (0..3).map(|k| g.node(Shape::Given, [[40.0, 110.0, 180.0][k], 190.0], format!("x_{}", k + 1))).collect();
    let at = [300.0, 380.0, 460.0];
    let decoder: Vec<usize> = at.iter().map(|&x| g.node(Shape::Gate, [x, 120.0], "s")).collect();
    let read: Vec<usize> = (0..3).map(|k| g.node(Shape::Given, [at[k], 190.0], ["begin", "y_1", "y_2"][k])).collect();
    let write: Vec<usize> = (0..3).map(|k| g.node(Shape::Given, [at[k], 50.0], ["y_1", "y_2", "end"][k])).collect();
    g.up(&x, &encoder);
    g.up(&read, &decoder);
    g.up(&decoder, &write);
    g.chain(Line::Time, &encoder);
    g.line(Line::Time, encoder[2], decoder[0]).says("state");
    g.chain(Line::Time, &decoder);
    g
}

fn attending() -> Graph {
    let mut g = Graph::new(
        "attending",
        "A state of the decoder asks; every output of the encoder answers with its weight, and their weighted mean is the context.",
    );
    let at = [40.0, 120.0, 200.0, 280.0];
    let e: Vec<usize> = (0..4).map(|k| g.node(Shape::State, [at[k], 170.0], format!("e_{}", k + 1))).collect();
    let context = g.node(Shape::Operation, [160.0, 60.0], "Σ");
    let c = g.node(Shape::State, [290.0, 60.0], "c_t");
    let s = g.node(Shape::Gate, [410.0, 115.0], "h_t");
    for (k, width) in [(0, 1.0), (1, 4.0), (2, 2.0), (3, 0.7)] {
        g.edge(e[k], context).width(width).says(if k == 0 { "α_1" } else { "" });
    }
    g.edge(context, c);
    g.edge(c, s);
    g.line(Line::Time, s, e[3]).says("asks");
    g
}

fn choosing() -> Graph {
    let mut g = Graph::new(
        "choosing",
        "A tree of texts: the likelier first symbol, 0.55, goes on worse, 0.4, than the other, 0.45 and 0.9; a beam of two finds that out.",
    );
    let root = g.node(Shape::State, [40.0, 90.0], "begin");
    let (a, b) = (40.0, 140.0);
    let one = g.node(Shape::Gate, [180.0, a], "1");
    let two = g.node(Shape::Gate, [180.0, b], "2");
    let ends = [g.node(Shape::Given, [330.0, a], "end: 0.22"), g.node(Shape::Given, [330.0, b], "end: 0.405")];
    g.edge(root, one).width(2.6).says("0.55");
    g.edge(root, two).width(2.2).says("0.45");
    g.edge(one, ends[0]).says("0.4");
    g.line(Line::Time, two, ends[1]).width(3.0).says("0.9");
    g
}

fn trees() -> Graph {
    let mut g = Graph::new(
        "trees",
        "A tree over four leaves: two pairs are composed, then the two results; every composition is the same function.",
    );
    let leaves: Vec<usize> =
        (0..4).map(|k| g.node(Shape::Given, [[40.0, 120.0, 200.0, 280.0][k], 190.0], format!("x_{}", k + 1))).collect();
    let pairs: Vec<usize> = [80.0, 240.0].iter().map(|&x| g.node(Shape::Gate, [x, 120.0], "f")).collect();
    let top = g.node(Shape::Gate, [160.0, 50.0], "f");
    for k in 0..4 {
        g.line(Line::Time, leaves[k], pairs[k / 2]);
    }
    for pair in pairs {
        g.line(Line::Time, pair, top);
    }
    let root = g.node(Shape::State, [260.0, 50.0], "root");
    g.edge(top, root);
    g
}

fn echo_states() -> Graph {
    let mut g = Graph::new(
        "echo_states",
        "An echo-state network: the input stirs a fixed random network of units; only the arrows to the output are trained.",
    );
    let x = g.node(Shape::Given, [30.0, 110.0], "x_t");
    let places = [[130.0, 50.0], [210.0, 35.0], [255.0, 100.0], [205.0, 165.0], [135.0, 150.0], [185.0, 98.0]];
    let units: Vec<usize> = places.iter().map(|&at| g.node(Shape::Unit, at, "")).collect();
    for (from, to) in [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (5, 1), (4, 5), (2, 5)] {
        g.line(Line::Time, units[from], units[to]).width(1.4);
    }
    g.edge(x, units[0]);
    g.edge(x, units[4]);
    let y = g.node(Shape::State, [380.0, 100.0], "y_t");
    for unit in [1, 2, 3] {
        g.edge(units[unit], y).width(2.4);
    }
    g.node(Shape::Given, [335.0, 165.0], "W_out");
    g
}
