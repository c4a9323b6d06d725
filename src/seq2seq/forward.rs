//! `L(θ)`: source, context, initial state, steps, outputs, loss. `backward` has the same parts in the opposite order.

use super::EncoderDecoder;
use super::attend::{Attending, Steps};
use super::config::{Initial, Query};
use super::feeding::Feeding;
use super::parts::{asks, last_outputs};
use super::source::Source;
use super::workspace::{Sizes, Values, Workspace, seq, zeroed};
use crate::error::{Error, Result, check_len};
use crate::loss::Loss;
use crate::memory::reserve;
use crate::network::{self, Batch, State};
use rnn_kernels::{
    Activation, Backend, EmbeddingForward, IGNORE, MatMut, MatRef, Scalar, SeqMut, SeqRef, SoftmaxCrossEntropy,
};

impl<T: Scalar, B: Backend<T> + ?Sized> EncoderDecoder<T, B> {
    /// The loss, and in the workspace all that backward needs.
    pub(super) fn forward<R: AsRef<[u32]>>(
        &self,
        workspace: &mut Workspace<T>,
        source: Source<'_, T>,
        targets: &[R],
        feeding: Feeding,
    ) -> Result<Loss> {
        check_len("targets, rows", source.rows(), targets.len())?;
        self.check_parameters()?;
        source.check(self, &mut workspace.lengths)?;
        workspace.targets.load(&self.config, targets)?;
        let sizes = Sizes { steps: workspace.targets.steps, rows: targets.len(), source: source.steps() };
        if sizes.rows == 0 {
            return Ok(Loss::default());
        }
        self.feed(workspace, source, feeding)?;
        let Workspace { targets, lengths, encoder, decoder, values, losses, .. } = workspace;
        values.reshape(self, sizes)?;
        zeroed(losses, sizes.steps * sizes.rows)?;
        let last = self.encode(encoder, source, &mut values.context, true)?;
        let mut state = self.decoder.state(sizes.rows)?;
        self.begin(&values.context, &mut values.bridge, last.as_ref(), &mut state);
        self.read(&targets.inputs, sizes, values);
        let attending = self.attending(encoder, lengths);
        if let Some(attending) = &attending {
            attending.keys(&mut values.keys);
        }
        match &attending {
            Some(attending) if self.parts.is_stepwise() => {
                self.steps(attending, decoder, &targets.lengths, sizes, values, &mut state)?;
            }
            _ => self.all_steps(decoder, &targets.lengths, sizes, values, &mut state)?,
        }
        if let Some(attending) = &attending {
            self.combine(attending, &targets.lengths, sizes, values)?;
        }
        let m = sizes.steps * sizes.rows;
        let shown = if attending.is_some() { &values.combined } else { &values.h };
        let logits = MatMut::new(&mut values.logits, m, self.parts.head.outputs);
        self.parts.head.forward(&*self.backend, &self.parameters, MatRef::new(shown, m, self.parts.hidden), logits);
        let logits = MatRef::new(&values.logits, m, self.parts.head.outputs);
        self.backend.softmax_cross_entropy(SoftmaxCrossEntropy {
            logits,
            targets: &targets.outputs,
            loss: losses,
            d_logits: None,
            scale: T::ONE,
        });
        let total: f64 = losses.iter().map(|loss| loss.to_f64()).sum();
        match total.is_finite() {
            true => Ok(Loss::of(total, targets.outputs.iter().filter(|&&symbol| symbol != IGNORE).count())),
            false => Err(Error::NotFinite { what: "loss".into(), index: 0, found: total }),
        }
    }

    /// `v [N, K]`, and the last states of an encoder, whose outputs are then in its workspace.
    pub(super) fn encode(
        &self,
        workspace: &mut network::Workspace<T>,
        source: Source<'_, T>,
        context: &mut [T],
        train: bool,
    ) -> Result<Option<State<T>>> {
        let mut to = MatMut::new(context, source.rows(), self.parts.context);
        match (&self.encoder, source) {
            (Some(encoder), Source::Sequences(batch)) => {
                let mut state = encoder.state(batch.rows())?;
                match train {
                    true => encoder.forward(workspace, &batch, &mut state)?,
                    false => encoder.infer(workspace, &batch, &mut state)?,
                };
                let mut at = 0;
                for (slot, width) in last_outputs(&state) {
                    to.rb_mut().cols_range(at, at + width).copy_from(state.output(slot));
                    at += width;
                }
                Ok(Some(state))
            }
            (None, Source::Vectors(vectors)) => {
                to.copy_from(vectors);
                Ok(None)
            }
            _ => unreachable!("the source was checked"),
        }
    }

