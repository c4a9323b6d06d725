//! `x̂` against `x`: what is measured of a committee and its rivals on the numbers of the test.

use super::chart::Forecasts;
use super::committee::Committee;
use super::forecaster::{Autoregression, Forecaster, Persistence, iterate};
use super::importance::importance;
use super::intervals::{Interval, coverage, root_mean_square};
use super::options::Options;
use super::trial::Trial;
use recurrent::Result;
use recurrent::rng::Rng;
use serde::Serialize;

/// How likely an interval is to hold what comes, if all is as it should be.
pub const NOMINAL: f64 = 0.9;
/// How often each lag is shuffled.
const SHUFFLES: usize = 20;
/// Known numbers in the chart before what is still to come.
const SHOWN: usize = 40;

/// Root mean squared errors in the units of the series, and how good intervals are.
#[derive(Clone, Debug, Serialize)]
pub struct Measures {
    /// Of each network by itself, one step ahead.
    pub members: Vec<f64>,
    /// Of forecasts one step ahead, two, and so on, each step made from those before.
    pub ahead: Vec<Ahead>,
    /// Of each lag, the oldest first: the growth of the mean squared error in units of the variance.
    pub importance: Vec<f64>,
    /// What comes after the series.
    pub next: Vec<Next>,
}

/// Of forecasts so many steps ahead.
#[derive(Clone, Debug, Serialize)]
pub struct Ahead {
    pub steps: usize,
    pub persistence: f64,
    pub autoregression: f64,
    pub committee: f64,
    /// The share of the test within its interval, and the mean width of those.
    pub coverage: f64,
    pub width: f64,
}

/// A forecast of what nobody knows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Next {
    pub forecast: f64,
    pub low: f64,
    pub high: f64,
}

/// The three that are compared.
pub type Models = (Persistence, Autoregression, Committee);

impl Measures {
    /// Of these models, and what the chart shows of them.
    pub fn take(
        trial: &Trial,
        (persistence, linear, committee): &mut Models,
        options: &Options,
        rng: &mut Rng,
    ) -> Result<(Self, [Forecasts; 2])> {
        let (windows, targets) = trial.test();
        let (test, lags, draws) = (targets.len(), trial.lags, usize::from(options.draws));
        let steps = usize::from(options.horizon);
        let of_members = committee.of_members(&windows)?;
        let came = &trial.values[trial.split..];
        let members = of_members.iter().map(|z| Ok(root_mean_square(&trial.invert(z)?, came)));
        let members = members.collect::<Result<Vec<_>>>()?;

        let models: [&mut dyn Forecaster; 3] = [persistence, linear, committee];
        let mut paths = vec![];
        for model in models {
            paths.push(iterate(model, &windows, lags, steps)?);
        }
        let futures = committee.futures(&windows, steps, draws, rng)?;
        let (mut ahead, mut shown) = (vec![], None);
        for (h, futures) in futures.iter().enumerate().take(test) {
            // Forecasts from the last numbers of the test reach beyond it.
            let came = &came[h..];
            let forecasts =
                paths.iter().map(|path| trial.invert(&path[h][..came.len()])).collect::<Result<Vec<_>>>()?;
            let intervals = intervals(trial, &futures[..came.len()])?;
            let [persistence, autoregression, committee] =
                [0, 1, 2].map(|model| root_mean_square(&forecasts[model], came));
            let (coverage, width) = (coverage(&intervals, came), mean_width(&intervals));
            ahead.push(Ahead { steps: h + 1, persistence, autoregression, committee, coverage, width });
            shown.get_or_insert((forecasts, intervals));
        }
        let (forecasts, own) = shown.expect("a horizon of one step at least");
        let split = trial.split;
        let one_step = Forecasts {
            caption: "one step ahead".into(),
            known: trial.points(split, came),
            network: trial.points(split, &forecasts[2]),
            linear: trial.points(split, &forecasts[1]),
            intervals: own,
        };
        let (to_come, next) = to_come(trial, linear, committee, (steps, draws), rng)?;
        let importance = importance(committee, (&windows, targets), SHUFFLES, rng)?;
        Ok((Self { members, ahead, importance, next }, [one_step, to_come]))
    }
}

/// Forecasts from the end of the series on.
fn to_come(
    trial: &Trial,
    linear: &mut Autoregression,
    committee: &mut Committee,
    (steps, draws): (usize, usize),
    rng: &mut Rng,
) -> Result<(Forecasts, Vec<Next>)> {
    let (last, lags, end) = (trial.last(), trial.lags, trial.values.len());
    let network = trial.invert(&iterate(committee, last, lags, steps)?.concat())?;
    let linear = trial.invert(&iterate(linear, last, lags, steps)?.concat())?;
    let intervals = intervals(trial, &committee.futures(last, steps, draws, rng)?.concat())?;
    let next = network.iter().zip(&intervals);
    let next = next.map(|(&forecast, &Interval { low, high })| Next { forecast, low, high }).collect();
    let from = end.saturating_sub(SHOWN);
    let forecasts = Forecasts {
        caption: format!("{steps} steps beyond what is known, each made from those before"),
        known: trial.points(from, &trial.values[from..]),
        network: trial.points(end, &network),
        linear: trial.points(end, &linear),
        intervals,
    };
    Ok((forecasts, next))
}

/// Of each list of draws.
fn intervals(trial: &Trial, futures: &[Vec<f64>]) -> Result<Vec<Interval>> {
    futures.iter().map(|draws| Ok(Interval::of(trial.invert(draws)?, NOMINAL))).collect()
}

#[allow(clippy::cast_precision_loss)]
fn mean_width(intervals: &[Interval]) -> f64 {
    intervals.iter().map(|interval| interval.width()).sum::<f64>() / intervals.len() as f64
}
