//! The loss curve and the gradient flow, side by side in one SVG.

use super::corpus::Baselines;
use super::run::Curve;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;
use recurrent::gradient_flow::GradientFlow;
use recurrent::{Error, Result};

const TRAINING: RGBColor = RGBColor(150, 170, 200);
const VALIDATION: RGBColor = RGBColor(20, 60, 140);
const BASELINE: RGBColor = RGBColor(170, 60, 40);
const LAYERS: [RGBColor; 4] =
    [RGBColor(20, 60, 140), RGBColor(200, 110, 0), RGBColor(30, 130, 60), RGBColor(120, 40, 130)];

/// Gradient flows with a name for each layer.
pub type Flows = Vec<(String, GradientFlow)>;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<T = ()> = std::result::Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// The chart as the text of an SVG file.
pub fn draw(curve: &Curve, baselines: Baselines, untrained: &Flows, trained: &Flows) -> Result<String> {
    let mut svg = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, (1240, 520)).into_drawing_area();
        panels(&area, curve, baselines, untrained, trained)
    };
    drawn.map_err(|error| Error::Io {
        doing: "drawing",
        path: "the chart".into(),
        source: std::io::Error::other(error),
    })?;
    Ok(svg)
}

fn panels(area: &Area<'_>, curve: &Curve, baselines: Baselines, untrained: &Flows, trained: &Flows) -> Drawn {
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(620);
    losses(&left, curve, baselines)?;
    flows(&right, untrained, trained)?;
    area.present()
}

#[allow(clippy::cast_precision_loss)] // steps on an axis
fn losses(area: &Area<'_>, curve: &Curve, baselines: Baselines) -> Drawn {
    let steps = curve.training.len().max(1);
    // At most 200 points: the mean of as many steps each.
    let bin = steps.div_ceil(200);
    let mean = |(at, bin_of): (usize, &[f32])| {
        let sum: f64 = bin_of.iter().map(|&bits| f64::from(bits)).sum();
        ((at * bin) as f64 + bin_of.len() as f64 / 2.0, sum / bin_of.len() as f64)
    };
    let training: Vec<(f64, f64)> = curve.training.chunks(bin).enumerate().map(mean).collect();
    let validation: Vec<(f64, f64)> = curve.validation.iter().map(|&(step, bits)| (step as f64, bits)).collect();
    let top = training.iter().chain(&validation).map(|point| point.1).fold(baselines.uniform, f64::max);
    let end = steps as f64;

    let mut chart = ChartBuilder::on(area)
        .caption("Cost of the text", ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..end, 0.0..top * 1.05)?;
    chart
        .configure_mesh()
        .x_desc("step")
        .y_desc("bits per character")
        .x_label_formatter(&|step| format!("{step:.0}"))
        .axis_desc_style(("sans-serif", 15))
        .label_style(("sans-serif", 13))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let mut line = |name: String, points: Vec<(f64, f64)>, style: ShapeStyle| -> Drawn {
        let series = chart.draw_series(LineSeries::new(points, style))?;
        series.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
        Ok(())
    };
    line("training batch".into(), training, TRAINING.stroke_width(1))?;
    line("held-out text".into(), validation, VALIDATION.stroke_width(3))?;
    let counts = [("uniform", baselines.uniform), ("unigram", baselines.unigram), ("bigram", baselines.bigram)];
    for ((name, bits), alpha) in counts.into_iter().zip([0.3, 0.6, 1.0]) {
        line(format!("{name} {bits:.2}"), vec![(0.0, bits), (end, bits)], BASELINE.mix(alpha).stroke_width(2))?;
    }
    legend(&mut chart, SeriesLabelPosition::LowerLeft)
}

#[allow(clippy::cast_precision_loss)]
fn flows(area: &Area<'_>, untrained: &Flows, trained: &Flows) -> Drawn {
    let slots = trained.iter().map(|(_, flow)| flow.norms().len()).max().unwrap_or(1);
    // Steps before the loss; 0 does not exist on a logarithmic axis.
    let points = |flow: &GradientFlow| -> Vec<(f64, f64)> {
        let back = |slot: usize| slot as f64 - (slots - 1) as f64;
        let norms = flow.norms().iter().enumerate().map(|(slot, &norm)| (back(slot), norm));
        norms.filter(|point| point.1 > 0.0 && point.1.is_finite()).collect()
    };
    let all = untrained.iter().chain(trained).flat_map(|(_, flow)| points(flow)).map(|point| point.1);
    let (low, high) = all.fold((f64::INFINITY, 0.0_f64), |(low, high), norm| (low.min(norm), high.max(norm)));
    let (low, high) = if low <= high { (low / 2.0, high * 2.0) } else { (1e-3, 1.0) };

    let mut chart = ChartBuilder::on(area)
        .caption("Gradient flow: the loss of one character, seen from the states before it", ("sans-serif", 16))
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(72)
        .build_cartesian_2d(-((slots - 1) as f64)..0.0, (low..high).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("step, counted back from the character")
        .y_desc("‖∂L/∂h‖")
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|norm| format!("{norm:.0e}"))
        .axis_desc_style(("sans-serif", 15))
        .label_style(("sans-serif", 13))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let shades = [0.4, 1.0];
    for ((when, flows), shade) in [("before training", untrained), ("after training", trained)].iter().zip(shades) {
        for ((name, flow), color) in flows.iter().zip(LAYERS.iter().cycle()) {
            let style = color.mix(shade).stroke_width(2);
            let series = chart.draw_series(LineSeries::new(points(flow), style))?;
            series
                .label(format!("{name}, {when}"))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
        }
    }
    legend(&mut chart, SeriesLabelPosition::UpperLeft)
}

fn legend<'a, X: Ranged<ValueType = f64>, Y: Ranged<ValueType = f64>>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    position: SeriesLabelPosition,
) -> Drawn {
    let labels = &mut chart.configure_series_labels();
    labels.position(position).background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.3));
    labels.label_font(("sans-serif", 14)).margin(8).draw()
}
