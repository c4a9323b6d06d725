//! `zero → pack → run → clip → update`: one training step as one call, and everything it goes on from.

use super::groups::groups;
use super::kept::{Counts, Kept, Step};
use super::progress::Progress;
use super::settings::{OnNonFinite, Settings};
use super::snapshot::Snapshot;
use crate::backend::DefaultBackend;
use crate::buffer::Aligned;
use crate::error::{Error, Result};
use crate::loss::Targets;
use crate::network::{Batch, Network, Parameters, State, Workspace};
use crate::optim::Optimiser;
use crate::rng::Rng;
use rnn_kernels::{Backend, Scalar};
use std::ops::Range;

/// A network that learns: it owns all that goes from one step to the next.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::network::{Config, Network, RecurrentSpec};
/// use recurrent::train::{Settings, Trainer};
/// use recurrent::{Batch, Targets};
///
/// let text: Vec<u32> = (0..31).map(|t| t % 3).collect(); // which of three symbols comes next?
/// let network = Network::<f32>::new(&Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3), 1)?;
/// let mut trainer = Trainer::new(network, Settings::adam(0.05).clip_norm(1.0))?;
/// let (batch, targets) = (Batch::symbols(&text[..30], [30, 1])?, Targets::Classes(&text[1..]));
/// let mut bits = Vec::new();
/// for _ in 0..100 {
///     bits.push(trainer.step(&batch, targets)?.loss.bits());
/// }
/// assert!(bits[0] > 1.5 && bits[99] < 0.1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
///
/// # Randomness
///
/// One generator, seeded by [`Settings::seed`], is asked for one seed a batch: that of its [noise](Batch::with_noise), unless the batch has
/// its own. Weight noise and the order of rows in [`fit`](Self::fit) follow in the same generator. A trainer that was
/// [kept](crate::checkpoint::Checkpoint::of) goes on with the same numbers.
#[derive(Debug)]
pub struct Trainer<T, B: ?Sized = DefaultBackend> {
    pub(super) network: Network<T, B>,
    pub(super) settings: Settings,
    pub(super) kept: Kept<T>,
    pub(super) gradients: Parameters<T>,
    pub(super) workspace: Workspace<T>,
    /// The state after the batch at hand, which is carried on when all else is done.
    pub(super) next_state: State<T>,
    /// The random state after the batch at hand, in the same way.
    pub(super) next_rng: Rng,
    /// The parameters without noise.
    pub(super) clean: Aligned<T>,
    /// By range of parameters that have one rate, the factor of it. Frozen ones are in none.
    pub(super) groups: Vec<(Range<usize>, f64)>,
    /// The same with the rates of the update at hand.
    pub(super) rates: Vec<(Range<usize>, f64)>,
    /// Parameters and moments belong together: not while they change, nor after a panic broke that off.
    pub(super) whole: bool,
}

impl<T: Scalar, B: Backend<T> + ?Sized> Trainer<T, B> {
    /// A run before its first step.
    ///
    /// # Errors
    /// [`Error::Range`] if a setting is out of its range, [`Error::Kind`] if [omega](Settings::omega) is asked for and a cell is no Elman
    /// network, [`Error::Config`] if a group has no parameter or none can change,
    /// [`Error::Memory`] if gradients and moments do not fit.
    pub fn new(network: Network<T, B>, settings: Settings) -> Result<Self> {
        settings.check::<T>()?;
        let optimiser = Optimiser::new(settings.rule, network.parameters().len())?;
        let good = match settings.on_non_finite {
            OnNonFinite::GoBack { .. } => Some(Snapshot::of(network.parameters(), &optimiser)?),
            OnNonFinite::Stop | OnNonFinite::Skip => None,
        };
        let kept = Kept {
            optimiser,
            rng: Rng::seed(settings.seed),
            state: network.state(0)?,
            count: Counts { factor: 1.0, ..Counts::default() },
            gathered: Vec::new(),
            good,
            best: None,
            progress: Progress::default(),
        };
        Self::assemble(network, settings, kept)
    }

    /// A run that goes on.
    pub(crate) fn assemble(network: Network<T, B>, settings: Settings, mut kept: Kept<T>) -> Result<Self> {
        let groups = groups(&settings, network.parameters())?;
        if settings.omega > 0.0 {
            network.check_elman("training: omega")?;
        }
        let mut workspace = Workspace::new();
        workspace.regularise_omega(settings.omega)?;
        let mut gradients = network.gradients()?;
        if !kept.gathered.is_empty() {
            gradients.copy_from_flat(&std::mem::take(&mut kept.gathered))?;
        }
        Ok(Self {
            workspace,
            next_state: network.state(0)?,
            next_rng: kept.rng.clone(),
            clean: Aligned::default(),
            rates: Vec::with_capacity(groups.len()),
            whole: true,
            network,
            settings,
            kept,
            gradients,
            groups,
        })
    }

