//! `zero → run → clip → update → pack`: one training step as one call, and everything it goes on from.

use super::settings::{Clip, OnNonFinite, Settings, Windows};
use super::snapshot::Snapshot;
use crate::backend::DefaultBackend;
use crate::buffer::Aligned;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::loss::{Loss, Targets};
use crate::network::{Batch, Network, Parameters, State, Workspace};
use crate::optim::{Optimiser, clip_norm, clip_value};
use crate::rng::Rng;
use crate::train::progress::Progress;
use rnn_kernels::{Backend, IGNORE, Scalar};
use serde::{Deserialize, Serialize};
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
    gradients: Parameters<T>,
    pub(super) workspace: Workspace<T>,
    /// The state after the batch at hand, which is carried on when all else is done.
    next_state: State<T>,
    /// The parameters without noise.
    clean: Aligned<T>,
    /// By range of parameters that have one rate, the factor of it. Frozen ones are in none.
    groups: Vec<(Range<usize>, f64)>,
    /// The same with the rates of the update at hand.
    rates: Vec<(Range<usize>, T)>,
    /// Parameters and moments belong together: not while they change, nor after a panic broke that off.
    whole: bool,
}

/// What goes from one step to the next, beside the parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept<T> {
    pub optimiser: Optimiser<T>,
    pub rng: Rng,
    /// Carried from batch to batch; of no rows before the first.
    pub state: State<T>,
    pub count: Counts,
    /// What was gathered since the last update, empty if that is nothing.
    pub gathered: Vec<T>,
    /// To go back to from numbers that are not finite.
    pub good: Option<Snapshot<T>>,
    /// The best so far.
    pub best: Option<Snapshot<T>>,
    pub progress: Progress,
}

/// What a trainer has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Updates so far: `k` of the schedule.
    pub updates: u64,
    /// Batches that were left out since a number was not finite.
    pub skipped: u64,
    /// How often parameters went back to what they were.
    pub returned: u64,
    /// Batches gathered since the last update.
    pub gathered: u64,
    /// The weight of their targets: how many there are, unless classes have weights.
    pub weight: f64,
    /// What a plateau has left of the rate.
    pub factor: f64,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Of the batch, with the noise and the parameters that its gradients were computed with; 0 of a batch that was left out.
    pub loss: Loss,
    /// How many updates were made: 0 where gradients are still gathered, several where the batch has [windows](Settings::windows).
    pub updates: u64,
    /// Of the last update.
    pub rate: f64,
    /// The largest norm of a gradient before it was clipped; `None` unless [`Clip::Norm`] measured one.
    pub norm: Option<f64>,
    /// The number that was not finite, if the [settings](OnNonFinite) leave such batches out.
    pub left_out: Option<String>,
}