    /// `s_0`; a state that takes nothing from the source stays what it is.
    pub(super) fn begin(&self, context: &[T], bridge: &mut [T], last: Option<&State<T>>, state: &mut State<T>) {
        let (rows, parts) = (state.rows(), &self.parts);
        match (self.config.initial, last, &parts.bridge) {
            (Initial::LastStates, Some(last), _) => state.as_mut_slice().copy_from_slice(last.as_slice()),
            (Initial::Bridge, _, Some(affine)) => {
                let mut y = MatMut::new(bridge, rows, parts.states);
                affine.forward(&*self.backend, &self.parameters, MatRef::new(context, rows, parts.context), y.rb_mut());
                self.backend.activation_forward(Activation::Tanh, y);
                for_each_column(state, |to, from| to.copy_from_slice(&bridge[from]), parts.states);
            }
            _ => {}
        }
    }

    /// `x_t = [e(y_{t−1}), v]`, with room for `c_t`.
    fn read(&self, inputs: &[u32], sizes: Sizes, values: &mut Values<T>) {
        let Sizes { steps, rows, .. } = sizes;
        self.embed(inputs, &mut values.embedded);
        let mut x = MatMut::new(&mut values.x, steps * rows, self.parts.input);
        for m in 0..steps * rows {
            self.fill(x.row_mut(m), m, &values.embedded, &values.context[m % rows * self.parts.context..]);
        }
    }

    pub(super) fn embed(&self, inputs: &[u32], embedded: &mut [T]) {
        let target = self.config.target;
        self.backend.embedding_forward(EmbeddingForward {
            table: MatRef::new(&self.parameters[self.parts.embedding.clone()], target.symbols, target.width),
            index: inputs,
            y: MatMut::new(embedded, inputs.len(), target.width),
        });
    }

    /// One row of the decoder's input but for `c_t`; `context` begins with `v`.
    pub(super) fn fill(&self, x: &mut [T], m: usize, embedded: &[T], context: &[T]) {
        let width = self.config.target.width;
        x[..width].copy_from_slice(&embedded[m * width..][..width]);
        if self.config.every_step {
            x[width..][..self.parts.context].copy_from_slice(&context[..self.parts.context]);
        }
    }

