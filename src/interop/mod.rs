//! Weights to and from PyTorch: safetensors files with PyTorch's names, lossless both ways.
//!
//! A file is taken whole or not at all: every tensor must be there with its shape and number type, none may be left
//! over, and every number must be finite unless [`LoadOptions`] say otherwise. What does not fit is reported tensor by
//! tensor, and the network stays as it was. What would not be taken is not written either, with the same options.
//!
//! Whatever is read here comes from a [`Source`]: a path, bytes in memory, or a reader.
//!
//! What PyTorch has no name for has one of ours: [learned initial states](field@crate::network::RecurrentSpec::learned_initial) are `h0_l0`, `c0_l0`,
//! `h0_l0_reverse` behind the prefix of their layer, vectors `[W]`. They are parameters like any other: a file without them does not fit a
//! network that has them, nor the other way round. A module of PyTorch writes them if it has parameters of these names beside its
//! `nn.LSTM`, under the same prefix.
//!
//! ```no_run
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::interop::{LoadOptions, Metadata};
//! use recurrent::{Cells, DefaultBackend};
//!
//! // torch: self.rnn = LSTM(6, 7, num_layers=2); self.head = Linear(7, 11)
//! let config = Config::features(6).recurrent(RecurrentSpec::lstm(7).layers(2)).softmax(11);
//! let (options, backend) = (LoadOptions::default(), DefaultBackend::default());
//! let network = Network::<f32>::from_safetensors("model.safetensors", &options, &config, backend, &Cells::new())?;
//! network.save_safetensors("again.safetensors", Metadata::Config)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

pub(crate) mod element;
#[cfg(feature = "onnx")]
pub mod onnx;
mod read;
pub(crate) mod source;
mod write;

pub use crate::finite::NonFinite;
pub use element::Element;
pub use read::{Conversion, LoadOptions, read_config};
pub use source::Source;
pub use write::{Metadata, SaveOptions};

/// The key of the configuration among a file's metadata.
const CONFIG_KEY: &str = "recurrent.config";
