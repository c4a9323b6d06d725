//! Reserves, activations, cotangents and scratch: sized once for `(T, N)`, reused, grown when asked for more.

use super::batch::{Batch, BatchInput};
use super::dims::Dims;
use super::dropped::{Dropped, Seeds};
use super::kept::Kept;
use super::masks::Masks;
use super::omega::Omega;
use super::plan::{InputKind, Plan, Stage};
use super::reach::Counted;
use super::state::{State, StateLayout, find};
use super::timing::Timing;
use crate::buffer::Aligned;
use crate::error::{Error, Result, checked_product};
use crate::finite::{NonFinite, first_non_finite};
use crate::memory::{reserve, room};
use rnn_kernels::sequence::resets::{self, Resets};
use rnn_kernels::{Backend, Direction, IGNORE, Scalar, SeqRef};
use std::sync::Arc;

/// Everything a pass over time writes besides the state; one for each thread of work, reused from pass to pass.
///
/// It keeps a copy of the batch, so that backward cannot be given another one, and remembers which parameters
/// forward used, so that backward cannot use others.
#[derive(Debug)]
pub struct Workspace<T> {
    pub(crate) dims: Dims,
    pub(crate) timing: Timing,
    pub(crate) index: Vec<u32>,
    /// `[N]`: of symbols, those that were read out.
    pub(crate) picked: Vec<u32>,
    pub(crate) x: Aligned<T>,
    pub(crate) masks: Masks<T>,
    pub(crate) dropped: Dropped<T>,
    /// What each stage wrote.
    pub(crate) outputs: Vec<Aligned<T>>,
    /// By slot.
    pub(crate) reserves: Vec<Aligned<T>>,
    /// By slot.
    pub(crate) traces: Vec<Aligned<T>>,
    /// The cotangent of the output, where backward begins; on its way it takes turns with the next one.
    pub(crate) d_output: Aligned<T>,
    /// The cotangent of what a stage read, from which that of the stage before it goes on.
    pub(crate) d_between: Aligned<T>,
    pub(crate) d_x: Aligned<T>,
    pub(crate) d_initial: State<T>,
    /// What rows start anew from.
    pub(crate) anew: State<T>,
    pub(crate) d_anew: State<T>,
    pub(crate) d_final: State<T>,
    /// `[N]`: which rows began with the last forward pass, if there are learned initial states.
    pub(crate) began: Vec<bool>,
    /// For each of two directions.
    pub(crate) scratch: [Aligned<T>; 2],
    /// What the second direction of a layer writes while the first one does.
    pub(crate) beside: Aligned<T>,
    pub(crate) row_loss: Aligned<T>,
    pub(crate) row_targets: Vec<u32>,
    pub(crate) ctc: Vec<f64>,
    pub(crate) counted: Counted,
    /// The input of a dense layer with 0 in the rows that do not count.
    pub(crate) masked: Aligned<T>,
    pub(crate) kept: Kept<T>,
    pub(crate) record_traces: bool,
    pub(crate) record_d_x: bool,
    pub(crate) non_finite: NonFinite,
    pub(crate) clip: Option<T>,
    pub(crate) omega: Omega<T>,
    pub(crate) done: Done,
}

/// What the contents of a workspace belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Nothing,
    /// Forward, with the parameters of this generation.
    Forward(u64),
    /// Backward too.
    Backward(u64),
    /// The gradients of a whole batch that was gone through window by window; nothing else of it is at hand.
    Recomputed,
}

impl<T: Scalar> Default for Workspace<T> {
    fn default() -> Self {
        let empty = || State::empty(Arc::new(StateLayout { slots: Vec::new(), width: 0 }));
        Self {
            dims: Dims::default(),
            timing: Timing::default(),
            index: Vec::new(),
            picked: Vec::new(),
            x: Aligned::default(),
            masks: Masks::default(),
            dropped: Dropped::default(),
            outputs: Vec::new(),
            reserves: Vec::new(),
            traces: Vec::new(),
            d_output: Aligned::default(),
            d_between: Aligned::default(),
            d_x: Aligned::default(),
            d_initial: empty(),
            anew: empty(),
            d_anew: empty(),
            d_final: empty(),
            began: Vec::new(),
            scratch: [Aligned::default(), Aligned::default()],
            beside: Aligned::default(),
            row_loss: Aligned::default(),
            row_targets: Vec::new(),
            ctc: Vec::new(),
            counted: Counted::default(),
            masked: Aligned::default(),
            kept: Kept::default(),
            record_traces: false,
            record_d_x: false,
            non_finite: NonFinite::Refuse,
            clip: None,
            omega: Omega::default(),
            done: Done::Nothing,
        }
    }
}

