//! A graph as SVG: one file that reads on light and dark pages, inline or by itself.
//!
//! Inline it takes the colour of the text around it, `currentColor`, and so follows the theme that a page has chosen, which the
//! system's `prefers-color-scheme` would not. A file by itself is the root of its document: `svg:root` gives it colours of its own,
//! light or dark as the system says, and does not touch a page that it stands in. The two other colours are seen on every background.

use super::graph::{Edge, Graph, Line, Node, Shape};
use std::fmt::Write as _;

/// Of what goes from step to step.
pub const TIME: &str = "#3b82f6";
/// Of gradients.
pub const BACK: &str = "#e8590c";

const STYLE: &str = "<style>svg:root{color:#1f2328;background:#fff}\
    @media(prefers-color-scheme:dark){svg:root{color:#d8dee4;background:#14181d}}</style>";
const MARGIN: f64 = 14.0;
const SIZE: f64 = 14.0;

/// The text of the file: no line of it is empty, so that Markdown takes it as one piece of HTML.
pub fn draw(graph: &Graph) -> String {
    let [left, top, right, bottom] = extent(graph);
    let (width, height) = (right - left, bottom - top);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{left:.0} {top:.0} {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{}\" fill=\"none\" stroke=\"none\" \
         font-family=\"system-ui,sans-serif\" font-size=\"{SIZE}\" text-anchor=\"middle\" style=\"max-width:100%;height:auto\">\n{STYLE}\n",
        escaped(graph.says)
    );
    graph.edges.iter().for_each(|edge| arrow(&mut svg, graph, edge));
    graph.nodes.iter().for_each(|node| shape(&mut svg, node));
    svg + "</svg>\n"
}

/// What is drawn lies within, with a margin.
fn extent(graph: &Graph) -> [f64; 4] {
    let mut extent = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    let mut reach = |[x, y]: [f64; 2], [half_x, half_y]: [f64; 2]| {
        extent[0] = extent[0].min(x - half_x);
        extent[1] = extent[1].min(y - half_y);
        extent[2] = extent[2].max(x + half_x);
        extent[3] = extent[3].max(y + half_y);
    };
    graph.nodes.iter().for_each(|node| reach(node.at, half(node)));
    for edge in &graph.edges {
        if edge.from == edge.to {
            let [x, y] = loop_label(&graph.nodes[edge.from], &edge.label);
            reach([x, y], [text_width(&edge.label) / 2.0, 16.0]);
            continue;
        }
        reach(middle(way(graph, edge)), [2.0; 2]);
        if !edge.label.is_empty() {
            reach(beside(graph, edge), [text_width(&edge.label) / 2.0, 8.0]);
        }
    }
    let [left, top, right, bottom] = extent;
    [(left - MARGIN).floor(), (top - MARGIN).floor(), (right + MARGIN).ceil(), (bottom + MARGIN).ceil()]
}

/// Half of the width and of the height of a node.
fn half(node: &Node) -> [f64; 2] {
    let text = text_width(&node.label) / 2.0;
    match node.shape {
        Shape::Given => [text + 3.0, 10.0],
        Shape::Unit => [15.0, 15.0],
        Shape::Operation => [11.0, 11.0],
        Shape::State | Shape::Gate => [(text + 9.0).max(20.0), 15.0],
    }
}

fn shape(svg: &mut String, node: &Node) {
    let ([x, y], [half_x, half_y]) = (node.at, half(node));
    let stroke = "stroke=\"currentColor\" stroke-width=\"1.3\"";
    let drawn = match node.shape {
        Shape::Given => Ok(()),
        Shape::Unit | Shape::Operation => {
            writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{half_x}\" {stroke}></circle>")
        }
        Shape::State | Shape::Gate => {
            let (left, top, width, height) = (x - half_x, y - half_y, 2.0 * half_x, 2.0 * half_y);
            let fill = if node.shape == Shape::Gate { " fill=\"currentColor\" fill-opacity=\"0.13\"" } else { "" };
            writeln!(
                svg,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"7\" {stroke}{fill}></rect>"
            )
        }
    };
    drawn.expect("text grows");
    text(svg, node.at, &node.label, SIZE);
}

/// From the border of one node to that of the other, and where the arrow is pulled to between.
fn way(graph: &Graph, edge: &Edge) -> ([f64; 2], [f64; 2], [f64; 2]) {
    let (from, to) = (&graph.nodes[edge.from], &graph.nodes[edge.to]);
    let [dx, dy] = [to.at[0] - from.at[0], to.at[1] - from.at[1]];
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let control = [
        (from.at[0] + to.at[0]) / 2.0 + 2.0 * edge.bend * dy / length,
        (from.at[1] + to.at[1]) / 2.0 - 2.0 * edge.bend * dx / length,
    ];
    (border(from, control, 2.0), control, border(to, control, 3.0))
}

/// The middle of a quadratic curve.
fn middle((from, control, to): ([f64; 2], [f64; 2], [f64; 2])) -> [f64; 2] {
    [0, 1].map(|k| 0.25 * from[k] + 0.5 * control[k] + 0.25 * to[k])
}

/// The centre of the label of an arrow: beside its middle, on the side to which it bends.
fn beside(graph: &Graph, edge: &Edge) -> [f64; 2] {
    let (from, control, to) = way(graph, edge);
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let side = if edge.bend < 0.0 { -1.0 } else { 1.0 };
    let (nx, ny) = (side * dy / length, -side * dx / length);
    // So far that the text just clears the line, whichever way it goes.
    let away = 4.0 + 0.45 * text_width(&edge.label) * nx.abs() + 8.5 * ny.abs();
    let [x, y] = middle((from, control, to));
    [x + away * nx, y + away * ny]
}

