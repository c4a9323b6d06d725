//! ONNX models: what is in them, their recurrent nodes, and what they compute.
//!
//! ```sh
//! cargo run --release --example onnx -- list model.onnx
//! cargo run --release --example onnx -- run model.onnx --input x=x.pb --output folder
//! cargo run --release --example onnx -- time model.onnx --input x=x.pb --runs 10000
//! cargo run --release --example onnx -- export config.json model.onnx --weights weights.safetensors --states
//! ```
//! Inputs and outputs are files of one `TensorProto`, as in the tests of the onnx package; an input that holds weights of a recurrent
//! node becomes a constant.

use clap::{Parser, Subcommand, ValueEnum};
use recurrent::graph::{Graph, Tensor};
use recurrent::interop::LoadOptions;
use recurrent::interop::onnx::{Clip, ExportOptions, HeadOutput, Limits, Model, Options, read_tensor, write_tensor};
use recurrent::network::Network;
use recurrent::{Cells, DefaultBackend, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Nodes, recurrent ones with their options and surroundings.
    List { model: PathBuf },
    /// Inputs through the model.
    Run {
        #[command(flatten)]
        given: Given,
        /// The folder of the outputs, a file each.
        #[arg(long)]
        output: PathBuf,
    },
    /// A network as a model.
    Export {
        /// The configuration, as JSON.
        config: PathBuf,
        model: PathBuf,
        /// The weights, as safetensors with PyTorch's names; drawn from a seed if there are none.
        #[arg(long)]
        weights: Option<PathBuf>,
        /// Whether states are inputs and outputs.
        #[arg(long)]
        states: bool,
        /// Whether the output is what the objective makes of the logits.
        #[arg(long)]
        probabilities: bool,
        /// What a reader of the model will limit by the clip of an LSTM.
        #[arg(long, value_enum, default_value_t = Limited::EveryFunction)]
        clip: Limited,
    },
    /// How long a run takes.
    Time {
        #[command(flatten)]
        given: Given,
        #[arg(long, default_value_t = 1000)]
        runs: usize,
    },
}

#[derive(Parser)]
struct Given {
    model: PathBuf,
    /// `name=file`.
    #[arg(long)]
    input: Vec<String>,
    /// What the clip of an LSTM limits.
    #[arg(long, value_enum, default_value_t = Limited::EveryFunction)]
    clip: Limited,
}

#[derive(Clone, Copy, ValueEnum)]
enum Limited {
    EveryFunction,
    Gates,
}

impl Limited {
    fn meaning(self) -> Clip {
        match self {
            Limited::EveryFunction => Clip::EveryFunction,
            Limited::Gates => Clip::Gates,
        }
    }
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::List { model } => list(&model),
        Command::Run { given, output } => {
            let (graph, inputs) = given.read()?;
            let mut session = graph.session();
            let inputs: Vec<_> = inputs.iter().map(|(name, tensor)| (&name[..], tensor)).collect();
            let outputs = graph.run_named(&mut session, &inputs)?;
            for (k, (name, tensor)) in outputs.iter().enumerate() {
                let path = output.join(format!("output_{k}.pb"));
                recurrent::file::write_atomically(path, &write_tensor(name, tensor)?)?;
            }
            Ok(())
        }
        Command::Export { config, model, weights, states, probabilities, clip } => {
            let text =
                std::fs::read_to_string(&config).map_err(|error| recurrent::Error::io("reading", config, error))?;
            let config = serde_json::from_str(&text).map_err(recurrent::Error::application)?;
            let (options, backend) = (LoadOptions::default(), DefaultBackend::default());
            let network = match weights {
                Some(weights) => Network::<f32>::from_safetensors(&weights, &options, &config, backend, &Cells::new())?,
                None => Network::with_backend(&config, 1, backend)?,
            };
            let mut options = ExportOptions::default().clip(clip.meaning());
            options.states = states;
            if probabilities {
                options.head = HeadOutput::Probabilities;
            }
            network.save_onnx(model, &options)
        }
        Command::Time { given, runs } => {
            let (graph, inputs) = given.read()?;
            let mut session = graph.session();
            let inputs: Vec<_> = inputs.iter().map(|(name, tensor)| (&name[..], tensor)).collect();
            let mut times = Vec::new();
            for _ in 0..runs.max(2) {
                let start = Instant::now();
                graph.run_named(&mut session, &inputs)?;
                times.push(start.elapsed().as_nanos());
            }
            times.sort_unstable();
            println!("median {} ns, fastest {} ns, of {runs} runs", times[times.len() / 2], times[0]);
            Ok(())
        }
    }
}

fn list(path: &Path) -> Result<()> {
    let model = Model::read(path, &Limits::default())?;
    println!("{}: opset {:?}, IR {}, by {}", model.name(), model.opset(), model.ir_version(), model.producer());
    for node in model.nodes()? {
        println!("{} `{}` {:?} -> {:?}", node.operator, node.name, node.inputs, node.outputs);
    }
    for node in model.recurrent_nodes()? {
        println!("\n{:?}", node);
        let taken = model.take(&node.name, DefaultBackend::default(), &Options::default())?;
        print!("{}", taken.surroundings);
    }
    Ok(())
}

impl Given {
    fn read(&self) -> Result<(Graph, Vec<(String, Tensor)>)> {
        let mut model = Model::read(&self.model, &Limits::default())?;
        let mut inputs = Vec::new();
        for text in &self.input {
            let (name, path) = text.split_once('=').unwrap_or((text, text));
            let bytes = std::fs::read(path).map_err(|error| recurrent::Error::io("reading", path, error))?;
            inputs.push((name.to_string(), read_tensor(&bytes)?));
        }
        let mut weights = Vec::new();
        for node in model.nodes()?.iter().filter(|node| ["RNN", "GRU", "LSTM"].contains(&&node.operator[..])) {
            weights.extend([1, 2, 3, 7].into_iter().filter_map(|k| node.inputs.get(k).cloned()));
        }
        while let Some(at) = inputs.iter().position(|(name, _)| weights.contains(name)) {
            let (name, tensor) = inputs.swap_remove(at);
            model = model.with_constant(name, tensor)?;
        }
        let options = Options::default().clip(self.clip.meaning());
        Ok((model.into_graph(DefaultBackend::default(), &options)?, inputs))
    }
}
