//! Nodes and edges: a graph as its description.

/// What a node looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text alone: what is given or handed on.
    Given,
    /// A circle: one unit.
    Unit,
    /// A small circle: an operation on numbers.
    Operation,
    /// A box: a vector that is kept, or a layer.
    State,
    /// A filled box: a gate.
    Gate,
}

/// What an edge means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Within a step.
    Flow,
    /// From step to step.
    Time,
    /// A gradient, on its way back.
    Back,
}

/// A node, by its centre.
#[derive(Clone, Debug)]
pub struct Node {
    pub shape: Shape,
    pub at: [f64; 2],
    /// `_` lowers what follows it: a run of letters and digits, or all within braces.
    pub label: String,
}

/// An arrow between two nodes.
#[derive(Clone, Debug)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub line: Line,
    /// How far its middle lies beside the straight line, to the left of its way.
    pub bend: f64,
    pub width: f64,
    pub label: String,
}

/// A picture: its file, what it says to those who cannot see it, and what is drawn.
#[derive(Clone, Debug)]
pub struct Graph {
    pub name: &'static str,
    pub says: &'static str,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

impl Graph {
    pub fn new(name: &'static str, says: &'static str) -> Self {
        Self { name, says, nodes: Vec::new(), edges: Vec::new() }
    }

    /// A node, and its number.
    pub fn node(&mut self, shape: Shape, at: [f64; 2], label: impl Into<String>) -> usize {
        self.nodes.push(Node { shape, at, label: label.into() });
        self.nodes.len() - 1
    }

    /// A straight arrow, to be changed.
    pub fn edge(&mut self, from: usize, to: usize) -> &mut Edge {
        self.line(Line::Flow, from, to)
    }

    /// A straight arrow of this kind, to be changed.
    pub fn line(&mut self, line: Line, from: usize, to: usize) -> &mut Edge {
        let at = self.edges.len();
        let width = if line == Line::Flow { 1.3 } else { 2.0 };
        self.edges.push(Edge { from, to, line, bend: 0.0, width, label: String::new() });
        &mut self.edges[at]
    }

    /// An arrow from each node of one row to that of the other.
    pub fn up(&mut self, from: &[usize], to: &[usize]) {
        for (&from, &to) in from.iter().zip(to) {
            self.edge(from, to);
        }
    }

    /// Arrows along a row.
    pub fn chain(&mut self, line: Line, row: &[usize]) {
        for pair in row.windows(2) {
            self.line(line, pair[0], pair[1]);
        }
    }
}

impl Edge {
    pub fn bend(&mut self, bend: f64) -> &mut Self {
        self.bend = bend;
        self
    }

    pub fn width(&mut self, width: f64) -> &mut Self {
        self.width = width;
        self
    }

    pub fn says(&mut self, label: &str) -> &mut Self {
        self.label = label.into();
        self
    }
}
