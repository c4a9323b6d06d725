//! Which model, where its file is, and what this library reads it as.

use crate::g2p::G2p;
use crate::graph::Wired;
use crate::network::Layers;
use crate::tensors::Named;
use crate::{nnnoiseless, textgenrnn};
use recurrent::Result;
use recurrent::graph::Graph;
use recurrent::interop::keras::KerasOptions;
use recurrent::interop::onnx::{Limits, Model as OnnxModel, Options};
use recurrent::interop::{LoadOptions, Partial};
use recurrent::network::{Config, Network};
use rnn_kernels::Backend;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// A backend that is known when the program runs.
pub type Any = dyn Backend<f32>;

/// A model with what it reads.
pub trait Model {
    /// What it gives of the whole sequence, from the beginning.
    fn run(&mut self) -> Result<Named>;

    /// The same for its time.
    fn sequence(&mut self) -> Result<()>;

    /// One more step of a stream; `false` if it has none.
    fn step(&mut self) -> Result<bool>;
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Spec {
    /// A whole model as a graph.
    Onnx {
        path: String,
        #[serde(default)]
        carried: Vec<(String, String)>,
        /// The input with one step at a time, if it has one.
        #[serde(default)]
        one_by_one: Option<String>,
    },
    /// A recurrent node out of a model.
    OnnxNode { path: String, node: String },
    /// A whole model of Keras as a graph.
    KerasGraph { path: String },
    /// A chain of layers of Keras as a network.
    KerasChain { path: String },
    /// Weights of Keras in a network: which layer of the file is which of ours.
    KerasWeights { path: String, config: Config, layers: HashMap<String, String> },
    /// Weights of PyTorch in a network.
    Safetensors { path: String, config: Config },
    /// A capture of an amplifier.
    Nam { path: String },
    /// Graphemes to phonemes: an encoder, a decoder that chooses greedily.
    G2p { path: String, most: usize, first: u32, last: u32 },
    /// The noise suppressor, by its file of bytes.
    Nnnoiseless { path: String },
    /// The text generator.
    Textgenrnn { path: String, symbols: usize, width: usize, hidden: usize },
}

impl Spec {
    pub fn open(self, backend: &Arc<Any>, feeds: Named) -> Result<Box<dyn Model>> {
        let backend = backend.clone();
        let load = LoadOptions::default();
        let whole = |graph: Graph<Any>, feeds: Named| -> Result<Box<dyn Model>> {
            Ok(Box::new(Wired::new(graph, feeds, Vec::new(), None)?))
        };
        let keras = KerasOptions::default();
        match self {
            Spec::Onnx { path, carried, one_by_one } => {
                let model = OnnxModel::read(&*path, &Limits::default())?;
                let graph: Graph<Any> = model.into_graph(backend, &Options::of_onnx_runtime())?;
                Ok(Box::new(Wired::new(graph, feeds, carried, one_by_one)?))
            }
            Spec::OnnxNode { path, node } => {
                let model = OnnxModel::read(&*path, &Limits::default())?;
                let taken = model.take::<Any>(&node, backend, &Options::of_onnx_runtime())?;
                Ok(Box::new(Layers::new(taken.layer.networks()[0].clone(), feeds)?))
            }
            Spec::KerasGraph { path } => whole(Graph::<Any>::from_keras(&*path, &keras, backend)?.graph, feeds),
            Spec::KerasChain { path } => {
                let model = Network::<f32, Any>::from_keras(&*path, &keras, backend)?;
                let layers = Layers::new(Arc::new(model.network), feeds)?;
                Ok(Box::new(layers.masked(model.masking, model.held)))
            }
            Spec::KerasWeights { path, config, layers } => {
                let mut network = Network::<f32, Any>::with_backend(&config, 1, backend)?;
                let options = LoadOptions { partial: Partial::Allow, ..load };
                let report = network.load_keras_weights(&*path, &options, |name| layers.get(name).cloned())?;
                expect_whole(&report.missing)?;
                Ok(Box::new(Layers::new(Arc::new(network), feeds)?))
            }
            Spec::Safetensors { path, config } => {
                let mut network = Network::<f32, Any>::with_backend(&config, 1, backend)?;
                network.load_safetensors(&*path, &load)?;
                Ok(Box::new(Layers::new(Arc::new(network), feeds)?))
            }
            Spec::Nam { path } => {
                let network = Network::<f32, Any>::from_nam(&*path, &load, backend)?.network;
                Ok(Box::new(Layers::new(Arc::new(network), feeds)?))
            }
            Spec::G2p { path, most, first, last } => {
                Ok(Box::new(G2p::new(&path, &backend, feeds, (most, first, last))?))
            }
            Spec::Nnnoiseless { path } => {
                let graph = nnnoiseless::graph(&path, backend)?;
                let carried = nnnoiseless::STATES.map(|name| (format!("{name}_last"), name.to_string()));
                Ok(Box::new(Wired::new(graph, feeds, carried.into(), None)?))
            }
            Spec::Textgenrnn { path, symbols, width, hidden } => {
                whole(textgenrnn::graph(&path, [symbols, width, hidden], backend)?, feeds)
            }
        }
    }
}

/// `Ok` if a file that has more than a network has all of the network.
pub fn expect_whole(missing: &[String]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(recurrent::Error::format("weights", "every parameter of the network", format!("none for {missing:?}")))
}
