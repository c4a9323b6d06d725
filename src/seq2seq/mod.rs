//! `p(y | x) = Π_t p(y_t | y_{<t}, x)`: a decoder that writes a sequence from what an encoder read, or from one vector.
//!
//! ```text
//! source   e = encoder(x) [Tₓ, N, E] and its last states, v = the last outputs; or v [N, K] is given
//! initial  s_0 = 0 | the last states | tanh(W v + b)
//! step t   x_t = [embedding(y_{t−1}), v?, c_t?],   h_t, s_t = layers(x_t, s_{t−1}),   y_0 = begin
//! context  c_t = Σ_l α_l e_l,   α = softmax(score(h_{t−1} or h_t, e)),   over a row's own steps
//! output   a_t = W [h_t | tanh(W [h_t, c_t] + b)] + b,   p(y_t) = softmax(a_t)
//! loss     −ln p of the symbols of all targets and of the end of each, divided by their number
//! ```
//!
//! Rows are ragged on both sides, and nothing beyond a row's own length has an influence. Encoder and decoder are [`Network`]s, with all of
//! its cells; what comes out is decoded by the [`decoding`](crate::decoding) module.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::decoding::greedy;
//! use recurrent::network::{Config, RecurrentSpec};
//! use recurrent::optim::{Adam, Rule, clip_norm};
//! use recurrent::seq2seq::{AttentionSpec, EncoderDecoderConfig, Feeding, Score, TargetSpec, Workspace};
//! use recurrent::{Batch, EncoderDecoder};
//!
//! // Say three symbols backwards; 0 is the end.
//! let encoder = Config::one_hot(4).recurrent(RecurrentSpec::gru(12));
//! let config = EncoderDecoderConfig::new(encoder, TargetSpec::new(4, 4, 0), RecurrentSpec::gru(12))
//!     .attention(AttentionSpec::after(Score::Dot));
//! let mut model = EncoderDecoder::<f32>::new(&config, 1)?;
//! let (mut workspace, mut gradients) = (Workspace::new(), model.gradients()?);
//! let mut optimiser = model.optimiser(Rule::Adam(Adam::default()))?;
//! let texts = [1, 2, /**/ 2, 3, /**/ 3, 1]; // [T, N]: 1 2 3 and 2 3 1
//! let backwards = [[3_u32, 2, 1], [1, 3, 2]];
//! let source = Batch::symbols(&texts, [3, 2])?;
//! for _ in 0..150 {
//!     gradients.fill_zero();
//!     model.loss_and_gradients(&mut workspace, &source, &backwards, Feeding::Teacher, &mut gradients)?;
//!     clip_norm(&mut gradients, 1.0)?;
//!     model.apply(&mut optimiser, &gradients, 0.01)?;
//! }
//! let texts = greedy(&mut model.decoding(&source)?, 10)?;
//! assert_eq!([&texts[0].symbols[..], &texts[1].symbols[..]], [[3, 2, 1], [1, 3, 2]]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! # Memory
//!
//! All parameters are one flat buffer, for optimisers and clipping; encoder and decoder have copies of theirs, made by
//! [`EncoderDecoder::update`]. With [`Query::Before`] a decoder keeps a workspace for each step, since a step waits for the one before.

mod affine;
mod attend;
mod backward;
mod config;
mod feeding;
mod forward;
mod parts;
mod session;
mod source;
mod targets;
mod workspace;

pub use config::{AttentionSpec, EncoderDecoderConfig, Initial, Query, Score, SourceSpec, TargetSpec};
pub use feeding::Feeding;
pub use session::Decoding;
pub use source::Source;
pub use workspace::Workspace;

use crate::backend::DefaultBackend;
use crate::error::{Error, Result};
use crate::finite::first_non_finite;
use crate::loss::Loss;
use crate::network::{Network, Parameters};
use crate::optim::{Optimiser, Rule};
use parts::Parts;
use rnn_kernels::{Backend, Scalar};
use std::sync::Arc;

/// An encoder and a decoder with all between them, and their parameters: see the [module](self).
///
/// The parameters are `encoder.…`, `embedding.weight [V, E]`, `bridge.weight` and `bridge.bias`, `decoder.…`, `attention.query.weight`,
/// `attention.key.weight` and `attention.v`, `combine.weight` and `combine.bias`, `head.weight` and `head.bias`, as far as the configuration
/// has these parts; those of the two networks are as [`Network::new`] draws them, all others as PyTorch draws embeddings and linear layers.
#[derive(Debug)]
pub struct EncoderDecoder<T, B: ?Sized = DefaultBackend> {
    config: EncoderDecoderConfig,
    parts: Parts,
    parameters: Parameters<T>,
    encoder: Option<Network<T, B>>,
    decoder: Network<T, B>,
    backend: Arc<B>,
    /// The first parameter that is not finite.
    non_finite: Option<usize>,
}

