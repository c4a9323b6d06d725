//! `file → network or graph`, whatever its format.

use crate::format::Format;
use crate::guess;
use crate::options::Told;
use recurrent::backend::Backend;
use recurrent::checkpoint::Limits;
use recurrent::error::{Error, Result};
use recurrent::graph::Graph;
use recurrent::interop::keras::{KerasOutput, Masking};
use recurrent::interop::{Source, npz, onnx, read_config};
use recurrent::network::{Config, Objective};
use recurrent::{Cells, Held, Network};
use rnn_backend_naive::Naive;
use std::path::Path;
use std::sync::Arc;

pub type Net = Network<f32, dyn Backend<f32>>;
pub type Net64 = Network<f64, dyn Backend<f64>>;
pub type Nodes = Graph<dyn Backend<f32>>;

/// A model that computes.
pub struct Model {
    pub what: What,
    /// What is to be told of it, a line each.
    pub notes: Vec<String>,
}

/// What a file became.
pub enum What {
    Network(Box<Chain>),
    Graph(Box<Nodes>),
}

/// A network with what its file says beside it.
pub struct Chain {
    pub network: Arc<Net>,
    /// Whether the model gives the softmax of what the network gives.
    pub softmax: bool,
    pub masking: Option<Masking>,
    pub held: Held,
    /// Whether its arrays are `[N, T, C]`.
    pub batch_first: bool,
}

impl Chain {
    /// A network as it is.
    pub fn of(network: Net, batch_first: bool) -> Self {
        Self { network: Arc::new(network), softmax: false, masking: None, held: Held::Repeat, batch_first }
    }
}

/// A file in memory, and its format.
pub struct File<'p> {
    pub path: &'p Path,
    pub bytes: Vec<u8>,
    pub format: Format,
}

impl<'p> File<'p> {
    /// The file at a path.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Format`] if its format is none that is read here.
    pub fn read(path: &'p Path) -> Result<Self> {
        let reading = |source| Error::io("reading", path, source);
        if !std::fs::metadata(path).map_err(reading)?.is_file() {
            return Err(Error::format(path.display().to_string(), "a regular file", "something else"));
        }
        let bytes = std::fs::read(path).map_err(reading)?;
        let format = Format::of(path, &bytes)?;
        Ok(Self { path, bytes, format })
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// To be read.
    pub fn source(&self) -> Source<'_> {
        Source::from(&self.bytes).named(self.name())
    }

    /// The model that it has.
    ///
    /// # Errors
    /// Those of the reader of its format.
    pub fn load(&self, told: &Told) -> Result<Model> {
        let (backend, mut notes) = (told.backend()?, Vec::new());
        let network: Net = match self.format {
            Format::Onnx => {
                let model = onnx::Model::read(self.source(), &onnx::Limits::default())?;
                return Ok(Model { what: graph(model.into_graph(backend, &told.onnx())?), notes });
            }
            Format::Keras | Format::KerasHdf5 => return self.keras(told, backend),
            Format::Safetensors | Format::Npz => {
                let config = self.config_of_weights(told, &mut notes)?;
                let (load, cells) = (told.load(), Cells::new());
                if self.format == Format::Npz {
                    Net::from_npz(self.source(), &load, &config, backend, &cells)?
                } else {
                    Net::from_safetensors(self.source(), &load, &config, backend, &cells)?
                }
            }
            Format::Rtneural => Net::from_rtneural(self.source(), &told.load(), backend)?,
            Format::Nam => {
                let nam = Net::from_nam(self.source(), &told.load(), backend)?;
                let rate = nam.sample_rate.map(|rate| format!("samples are of sound at {rate} Hz"));
                notes.extend(rate);
                nam.network
            }
            Format::Checkpoint(2) => {
                let naive: Arc<dyn Backend<f64>> = Arc::new(Naive);
                let wide = Net64::from_checkpoint(self.path, Limits::default(), naive, &Cells::new())?;
                notes.push("the weights are f64 and are rounded to f32".into());
                wide.cast(backend)?
            }
            Format::Checkpoint(_) => Net::from_checkpoint(self.path, Limits::default(), backend, &Cells::new())?,
            Format::Config => {
                let broken = |error| Error::format(self.name(), "a configuration of a network", error);
                let config: Config = serde_json::from_slice(&self.bytes).map_err(broken)?;
                notes.push(format!("a configuration has no weights; they are drawn from seed {}", told.seed));
                Net::with_backend(&config, told.seed, backend)?
            }
        };
        Ok(Model { what: What::Network(Box::new(Chain::of(network, told.batch_first))), notes })
    }

