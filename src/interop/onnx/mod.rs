//! ONNX: recurrent nodes taken out of any model, whole models as [graphs](crate::graph), and networks written as models.
//!
//! ```no_run
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::interop::onnx::{Limits, Model, Options};
//! use recurrent::DefaultBackend;
//!
//! let model = Model::read("model.onnx", &Limits::default())?;
//! for node in model.recurrent_nodes()? {
//!     println!("{} {} {:?}", node.options.operator, node.name, node.sizes);
//! }
//! let taken = model.take("lstm_4", DefaultBackend::default(), &Options::default())?;
//! println!("{}", taken.surroundings);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! # What is read
//!
//! Opsets 7 to 22, IR versions 3 to 14. Numbers are of type FLOAT; sizes, indices and truth values are INT32, INT64 and BOOL.
//!
//! - `RNN`, `GRU`, `LSTM` with every attribute and every input. Weights must be constants: initializers, what is computed from them, or
//!   inputs to which [`Model::with_constant`] gave a value.
//! - In whole models also `Add`, `Cast`, `Concat`, `Constant`, `ConstantOfShape`, `Conv` in one dimension, `Div`, `Expand`, `Gather`, `Gemm`,
//!   `Identity`, `MatMul`, `Mul`, `OneHot`, `Relu`, `Reshape`, `Shape`, `Sigmoid`, `Slice`, `Softmax`, `Squeeze`, `Sub`, `Tanh`,
//!   `Transpose`, `Unsqueeze`.
//!
//! Anything else is an [`Error::Model`](crate::Error::Model), which names the node, the attribute, what is implemented and what is there.
//! The code that computes with an attribute *takes* it, and an attribute that is left over is an error: nothing is passed over in silence.
//! [`Model::survey`] has all of these errors of a model at once.
//!
//! # Where ONNX' text and ONNX Runtime differ
//!
//! - `clip` of an LSTM: the text applies it to the input of every function, also to the `c` in `h = o ⊙ tanh(c)`; ONNX Runtime applies it
//!   to the gates alone. They differ where `|c|` is beyond the limit. [`Options::clip`] chooses; the default is the text, which is all that
//!   a file refers to.
//! - The last states of a row of length 0 that has an initial state: the text says nothing. Here the row keeps that state, ONNX Runtime
//!   gives 0. [`Options::empty_rows`] chooses.
//! - An activation for which text and ONNX Runtime have no common default must have its numbers in the file.
//! - `OneHot` before opset 11: the text allows no index below 0; here, as in ONNX Runtime, such an index is counted from the end.
//! - `layout = 1` is implemented here, and refused by ONNX Runtime on a CPU.
//!
//! [`Options::of_onnx_runtime`] chooses ONNX Runtime's side everywhere.
//!
//! # Memory
//!
//! A model keeps the bytes of its file and eight bytes for each part. The weights of a recurrent layer are read from the file one tensor at a
//! time, and copied to where a network keeps them. [`Limits`] bound what a file can cost.
//!
//! The reader of the wire format is this module's own, 200 lines: those of the crates that read ONNX pass over fields they do not know, and
//! ask for as much memory as a file claims.

mod activations;
mod attributes;
mod graph;
mod limits;
mod model;
mod operators;
mod proto;
mod recurrent;
mod report;
mod surroundings;
mod survey;
mod take;
mod tensor;
#[doc = include_str!("refused.md")]
pub mod refused {}
mod wire;
mod write;

pub use limits::Limits;
pub use model::Model;
pub use recurrent::{Operator, RecurrentOptions};
pub use report::{NodeSummary, RecurrentNode, ValueSummary};
pub use surroundings::{Neighbour, Surroundings};
pub use survey::{Survey, SurveyedNode};
pub use take::Taken;
pub use tensor::{read_tensor, write_tensor};
pub use write::{ExportOptions, HeadOutput};

use crate::graph::EmptyRows;

/// What `clip` of an LSTM limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clip {
    /// The input of every function, as ONNX' text says: those of the gates, and of `h` in `o ⊙ h(c)`.
    #[default]
    EveryFunction,
    /// The inputs of the gates alone, as ONNX Runtime computes it.
    Gates,
}

/// How a model is read where the text of ONNX and ONNX Runtime differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// What `clip` of an LSTM limits.
    pub clip: Clip,
    /// What `Y_h` and `Y_c` of a row of length 0 are.
    pub empty_rows: EmptyRows,
}

impl Options {
    /// The same with this meaning of `clip`.
    #[must_use]
    pub fn clip(self, clip: Clip) -> Self {
        Self { clip, ..self }
    }

    /// The same with these last states of rows of length 0.
    #[must_use]
    pub fn empty_rows(self, empty_rows: EmptyRows) -> Self {
        Self { empty_rows, ..self }
    }

    /// What ONNX Runtime does.
    #[must_use]
    pub fn of_onnx_runtime() -> Self {
        Self { clip: Clip::Gates, empty_rows: EmptyRows::Zero }
    }
}
