//! `L(θ)` and `∂L/∂θ` of a batch: forward, loss, and backward through all of its time or window by window.
//!
//! The passes of a network that know a loss or keep what a gradient needs. Each takes in a batch, checks what it was given, and
//! goes over the stages by `run`; passes without a loss and without a reserve are in `step`.

use super::dims::Dims;
use super::omega::Share;
use super::reach::Upstream;
use super::workspace::Done;
use super::{Batch, Network, Parameters, State, Workspace};
use crate::error::{Error, Result};
use crate::finite::{NonFinite, check_finite, first_non_finite};
use crate::loss::{self, Checked, Loss, Objective, Rows, Targets};
use rnn_kernels::{Backend, MatMut, MatRef, Scalar, SeqRef, Use};

/// Cotangents from outside a network; `None` is zero.
#[derive(Clone, Copy, Debug)]
pub struct Cotangents<'a, T> {
    /// `∂L/∂output`, `[T, N, O]`, or `[1, N, O]` where rows are [read out](super::Readout) once. Never read where the
    /// output is 0 since a row has no step there.
    pub output: Option<SeqRef<'a, T>>,
    /// `∂L/∂` of the final state.
    pub state: Option<&'a State<T>>,
}

/// `1 / weight`, or 0 if nothing has a weight.
pub(super) fn over<T: Scalar>(weight: f64) -> T {
    if weight > 0.0 { T::from_f64(1.0 / weight) } else { T::ZERO }
}

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// `output = network(x, state)`, keeping what backward needs.
    ///
    /// The output is `[T, N, O]`, 0 beyond a row's length and in [holes](Batch::skipping) that do not repeat, or `[1, N, O]`
    /// where rows are [read out](super::Readout) once. The state goes in as the initial and comes out as the final one, with no gradient attached.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Shape`] or [`Error::Range`] if batch or state do not fit the network,
    /// [`Error::Overflow`] or [`Error::Memory`] if the pass does not fit into memory, [`Error::NotFinite`] if batch, state
    /// or parameters are not [finite](crate::network#numbers-that-are-not-finite). The state is then unchanged.
    pub fn forward<'w>(
        &self,
        workspace: &'w mut Workspace<T>,
        batch: &Batch<'_, T>,
        state: &mut State<T>,
    ) -> Result<SeqRef<'w, T>> {
        self.load(workspace, batch, state)?;
        workspace.grow(&*self.backend, &self.plan, true)?;
        self.run_forward(workspace, state)?;
        Ok(self.output(workspace))
    }

    /// `∂L/∂θ` and `∂L/∂state` from the cotangents of the last [`forward`](Self::forward) in this workspace.
    ///
    /// Accumulates into `gradients`; overwrites what [`Workspace::d_state`], [`Workspace::d_input`] and
    /// [`Workspace::trace`] give. May be called again on the same forward pass.
    ///
    /// Nothing is left out: where an activation is not finite, a cotangent of 0 gives a gradient that is not, either.
    ///
    /// # Errors
    /// [`Error::Order`] unless the workspace holds a forward pass of this network with its present parameters,
    /// [`Error::Kind`] or [`Error::Shape`] if gradients or cotangents do not fit, [`Error::Memory`] if what is recorded
    /// does not, [`Error::NotFinite`] if a cotangent or a gradient is not
    /// [finite](crate::network#numbers-that-are-not-finite). `gradients` are then unchanged.
    pub fn backward(
        &self,
        workspace: &mut Workspace<T>,
        cotangents: Cotangents<'_, T>,
        gradients: &mut Parameters<T>,
    ) -> Result<()> {
        self.check_forward("backward", workspace)?;
        self.parameters.expect_layout("gradients", gradients)?;
        let shape = self.output_shape(workspace);
        let [_, rows, width] = shape;
        if let Some(state) = cotangents.state {
            state.check("cotangent of the state", &self.plan.state, rows)?;
        }
        if let Some(d) = cotangents.output.filter(|d| d.shape() != shape) {
            return Err(Error::shape("cotangent of the output", &shape, &d.shape()));
        }
        let output = self.plan.output_dims(workspace.dims);
        let live = workspace.timing.live(output);
        let d_output = &mut workspace.d_output[..output.steps * rows * width];
        d_output.fill(T::ZERO);
        if let Some(d) = cotangents.output {
            let places = (0..output.steps).flat_map(|t| (0..rows).map(move |n| (t, n)));
            for (t, n) in places.filter(|&(t, n)| live.shows(t, n)) {
                d_output[(t * rows + n) * width..][..width].copy_from_slice(d.at(t).row(n));
            }
        }
        if workspace.non_finite == NonFinite::Refuse {
            check_finite("cotangent of the output", d_output)?;
            cotangents.state.map_or(Ok(()), |state| check_finite("cotangent of the state", state.as_slice()))?;
        }
        workspace.d_anew.fill_zero();
        self.gradients_or_nothing(workspace, gradients, |workspace, gradients| {
            // What is recorded may have been switched on since forward.
            workspace.grow(&*self.backend, &self.plan, true)?;
            self.run_backward(workspace, Upstream::Caller, cotangents.state, gradients)?;
            self.give_to_initial(workspace, gradients);
            self.give_to_starts(workspace, gradients);
            Ok(())
        })
    }

    /// `L = (1/count) Σ loss` over the targets that count, and `gradients += ∂L/∂θ`: forward, loss and backward.
    ///
    /// The state goes in as the initial and comes out as the final one, detached: carried into the next call this is
    /// truncated BPTT.
    ///
    /// What does not count cannot spoil what does, even if it overflows: outputs without a target are left out of the
    /// products of the layers above the last recurrent one, and a forward layer goes back from a row's last step that
    /// counts. A reverse layer, whose pass began at the row's end, goes back through all of its steps if any of them counts,
    /// and so does what lies below it.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward), and [`Error::Kind`], [`Error::Len`] or [`Error::Range`] if the targets do
    /// not fit, [`Error::Order`] if the network has no head, [`Error::NotFinite`] if a target that counts, the loss or a
    /// gradient is not [finite](crate::network#numbers-that-are-not-finite). State and gradients are then unchanged.
    pub fn loss_and_gradients(
        &self,
        workspace: &mut Workspace<T>,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        state: &mut State<T>,
        gradients: &mut Parameters<T>,
    ) -> Result<Loss> {
        self.loss_and_gradients_over(workspace, batch, targets, None, state, gradients)
    }

    /// As [`loss_and_gradients`](Self::loss_and_gradients) with `L = (1/weight) Σ loss` for a weight of the caller's, such as the number
    /// of targets of several batches whose gradients are added up; 1 is the sum. `None` is that of the batch's own targets.
    ///
    /// # Errors
    /// Those of [`loss_and_gradients`](Self::loss_and_gradients).
    pub fn loss_and_gradients_over(
        &self,
        workspace: &mut Workspace<T>,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        weight: Option<f64>,
        state: &mut State<T>,
        gradients: &mut Parameters<T>,
    ) -> Result<Loss> {
        self.parameters.expect_layout("gradients", gradients)?;
        self.load(workspace, batch, state)?;
        self.all_or_nothing(workspace, state, gradients, |workspace, state, gradients| {
            let loss = self.accumulate(workspace, targets, state, gradients, weight, Share::OfWeight)?;
            self.give_to_starts(workspace, gradients);
            Ok(loss)
        })
    }

    /// `gradients += ∂L/∂θ` with `L` over all of the batch, but no derivative reaching back across the borders of
    /// windows of `window` steps: truncated BPTT. A window of `T` steps or more is full BPTT.
    ///
    /// [Learned initial states](field@super::RecurrentSpec::learned_initial) have the gradient of the windows in which rows begin.
    ///
    /// # Errors
    /// Those of [`loss_and_gradients`](Self::loss_and_gradients), and [`Error::Range`] if the window is empty,
    /// [`Error::Kind`] if the network has a reverse direction or one output for each row.
    pub fn truncated_bptt(
        &self,
        workspace: &mut Workspace<T>,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        window: usize,
        state: &mut State<T>,
        gradients: &mut Parameters<T>,
    ) -> Result<Loss> {
        self.check_windows("truncated_bptt")?;
        if window == 0 {
            return Err(Error::range("window", "at least 1 step", 0));
        }
        self.parameters.expect_layout("gradients", gradients)?;
        self.load(workspace, batch, state)?;
        let (_, counted) = self.check_targets("truncated_bptt", workspace, targets)?;
        let (whole, rows) = (workspace.dims, batch.rows());
        self.all_or_nothing(workspace, state, gradients, |workspace, state, gradients| {
            let mut loss = Loss::default();
            for from in (0..whole.steps).step_by(window) {
                let to = from.saturating_add(window).min(whole.steps);
                let targets = targets.rows(from * rows, to * rows, self.plan.output);
                workspace.take_window(whole.window(from, to));
                loss += self.accumulate(workspace, targets, state, gradients, Some(counted.weight), Share::Whole)?;
            }
            self.give_to_starts(workspace, gradients);
            Ok(loss)
        })
    }

    /// `L = (1/count) Σ loss` over the targets that count, without a gradient and without what one needs.
    ///
    /// # Errors
    /// As [`loss_and_gradients`](Self::loss_and_gradients).
    pub fn evaluate(
        &self,
        workspace: &mut Workspace<T>,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        state: &mut State<T>,
    ) -> Result<Loss> {
        self.load(workspace, &batch.without_noise(), state)?;
        let (targets, counted) = self.check_targets("evaluate", workspace, targets)?;
        workspace.grow(&*self.backend, &self.plan, false)?;
        if workspace.non_finite == NonFinite::Refuse {
            workspace.kept.keep_state(state)?;
        }
        self.run("evaluate", workspace, state, Use::Infer)?;
        let total = self.loss(workspace, targets, None);
        self.check_loss(workspace, total).inspect_err(|_| workspace.kept.give_back_state(state))?;
        Ok(Loss { total, ..counted })
    }

    /// `Ok` if the network can be run window by window with a loss in each.
    pub(crate) fn check_windows(&self, call: &str) -> Result<()> {
        self.plan.check_causal(call)?;
        if self.plan.criterion.as_ref().is_some_and(|criterion| criterion.objective == Objective::Ctc) {
            return Err(Error::kind(format!("{call}, objective"), "a loss of each step by itself", "ctc"));
        }
        if self.plan.reads_out() {
            return Err(Error::kind(format!("{call}, readout"), "an output at every step", "one for each row"));
        }
        Ok(())
    }

    /// The batch at hand: its loss divided by this weight, or by that of its own targets.
    fn accumulate(
        &self,
        workspace: &mut Workspace<T>,
        targets: Targets<'_, T>,
        state: &mut State<T>,
        gradients: &mut Parameters<T>,
        weight: Option<f64>,
        share: Share,
    ) -> Result<Loss> {
        let (targets, own) = self.check_targets("loss_and_gradients", workspace, targets)?;
        if workspace.omega.is_on() {
            self.check_elman("omega")?;
        }
        workspace.grow(&*self.backend, &self.plan, true)?;
        self.run_forward(workspace, state)?;
        let scale = over(weight.unwrap_or(own.weight));
        let total = self.loss(workspace, targets, Some(scale));
        self.check_loss(workspace, total)?;
        self.run_backward(workspace, Upstream::Loss, None, gradients)?;
        if workspace.omega.is_on() {
            self.add_omega(workspace, share.of(own.weight, weight), gradients)?;
        }
        self.give_to_initial(workspace, gradients);
        Ok(Loss { total, ..own })
    }

    pub(super) fn check_targets<'a>(
        &self,
        call: &'static str,
        workspace: &mut Workspace<T>,
        targets: Targets<'a, T>,
    ) -> Result<(Checked<'a, T>, Loss)> {
        let criterion = self.criterion(call)?;
        let (dims, output) = (workspace.dims, self.plan.output_dims(workspace.dims));
        let Workspace { timing, row_loss: loss, row_targets, counted, ctc, non_finite, .. } = workspace;
        let mut rows = Rows { loss, targets: row_targets, counts: &mut counted.marks, ctc };
        let shape = [output.steps, output.rows, self.plan.output];
        let (checked, count) =
            loss::check(criterion.objective, targets, shape, timing.live(output), *non_finite, &mut rows)?;
        counted.measure(dims, timing, (self.plan.reads_out(), output), count)?;
        // Labels are those of whole rows.
        let count = if let Checked::Labels { counts, .. } = checked { counts.len() } else { count };
        let weight = criterion.weight(row_targets, count);
        Ok((checked, Loss { total: 0.0, count, weight }))
    }

    /// `Ok` if the loss is finite or need not be.
    pub(super) fn check_loss(&self, workspace: &Workspace<T>, total: f64) -> Result<()> {
        if workspace.non_finite == NonFinite::Allow || total.is_finite() {
            return Ok(());
        }
        let output = self.plan.output_dims(workspace.dims);
        let losses = &workspace.row_loss[..output.steps * output.rows];
        Err(match first_non_finite(losses) {
            Some(index) => {
                let what = format!("loss[{}, {}]", index / output.rows, index % output.rows);
                Error::NotFinite { what, index, found: losses[index].to_f64() }
            }
            None => Error::NotFinite { what: "sum of the losses".into(), index: 0, found: total },
        })
    }

    /// `Σ loss` of the outputs in the workspace; with a scale also its scaled gradient, into `workspace.d_output`.
    pub(super) fn loss(&self, workspace: &mut Workspace<T>, targets: Checked<'_, T>, scale: Option<T>) -> f64 {
        let (Dims { steps, rows, .. }, width) = (self.plan.output_dims(workspace.dims), self.plan.output);
        let Workspace { outputs, d_output, row_loss: loss, row_targets, counted, ctc, .. } = workspace;
        let output = outputs.last().expect("a plan has a stage");
        let a = MatRef::new(output, steps * rows, width);
        let d_a = scale.map(|_| MatMut::new(d_output, steps * rows, width));
        let rows = Rows { loss, targets: row_targets, counts: &mut counted.marks, ctc };
        let criterion = self.plan.criterion.as_ref().expect("targets were checked against it");
        criterion.evaluate(&*self.backend, a, targets, rows, d_a, scale.unwrap_or(T::ZERO))
    }

    /// Takes in a batch, after checking that it and the state fit the network.
    pub(super) fn load(&self, workspace: &mut Workspace<T>, batch: &Batch<'_, T>, state: &State<T>) -> Result<()> {
        state.check("state", &self.plan.state, batch.rows())?;
        if batch.start > 0 {
            self.plan.check_causal("a window of a longer sequence")?;
        }
        if let Some((_, Some(anew))) = batch.starts {
            anew.check("state to start anew from", &self.plan.state, batch.rows())?;
            if workspace.non_finite == NonFinite::Refuse {
                check_finite("state to start anew from", anew.as_slice())?;
            }
        }
        workspace.load(&self.plan, batch, workspace.non_finite)
    }

    pub(super) fn run_forward(&self, workspace: &mut Workspace<T>, state: &mut State<T>) -> Result<()> {
        self.run("forward", workspace, state, Use::Train)?;
        workspace.done = Done::Forward(self.generation());
        Ok(())
    }

    pub(super) fn run_backward(
        &self,
        workspace: &mut Workspace<T>,
        upstream: Upstream,
        d_state: Option<&State<T>>,
        gradients: &mut Parameters<T>,
    ) -> Result<()> {
        match d_state {
            Some(d_state) => workspace.d_final.as_mut_slice().copy_from_slice(d_state.as_slice()),
            None => workspace.d_final.as_mut_slice().fill(T::ZERO),
        }
        self.run_back("backward", workspace, upstream, gradients)?;
        workspace.done = Done::Backward(self.generation());
        Ok(())
    }

    fn check_forward(&self, call: &'static str, workspace: &Workspace<T>) -> Result<()> {
        let now = self.generation();
        let found = match workspace.done {
            Done::Forward(then) | Done::Backward(then) if then == now => return Ok(()),
            Done::Forward(then) | Done::Backward(then) => format!("one with parameters of generation {then}"),
            Done::Recomputed => "one that was computed window by window".into(),
            Done::Nothing => "none".into(),
        };
        Err(Error::Order { call, expected: format!("a forward pass with parameters of generation {now}"), found })
    }

    /// `[T, N, O]`, or `[1, N, O]`.
    fn output_shape(&self, workspace: &Workspace<T>) -> [usize; 3] {
        [self.plan.output_dims(workspace.dims).given, workspace.dims.rows, self.plan.output]
    }

    /// What the last stage wrote.
    pub(crate) fn output<'w>(&self, workspace: &'w Workspace<T>) -> SeqRef<'w, T> {
        let [steps, rows, width] = self.output_shape(workspace);
        SeqRef::new(workspace.outputs.last().expect("a plan has a stage"), steps, rows, width)
    }
}
