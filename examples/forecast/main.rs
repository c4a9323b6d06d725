//! A series forecast with its uncertainty: `cargo run --release --example forecast`, or `-- --csv FILE --column NAME`.
//!
//! A committee of networks from several seeds reads the last numbers about their mean, so that a level never seen before is nothing new; half of
//! them learn what an autoregression leaves of the series, half how it goes on from that mean. Intervals come from draws: a network
//! forecasts step by step and misses by what it missed by on a part of the past that it was not trained on. Persistence and the
//! autoregression, by least squares on the same numbers, stand beside them, and so does how often intervals hold what came.
//! README.md has the figures, and how the settings were chosen.

#[path = "../progress/bar.rs"]
mod bar;
mod chart;
mod committee;
mod forecaster;
mod importance;
mod intervals;
mod measures;
mod options;
mod report;
mod series;
mod trial;

use bar::Bar;
use chart::Forecasts;
use clap::Parser;
use committee::{Committee, Setup};
use forecaster::{Autoregression, Persistence};
use measures::Measures;
use options::Options;
use recurrent::file::{check_outputs, in_folder, write_atomically};
use recurrent::rng::Rng;
use recurrent::{Error, Result};
use report::Report;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use trial::Trial;

const SUNSPOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/forecast/sunspots.csv");

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "forecast: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let begun = Instant::now();
    let (file, column) = match (&options.csv, &options.column) {
        (Some(file), Some(column)) => (file.clone(), column.as_str()),
        _ => (PathBuf::from(SUNSPOTS), "sunspots"),
    };
    let is_own = options.csv.is_none();
    let product = || in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/target/forecast"), "forecast.svg");
    let svg = options.svg.clone().map_or_else(product, Ok)?;
    check_outputs([("the series", &*file)], [("--svg", Some(&*svg)), ("--summary", options.summary.as_deref())])?;

    let mut values = series::read(&file, column)?;
    values.truncate(values.len().saturating_sub(options.leave_out.into()));
    let trial = Trial::new(values, options, is_own)?;
    let (committees, charts, importance) = committees(&trial, options)?;
    let report = Report::of(committees, column, options, is_own);
    write_atomically(&svg, chart::draw(column, &charts, &importance)?.as_bytes())?;
    if let Some(path) = &options.summary {
        write_summary(path, &report, options, begun)?;
    }
    let text = format!("{report}\n{:.1} s, chart {}\n", begun.elapsed().as_secs_f64(), svg.display());
    std::io::stdout().write_all(text.as_bytes()).map_err(|source| Error::io("writing", "standard output", source))
}

/// What is measured of every committee, and the charts and importances of the first.
fn committees(trial: &Trial, options: &Options) -> Result<(Vec<Measures>, [Forecasts; 2], Vec<f64>)> {
    let (begun, (windows, targets)) = (Instant::now(), trial.past());
    let linear = Autoregression::fit(&windows, targets, trial.lags)?;
    let setup = Setup {
        cell: options.cell.clone(),
        hidden: options.hidden.into(),
        epochs: options.epochs,
        rate: options.rate,
        learn: options.learn,
    };
    let (members, epochs) = (u64::from(options.members), options.epochs);
    let bar = Bar::new(u64::from(options.committees) * members * epochs);
    let (mut all, mut charts) = (vec![], None);
    for k in 0..u64::from(options.committees) {
        let first = options.seed.wrapping_add(k * members);
        let seeds = (0..members).map(|member| first.wrapping_add(member));
        let tell = |seed: u64, done: u64, is_over: bool| {
            // An epoch that a network does not need counts, too.
            let member = k * members + seed.wrapping_sub(first);
            bar.at(member * epochs + if is_over { epochs } else { done }, &format!("seed {seed}, epoch {done}"));
        };
        let committee = Committee::fit((&windows, targets), &linear, &setup, seeds, tell)?;
        let mut models = (Persistence { lags: trial.lags }, linear.clone(), committee);
        let (measures, shown) = Measures::take(trial, &mut models, options, &mut Rng::seed(first))?;
        let error = measures.ahead[0].committee;
        bar.say(&format!("committee {}: error {error:.2} after {:.1} s", k + 1, begun.elapsed().as_secs_f64()));
        charts.get_or_insert((shown, measures.importance.clone()));
        all.push(measures);
    }
    let (charts, importance) = charts.expect("a committee at least");
    Ok((all, charts, importance))
}

