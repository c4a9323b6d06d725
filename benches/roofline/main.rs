//! The roofline: what the machine can do, measured in this process, and how near to it every line of the grid comes.
//!
//! `cargo bench --bench roofline`, with the options of the grid. `floor = max(operations / peak, bytes / bandwidth)`:
//! the peak of multiply-adds, and the rate at which the level of the memory that the weights fit into delivers them,
//! both with the line's number of threads. The floor with gates adds what σ and tanh take at the accuracy of the line.
//! Formulas of the counts: `side_by_side/cost.rs`.
//!
//! Limits are the best of five tries, times the lowest of the medians of the passes: a fraction above 1 means that the
//! machine had a slow moment while its limit was measured.

use caches::{Level, holding, levels};
use clap::Parser;
use floor::{Floor, Limits};
use kernel::Instructions;
use limits::Care;
use line::{Line, seconds};
use measure::{backends, measure, settings};
use output::Output;
use rnn_backend_faer::simd::Isa;
use selection::{Dtype, Selection};
use serde::Serialize;
use setting::{Key, Setting};
use side_by_side::{Number, feature_line};
use std::io;

mod caches;
mod floor;
mod gates;
mod kernel;
mod limits;
#[path = "../grid/line.rs"]
mod line;
#[path = "../grid/measure.rs"]
mod measure;
mod memory;
#[path = "../grid/output.rs"]
mod output;
#[path = "../grid/selection.rs"]
mod selection;
#[path = "../grid/setting.rs"]
mod setting;
#[path = "../side_by_side/mod.rs"]
mod side_by_side;
mod together;

/// Measure the machine's limits, and each line of the grid against them
#[derive(Parser)]
#[command(name = "cargo bench --bench roofline --")]
struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Only the limits and the floors, without timing anything against them
    #[arg(long)]
    floors_only: bool,
}

/// A line with its floor; without the line where only floors are wanted.
#[derive(Serialize)]
struct Bounded<'a> {
    #[serde(flatten)]
    key: Option<Key>,
    #[serde(flatten)]
    line: Option<&'a Line>,
    #[serde(flatten)]
    floor: Floor<'a>,
    /// Of the floor: 1 is the machine's limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    fraction: Option<f64>,
    /// Of the floor with gates of the line's accuracy.
    #[serde(skip_serializing_if = "Option::is_none")]
    fraction_with_gates: Option<f64>,
}

fn main() -> io::Result<()> {
    let Options { selection, floors_only } = Options::parse();
    let mut output = Output::new(selection.json.as_deref())?;
    let care = if selection.quick() { Care::QUICK } else { Care::FULL };
    let on = Instructions::new(selection.isa);
    output.text(&format!("{}; limits measured with {}; best of {} tries", feature_line(), on.name(), care.tries));
    let levels = levels();
    let limits: Vec<Limits> =
        selection.threads.iter().map(|&threads| limits(selection.isa, threads, care, &output)).collect();
    print_sweep(&limits, &levels, &output);
    for dtype in &selection.dtype {
        match dtype {
            Dtype::F32 => roofline::<f32>(&selection, floors_only, &limits, &levels, &mut output)?,
            Dtype::F64 => roofline::<f64>(&selection, floors_only, &limits, &levels, &mut output)?,
        }
    }
    Ok(())
}

fn limits(isa: Option<Isa>, threads: usize, care: Care, output: &Output) -> Limits {
    let limits = Limits::measure(isa, threads, care);
    for (name, peak) in [("f32", limits.peak_f32), ("f64", limits.peak_f64)] {
        let [best, median] = [peak.best, peak.median].map(|rate| rate / 1e9);
        output.text(&format!("peak {name} threads {threads}: best {best:.1}, median {median:.1} GFLOP/s"));
    }
    output.text(&limits.gates());
    limits
}

fn print_sweep(limits: &[Limits], levels: &[Level], output: &Output) {
    let Some(first) = limits.first() else { return };
    output.text("\nread, GB/s of all threads, best (median)");
    let of = |limit: &Limits| format!("{:>10} thread{:<1}", limit.threads, if limit.threads == 1 { "" } else { "s" });
    output.text(&format!("{:>8} {:<5}{}", "KiB each", "", limits.iter().map(of).collect::<String>()));
    for (row, &(set, _)) in first.bandwidth.sweep.iter().enumerate() {
        let rate = |limit: &Limits| {
            let (_, tries) = limit.bandwidth.sweep[row];
            format!(" {:>8.1} ({:>6.1})", tries.best / 1e9, tries.median / 1e9)
        };
        let level = holding(levels, set as f64, 1);
        output.text(&format!("{:>8} {level:<5}{}", set >> 10, limits.iter().map(rate).collect::<String>()));
    }
}

fn roofline<T: Number>(
    selection: &Selection,
    floors_only: bool,
    limits: &[Limits],
    levels: &[Level],
    output: &mut Output,
) -> io::Result<()> {
    let backends = if floors_only { Vec::new() } else { backends::<T>(selection) };
    let floor_of = |setting: &Setting| {
        let limits = limits.iter().find(|limits| limits.threads == setting.threads).expect("measured for each");
        limits.floor(setting.cost(size_of::<T>()), T::NAME, levels)
    };
    let heads = format!("{:<48} {:>11} {:<5} {:>11} {:>11}", "line", "floor", "by", "with gates", "time");
    output.text(&format!("\n{heads} {:>8} {:>10}", "of floor", "with gates"));
    for (shape, passes) in selection.shapes() {
        if floors_only {
            for setting in settings(selection, T::NAME, shape, &passes) {
                let (floor, label) = (floor_of(&setting), setting.label(T::NAME));
                let [bound, gated] = [floor.floor_s, floor.with_gates(selection.accuracy)].map(seconds);
                output.text(&format!("{label:<48} {bound:>11} {:<5} {gated:>11}", floor.bound));
                let key = Some(setting.key(T::NAME));
                output.json(&Bounded { key, line: None, floor, fraction: None, fraction_with_gates: None })?;
            }
        }
        for (setting, line) in measure(selection, &backends, shape, &passes) {
            let (floor, label) = (floor_of(&setting), setting.label(T::NAME));
            let with_gates = floor.with_gates(selection.accuracy);
            let fractions = [floor.floor_s, with_gates].map(|floor| floor / line.median_s);
            let [bound, gated, time] = [floor.floor_s, with_gates, line.median_s].map(seconds);
            let [bare, whole] = fractions.map(|fraction| format!("{:.1} %", 100.0 * fraction));
            let heads = format!("{label:<48} {bound:>11} {:<5} {gated:>11} {time:>11}", floor.bound);
            output.text(&format!("{heads} {bare:>8} {whole:>10}  spread {:.2}", line.spread));
            let [fraction, fraction_with_gates] = fractions.map(Some);
            output.json(&Bounded { key: None, line: Some(&line), floor, fraction, fraction_with_gates })?;
        }
    }
    Ok(())
}
