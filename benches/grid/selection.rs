//! The command line that the grid and the roofline share: what to measure, and how long.

use crate::side_by_side::{Cell, Effort, GRID, Mode, STREAMING, Shape, Which};
use clap::{Args, ValueEnum};
use rnn_backend_faer::simd::{Accuracy, Isa};
use std::path::PathBuf;
use std::time::Duration;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pass {
    /// Inference over T steps from a given state; every output is kept, nothing for a backward pass
    Fwd,
    /// Packing the weights, forward, and BPTT to weights, biases, input and initial state
    Train,
    /// One step of inference; the state is carried on
    Step,
}

impl Pass {
    pub fn name(self) -> &'static str {
        match self {
            Pass::Fwd => "fwd",
            Pass::Train => "train",
            Pass::Step => "step",
        }
    }

    pub fn mode(self) -> Mode {
        match self {
            Pass::Fwd | Pass::Step => Mode::Infer,
            Pass::Train => Mode::Train,
        }
    }
}

/// The numbers computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    F32,
    F64,
}

/// What to measure.
#[derive(Args, Clone, Debug)]
pub struct Selection {
    /// `T,B,I,H;…`: steps, batch, input, hidden [default: the twelve of the grid; `step`: B = 1, I = H = 8 … 256]
    #[arg(long, value_parser = parse_shapes)]
    shapes: Option<Shapes>,
    /// Cells
    #[arg(long, value_enum, value_delimiter = ',', default_value = "rnn,lstm,gru")]
    pub cells: Vec<Cell>,
    /// Passes
    #[arg(long, value_enum, value_delimiter = ',', default_value = "fwd,train")]
    pub modes: Vec<Pass>,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2", value_parser = parse_threads)]
    pub threads: Vec<usize>,
    /// Numbers
    #[arg(long, value_enum, value_delimiter = ',', default_value = "f32")]
    pub dtype: Vec<Dtype>,
    /// Seconds timed per line and pass, and at least three calls
    #[arg(long, default_value_t = 0.2, value_parser = parse_seconds)]
    pub secs: f64,
    /// Interleaved passes; a line is the lowest of their medians
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub passes: u32,
    /// Backend; only faer has threads and instruction sets
    #[arg(long, value_enum, default_value = "faer")]
    pub backend: Which,
    /// Force an instruction set: portable, avx2 or avx512 [default: the widest the machine has]
    #[arg(long, value_parser = parse_isa)]
    pub isa: Option<Isa>,
    /// Accuracy of σ and tanh of gates: ulp1 or fast, with faer
    #[arg(long, value_parser = parse_accuracy, default_value = "ulp1")]
    pub accuracy: Accuracy,
    /// Append the lines as JSON to this file, `-` for the standard output
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Only lines whose label contains this, such as `lstm train`
    filter: Option<String>,
    /// Every bench gets this from `cargo bench`; without it one tiny shape runs once
    #[arg(long, hide = true)]
    bench: bool,
    /// As without `--bench`
    #[arg(long, hide = true)]
    test: bool,
}

/// Shapes in the order given.
#[derive(Clone, Debug)]
struct Shapes(Vec<Shape>);

impl Selection {
    /// Whether this run only shows that the bench works.
    pub fn quick(&self) -> bool {
        self.test || !self.bench
    }

    /// How long a median is measured.
    pub fn effort(&self) -> Effort {
        match self.quick() {
            true => Effort { time: Duration::ZERO, samples: 1 },
            false => Effort { time: Duration::from_secs_f64(self.secs), samples: 3 },
        }
    }

    /// How many passes there are.
    pub fn passes(&self) -> u32 {
        if self.quick() { 1 } else { self.passes }
    }

    /// Every shape with the passes it is measured in. A step has `T = 1`.
    pub fn shapes(&self) -> Vec<(Shape, Vec<Pass>)> {
        let quick = Shapes(vec![[3, 2, 5, 7]]);
        let given = if self.quick() { Some(&quick) } else { self.shapes.as_ref() };
        let sequences = given.map_or(GRID.to_vec(), |shapes| shapes.0.clone());
        let steps = match given {
            Some(shapes) => shapes.0.iter().map(|&[_, n, c, h]| [1, n, c, h]).collect(),
            None => STREAMING.map(|h| [1, 1, h, h]).to_vec(),
        };
        let (step, sequence): (Vec<Pass>, Vec<Pass>) = self.modes.iter().partition(|&&pass| pass == Pass::Step);
        let mut all: Vec<(Shape, Vec<Pass>)> = Vec::new();
        for (shapes, passes) in [(sequences, sequence), (steps, step)] {
            for shape in shapes {
                if !passes.is_empty() && !all.contains(&(shape, passes.clone())) {
                    all.push((shape, passes.clone()));
                }
            }
        }
        all
    }

    /// Whether the filter lets a line through.
    pub fn wants(&self, label: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| label.contains(filter))
    }
}

fn parse_shapes(text: &str) -> Result<Shapes, String> {
    let shape = |part: &str| {
        let extents: Result<Vec<usize>, _> = part.split(',').map(|extent| extent.trim().parse()).collect();
        let shape: Option<Shape> = extents.ok().and_then(|extents| extents.try_into().ok());
        shape.filter(|shape| !shape.contains(&0)).ok_or(format!("`{part}` is not T,B,I,H, four positive numbers"))
    };
    let parts = text.split(';').filter(|part| !part.trim().is_empty());
    parts.map(shape).collect::<Result<_, _>>().map(Shapes)
}

fn parse_threads(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&threads| threads > 0).ok_or("a positive number".into())
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|seconds| (0.0..=3600.0).contains(seconds)).ok_or("seconds, 0 to 3600".into())
}

fn parse_isa(text: &str) -> Result<Isa, String> {
    let isa = match text {
        "portable" => Isa::Portable,
        "avx2" => Isa::Avx2,
        "avx512" => Isa::Avx512,
        _ => return Err("portable, avx2 or avx512".into()),
    };
    isa.available().then_some(isa).ok_or("this machine does not have it".into())
}

fn parse_accuracy(text: &str) -> Result<Accuracy, String> {
    match text {
        "ulp1" => Ok(Accuracy::Ulp1),
        "fast" => Ok(Accuracy::Fast),
        _ => Err("ulp1 or fast".into()),
    }
}
