//! The floor under the time of a line: `max(operations / peak, bytes / bandwidth)`.

use crate::caches::{Level, holding};
use crate::kernel::Instructions;
use crate::limits::{Bandwidth, Care, peak};
use crate::side_by_side::Cost;
use crate::together::Tries;
use serde::Serialize;

/// The limits on so many threads.
pub struct Limits {
    pub threads: usize,
    pub peak_f32: Tries,
    pub peak_f64: Tries,
    pub bandwidth: Bandwidth,
}

/// A lower bound for the time of a line.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Floor<'a> {
    pub floor_s: f64,
    /// What the bound comes from: `peak`, or the level of the memory that delivers the weights.
    pub bound: &'a str,
    pub peak_gflops: f64,
    pub bandwidth_gbs: f64,
}

impl Limits {
    pub fn measure(on: Instructions, threads: usize, care: Care) -> Self {
        Self {
            threads,
            peak_f32: peak::<f32>(on, threads, care),
            peak_f64: peak::<f64>(on, threads, care),
            bandwidth: Bandwidth::measure(on, threads, care),
        }
    }

    /// The floor of what costs this much. Threads share the weights out, each with its own near caches.
    pub fn floor<'a>(&self, cost: Cost, dtype: &str, levels: &'a [Level]) -> Floor<'a> {
        let peak = if dtype == "f64" { self.peak_f64.best } else { self.peak_f32.best };
        let bandwidth = self.bandwidth.at(cost.working_set);
        let [computing, reading] = [cost.flops / peak, cost.bytes / bandwidth];
        let bound = if computing >= reading { "peak" } else { holding(levels, cost.working_set, self.threads) };
        Floor { floor_s: computing.max(reading), bound, peak_gflops: peak / 1e9, bandwidth_gbs: bandwidth / 1e9 }
    }
}
