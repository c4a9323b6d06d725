//! One measured line, as JSON and for people.

use crate::setting::Key;
use serde::Serialize;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub peer: &'static str,
    pub version: &'static str,
    pub backend: String,
    /// The instruction set of the kernels.
    pub isa: Option<String>,
    /// Of the gates.
    pub accuracy: Option<String>,
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
