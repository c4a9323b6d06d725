//! Models and weights of [Keras](https://keras.io): `.keras`, `.h5`, and weights alone, of versions 2 and 3.
//!
//! A sequential model, or a functional one that is a chain of layers, becomes a [`Config`] and a [`Network`]. The parameters have the names
//! of its layers: [`Network::from_keras`]. Any other functional model, with merges, attention or states passed from layer to layer, becomes a
//! [graph](crate::graph::Graph::from_keras), which computes and does not learn. [`Network::load_keras_weights`] reads the weights alone, into
//! a network that exists.
//!
//! | layer | here |
//! |---|---|
//! | `InputLayer` | the width of the input |
//! | `Embedding` | [`InputSpec::Embedding`](crate::network::InputSpec::Embedding) |
//! | `Masking`, `mask_zero` | [`Keras::masking`]: which steps a batch [skips](crate::Batch::skipping) |
//! | `SimpleRNN`, `LSTM`, `GRU` | [`RecurrentSpec`](crate::network::RecurrentSpec) with the functions that it names; `reset_after` says where the reset gate acts |
//! | `CuDNNLSTM`, `CuDNNGRU` | the same, with weights in their own layout |
//! | `Bidirectional` | both directions, merged by `concat`, `sum`, `ave` or `mul` |
//! | `Dense`, `TimeDistributed(Dense)`, `Activation` behind it | [`DenseSpec`](crate::network::DenseSpec); the last one, if linear or a softmax, the head |
//! | `Dropout`, `SpatialDropout1D` | [`DropoutSpec`](crate::network::DropoutSpec) |
//!
//! **Nothing is skipped silently.** A layer, an attribute or a value that is not known is an error with its name, what was expected and what
//! was found. Attributes that matter for training alone (dropout within cells, regularisers, constraints) are not taken over;
//! [`Keras::notes`] lists them. Two kinds of attributes are skipped: how initial values are drawn, and in which of several ways the same
//! numbers are computed. [`survey`] has all of these errors of a model at once.
//!
//! **Biases.** Keras has one bias for both products of an LSTM and of a simple network. It becomes `bias_ih`; `bias_hh` exists and is 0, so
//! that PyTorch's `nn.LSTM` can load a [saved](Network::save_safetensors) network.
//!
//! **The last step.** A layer without `return_sequences` is read out by its [final states](crate::network::Readout::FinalStates).
//!
//! **Masks.** Masked steps may stand anywhere in a row. States do not change there, and a layer gives what it gave at the step before, or 0:
//! [`Keras::held`] says which, for [`Batch::skipping`](crate::Batch::skipping). If it says 0, the whole network gives 0 at masked steps, where
//! the dense layers of Keras would still add their biases. Functional models of Keras 3 compute their mask in layers `NotEqual` and `Any` of
//! their own; those are checked, and are no layers here. A mask in a graph is refused, and so is one that begins in the middle of a chain.
//!
//! **`hard_sigmoid`** was `0.2 x + 0.5` before Keras 3 and is `x/6 + 0.5` since. A file says its version; where it does not,
//! [`KerasOptions::version`] must.
//!
//! HDF5 is read by [hdf5-reader](https://docs.rs/hdf5-reader), in Rust. Memory is at most twice that of the file, inflated, and of the
//! parameters, and some thirty times that of the configuration. A broken header of an object takes up to 10 MB until it is refused.
//! SECURITY.md says what a file can do that was made to do harm.
//!
//! ```no_run
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::interop::Metadata;
//! use recurrent::interop::keras::KerasOptions;
//! use recurrent::{DefaultBackend, Network};
//!
//! let model = Network::<f32, _>::from_keras("model.keras", &KerasOptions::default(), DefaultBackend::default())?;
//! model.notes.iter().for_each(|note| eprintln!("{note}"));
//! model.network.save_safetensors("model.safetensors", Metadata::Config)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

mod attributes;
mod content;
mod graph;
mod hdf5;
mod layers;
mod masks;
mod meanings;
mod model;
mod node;
mod recurrent;
mod survey;
mod variables;
mod weights;

use self::content::Content;
pub use self::graph::KerasGraph;
use self::layers::{Described, describe};
use self::meanings::Meanings;
pub use self::survey::{Survey, SurveyedLayer, survey};
use self::variables::{Variables, keys};
use super::{Element, LoadOptions, LoadReport, Partial, Source};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::network::{Network, Parameters};
use rnn_kernels::{Backend, Held, Scalar};
use serde_json::Value;
use std::sync::Arc;

#[cfg(doc)]
use crate::network::Config;

/// What a file may hold, and answers to what it may leave open.
#[derive(Clone, Debug, Default)]
pub struct KerasOptions {
    /// Number types, finite numbers and lengths. Each file in an archive has the same limit as the archive.
    pub load: LoadOptions,
    /// The version of Keras that a model was made with, where its file does not say it.
    pub version: Option<u32>,
    /// The name of the function of gates where a layer names none.
    pub recurrent_activation: Option<String>,
    /// Whether a GRU applies its reset gate after the product, where it does not say it.
    pub reset_after: Option<bool>,
}

/// What a model gives, where that is not what its network gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KerasOutput {
    /// What its network gives.
    AsIs,
    /// The softmax of what its network gives: the head gives the logits.
    Softmax,
}

/// Which steps of a row do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Masking {
    /// Those whose features are all this number: the layer `Masking`.
    Value(f64),
    /// Those of the symbol 0: an `Embedding` with `mask_zero`.
    SymbolZero,
}

