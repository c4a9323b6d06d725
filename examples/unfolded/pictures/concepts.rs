//! What the first chapters are about: from feed-forward networks to gradients in time.

use super::{Graph, Line, Shape, in_time, row, same};

pub fn all() -> Vec<Graph> {
    vec![
        feed_forward(),
        recurrence(),
        softmax_output(),
        principles(),
        unfolding(),
        backpropagation(),
        descent(),
        vanishing(),
        generation(),
    ]
}

fn feed_forward() -> Graph {
    let mut g = Graph::new(
        "feed_forward",
        "A feed-forward network: three inputs, four hidden units, two outputs; every arrow goes one layer up, none back.",
    );
    let layer = |g: &mut Graph, y: f64, letter: &str, units: usize| -> Vec<usize> {
        let x = |j: f64, n: f64| 170.0 + 76.0 * (j - (n - 1.0) / 2.0);
        let count = [0.0, 1.0, 2.0, 3.0];
        #[allow(clippy::cast_precision_loss)] // a handful
        let n = units as f64;
        (0..units).map(|j| g.node(Shape::Unit, [x(count[j], n), y], format!("{letter}_{}", j + 1))).collect()
    };
    let layers = [layer(&mut g, 220.0, "x", 3), layer(&mut g, 130.0, "h", 4), layer(&mut g, 40.0, "y", 2)];
    for pair in layers.windows(2) {
        for &from in &pair[0] {
            for &to in &pair[1] {
                g.edge(from, to);
            }
        }
    }
    g
}

fn recurrence() -> Graph {
    let mut g = Graph::new(
        "recurrence",
        "Left, a network whose hidden layer feeds itself; right, the same network unfolded: one copy a step, each handing h to the next.",
    );
    let [x, h, y] = [(Shape::Given, 200.0, "x"), (Shape::State, 120.0, "h"), (Shape::Given, 40.0, "y")]
        .map(|(shape, at, letter)| g.node(shape, [-110.0, at], letter));
    g.edge(x, h).says("W_hx");
    g.edge(h, y).says("W_yh");
    g.line(Line::Time, h, h).says("W_hh");
    g.node(Shape::Given, [0.0, 120.0], "=");
    let rows = [
        row(&mut g, Shape::Given, 200.0, "x"),
        row(&mut g, Shape::State, 120.0, "h"),
        row(&mut g, Shape::Given, 40.0, "y"),
    ];
    g.up(&rows[0], &rows[1]);
    g.up(&rows[1], &rows[2]);
    in_time(&mut g, &rows[1], "W_hh");
    g
}

fn softmax_output() -> Graph {
    let mut g = Graph::new(
        "softmax_output",
        "One step: the hidden state becomes logits, softmax makes probabilities of them, and the loss compares them with the target.",
    );
    let h = g.node(Shape::State, [40.0, 60.0], "h_t");
    let a = g.node(Shape::State, [160.0, 60.0], "a_t");
    let y = g.node(Shape::State, [290.0, 60.0], "ŷ_t");
    let loss = g.node(Shape::State, [400.0, 60.0], "L_t");
    let target = g.node(Shape::Given, [400.0, 130.0], "target_t");
    g.edge(h, a).says("W_yh, b_y");
    g.edge(a, y).says("softmax");
    g.edge(y, loss).says("−ln");
    g.edge(target, loss);
    g.line(Line::Back, loss, a).bend(-38.0).says("ŷ − 1_target");
    g
}

fn principles() -> Graph {
    let mut g = Graph::new(
        "principles",
        "Three kinds of networks: an output at every step, one at the end, and one input with many outputs.",
    );
    let mut block = |left: f64, name: &str, inputs: [bool; 4], outputs: [bool; 4]| {
        let cells: Vec<usize> =
            (0..4).map(|k| g.node(Shape::State, [left + [0.0, 56.0, 112.0, 168.0][k], 100.0], "h")).collect();
        g.chain(Line::Time, &cells);
        for k in 0..4 {
            let [x, _] = g.nodes[cells[k]].at;
            if inputs[k] {
                let from = g.node(Shape::Given, [x, 160.0], "x");
                g.edge(from, cells[k]);
            }
            if outputs[k] {
                let to = g.node(Shape::Given, [x, 40.0], "y");
                g.edge(cells[k], to);
            }
        }
        g.node(Shape::Given, [left + 84.0, 195.0], name);
    };
    let (all, none) = ([true; 4], false);
    block(0.0, "every step", all, all);
    block(250.0, "the end", all, [none, none, none, true]);
    block(500.0, "one to many", [true, none, none, none], all);
    g
}

