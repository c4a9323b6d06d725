//! `seed 3 ████████ 45 %`: how far a program is, on standard error.

// Every program has a use for a part of it.
#![allow(dead_code)]

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that is gone when the work is done; where standard error is no terminal, only what is said about parts of the work is shown.
#[derive(Debug)]
pub struct Bar(ProgressBar);

/// Parts of a run, in a bar over several of equal budgets.
const RUN: f64 = 1000.0;

impl Bar {
    /// Of so many parts.
    pub fn new(parts: u64) -> Self {
        let bar = ProgressBar::new(parts);
        let style = ProgressStyle::with_template("{msg:24} {wide_bar} {percent:>3} % {elapsed}");
        Self(style.map_or(bar.clone(), |style| bar.with_style(style)))
    }

    /// Of so many runs.
    pub fn of_runs(runs: usize) -> Self {
        Self::new(place(runs, 0.0))
    }

    /// So many parts are done, and what is being done.
    pub fn at(&self, parts: u64, now: &str) {
        self.0.set_position(parts);
        if self.0.message() != now {
            self.0.set_message(now.to_owned());
        }
    }

    /// So many runs are done, and this share of the next.
    pub fn within(&self, runs: usize, share: f64, now: &str) {
        self.at(place(runs, share.min(1.0)), now);
    }

    /// Leaves a line.
    pub fn say(&self, line: &str) {
        if self.0.is_hidden() {
            eprintln!("{line}");
        } else {
            self.0.println(line);
        }
    }

    /// Lets `print` write to standard output while the bar is out of its way.
    pub fn aside(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // a place in a bar
fn place(runs: usize, share: f64) -> u64 {
    ((runs as f64 + share) * RUN) as u64
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
