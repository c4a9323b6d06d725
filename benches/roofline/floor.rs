//! The floor under the time of a line: `max(operations / peak, bytes / bandwidth)`; with gates
//! `max(operations / peak + σ and tanh, bytes / bandwidth)`, since both use the same units of the processor.

use crate::caches::{Level, holding};
use crate::gates::GateRates;
use crate::kernel::Instructions;
use crate::limits::{Bandwidth, Care, peak};
use crate::side_by_side::Cost;
use crate::together::Tries;
use rnn_backend_faer::simd::{Accuracy, Isa};
use serde::Serialize;

/// The limits on so many threads.
pub struct Limits {
    pub threads: usize,
    pub peak_f32: Tries,
    pub peak_f64: Tries,
    pub bandwidth: Bandwidth,
    gates_f32: [GateRates; 2],
    gates_f64: [GateRates; 2],
}

/// A lower bound for the time of a line.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Floor<'a> {
    pub floor_s: f64,
    /// With σ and tanh within 1 ulp.
    pub floor_ulp1_s: f64,
    /// With σ and tanh within 2.5 ulp.
    pub floor_fast_s: f64,
    /// What the bound comes from: `peak`, or the level of the memory that delivers the weights.
    pub bound: &'a str,
    pub peak_gflops: f64,
    pub bandwidth_gbs: f64,
}

impl Floor<'_> {
    /// With gates of this accuracy.
    pub fn with_gates(&self, accuracy: Accuracy) -> f64 {
        match accuracy {
            Accuracy::Ulp1 => self.floor_ulp1_s,
            Accuracy::Fast => self.floor_fast_s,
        }
    }
}

impl Limits {
    pub fn measure(isa: Option<Isa>, threads: usize, care: Care) -> Self {
        let on = Instructions::new(isa);
        let accuracies = [Accuracy::Ulp1, Accuracy::Fast];
        Self {
            threads,
            peak_f32: peak::<f32>(on, threads, care),
            peak_f64: peak::<f64>(on, threads, care),
            bandwidth: Bandwidth::measure(on, threads, care),
            gates_f32: accuracies.map(|accuracy| GateRates::measure::<f32>(isa, accuracy, threads, care)),
            gates_f64: accuracies.map(|accuracy| GateRates::measure::<f64>(isa, accuracy, threads, care)),
        }
    }

    /// What gates of f32 take, for people.
    pub fn gates(&self) -> String {
        let [one, fast] = self.gates_f32.map(|gates| gates.text());
        format!("gates f32 threads {}: within 1 ulp {one}; fast {fast}", self.threads)
    }

    /// The floor of what costs this much. Threads share the weights out, each with its own near caches.
    pub fn floor<'a>(&self, cost: Cost, dtype: &str, levels: &'a [Level]) -> Floor<'a> {
        let (peak, gates) = match dtype {
            "f64" => (self.peak_f64.best, &self.gates_f64),
            _ => (self.peak_f32.best, &self.gates_f32),
        };
        let bandwidth = self.bandwidth.at(cost.working_set);
        let [computing, reading] = [cost.flops / peak, cost.bytes / bandwidth];
        let bound = if computing >= reading { "peak" } else { holding(levels, cost.working_set, self.threads) };
        let [floor_ulp1_s, floor_fast_s] =
            [&gates[0], &gates[1]].map(|gates| (computing + gates.seconds(cost)).max(reading));
        let (peak_gflops, bandwidth_gbs) = (peak / 1e9, bandwidth / 1e9);
        Floor { floor_s: computing.max(reading), floor_ulp1_s, floor_fast_s, bound, peak_gflops, bandwidth_gbs }
    }
}
