//! Histograms of times, both axes logarithmic: pushes above, passes below.

use crate::Series;
use plotters::prelude::*;
use std::io;

const COLORS: [RGBColor; 4] =
    [RGBColor(40, 110, 190), RGBColor(230, 150, 60), RGBColor(10, 40, 110), RGBColor(190, 70, 20)];
/// Bars in a factor of ten.
const BINS: f64 = 20.0;

type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// The picture as the text of an SVG file.
pub fn draw(all: &[Series]) -> io::Result<String> {
    let mut svg = String::new();
    panels(&SVGBackend::with_string(&mut svg, (900, 860)).into_drawing_area(), all).map_err(io::Error::other)?;
    Ok(svg)
}

fn panels(area: &Area<'_>, all: &[Series]) -> Drawn {
    area.fill(&WHITE)?;
    for (area, call) in area.split_evenly((2, 1)).iter().zip(["push", "pass"]) {
        let of: Vec<&Series> = all.iter().filter(|series| series.call == call).collect();
        panel(area, call, &of)?;
    }
    area.present()
}

/// The outline of a histogram: its corners as powers of ten, time and count, from the first bar to the last.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // bars, some dozens; counts of calls
fn outline(series: &Series) -> Vec<(f64, f64)> {
    let bar = |time: &std::time::Duration| (time.as_secs_f64().max(1e-9).log10() * BINS).floor() as i32;
    let bars: Vec<i32> = series.times.iter().map(bar).collect();
    let (first, last) = (bars.iter().min().copied().unwrap_or(0), bars.iter().max().copied().unwrap_or(0));
    let mut corners = vec![(f64::from(first) / BINS, BOTTOM)];
    for bar in first..=last {
        let count = bars.iter().filter(|&&other| other == bar).count();
        let height = if count == 0 { BOTTOM } else { (count as f64).log10() };
        corners.extend([bar, bar + 1].map(|edge| (f64::from(edge) / BINS, height)));
    }
    corners.push((f64::from(last + 1) / BINS, BOTTOM));
    corners
}

/// A bar of one call has some height, one of none has not.
const BOTTOM: f64 = -0.3;

fn time(power: f64) -> String {
    let (unit, at) = match power {
        ..-6.5 => ("ns", -9.0),
        ..-3.5 => ("µs", -6.0),
        ..-0.5 => ("ms", -3.0),
        _ => ("s", 0.0),
    };
    format!("{:.0} {unit}", 10_f64.powf(power - at))
}

/// Powers of ten on linear axes, so that every decade has a label.
fn panel(area: &Area<'_>, call: &str, all: &[&Series]) -> Drawn {
    let outlines: Vec<_> = all.iter().map(|series| outline(series)).collect();
    let corners = || outlines.iter().flatten();
    let left = corners().map(|corner| corner.0).fold(f64::INFINITY, f64::min).floor();
    let right = corners().map(|corner| corner.0).fold(f64::NEG_INFINITY, f64::max).ceil();
    let top = corners().map(|corner| corner.1).fold(0.0, f64::max).ceil();
    let mut chart = ChartBuilder::on(area)
        .caption(format!("Time of each {call}"), ("sans-serif", 20))
        .margin(14)
        // Half of the last label stands beyond the axis.
        .margin_right(40)
        .x_label_area_size(46)
        .y_label_area_size(66)
        .build_cartesian_2d(left..right, BOTTOM..top)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // decades
    let (decades, counts) = ((right - left) as usize + 1, top as usize + 2);
    chart
        .configure_mesh()
        .x_desc("time of a call")
        .y_desc("calls, twenty bars to a decade")
        .x_labels(decades)
        .y_labels(counts)
        .x_label_formatter(&|&power| time(power))
        .y_label_formatter(&|&power| format!("{:.0}", 10_f64.powf(power)))
        .axis_desc_style(("sans-serif", 15))
        .label_style(("sans-serif", 13))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for ((series, outline), color) in all.iter().zip(outlines).zip(COLORS) {
        let style = color.stroke_width(2);
        chart
            .draw_series(LineSeries::new(outline, style))?
            .label(series.to_string())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .margin(12)
        .legend_area_size(30)
        .label_font(("sans-serif", 14))
        .background_style(WHITE.mix(0.85))
        .border_style(TRANSPARENT)
        .draw()
}
