//! Networks from configuration: a model, a state and a workspace, three types with three owners.
//!
//! - [`Network`] owns parameters and packed weights, is shared (`&self`, `Sync`) and changes in [`Network::update`] alone. Weights are
//!   packed when a pass of their [use](Purpose) first needs them.
//! - [`State`] belongs to a stream or a batch and is moved or copied by value.
//! - [`Workspace`] belongs to a thread of work and is reused.
//!
//! # Numbers that are not finite
//!
//! A NaN or an infinity is an [`Error`] with its place, and whatever the call would have changed stays as it was: state,
//! gradients, parameters. [`Workspace::on_non_finite`] switches that off for passes with one workspace, for those who study
//! how gradients diverge: what the kernels compute is then what one gets, and nothing is copied.
//!
//! | what | where | price |
//! |---|---|---|
//! | features, where a step belongs to its row | every pass, before it | `T·N·C` numbers read, just copied |
//! | masks, likewise | every pass, before it | `T·N·W` each |
//! | initial state | every pass, before it | `N·S` read, `S` the widths of all `h` and `c` |
//! | parameters | at the end of [`Network::update`]; the error comes from the next pass | `P` read |
//! | targets of the squared error that count (probabilities and classes are always examined) | before the pass | `T·N·O` read |
//! | loss, of each output and in all | between forward and backward | one comparison |
//! | cotangents given to [`Network::backward`] | before it | as many read |
//! | gradients of the parameters, of the initial state, and of the input if recorded | after backward | `P + N·S + T·N·C` read |
//! | state, to go back to | calls that give a loss | `N·S` copied |
//! | gradients, to go back to | calls that give gradients | `P` read while they are 0, as before most steps; else `P` copied |
//!
//! Symbols have no such numbers. Not examined are: outputs and the final state, which a pass over finite numbers may
//! overflow (a state is examined when the next pass takes it); [traces](Workspace::trace), which are there to look at
//! gradients that explode; and whatever lies beyond a row's length.
//!
//! `cargo bench --bench finite` measures the price: a pass that refuses over one that allows.

mod all_or_nothing;
mod batch;
mod builder;
mod config;
mod dims;
mod dropped;
mod flows;
mod initial;
mod kept;
mod learned;
mod mask;
mod masks;
mod omega;
mod optimisers;
mod packed;
pub(crate) mod parameters;
mod plan;
mod reach;
mod recompute;
mod run;
mod stage;
mod state;
mod step;
mod stream;
mod timing;
mod train;
mod workspace;
#[cfg(test)]
mod zeroing;

pub use crate::buffer::Aligned;
pub use crate::cells::CellSpec;
pub use crate::loss::{Objective, Outputs};
pub use crate::noise::{Draw, DropoutSpec, Per};
pub use batch::Batch;
pub use config::{
    Config, DenseSpec, Directions, EmbeddingSpec, HeadSpec, InputSpec, LayerSpec, Merge, Readout, RecurrentSpec,
};
pub use mask::Mask;
pub use packed::Purpose;
pub use parameters::{ParameterBlock, Parameters};
pub use state::State;
pub use stream::Stream;

pub use train::Cotangents;
pub use workspace::Workspace;

use crate::backend::DefaultBackend;
use crate::cells::{CellRecord, Cells};
use crate::error::{Error, Result};
use crate::gradient_flow::Conditions;
use crate::loss::Criterion;
use crate::optim::{Optimiser, Rule};
use crate::rng::Rng;
use packed::Packed;
use plan::Plan;
use rnn_kernels::{Backend, Direction, Known, MatRef, Scalar, Slot};
use state::find;
use std::sync::Arc;

