//! `seed 3 ████████ 45 %`: how far a program is, on standard error.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that is gone when the work is done; where standard error is no terminal, only what is said about parts of the work is shown.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// Of so many parts.
    pub fn new(parts: u64) -> Self {
        let bar = ProgressBar::new(parts);
        let style = ProgressStyle::with_template("{msg:24} {wide_bar} {percent:>3} % {elapsed}");
        Self(style.map_or(bar.clone(), |style| bar.with_style(style)))
    }

    /// So many are done, and what is being done.
    pub fn at(&self, parts: u64, now: &str) {
        self.0.set_position(parts);
        if self.0.message() != now {
            self.0.set_message(now.to_owned());
        }
    }

    /// Leaves a line.
    pub fn say(&self, line: &str) {
        if self.0.is_hidden() {
            eprintln!("{line}");
        } else {
            self.0.println(line);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
