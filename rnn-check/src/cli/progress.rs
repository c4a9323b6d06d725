//! A bar on the terminal, and silence about panics that are findings.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of so many steps; nothing is drawn where nobody watches.
pub fn bar(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    ProgressBar::new(steps as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Runs laws, whose panics are caught and reported: their messages need not be printed twice.
pub fn quietly<O>(run: impl FnOnce() -> O) -> O {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = run();
    std::panic::set_hook(hook);
    result
}
