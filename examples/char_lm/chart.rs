//! The loss curve and the gradient flow, side by side in one SVG.

#![allow(clippy::cast_precision_loss)] // steps on an axis

use plotters::coord::Shift;
use plotters::data::fitting_range;
use plotters::prelude::*;
use recurrent::{Error, Result, gradient_flow::GradientFlow, network::RecurrentLayer, text::Baselines, train::Curve};

/// What the legend calls it, where it goes and how it looks.
type Line = (String, Vec<(f64, f64)>, ShapeStyle);
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Flows = Vec<(RecurrentLayer, GradientFlow)>;

/// The chart as the text of an SVG file; the flows are those before and after training.
pub fn draw(curve: &Curve, baselines: Baselines, flows: [&Flows; 2]) -> Result<String> {
    let mut svg = String::new();
    let drawn = panels(&SVGBackend::with_string(&mut svg, (1240, 520)).into_drawing_area(), curve, baselines, flows);
    drawn.map_err(|error| Error::io("drawing", "the chart", std::io::Error::other(error))).map(|()| svg)
}

fn panels(area: &Area<'_>, curve: &Curve, baselines: Baselines, [before, after]: [&Flows; 2]) -> Drawn {
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(620);
    panel(&left, ["Cost", "step", "bits per character"], |bits| format!("{bits:.1}"), losses(curve, baselines))?;
    let flows = [norms(before, "before", 0.4), norms(after, "after", 1.0)].concat();
    let names = ["Gradient flow: the loss of one character", "step, counted back from the character", "‖∂L/∂h‖"];
    panel(&right, names, |power| format!("{:.0e}", 10_f64.powf(*power)), flows)?;
    area.present()
}

/// The cost of training batches, of the held-out text, and of counts.
fn losses(curve: &Curve, Baselines { uniform, unigram, bigram }: Baselines) -> Vec<Line> {
    let held_out = curve.validation.iter().map(|&(step, bits)| (step as f64, bits)).collect();
    let flat = |(name, bits, alpha): (&str, f64, f64)| {
        let ends = [0, curve.training.len()].map(|step| (step as f64, bits));
        (format!("{name} {bits:.2}"), ends.to_vec(), RED.mix(alpha).stroke_width(2))
    };
    let counts = [("uniform", uniform, 0.3), ("unigram", unigram, 0.6), ("bigram", bigram, 1.0)].map(flat);
    let training = ("training batch".into(), curve.means(200), BLUE.mix(0.3).stroke_width(1));
    [training, ("held-out text".into(), held_out, BLUE.stroke_width(3))].into_iter().chain(counts).collect()
}

/// The powers of ten of the norms by steps before the loss; 0 has none.
fn norms(flows: &Flows, when: &str, alpha: f64) -> Vec<Line> {
    let line = |(at, (layer, flow)): (usize, &(RecurrentLayer, GradientFlow))| {
        let back = (0..flow.norms().len()).rev().map(|slot| -(slot as f64));
        let points = back.zip(flow.norms().iter().map(|norm| norm.log10())).filter(|point| point.1.is_finite());
        (format!("{}, {when} training", layer.label), points.collect(), Palette99::pick(at).mix(alpha).stroke_width(2))
    };
    flows.iter().enumerate().map(line).collect()
}

/// Lines with a legend on axes that hold them.
fn panel(area: &Area<'_>, [caption, x, y]: [&str; 3], label: fn(&f64) -> String, lines: Vec<Line>) -> Drawn {
    let (xs, ys): (Vec<f64>, Vec<f64>) = lines.iter().flat_map(|line| &line.1).copied().unzip();
    let [xs, ys] = [xs, ys].map(|numbers| fitting_range(numbers.iter().chain(&[0.0, 1e-9])));
    let chart = &mut ChartBuilder::on(area);
    chart.caption(caption, ("sans-serif", 18)).margin(14).x_label_area_size(42).y_label_area_size(72);
    let mut chart = chart.build_cartesian_2d(xs, ys)?;
    let mesh = &mut chart.configure_mesh();
    mesh.x_desc(x).y_desc(y).x_label_formatter(&|at| format!("{at:.0}")).y_label_formatter(&label);
    mesh.light_line_style(TRANSPARENT).draw()?;
    for (name, points, style) in lines {
        let series = chart.draw_series(LineSeries::new(points, style))?;
        series.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
    }
    let labels = &mut chart.configure_series_labels();
    labels.position(SeriesLabelPosition::LowerLeft).background_style(WHITE.mix(0.85)).border_style(BLACK).draw()
}
