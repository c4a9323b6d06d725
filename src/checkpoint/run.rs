//! `trainer, curve, application ↔ one file`: a training run as a program has it, from its beginning to whatever ends it.

use super::{Checkpoint, Digest, Keeper, Stored};
use crate::cells::Cells;
use crate::error::Result;
use crate::text::Corpus;
use crate::train::{Budget, Curve, Moment, Pace, Settings, TextFit, Trainer};
use rnn_kernels::Backend;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// A trainer, its curve, what an application keeps beside them, and what the data are: all of it in one [`Checkpoint`].
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::checkpoint::{Checkpoint, Digest, Keeper, Run};
/// use recurrent::network::{Config, Network, RecurrentSpec};
/// use recurrent::train::{Budget, Pace, Settings, TextFit, Trainer};
/// use recurrent::{Cells, DefaultBackend};
/// use std::sync::Arc;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("run.ckpt");
/// let text: Vec<u32> = (0..200).map(|t| t % 3).collect();
/// let digest = Digest::of(b"0, 1, 2, 0, 1, 2 and so on");
/// let config = Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3);
/// let trainer = Trainer::new(Network::<f32>::new(&config, 1)?, Settings::adam(0.05).carry_state())?;
/// let mut run = Run::new(trainer, "what I keep".to_owned(), digest);
///
/// // Thirty steps, saved every ten and at the end; a limit of time or a signal may end them earlier.
/// let (fit, budget) = (TextFit::new([10, 4], 20), Budget { steps: Some(30), ..Budget::from_step(0) });
/// let mut keeper = Keeper::new(&path, "10".parse()?, |notice| eprintln!("{notice}"));
/// let show = |pace: &Pace| eprintln!("{pace}");
/// let pace = run.train(budget, &mut keeper, show, |trainer, observe| trainer.fit_text(&fit, &text, None, observe))?;
/// assert_eq!((pace.step, run.curve.training.len()), (30, 30));
///
/// let saved = Checkpoint::read(&path, Default::default())?;
/// let backend = Arc::new(DefaultBackend::default());
/// let again: Run<f32, _, String> = Run::resume(saved, digest, |_| Settings::adam(0.05), backend, &Cells::new())?;
/// assert_eq!((again.trainer.counts().updates, &*again.application), (30, "what I keep"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Run<T, B: ?Sized, A> {
    /// The network and all that goes from one step to the next.
    pub trainer: Trainer<T, B>,
    /// How it went so far.
    pub curve: Curve,
    /// What the application keeps.
    pub application: A,
    data: Digest,
}

impl<T: Stored, B: Backend<T> + ?Sized, A: Clone + Serialize + DeserializeOwned> Run<T, B, A> {
    /// A run before its first step, on data with this digest.
    pub fn new(trainer: Trainer<T, B>, application: A, data: Digest) -> Self {
        Self { trainer, curve: Curve::default(), application, data }
    }

    /// The run of a file, which goes on where it was; `settings` are those of a file that was [written without a
    /// trainer](Checkpoint::trainer_with).
    ///
    /// # Errors
    /// Those of [`Checkpoint::expect_text`], [`Checkpoint::trainer`] and [`Checkpoint::trainer_with`].
    pub fn resume(
        saved: Checkpoint<T, (A, Curve)>,
        data: Digest,
        settings: impl FnOnce(&A) -> Settings,
        backend: Arc<B>,
        cells: &Cells,
    ) -> Result<Self> {
        saved.expect_text(data)?;
        let trainer = match &saved.training {
            Some(_) => saved.trainer(backend, cells)?,
            None => saved.trainer_with(settings(&saved.application.0), backend, cells)?,
        };
        let (application, curve) = saved.application;
        Ok(Self { trainer, curve, application, data })
    }

    /// All of it, as a file holds it.
    ///
    /// # Errors
    /// Those of [`Checkpoint::of`].
    pub fn checkpoint(&self) -> Result<Checkpoint<T, (A, Curve)>> {
        checkpoint(&self.trainer, &self.application, &self.curve, self.data)
    }

    /// `fit` until it ends or the budget is used, with every moment noted in the curve, and [kept](Keeper::guard) on its way and whatever ends
    /// it. Returns where it stands then.
    ///
    /// `fit` calls a fit of the trainer and hands it the observer that it is given, to which one may add. `show` is told after each step.
    ///
    /// # Errors
    /// Those of `fit`, or else that of the last save.
    pub fn train(
        &mut self,
        budget: Budget<'_>,
        keeper: &mut Keeper,
        mut show: impl FnMut(&Pace),
        fit: impl FnOnce(
            &mut Trainer<T, B>,
            &mut dyn FnMut(&Trainer<T, B>, Moment<'_>) -> Result<ControlFlow<()>>,
        ) -> Result<bool>,
    ) -> Result<Pace> {
        let step = self.trainer.counts().updates;
        let mut pace = Pace { share: budget.used(step), ..Pace::from_step(step) };
        keeper.guard(self, Self::checkpoint, |Self { trainer, curve, application, data }, keeper| {
            if pace.share >= 1.0 {
                return Ok(pace);
            }
            let mut from = Instant::now();
            fit(trainer, &mut |trainer, moment| {
                let step = trainer.counts().updates;
                curve.take(step, moment);
                pace.share = budget.used(step);
                if let Moment::Step(made, _) = moment {
                    pace.take(step, made, from.elapsed().as_secs_f64());
                    keeper.now_and_then(step, || checkpoint(trainer, application, curve, *data));
                    show(&pace);
                }
                from = Instant::now();
                Ok(if pace.share < 1.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })?;
            Ok(pace)
        })
    }

    /// [`train`](Self::train) by a [`fit_text`](Trainer::fit_text) of a corpus, which before the first step notes what its held-out part costs. The
    /// time that this took, and a fifth more, is spared for reading it once more at the end.
    ///
    /// # Errors
    /// As there, and those of [`Trainer::evaluate_text`].
    pub fn train_text(
        &mut self,
        fit: &TextFit,
        corpus: &Corpus,
        mut budget: Budget<'_>,
        keeper: &mut Keeper,
        show: impl FnMut(&Pace),
    ) -> Result<Pace> {
        let (begin, passage) = (Instant::now(), corpus.passage());
        let bits = self.trainer.evaluate_text(&passage)?.loss.bits();
        if self.curve.training.is_empty() {
            self.curve.validated(self.trainer.counts().updates, bits);
        }
        budget.spare += begin.elapsed().mul_f64(1.2);
        self.train(budget, keeper, show, |trainer, observe| {
            trainer.fit_text(fit, corpus.train(), Some(&passage), observe)
        })
    }
}

fn checkpoint<T: Stored, B: Backend<T> + ?Sized, A: Clone + Serialize + DeserializeOwned>(
    trainer: &Trainer<T, B>,
    application: &A,
    curve: &Curve,
    data: Digest,
) -> Result<Checkpoint<T, (A, Curve)>> {
    let whole = Checkpoint::of(trainer, (application.clone(), curve.clone()))?;
    Ok(Checkpoint { text_digest: data, ..whole })
}