impl Masking {
    /// `[T, N]`: whether each of these steps, `x [T, N, C]`, is to be [skipped](crate::Batch::skipping). None is if symbols are masked.
    #[must_use]
    pub fn skipped<T: Scalar>(&self, x: &[T], width: usize) -> Vec<bool> {
        let masked = |step: &[T]| match *self {
            Masking::Value(value) => step.iter().all(|&x| x == T::from_f64(value)),
            Masking::SymbolZero => false,
        };
        x.chunks_exact(width.max(1)).map(masked).collect()
    }

    /// `[T, N]`: whether each of these symbols is to be [skipped](crate::Batch::skipping). None is if features are masked.
    #[must_use]
    pub fn skipped_symbols(&self, symbols: &[u32]) -> Vec<bool> {
        symbols.iter().map(|&symbol| *self == Masking::SymbolZero && symbol == 0).collect()
    }
}

/// A model, and what its file says besides the network.
#[derive(Debug)]
#[non_exhaustive]
pub struct Keras<T, B: ?Sized> {
    /// The network. Its parameters have the names of the layers.
    pub network: Network<T, B>,
    /// What the model gives.
    pub output: KerasOutput,
    /// Which steps do not count, if the model masks any.
    pub masking: Option<Masking>,
    /// What it gives at steps that do not count.
    pub held: Held,
    /// The version of Keras that wrote the file, if it says so.
    pub version: Option<String>,
    /// What was not taken over, because it matters for training alone.
    pub notes: Vec<String>,
}

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// The network of a whole model: `.keras`, or `.h5` as `model.save` writes it.
    ///
    /// # Errors
    /// [`Error::Model`] with the layer and the attribute that is not as expected, [`Error::Format`] with the array or another part of the
    /// file, [`Error::Config`] if no network can have such a configuration, [`Error::NotFinite`] with a weight, [`Error::Io`] if the file
    /// cannot be read, [`Error::Memory`].
    pub fn from_keras<'s>(
        source: impl Into<Source<'s>>,
        options: &KerasOptions,
        backend: impl Into<Arc<B>>,
    ) -> Result<Keras<T, B>> {
        let Content { file, config, version } = Content::of(source.into(), &options.load)?;
        let name = file.name.clone();
        let config = config.ok_or_else(|| {
            let found = "weights alone, which Network::load_keras_weights takes";
            Error::format(&*name, "a whole model with its configuration", found)
        })?;
        let model: Value =
            serde_json::from_str(&config).map_err(|error| Error::format(&*name, "a configuration in JSON", error))?;
        drop(config);
        let meanings = Meanings::new(version.as_deref(), options);
        let mut notes = Vec::new();
        let (chain, input) = model::chain(&model, &mut notes)?;
        let described = describe(&chain, input, &meanings, notes)?;
        let Described { config, masking, held, output, notes, layers } = described;
        let keys = keys(layers.iter().map(|(name, class)| (&**name, &**class)));
        let network = Self::with_parameters(&config, backend.into(), &Cells::new(), |_, blocks| {
            let len = blocks.last().map_or(0, |last| last.range().end);
            let bytes = (len as u64).saturating_mul(size_of::<T>() as u64);
            if bytes > options.load.max_bytes {
                let expected = format!("at most {} bytes of weights", options.load.max_bytes);
                return Err(Error::format(&*name, expected, format!("{bytes} bytes")));
            }
            let mut variables = Variables::of(&file)?;
            let numbers = variables.numbers()?;
            // The second bias of a layer has none.
            if len > numbers.saturating_mul(2) {
                return Err(Error::format(&*name, format!("{len} weights"), format!("{numbers} numbers")));
            }
            let mut parameters = Parameters::zeros(blocks)?;
            let load = LoadOptions { partial: Partial::Refuse, ..options.load };
            let named = variables.named();
            let of_key = |layer: &str| keys.get(layer).filter(|_| !named).cloned();
            let mut names = |layer: &str| Some(of_key(layer).unwrap_or_else(|| layer.into()));
            weights::fill(&mut parameters, &config, &mut variables, &load, &mut names)?;
            finite(&name, &parameters, &options.load)?;
            Ok(parameters)
        })?;
        Ok(Keras { network, output, masking, held, version, notes })
    }

    /// Reads the weights of a file, `.weights.h5` or a whole model, into the network. `names` gets the name of a layer of the file and returns
    /// the prefix that the parameters of this layer have in the network, or `None` to leave the layer out. Files before Keras 3.7 may have no
    /// names, only kinds of layers: `lstm`, `lstm_1`.
    ///
    /// Only shapes and numbers of arrays are read: activations are those of the network. Biases, directions, and where a GRU applies its reset
    /// gate change the shapes, and must be as in the network. Returns which arrays went into which layer; with [`Partial::Allow`] the other
    /// layers of the network keep their parameters.
    ///
    /// # Errors
    /// [`Error::Format`] with the layer and the array that does not fit, [`Error::NotFinite`] with a weight, [`Error::Io`] if the file cannot be
    /// read, [`Error::Memory`]. The network is then unchanged.
    pub fn load_keras_weights<'s>(
        &mut self,
        source: impl Into<Source<'s>>,
        options: &LoadOptions,
        mut names: impl FnMut(&str) -> Option<String>,
    ) -> Result<LoadReport> {
        let Content { file, .. } = Content::of(source.into(), options)?;
        let mut variables = Variables::of(&file)?;
        let config = self.config().clone();
        self.load_with(options, |loaded| {
            let report = weights::fill(loaded, &config, &mut variables, options, &mut names)?;
            finite(&file.name, loaded, options)?;
            Ok(report)
        })
    }
}

/// `Ok` if all parameters are finite, or need not be.
fn finite<T: Element>(name: &str, parameters: &Parameters<T>, options: &LoadOptions) -> Result<()> {
    if options.non_finite == NonFinite::Refuse { parameters.check_finite(name) } else { Ok(()) }
}
