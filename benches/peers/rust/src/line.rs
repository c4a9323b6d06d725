//! One measured line, with the fields of the grid's.

use crate::libraries::Library;
use crate::setting::Setting;
use crate::timing::Timing;
use serde::Serialize;

/// What was measured.
#[derive(Serialize)]
pub struct Line {
    pub peer: &'static str,
    pub version: &'static str,
    pub backend: &'static str,
    #[serde(flatten)]
    pub setting: Setting,
    pub layers: usize,
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
    /// `run.py` knows lines by it: measured, and not its survey.
    pub stage: u32,
    /// Of the process, in MB, where the system tells.
    pub rss_mb: Option<f64>,
    pub peak_rss_mb: Option<f64>,
}

impl Line {
    /// Of all passes over a setting.
    pub fn new(library: &dyn Library, setting: Setting, timings: &[Timing]) -> Self {
        let medians: Vec<f64> = timings.iter().map(|timing| timing.median).collect();
        let median = medians.iter().copied().fold(f64::INFINITY, f64::min);
        let min = timings.iter().map(|timing| timing.min).fold(f64::INFINITY, f64::min);
        let [rss, peak_rss] = resident().map_or([None; 2], |both| both.map(Some));
        Self {
            peer: library.peer(),
            version: version(library.package()),
            backend: library.backend(),
            setting,
            layers: 1,
            median_s: median,
            min_s: min,
            calls: timings.iter().map(|timing| timing.calls).sum(),
            gflops: setting.flops() / median / 1e9,
            gflops_best: setting.flops() / min / 1e9,
            spread: medians.iter().copied().fold(0.0, f64::max) / median,
            medians_s: medians,
            stage: 0,
            rss_mb: rss,
            peak_rss_mb: peak_rss,
        }
    }
}

/// The version of a package that this program was built with.
pub fn version(package: &str) -> &'static str {
    let head = format!("name = \"{package}\"\nversion = \"");
    let rest = include_str!("../Cargo.lock").split_once(&head).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split('"').next()).expect("every library is in the lock file")
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
