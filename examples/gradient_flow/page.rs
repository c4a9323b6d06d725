//! `‖∂L/∂s_{T−d}‖` over `d`, a small chart for every network, families below each other, in one SVG.

use super::fade::{Fade, Verdict};
use super::families::Family;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use recurrent::{Error, Result};

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;
/// Upper left corner of a small chart's axes.
type Corner = (i32, i32);

const ACROSS: usize = 6;
/// Of the axes of a small chart, and the room that it has with its name.
const SIZE: (i32, i32) = (168, 92);
const STEP: (i32, i32) = (196, 152);
const LEFT: i32 = 58;
const HEAD: i32 = 86;
/// Powers of ten at the lower and the upper end of every axis: what is smaller or larger leaves it.
const POWERS: (f64, f64) = (-20.0, 10.0);

const GREY: RGBColor = RGBColor(105, 105, 105);
const FAINT: RGBColor = RGBColor(215, 215, 215);
/// By what became of a gradient.
const VANISHED: RGBColor = RGBColor(40, 100, 180);
const LASTED: RGBColor = RGBColor(30, 130, 70);
const EXPLODED: RGBColor = RGBColor(190, 60, 40);

/// The page as the text of an SVG file: each family with what became of its networks, and what it says in all.
pub fn draw(families: &[(Family, Vec<Fade>)], head: &str) -> Result<String> {
    let rows = |fades: &[Fade]| i32::try_from(fades.len().div_ceil(ACROSS)).unwrap_or(i32::MAX);
    let height = families.iter().map(|(_, fades)| HEAD + rows(fades) * STEP.1).sum::<i32>() + 86;
    let width = LEFT + STEP.0 * i32::try_from(ACROSS).unwrap_or(i32::MAX);
    let mut svg = String::new();
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let drawn = page(&SVGBackend::with_string(&mut svg, size).into_drawing_area(), families, head);
    drawn.map_err(|error| Error::io("drawing", "the page", std::io::Error::other(error))).map(|()| svg)
}

fn page(area: &Area<'_>, families: &[(Family, Vec<Fade>)], head: &str) -> Drawn {
    area.fill(&WHITE)?;
    area.draw(&Text::new(head.to_owned(), (LEFT, 16), ("sans-serif", 20)))?;
    legend(area, 48)?;
    let mut y = 80;
    for (family, fades) in families {
        area.draw(&Text::new(family.title, (LEFT, y + 12), ("sans-serif", 18).into_font().style(FontStyle::Bold)))?;
        area.draw(&Text::new(family.said, (LEFT, y + 36), ("sans-serif", 13).into_text_style(area).color(&GREY)))?;
        let found = measured(fades);
        area.draw(&Text::new(found, (LEFT, y + 54), ("sans-serif", 13)))?;
        y += HEAD;
        for row in fades.chunks(ACROSS) {
            for (fade, x) in row.iter().zip((0..).map(|k| LEFT + k * STEP.0)) {
                small(area, (x, y + 38), fade, x == LEFT)?;
            }
            y += STEP.1;
        }
    }
    area.present()
}

/// `of 9 networks 7 vanish, …`
pub fn measured(fades: &[Fade]) -> String {
    let count = |verdict| fades.iter().filter(|fade| fade.verdict == verdict).count();
    let steps = fades.first().map_or(0, |fade| fade.median.len() - 1);
    let (all, vanished, exploded) = (fades.len(), count(Verdict::Vanished), count(Verdict::Exploded));
    let lasted = count(Verdict::Lasted);
    format!(
        "Measured after {steps} steps: of {all} networks {vanished} below a millionth, {exploded} above a million, {lasted} between."
    )
}

fn color(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Vanished => VANISHED,
        Verdict::Lasted => LASTED,
        Verdict::Exploded => EXPLODED,
    }
}

fn legend(area: &Area<'_>, y: i32) -> Drawn {
    let names = [
        (Verdict::Vanished, "in the end below a millionth"),
        (Verdict::Lasted, "between"),
        (Verdict::Exploded, "above a million"),
    ];
    for ((verdict, name), x) in names.into_iter().zip([LEFT, LEFT + 240, LEFT + 350]) {
        area.draw(&PathElement::new([(x, y), (x + 24, y)], color(verdict).stroke_width(3)))?;
        area.draw(&Text::new(name, (x + 32, y - 7), ("sans-serif", 13)))?;
    }
    let rest = "line: median over seeds, shade: all of them; along: steps back, upwards: what is left of 1";
    area.draw(&Text::new(rest, (LEFT + 500, y - 7), ("sans-serif", 13).into_text_style(area).color(&GREY)))
}

/// One network, its name and figures above its axes, `y` names beside them at the left end of a row.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // pixels
fn small(area: &Area<'_>, (x, y): Corner, fade: &Fade, named: bool) -> Drawn {
    let (steps, color) = ((fade.median.len() - 1) as f64, color(fade.verdict));
    let high = |power: f64| y + ((POWERS.1 - power) / (POWERS.1 - POWERS.0) * f64::from(SIZE.1)) as i32;
    let at = |d: usize, value: f64| (x + (d as f64 / steps * f64::from(SIZE.0)) as i32, high(value.log10()));
    area.draw(&Text::new(fade.name.clone(), (x, y - 34), ("sans-serif", 14)))?;
    area.draw(&Text::new(fade.to_string(), (x, y - 17), ("sans-serif", 12).into_text_style(area).color(&GREY)))?;

    for power in [0.0, -10.0] {
        area.draw(&PathElement::new([(x, high(power)), (x + SIZE.0, high(power))], FAINT.stroke_width(1)))?;
    }
    let within = |value: f64| value.log10() >= POWERS.0 && value.log10() <= POWERS.1;
    let clipped = |value: f64| 10_f64.powf(value.log10().clamp(POWERS.0, POWERS.1));
    let shade: Vec<_> = (0..fade.most.len()).filter(|&d| fade.most[d].is_finite() && within(fade.most[d])).collect();
    let upper = shade.iter().map(|&d| at(d, fade.most[d]));
    let lower = shade.iter().rev().map(|&d| at(d, clipped(fade.least[d])));
    area.draw(&Polygon::new(upper.chain(lower).collect::<Vec<_>>(), color.mix(0.22).filled()))?;
    let line = (0..fade.median.len()).take_while(|&d| within(fade.median[d])).map(|d| at(d, fade.median[d]));
    area.draw(&PathElement::new(line.collect::<Vec<_>>(), color.stroke_width(2)))?;
    area.draw(&Rectangle::new([(x, y), (x + SIZE.0, y + SIZE.1)], GREY.stroke_width(1)))?;

    let label = |h, v| ("sans-serif", 11).into_text_style(area).color(&GREY).pos(Pos::new(h, v));
    if named {
        for (power, name) in [(POWERS.1, "1e10"), (0.0, "1"), (-10.0, "1e-10"), (POWERS.0, "1e-20")] {
            area.draw(&Text::new(name, (x - 6, high(power)), label(HPos::Right, VPos::Center)))?;
        }
    }
    area.draw(&Text::new("0", (x, y + SIZE.1 + 4), label(HPos::Left, VPos::Top)))?;
    area.draw(&Text::new(format!("{steps}"), (x + SIZE.0, y + SIZE.1 + 4), label(HPos::Right, VPos::Top)))
}