/// A recurrent network: configuration, parameters and packed weights.
///
/// `T` is `f32` or `f64`, `B` the backend. [`Network::new`] uses the default backend, [`Network::with_backend`] any.
///
/// # Memory
///
/// `P` parameters, and what the backend packs of them, `lens(…).packed(use)` for every direction of every recurrent layer: for inference
/// once there was a pass of inference, for training once there was one of training. A network that only infers never has the second, and
/// is had without more than that on the way by [`from_checkpoint`](Self::from_checkpoint) and [`from_safetensors`](Self::from_safetensors).
#[derive(Debug)]
pub struct Network<T, B: ?Sized = DefaultBackend> {
    config: Config,
    plan: Arc<Plan<T>>,
    parameters: Parameters<T>,
    packed: Packed<T>,
    backend: Arc<B>,
}

/// One direction of one recurrent layer of a network, as diagnostics see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecurrentLayer {
    /// Counted from the input.
    pub layer: usize,
    /// Which way through time.
    pub direction: Direction,
    /// The prefix of its parameters and its number in the stack, e.g. `rnn.l0`.
    pub label: String,
    /// The name of its cell in the configuration.
    pub cell: String,
    /// `H`.
    pub hidden: usize,
    /// The name of the weights `W_hh [G·H, P]` that the output of the step before is multiplied by; `None` if the cell has none.
    pub w_hh: Option<String>,
}

