//! Models and weights of other libraries. Weights go to and from PyTorch without loss, in safetensors files with PyTorch's names.
//!
//! | format | what is read | here |
//! |---|---|---|
//! | safetensors | weights, `f32`, `f64`, and `f16`, `bf16` by conversion; whole, in part, under other names | [`Network::load_safetensors`], [`load_safetensors_as`](Network::load_safetensors_as) |
//! | `.npz` of NumPy | weights, likewise; arrays as tensors, both ways | module `npz`, with the feature of that name |
//! | `.keras`, `.h5`, `.weights.h5` | models of Keras 2 and 3 as networks or as graphs; weights alone | module `keras`, with the feature of that name |
//! | ONNX | models as graphs, recurrent nodes as networks; networks are written too | module `onnx`, with the feature of that name |
//! | JSON of RTNeural | models | [`rtneural`] |
//! | `.nam` | LSTMs of Neural Amp Modeler | [`nam`] |
//!
//! The order in which other libraries keep the gates of a cell is a table: [`orders`]. Anything in a file that is not known here is an error. It
//! says where it is, what was expected and what was found.
//!
//! # PyTorch
//!
//! A file is taken whole or not at all. Every tensor must be there with its shape and number type, none may be left
//! over, and every number must be finite, unless [`LoadOptions`] say otherwise. If something does not fit, the error lists every such
//! tensor, and the network stays as it was. A network that could not be read back with the same options is not written.
//!
//! Every reader takes a [`Source`]: a path, bytes in memory, or a reader.
//!
//! PyTorch has no name for some parameters; they have names of this crate. [Learned initial states](field@crate::network::RecurrentSpec::learned_initial) are `h0_l0`, `c0_l0`,
//! `h0_l0_reverse` behind the prefix of their layer, vectors `[W]`. They are parameters like any other: a file without them does not fit a
//! network with them, and a file with them does not fit a network without. A module of PyTorch writes them if it has parameters of these names
//! beside its `nn.LSTM`, under the same prefix.
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

#[cfg(any(feature = "keras", feature = "npz"))]
mod archive;
pub(crate) mod element;
mod fill;
mod json;
#[cfg(feature = "keras")]
pub mod keras;
pub mod nam;
#[cfg(feature = "npz")]
pub mod npz;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod orders;
mod place;
mod read;
pub mod rtneural;
pub(crate) mod source;
mod write;

pub use crate::finite::NonFinite;
pub use element::Element;
pub use fill::LoadReport;
pub use read::{Conversion, LoadOptions, Partial, read_config};
pub use source::Source;
pub use write::{Metadata, SaveOptions};

#[cfg(doc)]
use crate::network::Network;

/// The key of the configuration among a file's metadata.
const CONFIG_KEY: &str = "recurrent.config";