    /// What goes from one step to the next, as it is between two steps.
    ///
    /// # Errors
    /// [`Error::Order`] if a panic broke an update off, so that some parameters are new and some are not.
    pub(crate) fn keep(&self) -> Result<Kept<T>> {
        self.expect_whole("keeping a trainer")?;
        let gathered = if self.kept.count.gathered > 0 { self.gradients.to_vec() } else { Vec::new() };
        Ok(Kept { gathered, ..self.kept.clone() })
    }

    /// One batch: its loss and gradients, and, if enough batches were gathered, an update.
    ///
    /// The gradient of an update is that of `L = (1/count) Σ loss` over all targets of the batches that were gathered for it.
    /// The batch is given [noise](Batch::with_noise) unless it has its own.
    ///
    /// # Errors
    /// Those of [`Network::loss_and_gradients`]; those of numbers that are not finite only under [`OnNonFinite::Stop`]. The trainer is
    /// then what it was, but for the updates of earlier [windows](Settings::windows) of the batch, and that gradients gathered for an update
    /// that overflows are dropped. [`Error::Len`] if the carried
    /// state has other rows than the batch: [`start_over`](Self::start_over), or [set](Self::set_state) one that fits.
    pub fn step(&mut self, batch: &Batch<'_, T>, targets: Targets<'_, T>) -> Result<Step> {
        let state = self.initial_state(batch.rows())?;
        self.step_from(state, batch, targets)
    }

    /// The same from this state. A panic, too, leaves what goes to the next step as it was, or says that it did not: see [`keep`](Self::keep).
    pub(super) fn step_from(&mut self, state: State<T>, batch: &Batch<'_, T>, targets: Targets<'_, T>) -> Result<Step> {
        self.expect_whole("step")?;
        self.next_rng.clone_from(&self.kept.rng);
        let seed = self.next_rng.next_u64();
        let batch = if batch.noise.is_some() { *batch } else { batch.with_noise(seed) };
        let step = match self.settings.windows {
            None => self.micro_step(&batch, targets, &state),
            Some(windows) => self.window_by_window(&batch, targets, state, windows),
        }?;
        self.kept.rng.clone_from(&self.next_rng);
        if self.settings.carry_state && step.left_out.is_none() {
            std::mem::swap(&mut self.kept.state, &mut self.next_state);
        }
        Ok(step)
    }

    /// Forgets the carried state: the next batch starts from a state of 0, and may have another number of rows.
    pub fn start_over(&mut self) {
        let layout = self.kept.state.layout().clone();
        self.kept.state = State::empty(layout);
    }

    /// The state that is carried from batch to batch; of no rows before the first batch and without [`Settings::carry_state`].
    #[must_use]
    pub fn state(&self) -> &State<T> {
        &self.kept.state
    }

    /// The state that the next batch starts from, if states are [carried](Settings::carry_state).
    ///
    /// # Errors
    /// [`Error::Kind`] if it is not one of this network.
    pub fn set_state(&mut self, state: State<T>) -> Result<()> {
        state.check("carried state", self.kept.state.layout(), state.rows())?;
        self.kept.state = state;
        Ok(())
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network<T, B> {
        &self.network
    }

    /// The network without the trainer.
    #[must_use]
    pub fn into_network(self) -> Network<T, B> {
        self.network
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The rule with its moments.
    #[must_use]
    pub fn optimiser(&self) -> &Optimiser<T> {
        &self.kept.optimiser
    }

    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.kept.count
    }

    /// The learning rate of the next update.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.settings.rate(self.kept.count.updates) * self.kept.count.factor
    }

    /// The workspace of the passes, to record traces in or to limit cotangents between steps.
    pub fn workspace_mut(&mut self) -> &mut Workspace<T> {
        &mut self.workspace
    }

    fn expect_whole(&self, call: &'static str) -> Result<()> {
        if self.whole {
            return Ok(());
        }
        Err(Error::Order {
            call,
            expected: "a whole network".into(),
            found: "one whose update was broken off by a panic".into(),
        })
    }

    /// What a batch of so many rows starts from.
    pub(super) fn initial_state(&self, rows: usize) -> Result<State<T>> {
        match self.kept.state.rows() {
            carried if self.settings.carry_state && carried > 0 => {
                if carried != rows {
                    return Err(Error::len("batch, rows of the carried state", carried, rows));
                }
                Ok(self.kept.state.clone())
            }
            _ => self.network.state(rows),
        }
    }
}
