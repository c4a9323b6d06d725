//! `|f̂(x) − f(x)| / ulp(f(x))` over `x` for σ and tanh, each backend a curve.

use crate::cli::activations;
use crate::cli::backend::Choice;
use crate::cli::error::Error;
use plotters::prelude::*;
use rnn_check::activation::{Cell, Extent, Function, Row, Table};

/// Both signs of the axis meet here: below it σ and tanh are ½ and x to the last bit.
const LEAST: f64 = -14.0;
/// And here they have arrived at 0 and ±1.
const MOST: f64 = 10.0;

/// One chart for each number type and function, as SVG.
pub fn charts() -> Result<Vec<String>, Error> {
    let choices = [Choice::Naive, Choice::Faer, Choice::FaerFast];
    let tables =
        [activations::table::<f32>(&choices, Extent::Sampled)?, activations::table::<f64>(&choices, Extent::Sampled)?];
    let of = |table: &Table| Function::ALL.map(|function| chart(table, function));
    tables.iter().flat_map(of).collect()
}

fn chart(table: &Table, function: Function) -> Result<String, Error> {
    let title = format!("{} in {}", function.name(), table.number);
    let rows: Vec<&Row> = distinct(table.rows.iter().filter(|row| row.function == function));
    let mut svg = String::new();
    let drawn = draw(&SVGBackend::with_string(&mut svg, (960, 280)).into_drawing_area(), &title, &rows);
    drawn.map_err(|error| Error::Drawing { what: title, why: error.to_string() })?;
    Ok(svg)
}

/// Instruction sets with the same bits are one curve.
fn distinct<'t>(rows: impl Iterator<Item = &'t Row>) -> Vec<&'t Row> {
    let mut all: Vec<&Row> = vec![];
    for row in rows {
        if !all.iter().any(|other| other.digest == row.digest) {
            all.push(row);
        }
    }
    all
}

/// Where `x` lies on an axis that is logarithmic on either side of 0.
fn position(x: f64) -> f64 {
    (x.abs().log2().clamp(LEAST, MOST) - LEAST).copysign(x)
}

fn points(curve: &[Cell]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> =
        curve.iter().map(|cell| (0.5 * (position(cell.from) + position(cell.to)), cell.ulp)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

fn draw(area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>, title: &str, rows: &[&Row]) -> Drawn {
    const COLORS: [RGBColor; 4] =
        [RGBColor(217, 95, 2), RGBColor(33, 102, 172), RGBColor(28, 124, 60), RGBColor(120, 60, 140)];
    let end = MOST - LEAST;
    let highest = rows.iter().map(|row| row.worst.ulp).filter(|ulp| ulp.is_finite()).fold(0.5, f64::max);
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 17))
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(52)
        .build_cartesian_2d(-end..end, 0.0..1.15 * highest)?;
    let label = |at: &f64| {
        if at.abs() < 0.5 {
            "0".into()
        } else {
            format!("{}2^{:.0}", if *at < 0.0 { "−" } else { "" }, at.abs() + LEAST)
        }
    };
    chart
        .configure_mesh()
        .x_desc("x")
        .y_desc("ulp")
        .x_labels(13)
        .y_labels(6)
        .x_label_formatter(&label)
        .y_label_formatter(&|error| format!("{error:.1}"))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (at, row) in rows.iter().enumerate() {
        let color = COLORS[at % COLORS.len()];
        chart.draw_series(LineSeries::new(points(&row.curve), color.stroke_width(1)))?;
        let down = 22 + 18 * i32::try_from(at).unwrap_or_default();
        let style = TextStyle::from(("sans-serif", 14).into_font()).color(&color);
        area.draw(&Text::new(format!("{}: {:.3} ulp", row.backend, row.worst.ulp), (740, down), style))?;
    }
    area.present()
}
