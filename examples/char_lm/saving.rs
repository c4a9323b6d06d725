//! The file of a run: written every so often, and whatever way the run ends.

use super::corpus::Corpus;
use super::options::Every;
use super::report::complain;
use super::run::Run;
use recurrent::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Keeps a run in its file.
#[derive(Debug)]
pub struct Keeper<'a> {
    path: &'a Path,
    corpus: &'a Corpus,
    every: Every,
    /// When it was last tried, and after how many steps of the run.
    tried: (Instant, u64),
}

impl<'a> Keeper<'a> {
    pub fn new(path: &'a Path, corpus: &'a Corpus, every: Every, run: &Run) -> Self {
        Self { path, corpus, every, tried: (Instant::now(), run.steps()) }
    }

    /// Saves if it is time; returns how long that took. A failure is told and no reason to stop: the disk may have room
    /// again when it is tried next.
    pub fn now_and_then(&mut self, run: &Run) -> Duration {
        let due = match self.every {
            Every::Steps(steps) => run.steps() - self.tried.1 >= steps,
            Every::Seconds(seconds) => self.tried.0.elapsed().as_secs_f64() >= seconds,
        };
        if !due {
            return Duration::ZERO;
        }
        let start = Instant::now();
        if let Err(error) = run.save(self.corpus).and_then(|saved| saved.write(self.path)) {
            complain(&format!("not saved after step {}, will try again: {error}", run.steps()));
        }
        self.tried = (Instant::now(), run.steps());
        start.elapsed()
    }

    /// The last save of a run. Where its file cannot be written, it goes into a new folder among the temporary ones, and
    /// the error is returned all the same.
    pub fn finally(&self, run: &Run) -> Result<()> {
        let saved = run.save(self.corpus)?;
        let Err(error) = saved.write(self.path) else { return Ok(()) };
        let rescue = || -> Result<PathBuf> {
            let io = |source| Error::Io { doing: "creating", path: std::env::temp_dir(), source };
            let folder = tempfile::Builder::new().prefix("char_lm-").tempdir().map_err(io)?;
            saved.write(folder.path().join("char_lm.ckpt"))?;
            Ok(folder.keep().join("char_lm.ckpt"))
        };
        match rescue() {
            Ok(path) => complain(&format!("saved after step {} to {} instead", run.steps(), path.display())),
            Err(also) => complain(&format!("not saved elsewhere either: {also}")),
        }
        Err(error)
    }
}
