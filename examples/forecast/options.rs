//! The command line.

use clap::{Parser, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// Forecast a series of numbers with a committee of recurrent networks, beside persistence and an autoregression.
///
/// Without --csv it forecasts the yearly sunspot numbers of 1700 to 2008.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// A table of comma-separated values, one number a line in the order of time, with names in its first line
    #[arg(long, value_name = "FILE", requires = "column")]
    pub csv: Option<PathBuf>,
    /// Its column to forecast
    #[arg(long, value_name = "NAME", requires = "csv")]
    pub column: Option<String>,
    /// What the chart calls the first number: 1700 of the sunspots, else 0
    #[arg(long, value_name = "TIME")]
    pub first: Option<u32>,
    /// Forecast square roots, as suits what is counted; of the sunspots always
    #[arg(long)]
    pub root: bool,
    /// Numbers that a forecast is made from
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub lags: u16,
    /// The last so many numbers are for the test
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(2..))]
    pub test: u16,
    /// The last so many numbers are left out of everything: an earlier test
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub leave_out: u16,
    /// Steps of iterated forecasts
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub horizon: u16,
    /// Networks of a committee, each from a seed of its own
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub members: u16,
    /// Committees, to see how much of a result is luck; the first is the one of the chart
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub committees: u16,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What the networks of a committee learn
    #[arg(long, value_enum, default_value_t = Learn::Both)]
    pub learn: Learn,
    /// The cell of the networks, by any name that a configuration takes
    #[arg(long, default_value = "gru")]
    pub cell: String,
    /// Units of a network
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub hidden: u16,
    /// Epochs of a network at most
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub epochs: u64,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 0.01)]
    pub rate: f64,
    /// Futures drawn for each interval
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u16).range(20..))]
    pub draws: u16,
    /// Where the chart goes [default: target/forecast/forecast.svg of the checkout]
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Where a summary goes, as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

/// What networks learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Learn {
    /// How the series goes on from the mean of a window
    Series,
    /// What the autoregression leaves of it
    Rest,
    /// The first, third … network what is left, the others the series
    Both,
}
