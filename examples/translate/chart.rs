//! How shares rise, and where a model looks while it writes, in one SVG.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // pixels and steps on an axis

use super::options::Direction;
use super::run::Run;
use super::translator::Attention;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use recurrent::{Error, Result};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

const TO_DIGITS: RGBColor = RGBColor(40, 110, 190);
const TO_WORDS: RGBColor = RGBColor(230, 130, 40);
/// The widths of the panels, and the height of all.
const CURVES: u32 = 470;
const MAP: u32 = 380;
const HEIGHT: u32 = 440;

fn color(direction: Direction) -> RGBColor {
    match direction {
        Direction::ToDigits => TO_DIGITS,
        Direction::ToWords => TO_WORDS,
    }
}

/// The chart as the text of an SVG file: the curves of all runs, and the attention of the first of each direction.
pub fn draw(runs: &[Run]) -> Result<String> {
    let mut firsts: Vec<&Run> = Vec::new();
    for run in runs {
        if !firsts.iter().any(|first| first.summary.direction == run.summary.direction) {
            firsts.push(run);
        }
    }
    let (mut svg, maps) = (String::new(), u32::try_from(firsts.len()).unwrap_or(0));
    let drawn =
        panels(&SVGBackend::with_string(&mut svg, (CURVES + maps * MAP, HEIGHT)).into_drawing_area(), runs, &firsts);
    drawn.map_err(|error| Error::io("drawing", "the chart", std::io::Error::other(error))).map(|()| svg)
}

fn panels(area: &Area<'_>, runs: &[Run], firsts: &[&Run]) -> Drawn {
    area.fill(&WHITE)?;
    let (left, mut rest) = area.split_horizontally(CURVES);
    curves(&left, runs)?;
    for run in firsts {
        let (map, after) = rest.split_horizontally(MAP);
        attention(&map, &run.attention, color(run.summary.direction))?;
        rest = after;
    }
    area.present()
}

fn curves(area: &Area<'_>, runs: &[Run]) -> Drawn {
    let last = runs.iter().flat_map(|run| run.curve.last()).map(|(updates, _)| *updates).max().unwrap_or(1).max(1);
    let mut chart = ChartBuilder::on(area)
        .caption("Numbers that were not learnt from", ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..last as f64, 0.0..102.0)?;
    let mesh = &mut chart.configure_mesh();
    mesh.x_desc("updates").y_desc("% without a mistake").x_label_formatter(&|x| format!("{x:.0}"));
    mesh.y_label_formatter(&|y| format!("{y:.0}")).light_line_style(TRANSPARENT).draw()?;
    let mut named: Vec<Direction> = Vec::new();
    for run in runs {
        let (direction, style) = (run.summary.direction, color(run.summary.direction).stroke_width(2));
        let points = run.curve.iter().map(|&(updates, right)| (updates as f64, 100.0 * right));
        let series = chart.draw_series(LineSeries::new(points, style))?;
        if !named.contains(&direction) {
            series.label(direction.name()).legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
            named.push(direction);
        }
    }
    let labels = &mut chart.configure_series_labels();
    labels.position(SeriesLabelPosition::LowerRight).background_style(WHITE.mix(0.85)).border_style(BLACK).draw()
}

/// A row for each symbol that is written, a column for each that is read, as dark as the weight is large.
fn attention(area: &Area<'_>, Attention { read, written, weights }: &Attention, color: RGBColor) -> Drawn {
    let (left, top) = (84, 120);
    let side = ((MAP as i32 - left - 12) / read.len().max(1) as i32)
        .min((HEIGHT as i32 - top - 12) / written.len().max(1) as i32);
    let style = |size: i32, h, v| ("sans-serif", size).into_text_style(area).color(&BLACK).pos(Pos::new(h, v));
    let caption = style(17, HPos::Left, VPos::Top);
    area.draw(&Text::new("Where it looks while it writes", (left - 60, 12), caption))?;
    for (column, symbol) in read.iter().enumerate() {
        let place = (left + column as i32 * side + side / 2, top - 6);
        let upright = style(14, HPos::Left, VPos::Center).transform(FontTransform::Rotate270);
        area.draw(&Text::new(symbol.clone(), place, upright))?;
    }
    for (row, (symbol, weights)) in written.iter().zip(weights).enumerate() {
        let y = top + row as i32 * side;
        area.draw(&Text::new(symbol.clone(), (left - 8, y + side / 2), style(14, HPos::Right, VPos::Center)))?;
        for (column, weight) in weights.iter().enumerate() {
            let x = left + column as i32 * side;
            let cell = [(x, y), (x + side, y + side)];
            area.draw(&Rectangle::new(cell, color.mix(f64::from(*weight)).filled()))?;
            area.draw(&Rectangle::new(cell, RGBColor(205, 205, 205).stroke_width(1)))?;
        }
    }
    Ok(())
}