/// Where the way from the centre of a node towards a point leaves it.
fn border(node: &Node, towards: [f64; 2], gap: f64) -> [f64; 2] {
    let [dx, dy] = [towards[0] - node.at[0], towards[1] - node.at[1]];
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let [half_x, half_y] = half(node);
    let reach = match node.shape {
        Shape::Unit | Shape::Operation => half_x,
        _ => {
            let across = if dx == 0.0 { f64::INFINITY } else { half_x / dx.abs() };
            let along = if dy == 0.0 { f64::INFINITY } else { half_y / dy.abs() };
            across.min(along) * length
        }
    };
    let share = (reach + gap) / length;
    [node.at[0] + share * dx, node.at[1] + share * dy]
}

fn colour(line: Line) -> &'static str {
    match line {
        Line::Flow => "currentColor",
        Line::Time => TIME,
        Line::Back => BACK,
    }
}

/// How far a loop goes out to the right.
const LOOP: f64 = 40.0;

fn loop_label(node: &Node, label: &str) -> [f64; 2] {
    [node.at[0] + half(node)[0] + 0.75 * LOOP + 7.0 + text_width(label) / 2.0, node.at[1]]
}

/// An arrow from a node round to itself, on its right.
fn round(svg: &mut String, graph: &Graph, edge: &Edge) {
    let node = &graph.nodes[edge.from];
    let ([x, y], colour) = ([node.at[0] + half(node)[0], node.at[1]], colour(edge.line));
    let (near, far) = (x + 2.0, x + LOOP);
    writeln!(
        svg,
        "<path d=\"M{near:.1} {:.1}C{far:.1} {:.1} {far:.1} {:.1} {:.1} {:.1}\" stroke=\"{colour}\" stroke-width=\"{:.1}\"></path>",
        y - 8.0, y - 26.0, y + 26.0, near + 5.0, y + 10.0, edge.width
    )
    .expect("text grows");
    let (tip, base) = (near, near + 8.0);
    writeln!(
        svg,
        "<path d=\"M{tip:.1} {:.1}L{base:.1} {:.1}L{:.1} {:.1}Z\" fill=\"{colour}\"></path>",
        y + 8.0,
        y + 7.6,
        near + 6.0,
        y + 15.0
    )
    .expect("text grows");
    if !edge.label.is_empty() {
        text(svg, loop_label(node, &edge.label), &edge.label, 12.0);
    }
}

fn arrow(svg: &mut String, graph: &Graph, edge: &Edge) {
    if edge.from == edge.to {
        return round(svg, graph, edge);
    }
    let (from, control, to) = way(graph, edge);
    let colour = colour(edge.line);
    let [dx, dy] = [to[0] - control[0], to[1] - control[1]];
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let (long, wide) = (6.0 + edge.width, 2.5 + 0.6 * edge.width);
    // The line ends within the head, so that its width does not blunt the tip.
    let end = [to[0] - 0.8 * long * ux, to[1] - 0.8 * long * uy];
    let dashes = if edge.line == Line::Back { " stroke-dasharray=\"5 3\"" } else { "" };
    let way = if edge.bend == 0.0 {
        format!("M{:.1} {:.1}L{:.1} {:.1}", from[0], from[1], end[0], end[1])
    } else {
        format!("M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}", from[0], from[1], control[0], control[1], end[0], end[1])
    };
    let head = [
        [to[0], to[1]],
        [to[0] - long * ux - wide * uy, to[1] - long * uy + wide * ux],
        [to[0] - long * ux + wide * uy, to[1] - long * uy - wide * ux],
    ]
    .map(|[x, y]| format!("{x:.1} {y:.1}"));
    writeln!(svg, "<path d=\"{way}\" stroke=\"{colour}\" stroke-width=\"{:.1}\"{dashes}></path>", edge.width)
        .expect("text grows");
    writeln!(svg, "<path d=\"M{}L{}L{}Z\" fill=\"{colour}\"></path>", head[0], head[1], head[2]).expect("text grows");
    if !edge.label.is_empty() {
        text(svg, beside(graph, edge), &edge.label, 12.0);
    }
}

/// Runs of a label, each with whether it is lowered.
fn runs(label: &str) -> Vec<(String, bool)> {
    let (mut runs, mut rest) = (Vec::new(), label);
    while let Some(at) = rest.find('_') {
        runs.push((rest[..at].to_string(), false));
        rest = &rest[at + 1..];
        let (low, after) = match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some(parts) => parts,
            None => rest.split_at(rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())),
        };
        runs.push((low.to_string(), true));
        rest = after;
    }
    runs.push((rest.to_string(), false));
    runs.retain(|(text, _)| !text.is_empty());
    runs
}

/// About how wide a label is.
#[allow(clippy::cast_precision_loss)] // labels are short
fn text_width(label: &str) -> f64 {
    runs(label).iter().map(|(text, low)| text.chars().count() as f64 * if *low { 5.8 } else { 7.6 }).sum()
}

fn text(svg: &mut String, [x, y]: [f64; 2], label: &str, size: f64) {
    if label.is_empty() {
        return;
    }
    let mut spans = String::new();
    let mut is_low = false;
    for (run, low) in runs(label) {
        let run = escaped(&run);
        match (is_low, low) {
            (false, true) => write!(spans, "<tspan dy=\"4\" font-size=\"{:.0}\">{run}</tspan>", size * 0.76),
            (true, false) => write!(spans, "<tspan dy=\"-4\">{run}</tspan>"),
            _ => write!(spans, "{run}"),
        }
        .expect("text grows");
        is_low = low;
    }
    let size = if size == SIZE { String::new() } else { format!(" font-size=\"{size}\"") };
    writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"currentColor\"{size}>{spans}</text>", y + 5.0)
        .expect("text grows");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
