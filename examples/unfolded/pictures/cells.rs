//! Families of cells, unfolded in time.

use super::{Graph, Line, Shape, X, in_time, row, same};

pub fn all() -> Vec<Graph> {
    vec![simple(), longer_paths(), clockwork(), deep_transition(), linear(), matrix_memory()]
}

fn simple() -> Graph {
    let mut g = Graph::new(
        "simple",
        "A Jordan network: hidden units s see the context c, which adds up the outputs y of earlier steps; nothing else is kept.",
    );
    let x = row(&mut g, Shape::Given, 230.0, "x");
    let s = row(&mut g, Shape::State, 160.0, "s");
    let y = row(&mut g, Shape::State, 80.0, "y");
    g.up(&x, &s);
    g.up(&s, &y);
    for k in 0..2 {
        g.line(Line::Time, y[k], s[k + 1]).says(if k == 0 { "c_{t−1}" } else { "c_t" });
    }
    let (first, last) =
        (g.node(Shape::Given, [X[0] - 80.0, 110.0], "…"), g.node(Shape::Given, [X[2] + 80.0, 110.0], "…"));
    g.line(Line::Time, first, s[0]);
    g.line(Line::Time, y[2], last);
    g
}

fn longer_paths() -> Graph {
    let mut g = Graph::new(
        "longer_paths",
        "Six steps of a network with connections over three steps: a gradient may go back by single steps or by leaps of three.",
    );
    let at = [40.0, 110.0, 180.0, 250.0, 320.0, 390.0, 460.0];
    let h: Vec<usize> = (0..7).map(|k| g.node(Shape::State, [at[k], 110.0], format!("h_{k}"))).collect();
    let x: Vec<usize> = (1..7).map(|k| g.node(Shape::Given, [at[k], 175.0], format!("x_{k}"))).collect();
    g.up(&x, &h[1..]);
    g.chain(Line::Time, &h);
    for k in 0..4 {
        g.line(Line::Time, h[k], h[k + 3]).bend(35.0).width(1.4);
    }
    g
}

fn clockwork() -> Graph {
    let mut g = Graph::new(
        "clockwork",
        "A clockwork network: the fast module is computed in every step, the next in every second, the slow one in every fourth; between, they rest.",
    );
    let at = [70.0, 140.0, 210.0, 280.0, 350.0];
    for (y, period, name) in [(140.0, 1, "T = 1"), (90.0, 2, "T = 2"), (40.0, 4, "T = 4")] {
        g.node(Shape::Given, [10.0, y], name);
        let row: Vec<usize> =
            (0..5).map(|t| g.node(if t % period == 0 { Shape::Gate } else { Shape::State }, [at[t], y], "")).collect();
        g.chain(Line::Time, &row);
    }
    for t in 0..5 {
        g.node(Shape::Given, [at[t], 180.0], format!("t = {t}"));
    }
    g
}

fn deep_transition() -> Graph {
    let mut g = Graph::new(
        "deep_transition",
        "From state to state by two layers; a shortcut leads from the old state to the second layer as well.",
    );
    let h: Vec<usize> = [40.0, 240.0, 440.0]
        .iter()
        .zip(["{t−1}", "t", "{t+1}"])
        .map(|(&x, t)| g.node(Shape::State, [x, 60.0], format!("h_{t}")))
        .collect();
    for k in 0..2 {
        let z = g.node(Shape::Gate, [[140.0, 340.0][k], 110.0], "z");
        let x = g.node(Shape::Given, [[140.0, 340.0][k], 175.0], ["x_t", "x_{t+1}"][k]);
        g.line(Line::Time, h[k], z);
        g.line(Line::Time, z, h[k + 1]);
        g.line(Line::Time, h[k], h[k + 1]).bend(10.0).says("shortcut");
        g.edge(x, z);
    }
    g
}

fn linear() -> Graph {
    let mut g = Graph::new(
        "linear",
        "A linear recurrence: the coefficients a and b of every step come from the input alone, the state only passes products and sums.",
    );
    let x = row(&mut g, Shape::Given, 250.0, "x");
    let a = row(&mut g, Shape::Gate, 180.0, "a");
    let h = same(&mut g, Shape::State, 80.0, "a h + b");
    g.up(&x, &a);
    for k in 0..3 {
        g.nodes[a[k]].label = ["a, b_{t−1}", "a, b_t", "a, b_{t+1}"][k].into();
        g.edge(a[k], h[k]);
    }
    in_time(&mut g, &h, "");
    g
}

fn matrix_memory() -> Graph {
    let mut g = Graph::new(
        "matrix_memory",
        "A memory that is a matrix S: each step writes a value v at a key k, and reads what S answers to a query q.",
    );
    let s = row(&mut g, Shape::State, 110.0, "S");
    let x = row(&mut g, Shape::Given, 250.0, "x");
    let k = row(&mut g, Shape::Gate, 180.0, "k, v");
    let h = row(&mut g, Shape::Given, 40.0, "h");
    g.up(&x, &k);
    for i in 0..3 {
        g.edge(k[i], s[i]);
        g.edge(s[i], h[i]).says("q");
    }
    in_time(&mut g, &s, "α");
    g
}
