//! What a pass writes: sized by the first one, reused, grown when asked for more.

use super::EncoderDecoder;
use super::targets::Targets;
use crate::buffer::Aligned;
use crate::error::{Result, checked_product};
use crate::network::{self, Parameters};
use rnn_kernels::{Backend, Scalar, SeqRef};

/// Everything that training writes besides gradients; one for each thread of work.
#[derive(Debug)]
pub struct Workspace<T> {
    pub(super) targets: Targets,
    /// Of the source, by row.
    pub(super) lengths: Vec<usize>,
    pub(super) encoder: network::Workspace<T>,
    /// One, or one for each step where steps wait for each other.
    pub(super) decoder: Vec<network::Workspace<T>>,
    pub(super) values: Values<T>,
    pub(super) cotangents: Values<T>,
    pub(super) losses: Aligned<T>,
    /// Of the model, the encoder and the decoder.
    pub(super) gradients: Parameters<T>,
    pub(super) of_encoder: Parameters<T>,
    pub(super) of_decoder: Parameters<T>,
}

/// What a pass computes, and the cotangents of it.
#[derive(Debug)]
pub(super) struct Values<T> {
    /// `[N, K]`: `v`.
    pub context: Aligned<T>,
    /// `[N, S]`: `tanh(W v + b)`.
    pub bridge: Aligned<T>,
    /// `[T·N, E]`: vectors of symbols.
    pub embedded: Aligned<T>,
    /// `[T, N, X]`.
    pub x: Aligned<T>,
    /// `[T, N, H]`.
    pub h: Aligned<T>,
    /// `[T, N, H]`: the states that ask, where that is not `h`.
    pub query: Aligned<T>,
    /// `[T, N, A]`: `W_q h`.
    pub projected: Aligned<T>,
    /// `[Tₓ, N, E]`: cotangents of the encoder's outputs alone.
    pub outputs: Aligned<T>,
    /// `[Tₓ, N, A]`: `W_k e`.
    pub keys: Aligned<T>,
    /// `[N, T, Tₓ]`: `α`.
    pub weights: Aligned<T>,
    /// `[T, N, H + E]`: `[h, c]`.
    pub joined: Aligned<T>,
    /// `[T, N, H]`: `tanh(W [h, c] + b)`.
    pub combined: Aligned<T>,
    /// `[T, N, V]`.
    pub logits: Aligned<T>,
}

impl<T: Scalar> Default for Values<T> {
    fn default() -> Self {
        let [context, bridge, embedded, x, h, query, projected] = [(); 7].map(|()| Aligned::default());
        let [outputs, keys, weights, joined, combined, logits] = [(); 6].map(|()| Aligned::default());
        Self { context, bridge, embedded, x, h, query, projected, outputs, keys, weights, joined, combined, logits }
    }
}

/// The sizes of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// `T`.
    pub steps: usize,
    /// `N`.
    pub rows: usize,
    /// `Tₓ`.
    pub source: usize,
}

impl<T: Scalar> Default for Workspace<T> {
    fn default() -> Self {
        Self {
            targets: Targets::default(),
            lengths: Vec::new(),
            encoder: network::Workspace::new(),
            decoder: Vec::new(),
            values: Values::default(),
            cotangents: Values::default(),
            losses: Aligned::default(),
            gradients: Parameters::none(),
            of_encoder: Parameters::none(),
            of_decoder: Parameters::none(),
        }
    }
}

impl<T: Scalar> Workspace<T> {
    /// An empty workspace: the first pass sizes it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `[T, N]`: what the decoder read in the last pass, `T` the longest target with its end; the end symbol beyond a row's length.
    #[must_use]
    pub fn inputs(&self) -> &[u32] {
        &self.targets.inputs
    }

