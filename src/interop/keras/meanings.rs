//! What words mean that have changed their meaning from one version of Keras to another.

use super::KerasOptions;
use crate::error::{Error, Result};

/// What a file says of its version, and what the caller says where it does not.
pub(super) struct Meanings {
    major: Option<u32>,
    recurrent_activation: Option<String>,
    reset_after: Option<bool>,
}

impl Meanings {
    pub fn new(version: Option<&str>, options: &KerasOptions) -> Self {
        let said = version.and_then(|version| version.split('.').next()).and_then(|major| major.parse().ok());
        Self {
            major: said.or(options.version),
            recurrent_activation: options.recurrent_activation.clone(),
            reset_after: options.reset_after,
        }
    }

    /// The slope of `hard_sigmoid`.
    pub fn hard_sigmoid(&self) -> Option<f64> {
        self.major.map(|major| if major < 3 { 0.2 } else { 1.0 / 6.0 })
    }

    /// What a layer that names no function of its gates has. Since Keras 3 there is one default.
    pub fn recurrent_activation(&self) -> Option<&str> {
        self.recurrent_activation.as_deref().or_else(|| self.major.filter(|&major| major >= 3).map(|_| "sigmoid"))
    }

    /// Where a GRU that does not say it applies its reset gate.
    pub fn reset_after(&self, at: &str) -> Result<bool> {
        let since = self.major.filter(|&major| major >= 3).map(|_| true);
        self.reset_after.or(since).ok_or_else(|| {
            let expected =
                "true or false, or KerasOptions::reset_after: before Keras 2.3 none means false, since then true";
            Error::format(format!("{at}, reset_after"), expected, "none")
        })
    }
}
