//! Training as one object: a step, an epoch, a whole fit; kept and resumed bit for bit.
//!
//! A [`Trainer`] owns a network and all that goes from one step to the next. [`Trainer::step`] is one batch of whatever one has;
//! [`Trainer::fit`] goes over [`Sequences`](crate::Sequences) epoch by epoch, [`Trainer::fit_text`] over one long text with the state carried.
//! What a run is, is data: [`Settings`] say how a step is made, [`Fit`] and [`TextFit`] how data are gone over, [`Progress`] where that stands.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::checkpoint::Checkpoint;
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::train::{Fit, Moment, Settings, Trainer, quietly};
//! use recurrent::data::{Input, Label, TargetKind};
//! use recurrent::{Cells, DefaultBackend, Sequences};
//! use std::ops::ControlFlow;
//!
//! // Is the sum of a sequence positive?
//! let mut rng = recurrent::rng::Rng::seed(1);
//! let mut data = Sequences::<f32>::features(1, TargetKind::ClassPerRow)?;
//! for n in 0..200 {
//!     let x: Vec<f32> = (0..5 + n % 7).map(|_| rng.normal() as f32).collect();
//!     data.push_labelled(Input::Features(&x), Label::Class(u32::from(x.iter().sum::<f32>() > 0.0)))?;
//! }
//! let [train, validation] = data.split(&[0.8, 0.2], &mut rng)?;
//! let config = Config::features(1).recurrent(RecurrentSpec::gru(8)).last_step().dropout(0.1).softmax(2);
//! let fit = Fit::epochs(30).batch(16).plateau(0.5, 3).patience(10);
//!
//! // Stopped after a hundred batches, and resumed.
//! let mut trainer = Trainer::new(Network::new(&config, 1)?, Settings::adam(0.01).clip_norm(1.0))?;
//! trainer.fit(&fit, &train, Some(&validation), |trainer, _| match trainer.counts().updates {
//!     100 => Ok(ControlFlow::Break(())),
//!     _ => Ok(ControlFlow::Continue(())),
//! })?;
//! let file = Checkpoint::of(&trainer, ())?.encode(Default::default()).unwrap();
//! let kept = Checkpoint::<f32>::decode(&file, Default::default()).unwrap();
//! let mut trainer: Trainer<f32> = kept.trainer(DefaultBackend::default(), &Cells::new())?;
//! trainer.fit(&fit, &train, Some(&validation), quietly)?;
//! assert!(trainer.evaluate(&validation, 16)?.accuracy() > Some(0.8));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

#[cfg(feature = "progress")]
mod bar;
mod budget;
mod curve;
mod epochs;
mod fit;
mod groups;
mod kept;
mod pace;
mod progress;
mod scores;
mod settings;
mod snapshot;
mod text_fit;
mod trainer;
mod update;
mod windows;

#[cfg(feature = "progress")]
pub use bar::{bar, pace_bar};
pub use budget::Budget;
pub use curve::Curve;
pub use epochs::{Moment, quietly};
pub use fit::{Fit, Plateau};
pub(crate) use kept::Kept;
pub use kept::{Counts, Step};
pub use pace::Pace;
pub(crate) use progress::Reading;
pub use progress::{Best, Ended, Epoch, Progress};
pub use scores::{Scores, evaluate, evaluate_text};
pub use settings::{Clip, Group, OnNonFinite, Settings, Windows};
pub use snapshot::Snapshot;
pub use text_fit::TextFit;
pub use trainer::Trainer;
