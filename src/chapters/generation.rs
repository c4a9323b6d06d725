//! `y_t ~ softmax(a_t)`, `x_{t+1} = y_t`: a network that predicts the next symbol, asked again and again, writes.
//!
#![doc = include_str!("pictures/generation.svg")]
//!
//! Trained on texts, a network with softmax at every step is a model of the next symbol: `p(y_1 … y_T) = Π p(y_t | y_1 … y_{t−1})`, and `−ln` of that is the sum of its losses. In training
//! it reads the true symbols (*teacher forcing*), so that all steps are one pass. To write, it reads what it has drawn (*free running*).
//!
//! *How to draw*: [`Sampling`](crate::sampling::Sampling) has a temperature, at which logits are divided (below 1 bolder, 0 always the likeliest), and the `k` symbols that may be drawn at most.
//! [`Continuation`](crate::text::Continuation) is an iterator of symbols after a beginning; [`Network::step_symbols`](crate::Network::step_symbols) is one step, for a loop of one's own.
//!
//! *What it is for*: language models and music, and with numbers in the place of symbols forecasts over several steps, in which each forecast is the next input. Measure a
//! language model in bits a symbol, [`Loss::bits`](crate::Loss::bits), or by [perplexity](crate::train::Scores::perplexity), `e^loss`: among how many equally likely symbols it seems to choose.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::train::{Settings, Trainer};
//! use recurrent::{Batch, Targets, rng::Rng, sampling::Sampling, text::Continuation};
//!
//! // Five symbols in a round.
//! let text: Vec<u32> = (0..31).map(|t| t % 5).collect();
//! let config = Config::one_hot(5).recurrent(RecurrentSpec::gru(8)).softmax(5);
//! let mut trainer = Trainer::new(Network::<f64>::new(&config, 1)?, Settings::adam(0.05).clip_norm(1.0))?;
//! for _ in 0..60 {
//!     trainer.step(&Batch::symbols(&text[..30], [30, 1])?, Targets::Classes(&text[1..]))?;
//! }
//! let likeliest = Sampling { temperature: 0.0, top_k: None };
//! let written = Continuation::of(trainer.network(), &[2], likeliest, Rng::seed(1))?;
//! assert_eq!(written.take(7).collect::<recurrent::Result<Vec<_>>>()?, [3, 4, 0, 1, 2, 3, 4]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! Other ways to choose what is written, and models that read one sequence and write another, are in the chapters [choosing](super::choosing) and
//! [encoder and decoder](super::encoder_decoder).
//!
//! *Gradients*: those of [BPTT](super::backpropagation) under teacher forcing. A drawn symbol has none: what follows a draw is another sequence, and not a function that could be differentiated.
//!
//! *Types*: [`Continuation`](crate::text::Continuation), [`Sampler`](crate::sampling::Sampler), [`Corpus`](crate::text::Corpus). *Tests*: `tests/library/text.rs`, `tests/library/text_fit.rs`. *Example*: `cargo run --release --example char_lm`.
