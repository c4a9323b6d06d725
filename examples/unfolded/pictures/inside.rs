//! The inside of one step of a gated cell.

use super::{Graph, Line, Shape};

pub fn all() -> Vec<Graph> {
    vec![lstm(false), gru(), lstm(true), minimal_gates(), normalised(), continuous_time(), noise()]
}

/// The way of the cell state from left to right, gates below it.
fn lstm(peepholes: bool) -> Graph {
    let mut g = if peepholes {
        Graph::new(
            "lstm_variants",
            "An LSTM with peepholes: the gates i and f see the old cell state, the gate o the new one.",
        )
    } else {
        Graph::new(
            "lstm",
            "One step of an LSTM: the cell state passes a product with f and a sum with i times g; o lets tanh of it out.",
        )
    };
    let old = g.node(Shape::State, [30.0, 40.0], "c_{t−1}");
    let forget = g.node(Shape::Operation, [130.0, 40.0], "×");
    let add = g.node(Shape::Operation, [250.0, 40.0], "+");
    let new = g.node(Shape::State, [370.0, 40.0], "c_t");
    let on = g.node(Shape::Given, [450.0, 40.0], "…");
    g.chain(Line::Time, &[old, forget, add, new, on]);
    let enter = g.node(Shape::Operation, [250.0, 105.0], "×");
    g.edge(enter, add);
    let y = if peepholes { 180.0 } else { 170.0 };
    let [f, i, c, o] =
        [(130.0, "f"), (210.0, "i"), (290.0, "g"), (370.0, "o")].map(|(x, name)| g.node(Shape::Gate, [x, y], name));
    g.edge(f, forget);
    g.edge(i, enter);
    g.edge(c, enter);
    let out = g.node(Shape::Operation, [450.0, 105.0], "×");
    let h = g.node(Shape::State, [530.0, 105.0], "h_t");
    g.edge(new, out).says("tanh");
    g.edge(o, out);
    g.edge(out, h);
    let seen = g.node(Shape::Given, [250.0, y + 75.0], "x_t,  h_{t−1}");
    for gate in [f, i, c, o] {
        g.edge(seen, gate);
    }
    if peepholes {
        g.line(Line::Time, old, f).says("p_f");
        g.line(Line::Time, old, i).says("");
        g.line(Line::Time, new, o).says("p_o");
    }
    g
}

fn gru() -> Graph {
    let mut g = Graph::new(
        "gru",
        "One step of a GRU: the state passes a product with z and a sum with 1 − z times n; r says how much of the old state n sees.",
    );
    let old = g.node(Shape::State, [30.0, 40.0], "h_{t−1}");
    let keep = g.node(Shape::Operation, [150.0, 40.0], "×");
    let add = g.node(Shape::Operation, [330.0, 40.0], "+");
    let new = g.node(Shape::State, [430.0, 40.0], "h_t");
    let on = g.node(Shape::Given, [500.0, 40.0], "…");
    g.chain(Line::Time, &[old, keep, add, new, on]);
    let z = g.node(Shape::Gate, [150.0, 110.0], "z");
    let enter = g.node(Shape::Operation, [330.0, 110.0], "×");
    let n = g.node(Shape::Gate, [330.0, 180.0], "n");
    let reset = g.node(Shape::Operation, [230.0, 180.0], "×");
    let r = g.node(Shape::Gate, [150.0, 180.0], "r");
    g.edge(z, keep);
    g.edge(z, enter).says("1 − z");
    g.edge(enter, add);
    g.edge(n, enter);
    g.edge(r, reset);
    g.edge(reset, n);
    let seen = g.node(Shape::Given, [40.0, 145.0], "x_t,  h_{t−1}");
    g.edge(seen, z);
    g.edge(seen, r);
    let inner = g.node(Shape::State, [230.0, 245.0], "U_n h_{t−1}");
    g.edge(inner, reset);
    let x = g.node(Shape::Given, [330.0, 245.0], "x_t");
    g.edge(x, n);
    g
}

