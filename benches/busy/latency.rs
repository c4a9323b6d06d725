//! How long calls took, and what they cost.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// The calls of one backend.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    pub times: Vec<Duration>,
    /// Of all threads that took part, where the system tells.
    pub cpu: Option<Duration>,
}

/// What a person asks about them, in seconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    pub calls: usize,
    pub p50_s: f64,
    pub p99_s: f64,
    pub worst_s: f64,
    pub cpu_per_call_s: Option<f64>,
}

impl Calls {
    pub fn add(&mut self, other: Calls) {
        self.times.extend(other.times);
        self.add_cpu(other.cpu);
    }

    pub fn add_cpu(&mut self, cpu: Option<Duration>) {
        self.cpu = match (self.cpu, cpu) {
            (Some(a), Some(b)) => Some(a + b),
            (one, other) => one.or(other),
        };
    }

    /// # Panics
    /// Without a call.
    pub fn latency(mut self) -> Latency {
        self.times.sort_unstable();
        let at = |percent: usize| self.times[(self.times.len() - 1) * percent / 100].as_secs_f64();
        let calls = self.times.len();
        Latency {
            calls,
            p50_s: at(50),
            p99_s: at(99),
            worst_s: at(100),
            cpu_per_call_s: self.cpu.map(|cpu| cpu.as_secs_f64() / calls as f64),
        }
    }
}

impl Latency {
    /// Ratios to another one's, for people.
    pub fn over(&self, other: &Latency) -> String {
        let [p50, p99, worst] = [self.p50_s / other.p50_s, self.p99_s / other.p99_s, self.worst_s / other.worst_s];
        let cpu = self.cpu_per_call_s.zip(other.cpu_per_call_s);
        let cpu = cpu.map_or("?".into(), |(cpu, other)| format!("{:.2}", cpu / other));
        format!("p50 {p50:.2} p99 {p99:.2} worst {worst:.2} cpu {cpu}")
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |seconds: f64| format!("{:.3}", seconds * 1e3);
        let cpu = self.cpu_per_call_s.map_or("?".into(), ms);
        let [p50, p99, worst] = [self.p50_s, self.p99_s, self.worst_s].map(ms);
        write!(f, "{:>6} calls, ms: p50 {p50:>7} p99 {p99:>7} worst {worst:>8} cpu {cpu:>6}", self.calls)
    }
}