    fn keras(&self, told: &Told, backend: Arc<dyn Backend<f32>>) -> Result<Model> {
        if let Some(config) = told.config()? {
            let mut network = Net::with_backend(&config, told.seed, backend)?;
            network.load_keras_weights(self.source(), &told.load(), |layer| Some(layer.into())).map(drop)?;
            return Ok(Model { what: What::Network(Box::new(Chain::of(network, true))), notes: Vec::new() });
        }
        let options = told.keras();
        let in_a_row = match Net::from_keras(self.source(), &options, backend.clone()) {
            Ok(keras) => {
                let chain = Chain {
                    softmax: keras.output == KerasOutput::Softmax,
                    masking: keras.masking,
                    held: keras.held,
                    ..Chain::of(keras.network, true)
                };
                return Ok(Model { what: What::Network(Box::new(chain)), notes: keras.notes });
            }
            Err(error) => error,
        };
        match Nodes::from_keras(self.source(), &options, backend) {
            Ok(found) => Ok(Model { what: graph(found.graph), notes: found.notes }),
            Err(Error::Format { expected, found, .. }) if expected == "Functional" && found == "Sequential" => {
                Err(in_a_row)
            }
            Err(Error::Format { found, .. }) if found == "weights alone" => {
                let expected = "a whole model, or --config with the configuration of the network";
                Err(Error::format(self.name(), expected, found))
            }
            Err(error) => Err(error),
        }
    }

    /// The configuration of weights: the one that is given, the file's own, or what names and shapes say.
    pub fn config_of_weights(&self, told: &Told, notes: &mut Vec<String>) -> Result<Config> {
        if let Some(config) = told.config()? {
            return Ok(config);
        }
        if self.format == Format::Safetensors
            && let Some(config) = read_config(self.source(), &told.load())?
        {
            return Ok(config);
        }
        let config = guess::config(&self.name(), &self.tensors(told)?, told.cell)?;
        notes.push(guess::ASSUMED.into());
        Ok(config)
    }

    /// The names and shapes of what safetensors or an archive of arrays has.
    fn tensors(&self, told: &Told) -> Result<Vec<guess::Named>> {
        if self.format == Format::Npz {
            let arrays = npz::survey(self.source(), &told.load())?;
            return Ok(arrays.into_iter().map(|array| (array.name, array.shape)).collect());
        }
        Ok(self.safetensors()?.tensors().into_iter().map(|(name, tensor)| (name, tensor.shape().to_vec())).collect())
    }

    /// The tensors of a file of safetensors.
    pub fn safetensors(&self) -> Result<safetensors::SafeTensors<'_>> {
        let broken = |error| Error::format(self.name(), "a whole safetensors file", error);
        safetensors::SafeTensors::deserialize(&self.bytes).map_err(broken)
    }
}

fn graph(graph: Nodes) -> What {
    What::Graph(Box::new(graph))
}

impl Model {
    /// As a network, if it is one or a graph that is a chain of layers.
    ///
    /// # Errors
    /// Those of [`Graph::into_network`].
    pub fn into_chain(self) -> Result<Chain> {
        match self.what {
            What::Network(chain) => Ok(*chain),
            What::Graph(graph) => {
                let network = graph.into_network()?;
                // A softmax at the end of a chain has become the objective of the head.
                let softmax = network.config().head.as_ref().is_some_and(|head| head.objective == Objective::Softmax);
                Ok(Chain { softmax, ..Chain::of(network, false) })
            }
        }
    }
}
