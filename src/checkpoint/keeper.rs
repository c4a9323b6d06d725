//! `every k steps, every s seconds, and whatever ends it`: a run is saved on its way, so that what it has learnt outlives it.

use super::{Checkpoint, Stored};
use crate::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How often a run is saved: as text `500` is after so many steps, `30s` after so many seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Every {
    /// At least 1.
    Steps(u64),
    /// More than 0.
    Seconds(f64),
}

impl FromStr for Every {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let every = match text.strip_suffix('s') {
            Some(text) => text.parse().ok().filter(|&s: &f64| s > 0.0 && s.is_finite()).map(Self::Seconds),
            None => text.parse().ok().filter(|&steps| steps > 0).map(Self::Steps),
        };
        let expected = "a number of steps above 0, as 500, or of seconds, as 30s";
        every.ok_or_else(|| Error::format("how often", expected, format!("{text:?}")))
    }
}

/// What became of a save, for whoever watches the run; `Display` is a line.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// The run ends by an error or a panic, and is saved.
    Saved {
        /// After so many steps.
        step: u64,
    },
    /// The run ends by an error or a panic, and is not saved: a file that was there before stands.
    NotSaved(&'a Error),
    /// A save on the way failed. The run goes on: the disk may have room again next time.
    Later {
        /// After so many steps.
        step: u64,
        /// Why.
        error: &'a Error,
    },
    /// The last save failed, and the run is in a new folder among the temporary files instead.
    Elsewhere {
        /// After so many steps.
        step: u64,
        /// Where.
        path: PathBuf,
    },
    /// The last save failed there, too.
    Nowhere(Error),
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saved { step } => write!(f, "saved after step {step}"),
            Self::NotSaved(error) => write!(f, "not saved: {error}"),
            Self::Later { step, error } => write!(f, "not saved after step {step}, will try again: {error}"),
            Self::Elsewhere { step, path } => write!(f, "saved after step {step} to {} instead", path.display()),
            Self::Nowhere(error) => write!(f, "not saved elsewhere either: {error}"),
        }
    }
}

/// Keeps a run in its file.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::checkpoint::{Checkpoint, Keeper};
/// use recurrent::network::{Config, Network, RecurrentSpec};
/// use recurrent::train::{Moment, Settings, TextFit, Trainer};
/// use std::ops::ControlFlow;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("run.ckpt");
/// let text: Vec<u32> = (0..200).map(|t| t % 3).collect();
/// let config = Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3);
/// let mut trainer = Trainer::new(Network::<f32>::new(&config, 1)?, Settings::adam(0.05).carry_state())?;
/// let mut keeper = Keeper::new(&path, "10".parse()?, |notice| eprintln!("{notice}"));
/// let save = |trainer: &Trainer<f32>| Checkpoint::of(trainer, ());
/// keeper.guard(&mut trainer, save, |trainer, keeper| {
///     trainer.fit_text(&TextFit::new([10, 4], 5).epochs(5), &text, None, |trainer, moment| {
///         if let Moment::Step(..) = moment {
///             keeper.now_and_then(trainer.counts().updates, || save(trainer));
///         }
///         Ok(ControlFlow::Continue(()))
///     })
/// })?;
/// assert_eq!(Checkpoint::<f32>::read(&path, Default::default())?.step, 25);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
pub struct Keeper {
    path: PathBuf,
    every: Every,
    rescue: String,
    tell: Box<dyn FnMut(&Notice<'_>)>,
    /// Since the last try.
    steps: u64,
    tried: Instant,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("path", &self.path).field("every", &self.every).finish_non_exhaustive()
    }
}

impl Keeper {
    /// One that writes to `path` as [`Checkpoint::write`] does, and tells what went wrong.
    pub fn new(path: impl Into<PathBuf>, every: Every, tell: impl FnMut(&Notice<'_>) + 'static) -> Self {
        let path = path.into();
        let rescue = path.file_stem().map_or("run".into(), |name| name.display().to_string());
        Self { path, every, rescue, tell: Box::new(tell), steps: 0, tried: Instant::now() }
    }

    /// The same with another name than that of the file for what is saved among the temporary files: `NAME-random/NAME.ckpt`.
    #[must_use]
    pub fn rescue_as(self, name: impl Into<String>) -> Self {
        Self { rescue: name.into(), ..self }
    }

    /// To be called after every step: saves if it is time. A failure is told and no reason to stop.
    pub fn now_and_then<T: Stored, A: Serialize + DeserializeOwned>(
        &mut self,
        step: u64,
        checkpoint: impl FnOnce() -> Result<Checkpoint<T, A>>,
    ) {
        self.steps = self.steps.saturating_add(1);
        let due = match self.every {
            Every::Steps(steps) => self.steps >= steps,
            Every::Seconds(seconds) => {
                self.tried.elapsed() >= Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
        };
        if due {
            if let Err(error) = checkpoint().and_then(|checkpoint| checkpoint.write(&self.path)) {
                (self.tell)(&Notice::Later { step, error: &error });
            }
            (self.steps, self.tried) = (0, Instant::now());
        }
    }

    /// The last save of a run. Where its file cannot be written, it goes into a new folder among the temporary ones.
    ///
    /// # Errors
    /// That of the file, also if it was saved elsewhere.
    pub fn finally<T: Stored, A: Serialize + DeserializeOwned>(&mut self, checkpoint: &Checkpoint<T, A>) -> Result<()> {
        let Err(error) = checkpoint.write(&self.path) else { return Ok(()) };
        let notice = match self.elsewhere(checkpoint) {
            Ok(path) => Notice::Elsewhere { step: checkpoint.step, path },
            Err(error) => Notice::Nowhere(error),
        };
        (self.tell)(&notice);
        Err(error)
    }

    fn elsewhere<T: Stored, A: Serialize + DeserializeOwned>(&self, checkpoint: &Checkpoint<T, A>) -> Result<PathBuf> {
        let folder = tempfile::Builder::new().prefix(&format!("{}-", self.rescue)).tempdir();
        let folder = folder.map_err(|source| Error::io("creating", std::env::temp_dir(), source))?;
        let name = format!("{}.ckpt", self.rescue);
        checkpoint.write(folder.path().join(&name))?;
        Ok(folder.keep().join(name))
    }

    /// `work` on a run, and its [last save](Self::finally) whatever ends it: the end, an error, a panic, which goes on after the save.
    ///
    /// What `checkpoint` refuses is not saved, such as a trainer whose update a panic broke off: the last save stands.
    ///
    /// # Errors
    /// That of `work`, or else that of the save.
    pub fn guard<R: ?Sized, V, T: Stored, A: Serialize + DeserializeOwned>(
        &mut self,
        run: &mut R,
        checkpoint: impl Fn(&R) -> Result<Checkpoint<T, A>>,
        work: impl FnOnce(&mut R, &mut Self) -> Result<V>,
    ) -> Result<V> {
        // A run that a panic leaves half changed is for `checkpoint` to refuse.
        let worked = catch_unwind(AssertUnwindSafe(|| work(run, self)));
        let saved = checkpoint(run).and_then(|checkpoint| self.finally(&checkpoint).map(|()| checkpoint.step));
        match (worked, saved) {
            (Ok(Ok(value)), saved) => saved.map(|_| value),
            (failed, saved) => {
                match saved {
                    Ok(step) => (self.tell)(&Notice::Saved { step }),
                    Err(error) => (self.tell)(&Notice::NotSaved(&error)),
                }
                failed.unwrap_or_else(|panic| resume_unwind(panic))
            }
        }
    }
}
