//! `p(y | x) = Π_t p(y_t | y_1 … y_{t−1}, x)`: one network reads a sequence, another one writes one of another length.
//!
#![doc = include_str!("pictures/encoder_decoder.svg")]
//!
//! The encoder reads all of `x` and is left with a state. The decoder begins with it, and at every step reads the symbol before and says how likely each next one is, until the end symbol (Sutskever, Vinyals &
//! Le 2014; Cho et al. 2014). Its source may also be one vector: from a picture, or from a category, to a sequence.
//!
//! | what the decoder begins with | [`Initial`](crate::seq2seq::Initial) |
//! |---|---|
//! | the last states of the encoder, of the same layers | [`LastStates`](crate::seq2seq::Initial::LastStates) |
//! | `s_0 = tanh(W v + b)` of the last outputs `v`, whatever the widths | [`Bridge`](crate::seq2seq::Initial::Bridge) |
//! | nothing, where attention or the context at [every step](crate::seq2seq::EncoderDecoderConfig::every_step) says it all | [`Zero`](crate::seq2seq::Initial::Zero) |
//!
//! *Shapes*: source `[T_x, N, C]` or symbols, targets of any other lengths, ragged on both sides; logits `[T_y, N, V]`. All parameters are one buffer, so that optimisers and clipping know of no parts.
//!
//! *Feeding*: in training the decoder reads the true symbols, [`Feeding::Teacher`](crate::seq2seq::Feeding::Teacher); what it reads in use are its own. Scheduled sampling, [`Feeding::Scheduled`](crate::seq2seq::Feeding::Scheduled), mixes both.
//!
//! *When to use it*: for translating, and all where lengths differ and the order may change. If the labels come in the order of the input, [CTC](super::unaligned) is smaller; if there is one label a step, a
//! [bidirectional](super::bidirectional) network is.
//!
//! *Gradients*: everything the decoder learns of the source goes through one state, a vector of fixed width, and back through `T_y + T_x` steps. That is where [attention](super::attending) came from. Before anything is
//! learnt every symbol is as likely as any other:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, RecurrentSpec};
//! use recurrent::seq2seq::{EncoderDecoderConfig, Feeding, TargetSpec, Workspace};
//! use recurrent::{Batch, EncoderDecoder};
//!
//! let encoder = Config::one_hot(4).recurrent(RecurrentSpec::gru(6));
//! let config = EncoderDecoderConfig::new(encoder, TargetSpec::new(5, 3, 0), RecurrentSpec::gru(6));
//! let mut model = EncoderDecoder::<f64>::new(&config, 1)?;
//! model.update(|parameters| parameters.fill_zero());
//! let (mut workspace, mut gradients) = (Workspace::new(), model.gradients()?);
//! // Three steps in, two symbols and the end out.
//! let source = Batch::symbols(&[1, 2, 3], [3, 1])?;
//! let loss = model.loss_and_gradients(&mut workspace, &source, &[[4, 2]], Feeding::Teacher, &mut gradients)?;
//! assert!(loss.count == 3 && (loss.mean() - 5_f64.ln()).abs() < 1e-15);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`EncoderDecoder`](crate::EncoderDecoder), [`EncoderDecoderConfig`](crate::seq2seq::EncoderDecoderConfig). *Tests*: `tests/library/encoder_decoder.rs`, `tests/library/architectures_planted.rs`. *Example*: that of [`seq2seq`](crate::seq2seq), which learns to say
//! symbols backwards.
