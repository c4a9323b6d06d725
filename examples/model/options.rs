//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use recurrent::backend::Backend;
use recurrent::cells::CellSpec;
use recurrent::error::{Error, Result};
use recurrent::interop::keras::KerasOptions;
use recurrent::interop::onnx::{self, Clip};
use recurrent::interop::{Conversion, LoadOptions};
use recurrent::network::Config;
use recurrent::{Activation, GruReset};
use rnn_backend_faer::Faer;
use rnn_backend_naive::{MatrixMultiply, Naive};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Look into models that others trained, convert them, run them and time them.
///
/// FILE is an ONNX model, a model or weights of Keras (.keras, .h5, .weights.h5), safetensors, .npz of NumPy, JSON of RTNeural, .nam of Neural
/// Amp Modeler, a checkpoint of this crate, or a configuration as JSON, whose weights are then drawn. Which of them it is, is seen from its
/// content.
#[derive(Clone, Debug, Parser)]
#[command(name = "model", after_help = "Exit status: 0 done, 1 an error, 2 a wrong option.")]
pub struct Options {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Lists layers or nodes, and everything that is not supported, with the reason; the status is 0 then, too
    Inspect {
        file: PathBuf,
        #[command(flatten)]
        told: Told,
    },
    /// Writes a model as another format, by the ending of OUT: .onnx, .safetensors, .npz, .ckpt
    Convert {
        file: PathBuf,
        out: PathBuf,
        #[command(flatten)]
        told: Told,
        #[command(flatten)]
        written: Written,
    },
    /// Gives arrays to a model and keeps what it makes of them
    Run {
        file: PathBuf,
        #[command(flatten)]
        told: Told,
        /// Arrays by the names of the model's inputs: a .npz file, or NAME=FILE with a TensorProto of ONNX. Of a model with one input the first
        /// array will do, whatever its name
        #[arg(long, required = true, value_name = "FILE|NAME=FILE")]
        input: Vec<String>,
        /// Where the outputs go: a file ending in .npz, or a folder for output_0.pb, output_1.pb, …
        #[arg(long, value_name = "FILE|FOLDER")]
        output: PathBuf,
    },
    /// Times sequences and steps, or runs of a graph: the lowest of the medians of five passes
    Bench {
        file: PathBuf,
        #[command(flatten)]
        told: Told,
        #[command(flatten)]
        effort: Effort,
    },
}

/// What a file does not say itself.
#[derive(Clone, Debug, Args)]
pub struct Told {
    /// The configuration of the network whose weights FILE has, as JSON
    #[arg(long, value_name = "JSON")]
    pub config: Option<PathBuf>,
    /// The cell of weights without a configuration; three gates are a GRU, four an LSTM, and one is told by this alone
    #[arg(long, value_enum)]
    pub cell: Option<CellName>,
    /// The version of Keras that wrote FILE: says what hard_sigmoid is, 0.2 x + 0.5 before 3, x / 6 + 0.5 since
    #[arg(long, value_name = "MAJOR")]
    pub keras_version: Option<u32>,
    /// The function of gates where a layer of Keras names none: before Keras 2.3 hard_sigmoid, since then sigmoid
    #[arg(long, value_name = "NAME")]
    pub recurrent_activation: Option<String>,
    /// Whether a GRU of Keras that does not say it applies its reset gate after the product: before Keras 2.3 false, since then true
    #[arg(long, value_name = "BOOL")]
    pub reset_after: Option<bool>,
    /// What the clip of an LSTM limits in ONNX: its text says every function, ONNX Runtime limits the gates
    #[arg(long, value_enum, default_value_t = Limited::EveryFunction)]
    pub clip: Limited,
    /// Arrays of networks are [rows, steps, width] and not [steps, rows, width]; of models of Keras they are in any case
    #[arg(long)]
    pub batch_first: bool,
    /// What computes: a triple loop, the crate matrixmultiply, faer and SIMD
    #[arg(long, value_parser = ["naive", "matrixmultiply", "faer"], default_value = "faer")]
    pub backend: String,
    /// Threads of faer
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// The seed of weights, where a configuration is all there is
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What is written.
#[derive(Clone, Debug, Args)]
pub struct Written {
    /// ONNX: states are inputs and outputs, so that the model can be streamed
    #[arg(long)]
    pub states: bool,
    /// ONNX: the output is what the objective makes of the logits [default: what the file gives that is converted]
    #[arg(long)]
    pub probabilities: bool,
    /// ONNX: the output is the logits, although the file that is converted gives probabilities
    #[arg(long, conflicts_with = "probabilities")]
    pub logits: bool,
}

/// How long and on what to measure.
#[derive(Clone, Debug, Args)]
pub struct Effort {
    /// Steps of a sequence
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub steps: u32,
    /// Rows of a batch
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub rows: u32,
    /// Seconds for each figure
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub seconds: f64,
    /// Inputs of a graph, as `run` takes them [default: drawn, in the shapes of the model]
    #[arg(long, value_name = "FILE|NAME=FILE")]
    pub input: Vec<String>,
    /// One line of JSON in the place of the table
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "expected seconds, 0 to 3600".into())
}

