//! Models and weights of [Keras](https://keras.io): `.keras`, `.h5`, and weights alone, of versions 2 and 3.
//!
//! A sequential model, or a functional one that is a chain of layers, becomes a [`Config`] and a [`Network`], whose parameters are called
//! by its layers: [`Network::from_keras`]. Any other functional model, with merges, attention or states that are handed on, becomes a
//! [graph](crate::graph::Graph::from_keras), which computes and does not learn. The weights alone go into a network that is there: [`Network::load_keras_weights`].
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
//! **Nothing is left out in silence.** A layer, an attribute or a value that is not known is an error with its name, what was expected and
//! what was found. What concerns training alone (dropout within cells, regularisers, constraints) is not taken over and told in
//! [`Keras::notes`]. [`survey`] has all of these errors of a model at once. How initial values are drawn, and by which way the same numbers are computed, is not asked for.
//!
//! **Biases.** Keras has one bias for both products of an LSTM and of a simple network, which becomes `bias_ih`; `bias_hh` is there and 0, so
//! that a [saved](Network::save_safetensors) network is one that PyTorch's `nn.LSTM` loads.
//!
//! **The last step.** A layer without `return_sequences` is read out by its [final states](crate::network::Readout::FinalStates).
//!
//! **Masks.** At a masked step states stay what they are, with holes as well, and what a layer gives there is the output before it, or 0:
//! [`Keras::held`] says which, for [`Batch::skipping`](crate::Batch::skipping). With 0, the network gives 0 at masked steps; in Keras the dense layers
//! above it would still add their biases there.
//!
//! **`hard_sigmoid`** was `0.2 x + 0.5` before Keras 3 and is `x/6 + 0.5` since. A file says its version; where it does not,
//! [`KerasOptions::version`] must.
//!
//! HDF5 is read by [hdf5-reader](https://docs.rs/hdf5-reader), in Rust. Memory is at most that of the file twice, or of the file, of the
//! parameters and of one array; a broken header of an object may claim 10 MB more for as long as it takes to see that.
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
mod graph;
mod hdf5;
mod layers;
mod model;
mod recurrent;
mod survey;
mod variables;
mod weights;

pub use self::graph::KerasGraph;
use self::hdf5::File;
use self::layers::{Described, describe};
pub use self::survey::{Survey, SurveyedLayer, survey};
use self::variables::Variables;
use super::archive::Archive;
use super::{Element, LoadOptions, LoadReport, Partial, Source};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::network::{Config, Network, Parameters};
use rnn_kernels::{Backend, Held, Scalar};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// What a file may hold, and what it may not say itself.
#[derive(Clone, Debug, Default)]
pub struct KerasOptions {
    /// Number types, finite numbers and lengths. A file in an archive may be as long as that.
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
    /// The softmax of what its network gives: the head of that has the logits.
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
    /// `[T, N]`: whether each of these steps, `x [T, N, C]`, is to be [skipped](crate::Batch::skipping). Of features, symbols have no masked
    /// steps.
    #[must_use]
    pub fn skipped<T: Scalar>(&self, x: &[T], width: usize) -> Vec<bool> {
        let masked = |step: &[T]| match *self {
            Masking::Value(value) => step.iter().all(|&x| x == T::from_f64(value)),
            Masking::SymbolZero => false,
        };
        x.chunks_exact(width.max(1)).map(masked).collect()
    }

    /// `[T, N]`: whether each of these symbols is to be [skipped](crate::Batch::skipping).
    #[must_use]
    pub fn skipped_symbols(&self, symbols: &[u32]) -> Vec<bool> {
        symbols.iter().map(|&symbol| *self == Masking::SymbolZero && symbol == 0).collect()
    }
}

