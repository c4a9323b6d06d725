//! Every delay or sine, every seed: an echo-state network of which the readout alone is trained.

use super::chart::{Chart, Curve};
use super::echo::{self, ALONE, DELAYS, SCALES, TRIVIAL_DELAY, TRIVIAL_SINE, UNITS};
use super::options::Echo;
use super::summary::{HEAD, Line};
use recurrent::Result;
use std::time::Instant;

const SOURCE: &str = "Jaeger's tutorial, GMD report 159, 2002";
const NOTHING: &str = "none for these settings";

/// A line without its value.
fn line(task: &'static str, steps: usize, units: usize, seed: u64, trivial: f64) -> Line {
    Line {
        task,
        variant: SOURCE,
        steps,
        cell: "echo_state".into(),
        seed,
        // The readout sees 1, the input and the units.
        parameters: 2 + units,
        updates: 1,
        skipped: 0,
        metric: "mean squared error",
        value: f64::NAN,
        trivial,
        published: NOTHING.into(),
        seconds: 0.0,
        setup: None,
        effort: None,
    }
}

/// Input that comes again, for two sizes of the input's weights, and what the reservoir bounds it by.
pub fn delays(Echo { steps, units, common }: &Echo) -> Result<(Vec<Line>, Chart)> {
    let units = usize::from(*units);
    let delays = steps.map_or(DELAYS.to_vec(), |steps| vec![usize::from(steps)]);
    println!("delay: mean squared error of an input that was heard T steps before, {units} units\n{HEAD}");
    let (mut lines, mut curves) = (Vec::new(), Vec::new());
    let curve = |name: String, color, dashed, errors: Vec<(usize, f64)>| {
        let points = errors.into_iter().map(|(delay, error)| (at(delay), error / TRIVIAL_DELAY)).collect();
        Curve { name, color, dashed, points }
    };
    for (color, scale) in [4, 8].into_iter().zip(SCALES) {
        for seed in common.seeds() {
            let run = |&delay: &usize| repeated(delay, scale, units, seed);
            let of_seed = delays.iter().map(run).collect::<Result<Vec<Line>>>()?;
            of_seed.iter().for_each(Line::print);
            let errors = of_seed.iter().map(|line| (line.steps, line.value)).collect();
            curves.push(curve(format!("input weights ±{scale}"), color, false, errors));
            lines.extend(of_seed);
        }
        let published = delays.iter().filter_map(|&delay| Some((delay, echo::published_delay(delay, scale)?)));
        curves.push(curve(format!("published ±{scale}"), color, true, published.collect()));
    }
    println!("\nwhat no readout of linear units can be below, beside what is published of {UNITS} units:");
    let bound = |seed| delays.iter().map(|&delay| Ok((delay, echo::least_error(delay, units, seed)?))).collect();
    let bounds = common.seeds().map(bound).collect::<Result<Vec<Vec<(usize, f64)>>>>()?;
    for (k, delay) in delays.iter().enumerate() {
        let least: Vec<String> = bounds.iter().map(|of_seed| format!("{:.1e}", of_seed[k].1)).collect();
        let published = SCALES.iter().filter_map(|&scale| echo::published_delay(*delay, scale));
        let published: Vec<String> = published.map(|value| format!("{value:.1e}")).collect();
        println!("    T = {delay}: {}; published {}", least.join(", "), published.join(", "));
    }
    curves.extend(bounds.into_iter().map(|of_seed| curve("linear units at best".into(), 0, true, of_seed)));
    curves.retain(|curve| !curve.points.is_empty());
    let caption =
        format!("Repeating what was heard before, {units} units: mean squared error, divided by the variance");
    let axes = ["steps before".into(), "share of the variance".into()];
    Ok((lines, Chart { caption, axes, floor: 1e-15, curves }))
}

fn repeated(delay: usize, scale: f64, units: usize, seed: u64) -> Result<Line> {
    let begin = Instant::now();
    let value = echo::delay(delay, scale, units, seed)?;
    let published = echo::published_delay(delay, scale);
    Ok(Line {
        cell: format!("echo_state ±{scale}"),
        value,
        seconds: begin.elapsed().as_secs_f64(),
        published: published.map_or(NOTHING.into(), |value| format!("{value:e} with {UNITS} units ({SOURCE}, §7.1)")),
        ..line("delay", delay, units, seed, TRIVIAL_DELAY)
    })
}

/// A sine from the network's own outputs.
pub fn sines(Echo { steps, units, common }: &Echo) -> Result<(Vec<Line>, Chart)> {
    let (steps, units) = (steps.map_or(ALONE, usize::from), usize::from(*units));
    println!("sine: mean squared error of {steps} steps made from its own output, {units} units\n{HEAD}");
    let known = (steps, units) == (ALONE, UNITS);
    let published = echo::PUBLISHED_SINE;
    let (mut lines, mut curves) = (Vec::new(), Vec::new());
    for seed in common.seeds() {
        let begin = Instant::now();
        let errors = echo::go_on(steps, units, seed)?;
        let line = Line {
            value: echo::mean(&errors),
            seconds: begin.elapsed().as_secs_f64(),
            published: if known { format!("{published:e} ({SOURCE}, §6.1)") } else { NOTHING.into() },
            ..line("sine", steps, units, seed, TRIVIAL_SINE)
        };
        line.print();
        lines.push(line);
        let points = errors.iter().enumerate().map(|(t, error)| (at(t + 1), error / TRIVIAL_SINE)).collect();
        curves.push(Curve { name: "echo_state".into(), color: 4, dashed: false, points });
    }
    if known {
        println!("    published: {published:e}");
        let points = [1, steps].map(|t| (at(t), published / TRIVIAL_SINE)).to_vec();
        curves.push(Curve { name: "published mean".into(), color: 8, dashed: true, points });
    }
    let caption = "A sine from its own outputs: squared error, divided by the mean square of the sine".into();
    Ok((lines, Chart { caption, axes: ["step".into(), "share of the mean square".into()], floor: 1e-18, curves }))
}

#[allow(clippy::cast_precision_loss)] // a place on an axis
fn at(steps: usize) -> f64 {
    steps as f64
}