impl<T: Scalar> Workspace<T> {
    /// An empty workspace: the first pass sizes it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether backward records `∂L/∂h` at every step of every recurrent layer, for [`trace`](Self::trace).
    pub fn record_traces(&mut self, record: bool) {
        self.record_traces = record;
    }

    /// Whether backward computes `∂L/∂x` of real-valued input, for [`d_input`](Self::d_input).
    pub fn record_d_input(&mut self, record: bool) {
        self.record_d_x = record;
    }

    /// What becomes of NaN and infinities in passes with this workspace: by default they are an error. Who studies how
    /// gradients diverge allows them. [Which numbers are examined](crate::network#numbers-that-are-not-finite).
    pub fn on_non_finite(&mut self, choice: NonFinite) {
        self.non_finite = choice;
    }

    /// `c`: in every backward pass, what goes from a step of a recurrent layer to the one before it is `min(max(d, −c), c)`, for every
    /// element of the cotangents of its states. That is **not the gradient** of anything, but bounds what one step can hand on; clipping
    /// the norm of the gradient is [another thing](crate::optim). `None`, the default, is the gradient.
    ///
    /// # Errors
    /// [`Error::Range`] if it is below 0 or no number.
    pub fn clip_between_steps(&mut self, limit: Option<T>) -> Result<()> {
        if let Some(limit) = limit.filter(|&limit| limit.is_nan() || limit < T::ZERO) {
            return Err(Error::range("clip between steps", "at least 0", limit.to_f64()));
        }
        self.clip = limit;
        Ok(())
    }

