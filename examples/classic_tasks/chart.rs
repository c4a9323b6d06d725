//! Curves on a logarithmic axis, with a legend beside them, as SVG.

use plotters::coord::Shift;
use plotters::data::fitting_range;
use plotters::prelude::*;
use recurrent::{Error, Result};

/// A curve and how it looks.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Curves of one name have one line of the legend.
    pub name: String,
    /// Which colour.
    pub color: usize,
    /// What others published is dashed.
    pub dashed: bool,
    pub points: Vec<(f64, f64)>,
}

#[derive(Clone, Debug)]
pub struct Chart {
    pub caption: String,
    /// What x and y are.
    pub axes: [String; 2],
    /// What is smaller is drawn there.
    pub floor: f64,
    pub curves: Vec<Curve>,
}

const COLORS: [RGBColor; 12] = [
    RGBColor(150, 150, 150),
    RGBColor(95, 95, 95),
    RGBColor(20, 20, 20),
    RGBColor(200, 60, 120),
    RGBColor(40, 110, 190),
    RGBColor(10, 40, 110),
    RGBColor(60, 180, 200),
    RGBColor(230, 150, 60),
    RGBColor(190, 70, 20),
    RGBColor(210, 40, 40),
    RGBColor(40, 140, 70),
    RGBColor(130, 80, 170),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

impl Chart {
    /// The chart as the text of an SVG file.
    pub fn draw(&self) -> Result<String> {
        let mut svg = String::new();
        let drawn = self.panels(&SVGBackend::with_string(&mut svg, (1000, 560)).into_drawing_area());
        drawn.map_err(|error| Error::io("drawing", "the chart", std::io::Error::other(error))).map(|()| svg)
    }

    fn panels(&self, area: &Area<'_>) -> Drawn {
        area.fill(&WHITE)?;
        let (left, right) = area.split_horizontally(770);
        self.lines(&left)?;
        self.legend(&right)?;
        area.present()
    }

    /// Powers of ten on a linear axis: plotters' own logarithmic axis labels too few of many decades. What is not finite is left out.
    fn lines(&self, area: &Area<'_>) -> Drawn {
        let power = |(x, y): &(f64, f64)| (*x, y.max(self.floor).log10());
        let drawn = |curve: &Curve| -> Vec<(f64, f64)> {
            curve.points.iter().filter(|point| point.1.is_finite()).map(power).collect()
        };
        let (xs, ys): (Vec<f64>, Vec<f64>) = self.curves.iter().flat_map(drawn).unzip();
        let (xs, ys) = (fitting_range(xs.iter().chain(&[0.0, 1e-9])), fitting_range(ys.iter().chain(&[0.0])));
        let mut chart = ChartBuilder::on(area)
            .caption(&self.caption, ("sans-serif", 18))
            .margin(14)
            .x_label_area_size(42)
            .y_label_area_size(72)
            .build_cartesian_2d(xs, ys.start.floor()..(ys.end + 0.1))?;
        chart
            .configure_mesh()
            .x_desc(&self.axes[0])
            .y_desc(&self.axes[1])
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|power| format!("{:.0e}", 10_f64.powf(*power)))
            .axis_desc_style(("sans-serif", 15))
            .label_style(("sans-serif", 13))
            .light_line_style(TRANSPARENT)
            .draw()?;
        for curve in &self.curves {
            let (points, style) = (drawn(curve), curve.style());
            if curve.dashed {
                chart.draw_series(DashedLineSeries::new(points, 6, 4, style))?;
            } else {
                chart.draw_series(LineSeries::new(points, style))?;
            }
        }
        Ok(())
    }

    fn legend(&self, area: &Area<'_>) -> Drawn {
        let mut named: Vec<&Curve> = Vec::new();
        for curve in &self.curves {
            if !named.iter().any(|seen| seen.name == curve.name) {
                named.push(curve);
            }
        }
        for (curve, y) in named.into_iter().zip((60..).step_by(26)) {
            let ends = if curve.dashed { [(4, 14), (20, 30)] } else { [(4, 17), (17, 30)] };
            for (from, to) in ends {
                area.draw(&PathElement::new([(from, y), (to, y)], curve.style()))?;
            }
            area.draw(&Text::new(curve.name.clone(), (38, y - 7), ("sans-serif", 14)))?;
        }
        Ok(())
    }
}

impl Curve {
    fn style(&self) -> ShapeStyle {
        COLORS[self.color % COLORS.len()].stroke_width(2)
    }
}

#[cfg(test)]
mod tests {
    use super::{Chart, Curve};

    #[test]
    fn curves_of_one_name_share_a_line_of_the_legend_and_what_is_no_number_is_left_out() {
        let curve = |seed: f64| Curve {
            name: "gru".into(),
            color: 5,
            dashed: false,
            points: vec![(0.0, 1.0), (100.0, f64::NAN), (200.0, seed * 1e-9)],
        };
        let chart = Chart {
            caption: "adding".into(),
            axes: ["updates".into(), "error".into()],
            floor: 1e-4,
            curves: vec![curve(1.0), curve(2.0)],
        };
        let svg = chart.draw().unwrap();
        assert_eq!(svg.matches(">\ngru\n").count(), 1, "{svg}");
        assert!(svg.contains("1e-4") && !svg.contains("1e-5") && !svg.contains("NaN"));
        // Nothing to draw is a chart all the same.
        assert!(Chart { curves: Vec::new(), ..chart }.draw().unwrap().contains("adding"));
    }
}
