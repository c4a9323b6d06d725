//! Every network, every seed, on one task that is learnt by gradients.

use super::bar::Bar;
use super::chart::{Chart, Curve};
use super::options::Learning;
use super::summary::{HEAD, Line};
use super::task::Task;
use super::{learn, models};
use recurrent::Result;

/// What is smaller than this share of chance is drawn there: no error at all has no logarithm.
const FLOOR: f64 = 1e-4;

/// Trains them one after the other.
pub fn compare(task: &dyn Task, learning: &Learning) -> Result<(Vec<Line>, Chart)> {
    let Learning { cell, setup, effort, common, .. } = learning;
    let names = if cell.is_empty() { models::NAMES.map(String::from).to_vec() } else { cell.clone() };
    println!("{}, T = {} ({}): {}", task.name(), task.steps(), task.variant(), task.metric());
    println!("published: {}\n{HEAD}", task.published());
    let (mut lines, mut curves) = (Vec::new(), Vec::new());
    let bar = Bar::of_runs(names.len() * common.seeds().len());
    for name in &names {
        for seed in common.seeds() {
            let watch = |share: f64, updates: u64, last: f64| {
                bar.within(lines.len(), share, &format!("{name}, seed {seed}: {updates} updates, {last:.4}"));
            };
            let learnt = learn::learn(name, task, (setup, effort), seed, watch)?;
            let line = Line {
                task: task.name(),
                variant: task.variant(),
                steps: task.steps(),
                cell: name.clone(),
                seed,
                parameters: learnt.parameters,
                updates: learnt.batches - learnt.skipped,
                skipped: learnt.skipped,
                metric: task.metric(),
                value: learnt.value,
                trivial: learnt.trivial,
                published: task.published().into(),
                seconds: learnt.seconds,
                setup: Some(*setup),
                effort: Some(*effort),
            };
            bar.aside(|| line.print());
            curves.push(curve(name, &names, &learnt));
            lines.push(line);
        }
    }
    let caption = format!("{}, T = {}: {}, divided by that of chance", task.name(), task.steps(), task.metric());
    let axes = ["updates".into(), "share of chance".into()];
    Ok((lines, Chart { caption, axes, floor: FLOOR, curves }))
}

/// A network of the table has the same colour in every chart.
#[allow(clippy::cast_precision_loss)] // updates on an axis
fn curve(name: &str, names: &[String], learnt: &learn::Learnt) -> Curve {
    let place = models::NAMES.iter().position(|known| *known == name);
    let color = place.or_else(|| names.iter().position(|other| other == name)).unwrap_or(0);
    let points = learnt.curve.iter().map(|&(updates, value)| (updates as f64, value / learnt.trivial)).collect();
    Curve { name: name.into(), color, dashed: false, points }
}