#[cfg(feature = "_backend")]
impl<T: Scalar> EncoderDecoder<T, DefaultBackend>
where
    DefaultBackend: Backend<T>,
{
    /// The model of a configuration on the default backend, its parameters drawn from `seed`.
    ///
    /// # Errors
    /// Those of [`with_backend`](Self::with_backend).
    pub fn new(config: &EncoderDecoderConfig, seed: u64) -> Result<Self> {
        Self::with_backend(config, seed, DefaultBackend::default())
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> EncoderDecoder<T, B> {
    /// The model of a configuration on this backend, its parameters drawn from `seed`.
    ///
    /// # Errors
    /// [`Error::Config`] if the configuration is not one of an encoder–decoder; those of [`Network::with_backend`].
    pub fn with_backend(config: &EncoderDecoderConfig, seed: u64, backend: impl Into<Arc<B>>) -> Result<Self> {
        let backend = backend.into();
        let (encoder, decoder, parameters, parts) = parts::make(config, seed, &backend)?;
        let non_finite = first_non_finite(&parameters);
        Ok(Self { config: config.clone(), parts, parameters, encoder, decoder, backend, non_finite })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
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

    /// A rule with its moments for these parameters, before its first step.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn optimiser(&self, rule: Rule) -> Result<Optimiser<T>> {
        Optimiser::new(rule, self.parameters.len())
    }

    /// Changes the parameters; encoder and decoder have copies of theirs afterwards. A parameter that is not finite then is an error of the
    /// next call.
    ///
    /// # Panics
    /// If `change` replaces the parameters by those of another model.
    pub fn update<R>(&mut self, change: impl FnOnce(&mut Parameters<T>) -> R) -> R {
        let result = change(&mut self.parameters);
        assert!(
            self.parameters.has_blocks(&self.parts.blocks),
            "update: the parameters must keep the blocks of this model"
        );
        if let Some(encoder) = &mut self.encoder {
            encoder.update(|own| own.copy_from_slice(&self.parameters[self.parts.encoder.clone()]));
        }
        self.decoder.update(|own| own.copy_from_slice(&self.parameters[self.parts.decoder.clone()]));
        self.non_finite = first_non_finite(&self.parameters);
        result
    }

    /// `θ ← θ − η direction(gradients)`: one step of an optimiser.
    ///
    /// # Errors
    /// Those of [`Optimiser::step`], and [`Error::Kind`] if the gradients are those of another model. Nothing has changed then.
    pub fn apply(&mut self, optimiser: &mut Optimiser<T>, gradients: &Parameters<T>, rate: f64) -> Result<()> {
        self.parameters.expect_layout("gradients", gradients)?;
        self.update(|parameters| optimiser.step(parameters, gradients, rate))
    }

    /// `L = −(1/count) Σ ln p(y_t | y_{<t}, x)` over the symbols of all targets and their ends, and `gradients += ∂L/∂θ`.
    ///
    /// `targets` has a row for each of the source, of any length, without the end. What the decoder reads is as [`Feeding`] says.
    ///
    /// # Errors
    /// [`Error::Len`], [`Error::Range`] or [`Error::Kind`] if source or targets do not fit the model or each other, a row without a step is to
    /// be attended to, or memory cannot be had; [`Error::NotFinite`] if a number of the source, the parameters, the loss or the gradient is
    /// not finite. `gradients` are then unchanged.
    pub fn loss_and_gradients<'a, R: AsRef<[u32]>>(
        &self,
        workspace: &mut Workspace<T>,
        source: impl Into<Source<'a, T>>,
        targets: &[R],
        feeding: Feeding,
        gradients: &mut Parameters<T>,
    ) -> Result<Loss> {
        self.parameters.expect_layout("gradients", gradients)?;
        let source: Source<'_, T> = source.into();
        let loss = self.forward(workspace, source, targets, feeding)?;
        if loss.count == 0 {
            return Ok(loss);
        }
        workspace.reshape_gradients(self)?;
        self.backward(workspace, source, loss)?;
        let found = &workspace.gradients;
        found.check_finite("gradient")?;
        gradients.iter_mut().zip(found.iter()).for_each(|(sum, &g)| *sum += g);
        Ok(loss)
    }

    /// `L = −(1/count) Σ ln p(y_t | y_{<t}, x)` without a gradient.
    ///
    /// # Errors
    /// Those of [`loss_and_gradients`](Self::loss_and_gradients).
    pub fn evaluate<'a, R: AsRef<[u32]>>(
        &self,
        workspace: &mut Workspace<T>,
        source: impl Into<Source<'a, T>>,
        targets: &[R],
        feeding: Feeding,
    ) -> Result<Loss> {
        let source: Source<'_, T> = source.into();
        self.forward(workspace, source.without_noise(), targets, feeding)
    }

    /// Texts for a source, to be found by [`greedy`](crate::decoding::greedy), [`sample`](crate::decoding::sample) or
    /// [`beam`](crate::decoding::beam).
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Shape`] or [`Error::Range`] if the source does not fit the model or memory cannot be had,
    /// [`Error::NotFinite`] if a number of it or a parameter is not finite.
    pub fn decoding<'a, 's>(&'a self, source: impl Into<Source<'s, T>>) -> Result<Decoding<'a, T, B>> {
        let source: Source<'_, T> = source.into();
        Decoding::new(self, source.without_noise())
    }

    fn check_parameters(&self) -> Result<(), Error> {
        self.non_finite.map_or(Ok(()), |index| Err(self.parameters.not_finite("parameters", index)))
    }
}

impl<T: Scalar, B: ?Sized> Clone for EncoderDecoder<T, B> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            parts: self.parts.clone(),
            parameters: self.parameters.clone(),
            encoder: self.encoder.clone(),
            decoder: self.decoder.clone(),
            backend: self.backend.clone(),
            non_finite: self.non_finite,
        }
    }
}
