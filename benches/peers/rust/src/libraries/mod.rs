//! The libraries, behind one trait.

use crate::problem::Problem;
use crate::setting::Setting;
use clap::ValueEnum;

mod burn;
mod candle;
mod onnx_model;
mod rten;
mod rust_lstm;
mod tract;

/// A library that has recurrent layers.
pub trait Library {
    /// Its name in the lines.
    fn peer(&self) -> &'static str;
    /// The package whose version goes into the lines.
    fn package(&self) -> &'static str;
    /// What it computes with.
    fn backend(&self) -> &'static str;
    /// Why it cannot do a setting, if it cannot.
    fn lacks(&self, setting: &Setting) -> Option<&'static str>;
    /// The layer with the weights and the input of a problem, in the layout the library takes fastest.
    fn build(&self, problem: &Problem) -> Box<dyn Layer>;
}

/// A layer and its input.
pub trait Layer {
    /// What is timed: one pass of the problem's mode. The result of the call before is dropped first.
    fn call(&mut self);
    /// What the last call made: the hidden states `[T, B, H]` of `fwd`, the gradient of the input `[T, B, I]` of `train`.
    fn result(&self) -> Vec<f64>;
}

/// The names of the libraries.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Peer {
    Candle,
    Burn,
    RustLstm,
    Tract,
    Rten,
}

impl Peer {
    pub fn library(self) -> &'static dyn Library {
        match self {
            Peer::Candle => &candle::Candle,
            Peer::Burn => &burn::Burn,
            Peer::RustLstm => &rust_lstm::RustLstm,
            Peer::Tract => &tract::Tract,
            Peer::Rten => &rten::Rten,
        }
    }
}