    /// `∂L/∂h [T+1, N, H]` of a recurrent layer, counted from the input, in one direction: slot `s` is the whole
    /// derivative by the state `h_s`, whichever way it acts on the loss. A forward layer has its initial state in
    /// slot 0, a reverse one in slot `T`. Where a row [starts anew](Batch::starting_anew) it is that of the state the row had before.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction, [`Error::Order`] unless the last pass was a backward
    /// one with [`record_traces`](Self::record_traces) on.
    pub fn trace(&self, layer: usize, direction: Direction) -> Result<SeqRef<'_, T>> {
        self.after_backward("trace", self.record_traces, "record_traces(true)")?;
        let layout = self.d_initial.layout();
        let slot = find(layout, layer, direction)?;
        Ok(SeqRef::new(&self.traces[slot], self.dims.given + 1, self.dims.rows, layout.slots[slot].states[0].1))
    }

    /// `∂L/∂x [T, N, C]`, 0 beyond a row's length.
    ///
    /// # Errors
    /// [`Error::Order`] unless the last pass was a backward one over real-valued input with
    /// [`record_d_input`](Self::record_d_input) on.
    pub fn d_input(&self) -> Result<SeqRef<'_, T>> {
        self.after_backward("d_input", self.record_d_x && self.dims.width > 0, "record_d_input(true), real input")?;
        Ok(SeqRef::new(&self.d_x, self.dims.given, self.dims.rows, self.dims.width))
    }

    /// `∂L/∂` of the initial states, such as `∂L/∂h` and `∂L/∂c`; of a row at its [beginning](State#rows-at-their-beginning) that of
    /// the learned ones, which the gradient of the parameters has, too.
    ///
    /// # Errors
    /// [`Error::Order`] unless the last pass was a backward one.
    pub fn d_state(&self) -> Result<&State<T>> {
        self.after_backward("d_state", true, "")?;
        Ok(&self.d_initial)
    }

    /// `∂L/∂` of the state that rows [start anew from](Batch::starting_anew_from), summed over all starts of each row; 0 where none does.
    ///
    /// # Errors
    /// [`Error::Order`] unless the last pass was a backward one.
    pub fn d_start(&self) -> Result<&State<T>> {
        self.after_backward("d_start", true, "")?;
        Ok(&self.d_anew)
    }

    pub(super) fn after_backward(&self, call: &'static str, recorded: bool, setting: &str) -> Result<()> {
        match self.done {
            Done::Backward(_) | Done::Recomputed if recorded => Ok(()),
            Done::Backward(_) | Done::Recomputed => Err(Error::Order {
                call,
                expected: format!("backward with {setting}"),
                found: "backward without".into(),
            }),
            _ => Err(Error::Order { call, expected: "a backward pass".into(), found: "none".into() }),
        }
    }

    /// Takes a copy of the batch, checked against the network; padding becomes 0 or a symbol that is not read.
    pub(crate) fn load(&mut self, plan: &Plan<T>, batch: &Batch<'_, T>, non_finite: NonFinite) -> Result<()> {
        let (given, rows) = (batch.steps(), batch.rows());
        self.done = Done::Nothing;
        self.omega.begin();
        // A state is kept before and after every step.
        given.checked_add(1).ok_or_else(|| Error::Overflow { what: "T + 1".into(), factors: vec![given] })?;
        let steps = if rows == 0 { 0 } else { given };
        let (skipped, held) = batch.skipped.map_or((&[][..], None), |(skipped, held)| (skipped, Some(held)));
        let (starts, anew) = batch.starts.unwrap_or((&[], None));
        self.timing.load(batch.lengths.unwrap_or(&[]), skipped, starts)?;
        let (start, ragged) = (batch.start, batch.lengths.is_some());
        self.dims = Dims { given, steps, rows, width: 0, start, first: 0, ragged, held, anew: batch.starts.is_some() };
        if self.dims.anew {
            self.anew.reshape(&plan.state, rows)?;
            match anew {
                Some(anew) => self.anew.copy_from(anew),
                None => self.anew.fill_zero(),
            }
        }
        self.d_anew.reshape(&plan.state, rows)?;
        self.d_anew.as_mut_slice().fill(T::ZERO);
        let live = self.timing.live(self.dims);
        match (batch.input, plan.input) {
            (BatchInput::Features(x), InputKind::Features { width }) => {
                if x.cols() != width {
                    return Err(Error::shape("features [T, N, C]", &[given, rows, width], &x.shape()));
                }
                self.dims.width = width;
                let len = checked_product("features [T, N, C]", &[steps, rows, width])?;
                self.x.grow("features", len)?;
                for (t, n) in (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n))) {
                    let to = &mut self.x[(t * rows + n) * width..][..width];
                    if live.live(t, n) { to.copy_from_slice(x.at(t).row(n)) } else { to.fill(T::ZERO) }
                }
                if non_finite == NonFinite::Refuse
                    && let Some(index) = first_non_finite(&self.x[..len])
                {
                    let [t, n, c] = [index / width / rows, index / width % rows, index % width];
                    let what = format!("features[{t}, {n}, {c}]");
                    return Err(Error::NotFinite { what, index, found: self.x[index].to_f64() });
                }
            }
            (BatchInput::Symbols { index, strides, .. }, InputKind::Symbols { count }) => {
                self.index.clear();
                reserve("symbols", &mut self.index, checked_product("symbols [T, N]", &[steps, rows])?)?;
                for (t, n) in (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n))) {
                    let symbol = index[t * strides[0] + n * strides[1]];
                    let is_live = live.live(t, n);
                    if is_live && symbol as usize >= count {
                        return Err(Error::range(format!("symbols[{t}, {n}]"), format!("below {count}"), symbol));
                    }
                    self.index.push(if is_live { symbol } else { IGNORE });
                }
            }
            (BatchInput::Features(_), InputKind::Symbols { .. }) => {
                return Err(Error::kind("batch", "symbols", "real vectors"));
            }
            (BatchInput::Symbols { .. }, InputKind::Features { .. }) => {
                return Err(Error::kind("batch", "real vectors", "symbols"));
            }
        }
        let mut seeds = batch.noise.map(Seeds::new);
        self.dropped.load(plan, seeds.as_mut(), self.dims)?;
        self.masks.load(plan, batch.masks, self.dims, &self.timing, non_finite, seeds.as_mut())
    }

    /// Whether backward writes traces, for the caller or for what follows it.
    pub(crate) fn needs_traces(&self) -> bool {
        self.record_traces || self.omega.is_on()
    }

    /// The steps of `dims` alone, of the batch that was taken in.
    pub(crate) fn take_window(&mut self, dims: Dims) {
        (self.done, self.dims) = (Done::Nothing, dims);
    }

    /// Room for the input cotangents of all windows of a batch.
    pub(crate) fn grow_d_input(&mut self, whole: Dims) -> Result<()> {
        let len = checked_product("input cotangents", &[whole.steps, whole.rows, whole.width])?;
        self.d_x.grow("input cotangents", len)
    }

    /// Puts the input cotangents of the window at hand where they belong in those of the batch; later windows are there already.
    pub(crate) fn put_d_input(&mut self) {
        let Dims { steps, rows, width, .. } = self.dims;
        self.d_x.copy_within(..steps * rows * width, self.dims.range(width).start);
    }

    /// Room for a pass over the batch at hand; for training also what backward needs.
    ///
    /// That is all: no number that a pass reads is one that this wrote. What adds to a buffer sets it to 0 first.
    pub(crate) fn grow<B: Backend<T> + ?Sized>(&mut self, backend: &B, plan: &Plan<T>, train: bool) -> Result<()> {
        let Dims { steps, rows, .. } = self.dims;
        let slots = steps + 1; // `load` saw that it fits
        self.outputs.resize_with(plan.stages.len(), Aligned::default);
        self.reserves.resize_with(plan.state.slots.len(), Aligned::default);
        self.traces.resize_with(plan.state.slots.len(), Aligned::default);
        let (mut dims, mut widest) = (self.dims, self.dims.width);
        for (k, (stage, output)) in plan.stages.iter().zip(&mut self.outputs).enumerate() {
            if stage.reads_out() {
                dims = dims.read_out();
            }
            if stage.reads_out() && plan.reads_symbols(k) {
                room("symbols", &mut self.picked, rows)?;
            }
            let (t, width) = (dims.steps, plan.width(k));
            let leaves_out = train && self.counted.leave_out() && !plan.reads_symbols(k);
            if let (Stage::Dense(layer), true) = (stage, leaves_out) {
                let len = checked_product("input of what counts", &[t, rows, layer.input])?;
                self.masked.grow("input of what counts", len)?;
            }
            widest = widest.max(width);
            output.grow("activations", checked_product("activations", &[t, rows, width])?)?;
        }
        for (layer, way) in plan.ways() {
            // Every size a cell computes from these must fit before the cell is asked for one.
            checked_product("reserve", &[slots, rows, layer.step_width().saturating_mul(2), 32])?;
            let lens = match self.timing.starts(self.dims) {
                None => backend.lens(&layer.spec, steps, rows),
                Some(starts) => {
                    let (spec, resets) = (&layer.spec, Resets { starts, state: None });
                    let mut lens = resets::lens(backend, spec, way.direction, resets, [steps, rows]);
                    // The states that the pass begins with.
                    lens.forward = lens.forward.saturating_add(spec.states_len(rows));
                    lens
                }
            };
            let scratch = if train { lens.forward.max(lens.backward) } else { lens.infer };
            let both = layer.ways.len() == 2;
            self.scratch.iter_mut().take(layer.ways.len()).try_for_each(|space| space.grow("scratch", scratch))?;
            if both {
                let (input, output) = (layer.input(), layer.spec.y_width());
                let width = if train { input.max(output) } else { output };
                self.beside.grow("one direction", checked_product("one direction", &[steps, rows, width])?)?;
            }
            if train {
                self.reserves[way.slot].grow("reserve", lens.reserve)?;
            }
            if train && self.needs_traces() {
                self.traces[way.slot].grow("trace", checked_product("trace", &[slots, rows, layer.spec.y_width()])?)?;
            }
        }
        if train {
            let len = checked_product("cotangents", &[slots, rows, widest])?;
            [&mut self.d_output, &mut self.d_between].into_iter().try_for_each(|d| d.grow("cotangents", len))?;
            self.d_initial.reshape(&plan.state, rows)?;
            self.d_final.reshape(&plan.state, rows)?;
            if plan.state.is_learned() {
                room("rows that begin", &mut self.began, rows)?;
            }
            if self.record_d_x {
                let len = checked_product("input cotangents", &[steps, rows, self.dims.width])?;
                self.d_x.grow("input cotangents", len)?;
            }
        }
        Ok(())
    }
}