/// A model and what its file says beside the network.
#[derive(Debug)]
#[non_exhaustive]
pub struct Keras<T, B: ?Sized> {
    /// The network, its parameters called by the layers.
    pub network: Network<T, B>,
    /// What the model gives.
    pub output: KerasOutput,
    /// Which steps do not count, if the model masks any.
    pub masking: Option<Masking>,
    /// What it gives at steps that do not count.
    pub held: Held,
    /// The version of Keras that wrote the file, if it says so.
    pub version: Option<String>,
    /// What was not taken over, since it concerns training alone.
    pub notes: Vec<String>,
}

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// The network of a whole model: `.keras`, or `.h5` as `model.save` writes it.
    ///
    /// # Errors
    /// [`Error::Model`] with the layer and the attribute that is not as expected, [`Error::Format`] with the array or whatever else of the
    /// file, [`Error::Config`] if a network cannot be so,
    /// [`Error::NotFinite`] with a weight, [`Error::Io`] if the file cannot be read, [`Error::Memory`].
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
        let keys = keys(&layers);
        let network = Self::with_parameters(&config, backend.into(), &Cells::new(), |_, blocks| {
            let len = blocks.last().map_or(0, |last| last.range().end);
            let bytes = (len as u64).saturating_mul(size_of::<T>() as u64);
            if bytes > options.load.max_bytes {
                let expected = format!("at most {} bytes of weights", options.load.max_bytes);
                return Err(Error::format(&*name, expected, format!("{bytes} bytes")));
            }
            let mut variables = Variables::of(&file)?;
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

    /// Takes the weights of a file, `.weights.h5` or a whole model, into the network: `names` says which layer of it, by the prefix of its
    /// parameters, a layer of the file is, `None` that it is left over. Layers of files before Keras 3.7 may have no names but their kinds:
    /// `lstm`, `lstm_1`.
    ///
    /// What the file says of activations is not looked at: the configuration of the network says them. Biases, directions, and where a GRU
    /// applies its reset gate show in the shapes of arrays, and must be those of the network. Returns which arrays went into which layer; with
    /// [`Partial::Allow`] others of the network keep their parameters.
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
        let config: Config = self.config().clone();
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

/// By their places in a file without names: the names of layers. Each kind counts its layers.
fn keys(layers: &[(String, String)]) -> HashMap<String, String> {
    let mut counts = HashMap::new();
    let key = |(name, class): &(String, String)| {
        let kind = snake_case(class);
        let count = counts.entry(kind.clone()).or_insert(0);
        let key = if *count == 0 { kind } else { format!("{kind}_{count}") };
        *count += 1;
        (key, name.clone())
    };
    layers.iter().map(key).collect()
}

/// `TimeDistributed → time_distributed`, `LSTM → lstm`, as Keras does it.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut name = String::new();
    for (k, letter) in letters.iter().enumerate() {
        let before = k.checked_sub(1).map(|before| letters[before]);
        let begins = letter.is_ascii_uppercase() && letters.get(k + 1).is_some_and(char::is_ascii_lowercase);
        let follows = letter.is_ascii_uppercase() && before.is_some_and(|before| before.is_ascii_lowercase());
        if before.is_some() && (begins || follows) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// What words mean that have changed their meaning.
pub(crate) struct Meanings {
    major: Option<u32>,
    recurrent_activation: Option<String>,
    reset_after: Option<bool>,
}

impl Meanings {
    fn new(version: Option<&str>, options: &KerasOptions) -> Self {
        let said = version.and_then(|version| version.split('.').next()).and_then(|major| major.parse().ok());
        Self {
            major: said.or(options.version),
            recurrent_activation: options.recurrent_activation.clone(),
            reset_after: options.reset_after,
        }
    }

    /// The slope of `hard_sigmoid`.
    fn hard_sigmoid(&self) -> Option<f64> {
        self.major.map(|major| if major < 3 { 0.2 } else { 1.0 / 6.0 })
    }

    /// What a layer that names no function of its gates has. Since Keras 3 there is one default.
    fn recurrent_activation(&self) -> Option<&str> {
        self.recurrent_activation.as_deref().or_else(|| self.major.filter(|&major| major >= 3).map(|_| "sigmoid"))
    }

    /// Where a GRU that does not say it applies its reset gate.
    fn reset_after(&self, at: &str) -> Result<bool> {
        let since = self.major.filter(|&major| major >= 3).map(|_| true);
        self.reset_after.or(since).ok_or_else(|| {
            let expected =
                "true or false, or KerasOptions::reset_after: before Keras 2.3 none means false, since then true";
            Error::format(format!("{at}, reset_after"), expected, "none")
        })
    }
}

/// What a file has.
struct Content {
    file: File,
    /// The configuration of the model, as JSON.
    config: Option<String>,
    /// The version of Keras that wrote it.
    version: Option<String>,
}

/// The longest configuration that is read: it is decoded into structures, which take several times its memory.
const LONGEST_CONFIG: u64 = 1 << 24;

impl Content {
    fn of(source: Source<'_>, options: &LoadOptions) -> Result<Self> {
        let (name, bytes) = source.bytes(options.max_bytes)?;
        if bytes.starts_with(b"PK") { Self::archive(name, bytes, options) } else { Self::hdf5(name, bytes, options) }
    }

    /// `.keras`: `config.json`, `metadata.json` and `model.weights.h5`.
    fn archive(name: String, bytes: Cow<'_, [u8]>, options: &LoadOptions) -> Result<Self> {
        let mut archive = Archive::new(name.clone(), bytes)?;
        let missing = |what: &str| Error::format(&*name, format!("an archive with {what}"), "one without");
        let text = |archive: &mut Archive<'_>, what: &str| {
            let bytes = archive.read(what, LONGEST_CONFIG)?.ok_or_else(|| missing(what))?;
            String::from_utf8(bytes).map_err(|error| Error::format(format!("{name}, {what}"), "a text", error))
        };
        let config = text(&mut archive, "config.json")?;
        let metadata: Value = serde_json::from_str(&text(&mut archive, "metadata.json")?)
            .map_err(|error| Error::format(format!("{name}, metadata.json"), "JSON", error))?;
        let version = metadata.get("keras_version").and_then(Value::as_str).map(Into::into);
        let weights = archive.read(WEIGHTS, options.max_bytes)?.ok_or_else(|| missing(WEIGHTS))?;
        drop(archive);
        let file = File::open(format!("{name}, {WEIGHTS}"), weights, options.max_bytes)?;
        Ok(Self { file, config: Some(config), version })
    }

    fn hdf5(name: String, bytes: Cow<'_, [u8]>, options: &LoadOptions) -> Result<Self> {
        let mut own = Vec::new();
        let bytes = match bytes {
            Cow::Owned(bytes) => bytes,
            Cow::Borrowed(bytes) => {
                crate::memory::reserve(&name, &mut own, bytes.len())?;
                own.extend_from_slice(bytes);
                own
            }
        };
        let file = File::open(name.clone(), bytes, options.max_bytes)?;
        let root = file.root();
        let (config, version) = (root.text("model_config")?, root.text("keras_version")?);
        if let Some(config) = config.as_ref().filter(|config| config.len() as u64 > LONGEST_CONFIG) {
            let expected = format!("a configuration of at most {LONGEST_CONFIG} bytes");
            return Err(Error::format(name, expected, format!("{} bytes", config.len())));
        }
        Ok(Self { file, config, version })
    }
}

const WEIGHTS: &str = "model.weights.h5";