/// Three steps with outputs and losses, and the rows of them.
fn with_losses(g: &mut Graph) -> [Vec<usize>; 3] {
    let x = row(g, Shape::Given, 260.0, "x");
    let h = row(g, Shape::State, 180.0, "h");
    let o = row(g, Shape::State, 105.0, "ŷ");
    let loss = row(g, Shape::Given, 40.0, "L");
    g.up(&x, &h);
    g.up(&h, &o);
    g.up(&o, &loss);
    [h, o, loss]
}

fn unfolding() -> Graph {
    let mut g = Graph::new(
        "unfolding",
        "The unfolded network with its losses: three copies of one step, all with the same weights U, W and V.",
    );
    let x = row(&mut g, Shape::Given, 260.0, "x");
    let h = row(&mut g, Shape::State, 180.0, "h");
    let o = row(&mut g, Shape::State, 105.0, "ŷ");
    let loss = row(&mut g, Shape::Given, 40.0, "L");
    for k in 0..3 {
        g.edge(x[k], h[k]).says("U");
        g.edge(h[k], o[k]).says("V");
        g.edge(o[k], loss[k]);
    }
    in_time(&mut g, &h, "W");
    g
}

fn backpropagation() -> Graph {
    let mut g = Graph::new(
        "backpropagation",
        "The unfolded network; gradients come down from every loss and go from each state back to the one before it.",
    );
    let [h, o, loss] = with_losses(&mut g);
    in_time(&mut g, &h, "");
    for k in 0..3 {
        g.line(Line::Back, loss[k], o[k]).bend(9.0);
        g.line(Line::Back, o[k], h[k]).bend(9.0);
    }
    g.line(Line::Back, h[1], h[0]).bend(-20.0);
    g.line(Line::Back, h[2], h[1]).bend(-20.0);
    g
}

fn descent() -> Graph {
    let mut g = Graph::new(
        "descent",
        "The circle of training: parameters and a batch give a loss, the loss a gradient, the gradient is clipped and moves the parameters.",
    );
    let batch = g.node(Shape::Given, [40.0, 50.0], "batch");
    let forward = g.node(Shape::State, [150.0, 50.0], "forward");
    let loss = g.node(Shape::State, [270.0, 50.0], "L(θ)");
    let gradient = g.node(Shape::State, [400.0, 50.0], "∂L/∂θ");
    let clip = g.node(Shape::State, [400.0, 130.0], "clip");
    let update = g.node(Shape::State, [270.0, 130.0], "θ − η g");
    let theta = g.node(Shape::State, [150.0, 130.0], "θ");
    g.edge(batch, forward);
    g.edge(forward, loss);
    g.line(Line::Back, loss, gradient);
    g.edge(gradient, clip);
    g.edge(clip, update);
    g.edge(update, theta);
    g.edge(theta, forward);
    g
}

fn vanishing() -> Graph {
    let mut g = Graph::new(
        "vanishing",
        "Two chains of six states; in the upper one the gradient grows thinner with every step back, in the lower one thicker.",
    );
    for (y, factor, name) in [(50.0, 0.62, "vanishes"), (130.0, 1.45, "explodes")] {
        let h: Vec<usize> = (0..6)
            .map(|k| g.node(Shape::State, [[60.0, 140.0, 220.0, 300.0, 380.0, 460.0][k], y], format!("h_{k}")))
            .collect();
        let mut width = if factor < 1.0 { 7.0 } else { 1.0 };
        for k in (0..5).rev() {
            g.line(Line::Back, h[k + 1], h[k]).width(width);
            width *= factor;
        }
        let loss = g.node(Shape::Given, [530.0, y], "L");
        g.edge(h[5], loss);
        g.node(Shape::Given, [260.0, y - 28.0], name);
    }
    g
}

fn generation() -> Graph {
    let mut g = Graph::new(
        "generation",
        "A network that writes: the symbol drawn from the output of one step is the input of the next.",
    );
    let x = row(&mut g, Shape::Given, 250.0, "x");
    let h = row(&mut g, Shape::State, 180.0, "h");
    let y = row(&mut g, Shape::State, 110.0, "ŷ");
    let drawn = same(&mut g, Shape::Gate, 45.0, "draw");
    g.up(&x, &h);
    g.up(&h, &y);
    g.up(&y, &drawn);
    in_time(&mut g, &h, "");
    for k in 0..2 {
        g.line(Line::Time, drawn[k], x[k + 1]);
    }
    g
}