    /// `∂L/∂v [N, K]` of the last [`loss_and_gradients`](EncoderDecoder::loss_and_gradients): of a given vector the derivative by it, so that
    /// what made it can be trained with the rest. What comes back through attention and states of an encoder is not in it.
    #[must_use]
    pub fn d_context(&self) -> &[T] {
        &self.cotangents.context
    }

    /// `α [Tₓ]` of step `t` of row `n` in the last pass; beyond the length of its source it is 0. Empty without attention.
    ///
    /// # Errors
    /// [`Error::Range`](crate::Error::Range) if there is no such step or row.
    pub fn attention(&self, t: usize, n: usize) -> Result<&[T]> {
        let length = self.targets.lengths.get(n).copied().unwrap_or(0);
        if t >= length {
            return Err(crate::Error::range("attention, step and row", "one of the last pass", format!("{t}, {n}")));
        }
        let source = self.values.weights.len() / (self.targets.steps * self.targets.lengths.len());
        Ok(&self.values.weights[(n * self.targets.steps + t) * source..][..source])
    }

    pub(super) fn reshape_gradients<B: Backend<T> + ?Sized>(&mut self, model: &EncoderDecoder<T, B>) -> Result<()> {
        let zero = |own: &mut Parameters<T>, of: &Parameters<T>| -> Result<()> {
            if own.same_layout(of) {
                own.fill_zero();
            } else {
                *own = of.zeros_like()?;
            }
            Ok(())
        };
        zero(&mut self.gradients, &model.parameters)?;
        zero(&mut self.of_decoder, model.decoder.parameters())?;
        model.encoder.as_ref().map_or(Ok(()), |encoder| zero(&mut self.of_encoder, encoder.parameters()))
    }
}

impl<T: Scalar> Values<T> {
    /// Exactly what a pass of these sizes needs, all of it 0.
    pub fn reshape<B: Backend<T> + ?Sized>(&mut self, model: &EncoderDecoder<T, B>, sizes: Sizes) -> Result<()> {
        let (Sizes { steps, rows, source }, parts) = (sizes, &model.parts);
        let (attention, target) = (parts.attention.as_ref(), model.config.target);
        let joined = attention.map_or(0, |attention| attention.combine.inputs);
        let units = attention.filter(|attention| attention.learned.is_some()).map_or(0, |attention| attention.units);
        let [values, keys, asks] = attention.map_or([0; 3], |a| [a.values, a.units, parts.hidden]);
        let of = |present: bool, width: usize| if present { width } else { 0 };
        let buffers = [
            (&mut self.context, [1, rows, parts.context]),
            (&mut self.bridge, [1, rows, of(parts.bridge.is_some(), parts.states)]),
            (&mut self.embedded, [steps, rows, target.width]),
            (&mut self.x, [steps, rows, parts.input]),
            (&mut self.h, [steps, rows, parts.hidden]),
            (&mut self.query, [steps, rows, asks]),
            (&mut self.projected, [steps, rows, of(attention.is_some(), units)]),
            (&mut self.outputs, [source, rows, values]),
            (&mut self.keys, [source, rows, keys]),
            (&mut self.weights, [rows, steps, of(attention.is_some(), source)]),
            (&mut self.joined, [steps, rows, joined]),
            (&mut self.combined, [steps, rows, of(attention.is_some(), parts.hidden)]),
            (&mut self.logits, [steps, rows, target.symbols]),
        ];
        buffers.into_iter().try_for_each(|(buffer, shape)| zeroed(buffer, checked_product("activations", &shape)?))
    }
}

/// `len` zeros in the room that is there; allocates only beyond every earlier length.
pub(super) fn zeroed<T: Scalar>(buffer: &mut Aligned<T>, len: usize) -> Result<()> {
    buffer.clear();
    buffer.grow("activations", len)
}

/// `[T, N, W]` of a contiguous buffer.
pub(super) fn seq<T>(data: &[T], sizes: [usize; 3]) -> SeqRef<'_, T> {
    let [steps, rows, width] = sizes;
    SeqRef::new(data, steps, rows, width)
}
