//! What an encoder–decoder is made of, as data.

use crate::network::{Config, RecurrentSpec};
use serde::{Deserialize, Serialize};

/// An encoder or a given vector, a decoder, and what the second sees of the first.
///
/// ```
/// use recurrent::network::{Config, RecurrentSpec};
/// use recurrent::seq2seq::{AttentionSpec, EncoderDecoderConfig, Initial, Score, TargetSpec};
///
/// let encoder = Config::embedding(30, 8).recurrent(RecurrentSpec::gru(16).bidirectional());
/// let config = EncoderDecoderConfig::new(encoder, TargetSpec::new(20, 8, 0), RecurrentSpec::gru(16))
///     .initial(Initial::Bridge)
///     .attention(AttentionSpec::before(Score::Additive { units: 12 }));
/// let text = serde_json::to_string(&config).unwrap();
/// assert_eq!(serde_json::from_str::<EncoderDecoderConfig>(&text).unwrap(), config);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderDecoderConfig {
    /// What a target is made from.
    pub source: SourceSpec,
    /// What is written.
    pub target: TargetSpec,
    /// The recurrent layers of the decoder, in forward direction and without dropout.
    pub decoder: RecurrentSpec,
    /// What the decoder begins with.
    #[serde(default)]
    pub initial: Initial,
    /// Whether the context vector is input at every step, `x_t = [e(y_{t−1}), v]`.
    #[serde(default)]
    pub every_step: bool,
    /// Whether the decoder attends to what the encoder wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<AttentionSpec>,
}

/// What a target is made from; from it comes the *context vector* `v [N, K]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceSpec {
    /// Sequences, which this network reads: without a head, and with an output at every step. `v` is the last output of its last recurrent
    /// layer, of each direction, side by side: that of a row's own last step, and of its first the other way.
    Encoder(Box<Config>),
    /// One vector for each target, which is `v`: one → sequence.
    Vector {
        /// `K`.
        width: usize,
    },
}

impl From<Config> for SourceSpec {
    fn from(encoder: Config) -> Self {
        SourceSpec::Encoder(Box::new(encoder))
    }
}

/// What is written: symbols, each with a trained vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// `V`: how many symbols there are, the end among them.
    pub symbols: usize,
    /// The width of the vector of a symbol.
    pub width: usize,
    /// The symbol that the decoder reads first; may be the end.
    pub begin: u32,
    /// The symbol that ends a target; no target has it anywhere else.
    pub end: u32,
}

impl TargetSpec {
    /// `V` symbols with vectors of this width; `end` both ends a target and stands before it.
    #[must_use]
    pub fn new(symbols: usize, width: usize, end: u32) -> Self {
        Self { symbols, width, begin: end, end }
    }
}

/// What the decoder begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initial {
    /// Nothing of the source: 0, or what is [learned](field@RecurrentSpec::learned_initial).
    Zero,
    /// The last states of the encoder, all of them as they are (Sutskever, Vinyals & Le 2014). Both have the same stack of layers then.
    #[default]
    LastStates,
    /// `s_0 = tanh(W v + b)`, all states of all layers, whatever the widths (Cho et al. 2014).
    Bridge,
}

/// How well a state of the decoder fits an output of the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Score {
    /// `h · e`: both have the same width (Luong, Pham & Manning 2015).
    Dot,
    /// `h · e / √width` (Vaswani et al. 2017).
    ScaledDot,
    /// `v · tanh(W_q h + W_k e)` (Bahdanau, Cho & Bengio 2015).
    Additive {
        /// The width of `v`.
        units: usize,
    },
}

/// Which state of the decoder asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// The one before the step, `h_{t−1}`: what comes out is input of the step, `x_t = [e(y_{t−1}), …, c_t]` (Bahdanau, Cho & Bengio 2015).
    Before,
    /// The one after it, `h_t`: all steps are computed before any of them attends (Luong, Pham & Manning 2015).
    After,
}

/// Attention over the outputs of the encoder. The output of a step is `tanh(W [h_t, c_t] + b)` then, and `h_t` without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttentionSpec {
    /// How well they fit.
    pub score: Score,
    /// Which state asks.
    pub query: Query,
}

impl AttentionSpec {
    /// The state before a step asks.
    #[must_use]
    pub fn before(score: Score) -> Self {
        Self { score, query: Query::Before }
    }

    /// The state after a step asks.
    #[must_use]
    pub fn after(score: Score) -> Self {
        Self { score, query: Query::After }
    }
}

impl EncoderDecoderConfig {
    /// A decoder that begins with the last states of the encoder, or, of a given vector, with `tanh(W v + b)`.
    #[must_use]
    pub fn new(source: impl Into<SourceSpec>, target: TargetSpec, decoder: RecurrentSpec) -> Self {
        let source = source.into();
        let initial = match source {
            SourceSpec::Encoder(_) => Initial::LastStates,
            SourceSpec::Vector { .. } => Initial::Bridge,
        };
        Self { source, target, decoder, initial, every_step: false, attention: None }
    }

    /// What the decoder begins with.
    #[must_use]
    pub fn initial(self, initial: Initial) -> Self {
        Self { initial, ..self }
    }

    /// The context vector as input at every step.
    #[must_use]
    pub fn every_step(self) -> Self {
        Self { every_step: true, ..self }
    }

    /// Attention over the outputs of the encoder.
    #[must_use]
    pub fn attention(self, attention: AttentionSpec) -> Self {
        Self { attention: Some(attention), ..self }
    }
}