impl<T: Scalar, B: Backend<T> + ?Sized> Trainer<T, B> {
    /// A run before its first step.
    ///
    /// # Errors
    /// [`Error::Range`] if a setting is out of its range, [`Error::Config`] if a group has no parameter or none can change,
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
        let mut gradients = network.gradients()?;
        if !kept.gathered.is_empty() {
            gradients.copy_from_flat(&std::mem::take(&mut kept.gathered))?;
        }
        Ok(Self {
            workspace: Workspace::new(),
            next_state: network.state(0)?,
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
        self.expect_whole("step")?;
        let rng = self.kept.rng.clone();
        let seed = self.kept.rng.next_u64();
        let batch = if batch.noise.is_some() { *batch } else { batch.with_noise(seed) };
        let state = self.initial_state(batch.rows())?;
        let stepped = match self.settings.windows {
            None => self.micro_step(&batch, targets, &state),
            Some(windows) => self.window_by_window(&batch, targets, state, windows),
        };
        match stepped {
            Ok(step) => {
                if self.settings.carry_state && step.left_out.is_none() {
                    std::mem::swap(&mut self.kept.state, &mut self.next_state);
                }
                Ok(step)
            }
            Err(error) => {
                self.kept.rng = rng;
                Err(error)
            }
        }
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
        self.settings.schedule.rate(self.kept.count.updates) * self.kept.count.factor
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
    fn initial_state(&self, rows: usize) -> Result<State<T>> {
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

    /// One update a window.
    fn window_by_window(
        &mut self,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        state: State<T>,
        Windows { every, back }: Windows,
    ) -> Result<Step> {
        self.network.check_windows("windows")?;
        targets.check_rows(batch.steps(), batch.rows(), self.network.output_width())?;
        let (steps, rows, width) = (batch.steps(), batch.rows(), self.network.output_width());
        let mut sum = Step { loss: Loss::default(), updates: 0, rate: 0.0, norm: None, left_out: None };
        // The state before step `from`, where the window at hand begins.
        let (mut before, mut from) = (state, 0);
        for first in (0..steps.max(1)).step_by(every) {
            let to = first.saturating_add(every).min(steps);
            let next_from = to.saturating_add(every).min(steps).saturating_sub(back).max(from);
            let window = batch.window(from, to)?;
            let step = if from == first {
                self.micro_step(&window, targets.rows(from * rows, to * rows, width), &before)?
            } else {
                let own = Owned::without_first(targets, [from, first, to].map(|t| t * rows), width);
                self.micro_step(&window, own.targets(), &before)?
            };
            sum.loss += step.loss;
            sum.updates += step.updates;
            sum.rate = if step.updates > 0 { step.rate } else { sum.rate };
            sum.norm = step.norm.into_iter().chain(sum.norm).reduce(f64::max);
            if step.left_out.is_some() {
                // What follows would start from a state that there is not.
                sum.left_out = step.left_out;
                break;
            }
            if next_from == to {
                before.as_mut_slice().copy_from_slice(self.next_state.as_slice());
            } else if next_from > from {
                let passed = batch.window(from, next_from)?;
                self.network.infer(&mut self.workspace, &passed, &mut before)?;
            }
            from = next_from;
        }
        Ok(sum)
    }

    /// One batch or window from this state; the final state is in `next_state`.
    fn micro_step(&mut self, batch: &Batch<'_, T>, targets: Targets<'_, T>, state: &State<T>) -> Result<Step> {
        let found = self.kept.count;
        let stepped = self.gather(batch, targets, state).and_then(|loss| self.update_if_due(loss));
        match stepped {
            Ok(step) => Ok(step),
            Err(error @ Error::NotFinite { .. }) => self.leave_out(error, found),
            Err(error) => {
                self.kept.count = found;
                Err(error)
            }
        }
    }

    /// Adds the gradients of a batch to those that were gathered.
    fn gather(&mut self, batch: &Batch<'_, T>, targets: Targets<'_, T>, state: &State<T>) -> Result<Loss> {
        self.next_state.reshape(state.layout(), state.rows())?;
        self.next_state.as_mut_slice().copy_from_slice(state.as_slice());
        if self.kept.count.gathered == 0 {
            self.gradients.fill_zero();
        }
        self.add_weight_noise()?;
        // With one batch the mean is taken as it goes back; of several it is taken when all targets are known.
        let weight = (self.settings.accumulate > 1).then_some(1.0);
        let Self { network, workspace, next_state, gradients, .. } = self;
        let loss = network.loss_and_gradients_over(workspace, batch, targets, weight, next_state, gradients);
        self.take_weight_noise()?;
        let loss = loss?;
        self.kept.count.gathered += 1;
        self.kept.count.weight += loss.weight;
        Ok(loss)
    }

    fn update_if_due(&mut self, loss: Loss) -> Result<Step> {
        let mut step = Step { loss, updates: 0, rate: self.rate(), norm: None, left_out: None };
        if self.kept.count.gathered < self.settings.accumulate as u64 {
            return Ok(step);
        }
        step.norm = self.update(step.rate)?;
        step.updates = 1;
        self.kept.count.updates += 1;
        (self.kept.count.gathered, self.kept.count.weight) = (0, 0.0);
        if let OnNonFinite::GoBack { every } = self.settings.on_non_finite
            && self.kept.count.updates.is_multiple_of(every)
        {
            self.kept.good = Some(Snapshot::of(self.network.parameters(), &self.kept.optimiser)?);
        }
        Ok(step)
    }

    /// `clip → θ ← θ − η direction(g) → pack`; the norm before clipping, if it is measured.
    fn update(&mut self, rate: f64) -> Result<Option<f64>> {
        if self.settings.accumulate > 1 {
            let weight = self.kept.count.weight;
            let scale = if weight > 0.0 { T::from_f64(1.0 / weight) } else { T::ZERO };
            self.gradients.iter_mut().for_each(|g| *g *= scale);
        }
        let mut end = 0;
        for (range, _) in &self.groups {
            self.gradients[end..range.start].fill(T::ZERO);
            end = range.end;
        }
        self.gradients[end..].fill(T::ZERO);
        let norm = match self.settings.clip {
            Clip::None => None,
            Clip::Norm(limit) => Some(clip_norm(&mut self.gradients, limit)?),
            Clip::Value(limit) => clip_value(&mut self.gradients, limit).map(|_| None)?,
        };
        self.rates.clear();
        self.rates.extend(self.groups.iter().map(|(range, factor)| (range.clone(), T::from_f64(rate * factor))));
        let Self { network, kept, gradients, rates, whole, .. } = self;
        *whole = false;
        let updated =
            network.update(|parameters| kept.optimiser.step_in(parameters, gradients, rates, NonFinite::Refuse));
        *whole = true; // an error is found before the first parameter changes
        updated?;
        Ok(norm)
    }

    /// The parameters become `θ + N(0, σ²)`.
    fn add_weight_noise(&mut self) -> Result<()> {
        let deviation = self.settings.weight_noise;
        if deviation == 0.0 {
            return Ok(());
        }
        let Self { network, clean, kept, whole, .. } = self;
        clean.grow("parameters without noise", network.parameters().len())?;
        clean.copy_from_slice(network.parameters());
        *whole = false;
        network.update(|parameters| {
            parameters.iter_mut().for_each(|p| *p += T::from_f64(deviation * kept.rng.normal()));
        });
        Ok(())
    }

    /// The parameters are without noise again.
    fn take_weight_noise(&mut self) -> Result<()> {
        if self.settings.weight_noise == 0.0 {
            return Ok(());
        }
        self.network.update(|parameters| parameters.copy_from_slice(&self.clean));
        self.whole = true;
        Ok(())
    }

    /// What becomes of a batch with a number that is not finite, found after these counts.
    fn leave_out(&mut self, error: Error, found: Counts) -> Result<Step> {
        // Where the update failed, what it has scaled is no longer what was gathered.
        let update_failed = self.kept.count.gathered > found.gathered;
        self.kept.count = found;
        if update_failed {
            (self.kept.count.gathered, self.kept.count.weight) = (0, 0.0);
        }
        if self.settings.on_non_finite == OnNonFinite::Stop {
            return Err(error);
        }
        self.kept.count.skipped += 1;
        if let OnNonFinite::GoBack { .. } = self.settings.on_non_finite
            && let Some(good) = self.kept.good.take()
        {
            self.go_to(&good)?;
            self.kept.good = Some(good);
            self.kept.count.returned += 1;
            (self.kept.count.gathered, self.kept.count.weight) = (0, 0.0);
            self.start_over();
        }
        let left_out = Some(error.to_string());
        Ok(Step { loss: Loss::default(), updates: 0, rate: self.rate(), norm: None, left_out })
    }

    /// Parameters and optimiser become those of a snapshot.
    pub(super) fn go_to(&mut self, snapshot: &Snapshot<T>) -> Result<()> {
        let Self { network, kept, whole, .. } = self;
        *whole = false;
        let copied = network.update(|parameters| parameters.copy_from_flat(&snapshot.parameters));
        *whole = true;
        copied?;
        kept.optimiser.clone_from(&snapshot.optimiser);
        Ok(())
    }
}

/// Targets of a window whose first steps are there for their state only.
#[derive(Debug)]
enum Owned<'a, T> {
    Classes(Vec<u32>),
    Values { values: &'a [T], counted: Vec<bool> },
}

impl<'a, T> Owned<'a, T> {
    /// Those of the output rows `from..to`, of which `from..first` do not count.
    fn without_first(targets: Targets<'a, T>, [from, first, to]: [usize; 3], width: usize) -> Self {
        let early = first - from;
        match targets.rows(from, to, width) {
            Targets::Classes(classes) => Owned::Classes(
                classes.iter().enumerate().map(|(k, &class)| if k < early { IGNORE } else { class }).collect(),
            ),
            Targets::Values(values) => Owned::Values { values, counted: (from..to).map(|k| k >= first).collect() },
            Targets::Labels { .. } => unreachable!("windows of labels are refused"),
            Targets::Counted { values, counted } => {
                let counted = counted.iter().enumerate().map(|(k, &counts)| counts && k >= early).collect();
                Owned::Values { values, counted }
            }
        }
    }

    fn targets(&self) -> Targets<'_, T> {
        match self {
            Owned::Classes(classes) => Targets::Classes(classes),
            Owned::Values { values, counted } => Targets::Counted { values, counted },
        }
    }
}

/// The ranges of parameters that change, each with the factor of its rate, in their order.
fn groups<T: Scalar>(settings: &Settings, parameters: &Parameters<T>) -> Result<Vec<(Range<usize>, f64)>> {
    for group in &settings.groups {
        if !parameters.blocks().iter().any(|block| block.name.starts_with(&group.prefix)) {
            let names: Vec<_> = parameters.blocks().iter().map(|block| &block.name[..]).collect();
            let expected = format!("the beginning of one of {}", names.join(", "));
            return Err(Error::config("training: groups", expected, format!("`{}`", group.prefix)));
        }
    }
    let factor = |name: &str| {
        let own = settings.groups.iter().rev().find(|group| name.starts_with(&group.prefix));
        own.map_or(1.0, |group| group.factor)
    };
    let mut ranges: Vec<(Range<usize>, f64)> = Vec::new();
    for block in parameters.blocks() {
        match (ranges.last_mut(), factor(&block.name)) {
            (_, 0.0) => {}
            (Some((range, last)), factor) if *last == factor && range.end == block.offset => {
                range.end = block.range().end
            }
            (_, factor) => ranges.push((block.range(), factor)),
        }
    }
    if ranges.is_empty() {
        return Err(Error::config("training: groups", "a parameter that is not frozen", "none"));
    }
    Ok(ranges)
}