fn minimal_gates() -> Graph {
    let mut g = Graph::new(
        "minimal_gates",
        "One step of an MGU: one gate f says what the candidate sees of the old state and how much of the new state it is.",
    );
    let old = g.node(Shape::State, [30.0, 40.0], "h_{t−1}");
    let keep = g.node(Shape::Operation, [150.0, 40.0], "×");
    let add = g.node(Shape::Operation, [330.0, 40.0], "+");
    let new = g.node(Shape::State, [430.0, 40.0], "h_t");
    let on = g.node(Shape::Given, [500.0, 40.0], "…");
    g.chain(Line::Time, &[old, keep, add, new, on]);
    let f = g.node(Shape::Gate, [150.0, 120.0], "f");
    let enter = g.node(Shape::Operation, [330.0, 120.0], "×");
    let n = g.node(Shape::Gate, [330.0, 195.0], "n");
    let reset = g.node(Shape::Operation, [230.0, 195.0], "×");
    g.edge(f, keep).says("1 − f");
    g.edge(f, enter).says("f");
    g.edge(f, reset);
    g.edge(enter, add);
    g.edge(n, enter);
    g.edge(reset, n);
    let seen = g.node(Shape::Given, [40.0, 120.0], "x_t,  h_{t−1}");
    g.edge(seen, f);
    let h = g.node(Shape::Given, [150.0, 195.0], "h_{t−1}");
    g.edge(h, reset);
    let x = g.node(Shape::Given, [330.0, 260.0], "x_t");
    g.edge(x, n);
    g
}

fn normalised() -> Graph {
    let mut g = Graph::new(
        "normalised",
        "An LSTM with layer norms: both products are normalised before they meet, and the cell state before it is let out.",
    );
    let x = g.node(Shape::Given, [40.0, 60.0], "W_ih x_t");
    let h = g.node(Shape::Given, [40.0, 130.0], "W_hh h_{t−1}");
    let [a, b] = [60.0, 130.0].map(|y| g.node(Shape::State, [150.0, y], "LN"));
    let add = g.node(Shape::Operation, [225.0, 95.0], "+");
    let gates = g.node(Shape::Gate, [320.0, 95.0], "i f g o");
    let cell = g.node(Shape::State, [430.0, 95.0], "c_t");
    let norm = g.node(Shape::State, [510.0, 95.0], "LN");
    let out = g.node(Shape::State, [600.0, 95.0], "h_t");
    let old = g.node(Shape::State, [430.0, 30.0], "c_{t−1}");
    g.up(&[x, h], &[a, b]);
    g.edge(a, add);
    g.edge(b, add);
    g.chain(Line::Flow, &[add, gates, cell, norm, out]);
    g.line(Line::Time, old, cell);
    g.edge(gates, out).bend(-30.0).says("o");
    g
}

fn continuous_time() -> Graph {
    let mut g = Graph::new(
        "continuous_time",
        "Steps at irregular times: the time that has passed decides between two answers of one network of the input and the state.",
    );
    let old = g.node(Shape::State, [30.0, 90.0], "h_{t−1}");
    let x = g.node(Shape::Given, [30.0, 150.0], "x_t");
    let body = g.node(Shape::State, [140.0, 90.0], "backbone");
    let [one, two] = [(40.0, "f_1"), (140.0, "f_2")].map(|(y, name)| g.node(Shape::Gate, [260.0, y], name));
    let mix = g.node(Shape::State, [370.0, 90.0], "1 − τ,  τ");
    let new = g.node(Shape::State, [470.0, 90.0], "h_t");
    let elapsed = g.node(Shape::Given, [370.0, 165.0], "Δt");
    g.line(Line::Time, old, body);
    g.edge(x, body);
    g.edge(body, one);
    g.edge(body, two);
    g.edge(body, mix);
    g.edge(one, mix);
    g.edge(two, mix);
    g.edge(elapsed, mix);
    g.line(Line::Time, mix, new);
    g
}

fn noise() -> Graph {
    let mut g = Graph::new(
        "noise",
        "Where masks act: dropout between layers, on the candidate within a step, or on the state that the step sees; zoneout on what is kept.",
    );
    let old = g.node(Shape::State, [30.0, 100.0], "h_{t−1}");
    let state = g.node(Shape::Operation, [120.0, 100.0], "m");
    let step = g.node(Shape::Gate, [220.0, 100.0], "candidate");
    let candidate = g.node(Shape::Operation, [320.0, 100.0], "m");
    let mix = g.node(Shape::Gate, [420.0, 100.0], "update");
    let new = g.node(Shape::State, [520.0, 100.0], "h_t");
    let x = g.node(Shape::Given, [220.0, 230.0], "x_t");
    let below = g.node(Shape::Operation, [220.0, 170.0], "m");
    let zone = g.node(Shape::Operation, [420.0, 35.0], "m");
    g.chain(Line::Flow, &[old, state, step, candidate, mix, new]);
    g.chain(Line::Flow, &[x, below, step]);
    g.line(Line::Time, old, zone).bend(18.0).says("kept");
    g.line(Line::Time, zone, new).says("zoneout");
    g.node(Shape::Given, [120.0, 130.0], "state");
    g.node(Shape::Given, [320.0, 130.0], "candidate");
    g.node(Shape::Given, [270.0, 172.0], "dropout");
    g
}
