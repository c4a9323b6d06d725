//! `▐████▌ gru, seed 2: 1200 updates, 0.0123`: how far a comparison is, on standard error where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over so many runs of equal budgets.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    done: u64,
}

/// Of a run.
const PARTS: u64 = 1000;

impl Progress {
    pub fn new(runs: usize) -> Self {
        let bar = ProgressBar::new(PARTS * runs as u64);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar:.blue} {msg}") {
            bar.set_style(style);
        }
        Self { bar, done: 0 }
    }

    /// The run at hand has used this share of its budget.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // of 1000
    pub fn show(&self, share: f64, message: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_position(self.done * PARTS + (share.min(1.0) * PARTS as f64) as u64);
            self.bar.set_message(message());
        }
    }

    /// The run at hand is over; `print` writes its line where the bar does not.
    pub fn finish_run(&mut self, print: impl FnOnce()) {
        self.done += 1;
        self.bar.set_position(self.done * PARTS);
        self.bar.suspend(print);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