    pub(super) fn attending<'a>(
        &'a self,
        encoder: &'a network::Workspace<T>,
        lengths: &'a [usize],
    ) -> Option<Attending<'a, T, B>> {
        let (attention, network) = (self.parts.attention.as_ref()?, self.encoder.as_ref()?);
        let (backend, parameters, values) = (&*self.backend, &self.parameters[..], network.output(encoder));
        Some(Attending { backend, attention, parameters, values, lengths })
    }

    /// `h_t` of all steps at once.
    fn all_steps(
        &self,
        decoder: &mut Vec<network::Workspace<T>>,
        lengths: &[usize],
        sizes: Sizes,
        values: &mut Values<T>,
        state: &mut State<T>,
    ) -> Result<()> {
        workspaces(decoder, 1)?;
        let batch = Batch::features(&values.x, [sizes.steps, sizes.rows, self.parts.input])?.with_lengths(lengths)?;
        let h = self.decoder.forward(&mut decoder[0], &batch, state)?;
        copy(h, &mut values.h);
        Ok(())
    }

    /// `c_t` from `h_{t−1}`, then `h_t` from it, step by step.
    fn steps(
        &self,
        attending: &Attending<'_, T, B>,
        decoder: &mut Vec<network::Workspace<T>>,
        lengths: &[usize],
        sizes: Sizes,
        values: &mut Values<T>,
        state: &mut State<T>,
    ) -> Result<()> {
        let (Sizes { steps, rows, .. }, parts) = (sizes, &self.parts);
        let (hidden, attention) = (parts.hidden, attending.attention);
        workspaces(decoder, steps)?;
        let mut live = Vec::new();
        reserve("rows of a step", &mut live, rows)?;
        live.resize(rows, 0);
        for (t, workspace) in decoder.iter_mut().enumerate().take(steps) {
            live.iter_mut().zip(lengths).for_each(|(live, &length)| *live = usize::from(t < length));
            let (h, x) = (t * rows * hidden..(t + 1) * rows * hidden, t * rows * parts.input);
            let query = &mut values.query[h.clone()];
            MatMut::new(query, rows, hidden).copy_from(asks(state));
            let projected = values.projected.get_mut(t * rows * attention.units..).unwrap_or_default();
            let mut joined = SeqMut::new(&mut values.joined, steps, rows, attention.combine.inputs).slice(t, t + 1);
            let context = joined.rb_mut().cols_range(hidden, attention.combine.inputs);
            attending.forward(
                Steps { first: t, total: steps, count: &|n| live[n], of: &|n| n },
                (seq(query, [1, rows, hidden]), projected),
                &values.keys,
                &mut values.weights,
                context,
            )?;
            let x = &mut values.x[x..][..rows * parts.input];
            let context = joined.rb().cols_range(hidden, attention.combine.inputs);
            let mut to = MatMut::new(x, rows, parts.input).cols_range(parts.input - attention.values, parts.input);
            to.copy_from(context.at(0));
            let batch = Batch::features(x, [1, rows, parts.input])?.with_lengths(&live)?;
            let y = self.decoder.forward(workspace, &batch, state)?;
            copy(y, &mut values.h[h]);
        }
        Ok(())
    }

    /// `tanh(W [h_t, c_t] + b)`, with `c_t` from `h_t` unless it is there.
    fn combine(
        &self,
        attending: &Attending<'_, T, B>,
        lengths: &[usize],
        sizes: Sizes,
        values: &mut Values<T>,
    ) -> Result<()> {
        let (Sizes { steps, rows, .. }, hidden) = (sizes, self.parts.hidden);
        let affine = &attending.attention.combine;
        let mut joined = SeqMut::new(&mut values.joined, steps, rows, affine.inputs);
        if attending.attention.spec.query == Query::After {
            attending.forward(
                Steps { first: 0, total: steps, count: &|n| lengths[n], of: &|n| n },
                (seq(&values.h, [steps, rows, hidden]), &mut values.projected),
                &values.keys,
                &mut values.weights,
                joined.rb_mut().cols_range(hidden, affine.inputs),
            )?;
        }
        let m = steps * rows;
        let mut to = MatMut::new(&mut values.joined, m, affine.inputs);
        to.rb_mut().cols_range(0, hidden).copy_from(MatRef::new(&values.h, m, hidden));
        let mut y = MatMut::new(&mut values.combined, m, hidden);
        affine.forward(&*self.backend, &self.parameters, to.rb(), y.rb_mut());
        self.backend.activation_forward(Activation::Tanh, y);
        Ok(())
    }
}

/// At least `count` workspaces that give `∂L/∂x`.
fn workspaces<T: Scalar>(decoder: &mut Vec<network::Workspace<T>>, count: usize) -> Result<()> {
    reserve("workspaces of steps", decoder, count.saturating_sub(decoder.len()))?;
    while decoder.len() < count {
        let mut workspace = network::Workspace::new();
        workspace.record_d_input(true);
        decoder.push(workspace);
    }
    Ok(())
}

/// `[T, N, W]`, one after another.
pub(super) fn copy<T: Scalar>(from: SeqRef<'_, T>, to: &mut [T]) {
    let [steps, rows, width] = from.shape();
    MatMut::new(to, steps * rows, width).copy_from(from.flat().expect("outputs of a network are contiguous"));
}

/// Every state of every row, and where it is among `[N, S]`, the states of a row side by side.
pub(super) fn for_each_column<T: Scalar>(
    state: &mut State<T>,
    mut f: impl FnMut(&mut [T], std::ops::Range<usize>),
    states: usize,
) {
    let (layout, rows) = (state.layout().clone(), state.rows());
    let flat = state.as_mut_slice();
    let mut column = 0;
    for slot in &layout.slots {
        for (k, &(_, width)) in slot.states.iter().enumerate() {
            let start = slot.state(k, rows).start;
            for n in 0..rows {
                let to = &mut flat[start + n * width..][..width];
                f(to, n * states + column..n * states + column + width);
            }
            column += width;
        }
    }
}
