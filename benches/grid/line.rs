//! One measured line, as JSON and for people.

use crate::measure::Setting;
use crate::side_by_side::{Cell, Cost};
use serde::Serialize;

/// Which line of the grid. The names of the fields are those that scripts for other libraries use, so that all lines
/// can lie in one table.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    pub cell: &'static str,
    #[serde(rename = "T")]
    pub t: usize,
    #[serde(rename = "B")]
    pub n: usize,
    #[serde(rename = "I")]
    pub c: usize,
    #[serde(rename = "H")]
    pub h: usize,
    pub layers: usize,
    pub dtype: &'static str,
    pub mode: &'static str,
    pub threads: usize,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub peer: &'static str,
    pub version: &'static str,
    pub backend: String,
    /// The instruction set of the kernels.
    pub isa: Option<String>,
    #[serde(flatten)]
    pub key: Key,
    /// Seconds per call: the lowest of the medians of all passes.
    pub median_s: f64,
    /// The fastest sample of all passes.
    pub min_s: f64,
    /// Calls timed.
    #[serde(rename = "n")]
    pub calls: usize,
    pub gflops: f64,
    pub gflops_best: f64,
    /// The median of each pass.
    pub medians_s: Vec<f64>,
    /// The highest of the medians over the lowest.
    pub spread: f64,
    /// Of `train`: how much of it is packing the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack_s: Option<f64>,
    /// Of the process, in MB, where the system tells.
    pub rss_mb: Option<f64>,
    pub peak_rss_mb: Option<f64>,
}

impl Cell {
    /// The name peers know the cell by.
    pub fn peer_name(self) -> &'static str {
        match self {
            Cell::Elman => "rnn",
            Cell::Lstm | Cell::Gru => self.name(),
        }
    }
}

impl Setting {
    /// The line's place in the grid.
    pub fn key(&self, dtype: &'static str) -> Key {
        let [t, n, c, h] = self.shape;
        let (cell, mode, threads) = (self.cell.peer_name(), self.pass.name(), self.threads);
        Key { cell, t, n, c, h, layers: 1, dtype, mode, threads }
    }

    /// `lstm train T50 B16 I64 H128 f32 2 threads`.
    pub fn label(&self, dtype: &str) -> String {
        let [t, n, c, h] = self.shape;
        let (cell, pass, threads) = (self.cell.peer_name(), self.pass.name(), self.threads);
        let plural = if threads == 1 { "" } else { "s" };
        format!("{cell:<4} {pass:<5} T{t} B{n} I{c} H{h} {dtype} {threads} thread{plural}")
    }

    /// What it costs at least, with numbers of `size` bytes.
    pub fn cost(&self, size: usize) -> Cost {
        Cost::new(self.cell, self.pass.mode(), self.shape, size)
    }
}

/// `1.234 ms`.
pub fn seconds(time: f64) -> String {
    match time {
        ..1e-6 => format!("{:.1} ns", time * 1e9),
        1e-6..1e-3 => format!("{:.2} µs", time * 1e6),
        1e-3..1.0 => format!("{:.2} ms", time * 1e3),
        _ => format!("{time:.3} s"),
    }
}

/// Resident memory of this process and its peak in MB, where the system has a file that says so.
pub fn resident() -> Option<[f64; 2]> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    };
    Some([field("VmRSS:")?, field("VmHWM:")?])
}
