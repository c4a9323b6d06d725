//! The sizes of the caches, to name what a working set fits into.

use std::fs;

/// A level of the memory and the bytes it holds: the whole, and how many cores share that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    pub name: String,
    pub bytes: usize,
    pub shared: bool,
}

/// The data caches of the first core, nearest first; empty where the system does not say.
pub fn levels() -> Vec<Level> {
    let one = |index: usize| {
        let read = |file: &str| {
            let text = fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{file}")).ok()?;
            Some(text.trim().to_string())
        };
        let holds_data = read("type")? != "Instruction";
        let bytes = read("size")?.strip_suffix('K')?.parse::<usize>().ok()? << 10;
        let shared = read("shared_cpu_list")?.contains([',', '-']);
        holds_data.then(|| Some(Level { name: format!("L{}", read("level")?), bytes, shared }))?
    };
    (0..8).filter_map(one).collect()
}

/// The nearest level that holds a working set shared out over so many threads, each on a core of its own.
pub fn holding(levels: &[Level], working_set: f64, threads: usize) -> &str {
    let share = |level: &Level| working_set / if level.shared { 1.0 } else { threads as f64 };
    let nearest = levels.iter().find(|level| share(level) <= level.bytes as f64);
    nearest.map_or(if levels.is_empty() { "memory" } else { "DRAM" }, |level| &level.name)
}