#[cfg(feature = "_backend")]
impl<T: Scalar> Network<T, DefaultBackend>
where
    DefaultBackend: Backend<T>,
{
    /// The network of a configuration on the default backend, its parameters drawn from `seed`.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Overflow`] if the configuration is not one of a network or its initial values are not
    /// finite in `T`, [`Error::Cell`] if it names a cell that is none, [`Error::Memory`] if the network does not fit.
    pub fn new(config: &Config, seed: u64) -> Result<Self> {
        Self::with_backend(config, seed, DefaultBackend::default())
    }

    /// As [`new`](Self::new), with the cells of a registry.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn with_cells(config: &Config, seed: u64, cells: &Cells) -> Result<Self> {
        Self::with_backend_and_cells(config, seed, DefaultBackend::default(), cells)
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// The network of a configuration on this backend, its parameters drawn from `seed`.
    ///
    /// A backend by itself, `Naive`, or one that several networks share, `Arc<Faer>` or `Arc<dyn Backend<f32>>`.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Overflow`] if the configuration is not one of a network or its initial values are not
    /// finite in `T`, [`Error::Cell`] if it names a cell that is none, [`Error::Memory`] if the network does not fit.
    pub fn with_backend(config: &Config, seed: u64, backend: impl Into<Arc<B>>) -> Result<Self> {
        Self::with_backend_and_cells(config, seed, backend, &Cells::new())
    }

    /// As [`with_backend`](Self::with_backend), with the cells of a registry.
    ///
    /// # Errors
    /// Those of [`with_backend`](Self::with_backend).
    pub fn with_backend_and_cells(
        config: &Config,
        seed: u64,
        backend: impl Into<Arc<B>>,
        cells: &Cells,
    ) -> Result<Self> {
        let (backend, plan) = (backend.into(), Arc::new(Plan::new(config, cells)?));
        let mut parameters = Parameters::zeros(plan.blocks.clone())?;
        initial::draw_all(&config.init, &plan, &mut parameters, &mut Rng::seed(seed))?;
        Ok(Self::of(config.clone(), plan, parameters, backend))
    }

    fn of(config: Config, plan: Arc<Plan<T>>, parameters: Parameters<T>, backend: Arc<B>) -> Self {
        let packed = Packed::of(&parameters, Purpose::Both);
        Self { config, plan, parameters, packed, backend }
    }

    /// The network of a configuration with parameters that are made for its cells and blocks, and nothing drawn.
    pub(crate) fn with_parameters(
        config: &Config,
        backend: Arc<B>,
        cells: &Cells,
        make: impl FnOnce(&[CellRecord], Arc<[ParameterBlock]>) -> Result<Parameters<T>>,
    ) -> Result<Self> {
        let plan = Arc::new(Plan::new(config, cells)?);
        let parameters = make(&plan.cell_records(), plan.blocks.clone())?;
        Ok(Self::of(config.clone(), plan, parameters, backend))
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The backend.
    #[must_use]
    pub fn backend(&self) -> &Arc<B> {
        &self.backend
    }

    /// The parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    /// Zeros with the layout of the parameters, to accumulate gradients in.
    ///
    /// # Errors
    /// [`Error::Memory`] if they do not fit.
    pub fn gradients(&self) -> Result<Parameters<T>> {
        self.parameters.zeros_like()
    }

    /// The state of `rows` streams or batch rows at their beginning: 0, and where initial states are
    /// [learned](field@RecurrentSpec::learned_initial), a state that a pass begins with what they are by then.
    ///
    /// # Errors
    /// [`Error::Overflow`] or [`Error::Memory`] if it does not fit.
    pub fn state(&self, rows: usize) -> Result<State<T>> {
        State::fresh(self.plan.state.clone(), rows)
    }

    /// Whether there is one output for each row, such as that at its last step.
    pub(crate) fn picks_last_step(&self) -> bool {
        self.plan.reads_out()
    }

    /// The width of the output.
    #[must_use]
    pub fn output_width(&self) -> usize {
        self.plan.output
    }

    /// Which version of the parameters this is; no two versions of any network share a number, copies excepted.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.packed.generation()
    }

    /// The cells of the recurrent layers, from the input on, as a [`Checkpoint`](crate::checkpoint::Checkpoint) remembers them.
    #[must_use]
    pub fn cells(&self) -> Vec<CellRecord> {
        self.plan.cell_records()
    }

    /// Every direction of every recurrent layer, from the input on.
    pub fn recurrent_layers(&self) -> impl Iterator<Item = RecurrentLayer> {
        let slots = self.plan.state.slots.iter();
        self.plan.ways().zip(slots).map(|((layer, way), slot)| {
            let first = self.plan.blocks.partition_point(|block| block.offset < way.params.start);
            let form = layer.spec.cell().form();
            let products = form.stages.iter().flat_map(|stage| &stage.products);
            let matrix = products
                .filter(|product| product.of == Slot::Old(0))
                .find_map(|product| product.factor.matrix())
                .map(|m| &form.matrices[m].name);
            let at = layer.spec.blocks().iter().position(|block| Some(&block.name) == matrix);
            RecurrentLayer {
                layer: slot.layer,
                direction: way.direction,
                label: layer.label.clone(),
                cell: layer.cell.name().into(),
                hidden: layer.spec.size().hidden,
                w_hh: at.map(|at| self.plan.blocks[first + at].name.clone()),
            }
        })
    }

    /// The names of the states of a recurrent layer, counted from the input, in the order of its cell's form; the first is its output.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer.
    pub fn state_names(&self, layer: usize) -> Result<impl Iterator<Item = &str>> {
        let slot = self.plan.state.slots.iter().find(|slot| slot.layer == layer);
        let slot = slot.ok_or_else(|| {
            Error::range("recurrent layer", format!("below {}", self.plan.recurrent().count()), layer)
        })?;
        Ok(slot.states.iter().map(|(name, _)| &name[..]))
    }

    /// The conditions under which gradients vanish or may explode in a recurrent layer, counted from the input, in one direction.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction, [`Error::Kind`] if its cell is no Elman network, which the conditions
    /// are about alone; those of [`Conditions::of`].
    pub fn conditions(&self, layer: usize, direction: Direction) -> Result<Conditions> {
        let slot = find(&self.plan.state, layer, direction)?;
        let Some((recurrent, way)) = self.plan.ways().nth(slot) else { unreachable!("a slot for each way") };
        let Some(Known::Elman(activation)) = recurrent.spec.cell().known() else {
            let what = format!("conditions of recurrent layer {layer} ({})", recurrent.label);
            let found = serde_json::to_string(&recurrent.cell).unwrap_or_else(|_| recurrent.cell.name().into());
            let expected = "an Elman network, h = σ(W_hh h₋₁ + …), with tanh, relu, sigmoid or identity";
            return Err(Error::kind(what, expected, found));
        };
        let (hidden, params) = (recurrent.spec.size().hidden, &self.parameters[way.params.clone()]);
        let block = recurrent.spec.blocks().iter().find(|block| block.name == "weight_hh");
        let w_hh = block.map_or(&[][..], |block| &params[block.range.clone()]);
        Conditions::of(MatRef::new(w_hh, hidden, hidden), activation)
    }

    /// Changes the parameters: whatever was computed with the old ones and is not finished, as a backward pass, cannot be.
    ///
    /// The next pass of each use packs them, in the room of those before. A parameter that is not finite afterwards is an error of the next
    /// pass.
    ///
    /// # Panics
    /// If `change` replaces the parameters by those of another network.
    pub fn update<R>(&mut self, change: impl FnOnce(&mut Parameters<T>) -> R) -> R {
        self.packed.invalidate();
        let result = change(&mut self.parameters);
        assert!(
            self.parameters.has_blocks(&self.plan.blocks),
            "update: the parameters must keep the blocks of this network"
        );
        self.packed.renew(&self.parameters);
        result
    }

    /// A rule with its moments for the parameters of this network, before its first step.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn optimiser(&self, rule: Rule) -> Result<Optimiser<T>> {
        Optimiser::new(rule, self.parameters.len())
    }

    /// `θ ← θ − η direction(gradients)`: one step of an optimiser. [`Trainer::step`](crate::train::Trainer::step) does all that
    /// comes before it, too.
    ///
    /// # Errors
    /// Those of [`Optimiser::step`], and [`Error::Kind`] if the gradients are those of another network. Nothing has changed then.
    pub fn apply(&mut self, optimiser: &mut Optimiser<T>, gradients: &Parameters<T>, rate: f64) -> Result<()> {
        self.parameters.expect_layout("gradients", gradients)?;
        self.update(|parameters| optimiser.step(parameters, gradients, rate))
    }

    /// Packs now, for this purpose, and lets go of what was packed for another; until there is another call, passes of another use are
    /// [`Error::Order`].
    ///
    /// Nobody needs to call it: weights are packed by the first pass of their use. A server does, so that no request pays for that and
    /// none makes it hold weights for training.
    ///
    /// # Errors
    /// [`Error::Memory`] if the packed weights do not fit, [`Error::Order`] if a panic broke an update off. What passes may be made stays then.
    pub fn keep_packed_for(&mut self, purpose: Purpose) -> Result<()> {
        for usage in purpose.uses() {
            self.packed.ready("keep_packed_for", usage, &*self.backend, &self.plan, &self.parameters)?;
        }
        self.packed.keep_only(purpose);
        Ok(())
    }

    /// The same network in another number type and on another backend, each parameter rounded to the nearest.
    ///
    /// # Errors
    /// [`Error::Memory`] if it does not fit, [`Error::Range`] if a parameter is not finite in the new type.
    pub fn cast<U: Scalar, C: Backend<U> + ?Sized>(&self, backend: impl Into<Arc<C>>) -> Result<Network<U, C>> {
        let (backend, plan) = (backend.into(), Arc::new(Plan::with(&self.config, self.plan.cells.clone())?));
        let parameters = self.parameters.cast()?;
        let packed = Packed::of(&parameters, self.packed.purpose());
        Ok(Network { config: self.config.clone(), plan, parameters, packed, backend })
    }

    fn criterion(&self, call: &'static str) -> Result<&Criterion<T>> {
        self.plan.criterion.as_ref().ok_or_else(|| Error::Order {
            call,
            expected: "a network with a head".into(),
            found: "one without".into(),
        })
    }
}

impl<T: Scalar, B: ?Sized> Clone for Network<T, B> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            plan: self.plan.clone(),
            parameters: self.parameters.clone(),
            packed: self.packed.clone(),
            backend: self.backend.clone(),
        }
    }
}
