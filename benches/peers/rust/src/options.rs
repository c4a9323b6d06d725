//! The command line.

use crate::libraries::Peer;
use crate::setting::{Cell, Dtype, Mode, Shape};
use clap::Parser;
use std::path::PathBuf;

/// Time recurrent layers of other Rust libraries
#[derive(Parser)]
pub struct Options {
    /// Libraries
    #[arg(long, value_enum, value_delimiter = ',', default_value = "candle,burn,rust-lstm,tract,rten")]
    pub peers: Vec<Peer>,
    /// `T,B,I,H;…`: steps, batch, input, hidden
    #[arg(long, value_parser = Shapes::parse, default_value = "50,16,64,128")]
    pub shapes: Shapes,
    /// Cells
    #[arg(long, value_enum, value_delimiter = ',', default_value = "rnn,lstm,gru")]
    pub cells: Vec<Cell>,
    /// Passes
    #[arg(long, value_enum, value_delimiter = ',', default_value = "fwd,train")]
    pub modes: Vec<Mode>,
    /// Numbers
    #[arg(long, value_enum, value_delimiter = ',', default_value = "f32")]
    pub dtype: Vec<Dtype>,
    /// Numbers of threads, a process each
    #[arg(long, value_delimiter = ',', default_value = "1,2", value_parser = threads)]
    pub threads: Vec<usize>,
    /// Seconds timed per line and pass, and at least three calls
    #[arg(long, default_value_t = 0.2, value_parser = seconds)]
    pub secs: f64,
    /// Interleaved passes; a line is the lowest of their medians
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub passes: u32,
    /// Append the lines to this file [default: the standard output]
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Answer requests on the standard input, as `worker.py` does; `RAYON_NUM_THREADS` has to be set
    #[arg(long, value_enum)]
    pub serve: Option<Peer>,
}

/// Shapes in the order given.
#[derive(Clone)]
pub struct Shapes(pub Vec<Shape>);

impl Shapes {
    fn parse(text: &str) -> Result<Self, String> {
        let shape = |part: &str| {
            let extents: Result<Vec<usize>, _> = part.split(',').map(|extent| extent.trim().parse()).collect();
            let shape: Option<Shape> = extents.ok().and_then(|extents| extents.try_into().ok());
            shape.filter(|shape| !shape.contains(&0)).ok_or(format!("`{part}` is not T,B,I,H, four positive numbers"))
        };
        text.split(';').filter(|part| !part.trim().is_empty()).map(shape).collect::<Result<_, _>>().map(Self)
    }
}

fn threads(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&threads| threads > 0).ok_or("a positive number".into())
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|seconds| (0.0..=3600.0).contains(seconds)).ok_or("seconds, 0 to 3600".into())
}
