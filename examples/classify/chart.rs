//! Confusion matrices side by side in one SVG: a row for each class, a column for each that was decided for.

use super::confusion::Confusion;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use recurrent::{Error, Result};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

const FULL: RGBColor = RGBColor(40, 110, 190);
/// The side of a matrix, and the room beside and above it.
const SIDE: u32 = 340;
const MARGIN: u32 = 56;
/// Beyond so many classes the numbers do not fit into their cells.
const MOST_NUMBERS: usize = 16;

/// The picture as the text of an SVG file.
pub fn draw(matrices: &[(String, &Confusion)]) -> Result<String> {
    let mut svg = String::new();
    let count = u32::try_from(matrices.len()).unwrap_or(u32::MAX);
    let size = (count.saturating_mul(SIDE + MARGIN) + 20, SIDE + MARGIN + 40);
    let drawn = all(&SVGBackend::with_string(&mut svg, size).into_drawing_area(), matrices);
    drawn.map_err(|error| Error::io("drawing", "the picture", std::io::Error::other(error))).map(|()| svg)
}

fn all(area: &Area<'_>, matrices: &[(String, &Confusion)]) -> Drawn {
    area.fill(&WHITE)?;
    for (panel, (caption, confusion)) in area.split_evenly((1, matrices.len())).iter().zip(matrices) {
        matrix(panel, caption, confusion)?;
    }
    area.present()
}

/// Cells as dark as their share of the row is large.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // pixels
fn matrix(area: &Area<'_>, caption: &str, confusion: &Confusion) -> Drawn {
    let classes = confusion.counts.len();
    let edge = |k: usize| (MARGIN as usize + k * SIDE as usize / classes) as i32;
    let middle = |k: usize| i32::midpoint(edge(k), edge(k + 1));
    let style = |size: i32, color: &'static RGBColor| {
        ("sans-serif", size).into_text_style(area).color(color).pos(Pos::new(HPos::Center, VPos::Center))
    };
    let numbers = classes <= MOST_NUMBERS;
    let center = i32::midpoint(edge(0), edge(classes));
    area.draw(&Text::new(caption.to_owned(), (center, 16), style(16, &BLACK)))?;
    area.draw(&Text::new("decided", (center, edge(classes) + 12), style(13, &BLACK)))?;
    area.draw(&Text::new("right", (20, center), style(13, &BLACK)))?;
    for (k, row) in confusion.counts.iter().enumerate() {
        if numbers {
            area.draw(&Text::new(k.to_string(), (middle(k), edge(0) - 10), style(12, &BLACK)))?;
            area.draw(&Text::new(k.to_string(), (edge(0) - 12, middle(k)), style(12, &BLACK)))?;
        }
        for (j, count) in row.iter().enumerate() {
            let (share, cell) = (confusion.share(k, j), [(edge(j), edge(k)), (edge(j + 1), edge(k + 1))]);
            area.draw(&Rectangle::new(cell, FULL.mix(share).filled()))?;
            area.draw(&Rectangle::new(cell, RGBColor(200, 200, 200).stroke_width(1)))?;
            if numbers && *count > 0 {
                let color = if share > 0.5 { &WHITE } else { &BLACK };
                area.draw(&Text::new(count.to_string(), (middle(j), middle(k)), style(13, color)))?;
            }
        }
    }
    Ok(())
}
