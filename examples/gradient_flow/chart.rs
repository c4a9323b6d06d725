//! `‖∂L/∂h_t‖` over time on a logarithmic axis.

use super::cases::Measured;
use plotters::prelude::*;
use recurrent::{Error, Result};

const COLORS: [RGBColor; 10] = [
    RGBColor(120, 170, 220),
    RGBColor(40, 110, 190),
    RGBColor(10, 40, 110),
    RGBColor(200, 60, 120),
    RGBColor(230, 150, 60),
    RGBColor(190, 70, 20),
    RGBColor(40, 140, 70),
    RGBColor(170, 170, 170),
    RGBColor(120, 120, 120),
    RGBColor(70, 70, 70),
];
/// What is smaller is not drawn: it is nothing to every use of a gradient.
const FLOOR: f64 = 1e-20;

type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The chart as the text of an SVG file.
pub fn draw(measured: &[Measured]) -> Result<String> {
    let mut svg = String::new();
    let drawn = panel(&SVGBackend::with_string(&mut svg, (1000, 620)).into_drawing_area(), measured);
    drawn.map_err(|error| Error::Io {
        doing: "drawing",
        path: "the chart".into(),
        source: std::io::Error::other(error),
    })?;
    Ok(svg)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn panel(area: &Area<'_>, measured: &[Measured]) -> Drawn {
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(740);
    curves(&left, measured)?;
    legend(&right, measured)?;
    area.present()
}

fn style(case: usize) -> ShapeStyle {
    COLORS[case % COLORS.len()].stroke_width(2)
}

/// Powers of ten on a linear axis: plotters' own logarithmic axis stops labelling half-way down so many decades.
#[allow(clippy::cast_precision_loss)] // steps on an axis
fn curves(area: &Area<'_>, measured: &[Measured]) -> Drawn {
    let steps = measured.iter().map(|case| case.norms.len()).max().unwrap_or(1) - 1;
    let norms = || measured.iter().flat_map(|case| case.norms.iter().copied()).filter(|norm| norm.is_finite());
    let low = norms().filter(|&norm| norm >= FLOOR).fold(1.0, f64::min);
    let high = norms().fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(format!("What is left of a gradient on its way back through {steps} steps"), ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(72)
        .build_cartesian_2d(0.0..steps as f64, low.log10().floor()..high.log10().ceil())?;
    chart
        .configure_mesh()
        .x_desc("step t; the loss is at the right end")
        .y_desc("‖∂L/∂h_t‖")
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|power| format!("1e{power:.0}"))
        .y_labels(16)
        .axis_desc_style(("sans-serif", 15))
        .label_style(("sans-serif", 13))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (at, case) in measured.iter().enumerate() {
        let points = case.norms.iter().enumerate().filter(|(_, norm)| **norm >= FLOOR && norm.is_finite());
        let points = points.map(|(t, norm)| (t as f64, norm.log10()));
        chart.draw_series(LineSeries::new(points, style(at)))?;
    }
    Ok(())
}

/// The networks from the largest gradient at `t = 0` to the smallest, as the curves begin at the left.
fn legend(area: &Area<'_>, measured: &[Measured]) -> Drawn {
    let mut order: Vec<usize> = (0..measured.len()).collect();
    order.sort_by(|&a, &b| measured[b].norms[0].total_cmp(&measured[a].norms[0]));
    area.draw(&Text::new("at t = 0, from large to small", (4, 60), ("sans-serif", 14)))?;
    for (at, y) in order.into_iter().zip((92..).step_by(26)) {
        area.draw(&PathElement::new([(4, y), (30, y)], style(at)))?;
        area.draw(&Text::new(measured[at].name.clone(), (38, y - 7), ("sans-serif", 14)))?;
    }
    Ok(())
}