/// A cell whose weights have PyTorch's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CellName {
    Lstm,
    Gru,
    /// One gate with tanh
    Tanh,
    /// One gate with relu
    Relu,
}

impl CellName {
    pub fn spec(self) -> CellSpec {
        match self {
            Self::Lstm => CellSpec::lstm(),
            Self::Gru => CellSpec::gru(GruReset::After),
            Self::Tanh => CellSpec::elman(Activation::Tanh),
            Self::Relu => CellSpec::elman(Activation::Relu),
        }
    }

    /// Blocks of rows of its matrices.
    pub fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::Tanh | Self::Relu => 1,
        }
    }
}

/// What the clip of an LSTM limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Limited {
    EveryFunction,
    Gates,
}

impl Told {
    pub fn clip(&self) -> Clip {
        match self.clip {
            Limited::EveryFunction => Clip::EveryFunction,
            Limited::Gates => Clip::Gates,
        }
    }

    pub fn onnx(&self) -> onnx::Options {
        onnx::Options::default().clip(self.clip())
    }

    /// Numbers of other types are converted: a model is looked at as it comes.
    pub fn load(&self) -> LoadOptions {
        LoadOptions { conversion: Conversion::Allow, ..LoadOptions::default() }
    }

    pub fn keras(&self) -> KerasOptions {
        KerasOptions {
            load: self.load(),
            version: self.keras_version,
            recurrent_activation: self.recurrent_activation.clone(),
            reset_after: self.reset_after,
        }
    }

    /// The configuration of --config, if it is given.
    pub fn config(&self) -> Result<Option<Config>> {
        let read = |path: &Path| {
            let text = std::fs::read(path).map_err(|source| Error::io("reading", path, source))?;
            let broken = |error| Error::format(path.display().to_string(), "a configuration of a network", error);
            serde_json::from_slice(&text).map_err(broken)
        };
        self.config.as_deref().map(read).transpose()
    }

    /// What computes.
    ///
    /// # Errors
    /// [`Error::Format`] if it has no threads and is to have several.
    pub fn backend(&self) -> Result<Arc<dyn Backend<f32>>> {
        let threads = usize::from(self.threads);
        match &*self.backend {
            other if other != "faer" && threads > 1 => {
                Err(Error::format("--threads", "1, or --backend faer", format!("{threads} with --backend {other}")))
            }
            "naive" => Ok(Arc::new(Naive)),
            "matrixmultiply" => Ok(Arc::new(MatrixMultiply)),
            _ if threads == 1 => Ok(Arc::new(Faer::sequential())),
            _ => Ok(Arc::new(Faer::try_parallel(threads).map_err(Error::application)?)),
        }
    }
}
