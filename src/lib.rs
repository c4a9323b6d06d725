//! Recurrent neural networks on the CPU, with verified gradients.
//!
//! A network is built from a [`Config`], trained by full or truncated backpropagation through time, and streamed one
//! step at a time. The kernels are those of the crate rnn-kernels, behind a trait that several backends implement and
//! the crate rnn-check proves right.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::{Batch, Targets, Workspace};
//!
//! // Which of three symbols comes next in 0 1 2 0 1 2 …?
//! let text: Vec<u32> = (0..31).map(|t| t % 3).collect();
//! let config = Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3);
//! let mut network = Network::<f32>::new(&config, 1)?;
//! let (mut workspace, mut gradients) = (Workspace::new(), network.gradients()?);
//! let (batch, targets) = (Batch::symbols(&text[..30], [30, 1])?, Targets::Classes(&text[1..]));
//! let mut losses = Vec::new();
//! for _ in 0..100 {
//!     gradients.fill_zero();
//!     let mut state = network.state(1)?;
//!     losses.push(network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)?.bits());
//!     network.update(|parameters| parameters.iter_mut().zip(&*gradients).for_each(|(p, g)| *p -= g));
//! }
//! assert!(losses[0] > 1.5 && losses[99] < 0.1);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! New to recurrent networks? The [chapters] lead from a feed-forward network to state spaces, with pictures, each concept a type and a program.
//! Coming from PyTorch? [`from_pytorch`] goes call by call.
//!
//! # Three types with three owners
//!
//! A [`Network`] is the model: shared by reference, `Sync`, changed in [`Network::update`] only; weights are packed by the first pass that
//! needs them. A [`State`] belongs to one stream or batch and is carried by value. A [`Workspace`] belongs to one
//! thread of work and is reused; once it has seen a step, the next ones allocate nothing. A [`Stream`] is all three for who needs one
//! step after another, and as fast as a step can be.
//!
//! # Features
//!
//! They only ever add, and any set of them builds.
//!
//! | feature | backend |
//! |---|---|
//! | `faer` (default) | `Faer`: faer's products, SIMD gates, threads |
//! | `matrixmultiply` | `MatrixMultiply`: the products of the crate matrixmultiply; brings `naive` |
//! | `naive` | `Naive`: a triple loop, the yardstick |
//! | `rayon` | with `faer`: run on a given rayon pool |
//! | `progress` | no backend: `train::bar` and `train::pace_bar`, progress bars of a fit |
//! | `signals` | no backend: `signals`, a flag that signals set |
//! | `onnx` | no backend: `interop::onnx` reads and writes ONNX, `graph` runs it |
//! | `npz` | no backend: `interop::npz`, weights from NumPy |
//! | `keras` | no backend: `interop::keras`, models and weights from Keras |
//!
//! [`DefaultBackend`] is the first of the table that is on. With none the library builds, `DefaultBackend` has no
//! value, and [`Network::with_backend`] takes a backend of your own.
//!
//! # Errors
//!
//! Whatever data can get wrong is an [`Error`] with what was expected and what was found. The library does not panic on
//! data; kernels panic on a wrong shape, which the library checks first. Numbers that are not finite are an error, too, unless
//! they are [allowed](network#numbers-that-are-not-finite).

#![forbid(unsafe_code)]

pub mod attention;
pub mod backend;
mod buffer;
pub mod cells;
pub mod chapters;
pub mod checkpoint;
pub mod data;
pub mod decoding;
mod digest;
pub mod echo_state;
pub mod error;
pub mod file;
mod finite;
pub mod from_pytorch;
pub mod gradient_flow;
#[cfg(feature = "_graph")]
pub mod graph;
pub mod init;
pub mod interop;
pub mod layer;
pub mod loss;
mod memory;
pub mod network;
mod noise;
mod number;
pub mod optim;
pub mod recursive;
pub mod regulariser;
pub mod rng;
pub mod sampling;
pub mod seq2seq;
#[cfg(feature = "signals")]
pub mod signals;
pub mod text;
pub mod train;

pub use backend::DefaultBackend;
pub use cells::Cells;
pub use data::Sequences;
pub use error::{Error, Result};
pub use finite::NonFinite;
pub use layer::{Elman, Gru, Lstm};
pub use loss::{Loss, Targets};
pub use network::{Batch, Config, Mask, Network, Parameters, State, Stream, Workspace};
pub use rnn_kernels as kernels;
pub use rnn_kernels::{Activation, Bias, Direction, GruReset, Held, IGNORE, MatRef, Scalar, SeqRef};
pub use seq2seq::EncoderDecoder;

/// The example of the README runs as a test.
#[cfg(all(doctest, feature = "_backend"))]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