fn write_summary(path: &Path, report: &Report, options: &Options, begun: Instant) -> Result<()> {
    let mut summary = serde_json::to_value(report).map_err(Error::application)?;
    summary["cell"] = options.cell.clone().into();
    summary["learn"] = serde_json::to_value(options.learn).map_err(Error::application)?;
    summary["members"] = options.members.into();
    summary["seed"] = options.seed.into();
    summary["seconds"] = begun.elapsed().as_secs_f64().into();
    write_atomically(path, format!("{summary:#}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &str = "forecast --members 2 --committees 2 --epochs 2 --hidden 4 --draws 20 --horizon 3";

    fn options(desk: &tempfile::TempDir, more: &[&str]) -> Options {
        let [svg, summary] = ["a.svg", "a.json"].map(|name| desk.path().join(name).display().to_string());
        Options::parse_from(TINY.split(' ').chain(["--svg", &svg, "--summary", &summary]).chain(more.iter().copied()))
    }

    #[test]
    fn a_run_leaves_a_chart_and_a_summary_with_exactly_its_keys() {
        let desk = tempfile::tempdir().unwrap();
        run(&options(&desk, &["--test", "9"])).unwrap();
        let summary = std::fs::read(desk.path().join("a.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
        let mut keys: Vec<_> = summary.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let expected = [
            "autoregression",
            "cell",
            "column",
            "committee",
            "committees",
            "coverage",
            "learn",
            "members",
            "nominal",
            "persistence",
            "published",
            "seconds",
            "seed",
            "test",
            "width",
        ];
        assert_eq!(keys, expected);
        assert_eq!((summary["test"].as_u64(), &summary["published"]), (Some(9), &serde_json::json!([])));
        let committees = summary["committees"].as_array().unwrap();
        assert_eq!((committees.len(), committees[1]["members"].as_array().unwrap().len()), (2, 2));
        assert_ne!(committees[0]["members"], committees[1]["members"]);
        assert_eq!(committees[0]["next"].as_array().unwrap().len(), 3);
        let svg = std::fs::read_to_string(desk.path().join("a.svg")).unwrap();
        for label in ["sunspots, one step ahead", "90 % interval", "autoregression", "lag"] {
            assert!(svg.contains(label), "the chart lacks {label:?}");
        }
    }

    #[test]
    fn persistence_on_the_sunspots_is_what_the_file_says() {
        let desk = tempfile::tempdir().unwrap();
        run(&options(&desk, &["--test", "60"])).unwrap();
        let summary = std::fs::read(desk.path().join("a.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
        let values = series::read(SUNSPOTS.as_ref(), "sunspots").unwrap();
        assert_eq!((values.len(), values[0], values[257], values[308]), (309, 5.0, 190.2, 2.9));
        let expected = intervals::root_mean_square(&values[248..308], &values[249..]);
        assert!((summary["persistence"].as_f64().unwrap() - expected).abs() < 1e-9);
    }

    #[test]
    fn any_series_is_forecast_and_one_that_is_too_short_refused() {
        let desk = tempfile::tempdir().unwrap();
        let csv = desk.path().join("own.csv").display().to_string();
        let lines: String = (0..60).map(|t| format!("{t},{}\n", (f64::from(t) * 0.5).cos())).collect();
        std::fs::write(&csv, format!("t,x\n{lines}")).unwrap();
        run(&options(&desk, &["--csv", &csv, "--column", "x", "--test", "9"])).unwrap();
        let error = run(&options(&desk, &["--csv", &csv, "--column", "x", "--test", "9", "--lags", "14"]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("at least"), "{error}");
        let error =
            run(&options(&desk, &["--csv", &csv, "--column", "x", "--test", "9", "--root"])).unwrap_err().to_string();
        assert!(error.contains("numbers ≥ 0"), "{error}");
    }
}
