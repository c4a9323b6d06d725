//! What came and what was forecast, one step ahead and many, and how much each lag matters, in one SVG.

#![allow(clippy::cast_precision_loss)] // steps on an axis

use super::intervals::Interval;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::data::fitting_range;
use plotters::prelude::*;
use recurrent::{Error, Result};

/// Where a value stands and what it is.
pub type Points = Vec<(f64, f64)>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

const KNOWN: RGBColor = RGBColor(60, 60, 60);
const NETWORK: RGBColor = RGBColor(40, 110, 190);
const LINEAR: RGBColor = RGBColor(230, 130, 40);

/// Values that came, and forecasts of the networks and of the autoregression with the intervals of the networks.
#[derive(Clone, Debug)]
pub struct Forecasts {
    pub caption: String,
    pub known: Points,
    pub network: Points,
    pub linear: Points,
    pub intervals: Vec<Interval>,
}

/// The chart of a series of this name as the text of an SVG file; `importance` is that of each lag, the oldest first.
pub fn draw(name: &str, panels: &[Forecasts; 2], importance: &[f64]) -> Result<String> {
    let mut svg = String::new();
    let drawn = all(&SVGBackend::with_string(&mut svg, (1000, 980)).into_drawing_area(), name, panels, importance);
    drawn.map_err(|error| Error::io("drawing", "the chart", std::io::Error::other(error))).map(|()| svg)
}

fn all(area: &Area<'_>, name: &str, [one_step, ahead]: &[Forecasts; 2], importance: &[f64]) -> Drawn {
    area.fill(&WHITE)?;
    let (top, rest) = area.split_vertically(34);
    legend(&top)?;
    let (upper, rest) = rest.split_vertically(370);
    let (middle, bottom) = rest.split_vertically(340);
    forecasts(&upper, name, one_step)?;
    forecasts(&middle, name, ahead)?;
    lags(&bottom, importance)?;
    area.present()
}

/// What the colours of both panels below mean; within them it would cover a peak.
fn legend(area: &Area<'_>) -> Drawn {
    let names = [
        ("90 % interval", NETWORK.mix(0.25).filled()),
        ("what came", KNOWN.stroke_width(2)),
        ("autoregression", LINEAR.stroke_width(2)),
        ("networks", NETWORK.stroke_width(2)),
    ];
    for ((name, style), x) in names.into_iter().zip((70..).step_by(170)) {
        if style.filled {
            area.draw(&Rectangle::new([(x, 15), (x + 26, 27)], style))?;
        } else {
            area.draw(&PathElement::new([(x, 21), (x + 26, 21)], style))?;
        }
        area.draw(&Text::new(name, (x + 34, 14), ("sans-serif", 14)))?;
    }
    Ok(())
}

fn forecasts(area: &Area<'_>, name: &str, panel: &Forecasts) -> Drawn {
    let bounds = panel.network.iter().zip(&panel.intervals);
    let bounds: Points = bounds.flat_map(|(&(x, _), interval)| [(x, interval.low), (x, interval.high)]).collect();
    let all: Points = [&panel.known[..], &panel.network, &panel.linear, &bounds].concat();
    let mut chart = axes(area, &format!("{name}, {}", panel.caption), "", &all)?;
    let low = panel.network.iter().zip(&panel.intervals).map(|(&(x, _), interval)| (x, interval.low));
    let high = panel.network.iter().zip(&panel.intervals).map(|(&(x, _), interval)| (x, interval.high));
    let outline: Points = low.chain(high.rev()).collect();
    chart.draw_series(std::iter::once(Polygon::new(outline, NETWORK.mix(0.25).filled())))?;
    let lines = [
        (&panel.known, KNOWN.stroke_width(2)),
        (&panel.linear, LINEAR.stroke_width(2)),
        (&panel.network, NETWORK.stroke_width(2)),
    ];
    for (points, style) in lines {
        chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
    }
    Ok(())
}

/// A bar for each lag, 1 at the left.
fn lags(area: &Area<'_>, importance: &[f64]) -> Drawn {
    let bars: Points = importance.iter().rev().enumerate().map(|(at, grown)| (at as f64 + 1.0, *grown)).collect();
    let corners: Points = bars.iter().flat_map(|&(lag, grown)| [(lag - 0.5, 0.0), (lag + 0.5, grown)]).collect();
    let caption = "How much a lag matters: growth of the mean squared error when it is shuffled";
    let mut chart = axes(area, caption, "lag", &corners)?;
    let bar = |(lag, grown): (f64, f64)| Rectangle::new([(lag - 0.3, 0.0), (lag + 0.3, grown)], NETWORK.filled());
    chart.draw_series(bars.into_iter().map(bar))?;
    Ok(())
}

/// Axes that hold these points.
fn axes<'a, 'b>(
    area: &'a Area<'b>,
    caption: &str,
    x_name: &str,
    points: &[(f64, f64)],
) -> std::result::Result<Chart<'a, 'b>, DrawingAreaErrorKind<std::io::Error>> {
    let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let [xs, ys] = [xs, ys].map(|numbers| fitting_range(&numbers));
    let builder = &mut ChartBuilder::on(area);
    builder.caption(caption, ("sans-serif", 17)).margin(10).x_label_area_size(36).y_label_area_size(56);
    // Room above; a range without width, as of a constant series, has no axis.
    let above = (ys.end - ys.start) * 0.04 + 1e-9;
    let mut chart = builder.build_cartesian_2d(xs.start..xs.end + 1e-9, ys.start..ys.end + above)?;
    let mesh = &mut chart.configure_mesh();
    mesh.x_label_formatter(&|at| format!("{at:.0}")).light_line_style(TRANSPARENT).x_desc(x_name).draw()?;
    Ok(chart)
}
