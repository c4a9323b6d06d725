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
//! Opsets 7 to 22, IR versions 3 to 14, numbers of type FLOAT; INT32, INT64 and BOOL where they are sizes, indices and truth.
//!
//! - `RNN`, `GRU`, `LSTM` with every attribute and every input. Weights are constants: initializers, what follows from them, or
//!   inputs that [`Model::with_constant`] gave a value.
//! - In whole models also `Add`, `Cast`, `Concat`, `Constant`, `ConstantOfShape`, `Conv` in one dimension, `Div`, `Expand`, `Gather`, `Gemm`,
//!   `Identity`, `MatMul`, `Mul`, `OneHot`, `Relu`, `Reshape`, `Shape`, `Sigmoid`, `Slice`, `Softmax`, `Squeeze`, `Sub`, `Tanh`,
//!   `Transpose`, `Unsqueeze`.
//!
//! Whatever else there is is an [`Error::Model`](crate::Error::Model) with the node, the attribute, what is implemented and what is there.
//! Attributes are *taken* by the code that computes with them, and what is left over is an error: nothing is passed over in silence.
//! [`Model::survey`] has all of these errors of a model at once.
//!
//! # Where ONNX' text and ONNX Runtime differ
//!
//! - `clip` of an LSTM: the text applies it to the input of every function, so also to what `h` sees of `c`; ONNX Runtime limits the gates
//!   alone. They differ where `|c|` is beyond the limit. [`Options::clip`] says which; the text is the default, because the file
//!   claims nothing else.
//! - The last states of a row of length 0 with an initial state: the text says nothing, here it has kept that state, ONNX Runtime gives 0.
//!   [`Options::empty_rows`] says which.
//! - Activations that have no default on which both agree must have their numbers in the file.
//! - `layout = 1` is implemented here, and refused by ONNX Runtime on a CPU.
//!
//! [`Options::of_onnx_runtime`] is ONNX Runtime's side of all of it.
//!
//! # Memory
//!
//! A model keeps the bytes of its file and eight bytes for each part. A graph takes the numbers of a weight out of the file one tensor at a time,
//! straight to where a network keeps them. What a file may cost is bounded by [`Limits`].
//!
//! The reader of the wire format is this module's own, 200 lines: those of the crates that read ONNX pass over fields they do not know, and
//! ask for memory by what a file claims.

mod activations;
mod attributes;
mod graph;
mod limits;
mod model;
mod operators;
mod proto;
mod recurrent;
mod surroundings;
mod survey;
mod tensor;
#[doc = include_str!("refused.md")]
pub mod refused {}
mod wire;
mod write;

pub use limits::Limits;
pub use model::{Model, NodeSummary, RecurrentNode, ValueSummary};
pub use recurrent::{Operator, RecurrentOptions};
pub use surroundings::{Neighbour, Surroundings};
pub use survey::{Survey, SurveyedNode};
pub use tensor::{read_tensor, write_tensor};
pub use write::{ExportOptions, HeadOutput};

use crate::backend::DefaultBackend;
use crate::graph::{EmptyRows, Recurrent};

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

/// How a model is understood where that is not settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// What `clip` of an LSTM limits.
    pub clip: Clip,
    /// What `Y_h` and `Y_c` are of a row of length 0.
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

    /// Whatever ONNX Runtime does where it differs from the default.
    #[must_use]
    pub fn of_onnx_runtime() -> Self {
        Self { clip: Clip::Gates, empty_rows: EmptyRows::Zero }
    }
}

/// A recurrent node that was taken out of a model.
#[derive(Debug)]
#[non_exhaustive]
pub struct Taken<B: ?Sized = DefaultBackend> {
    /// Its name.
    pub name: String,
    /// What its attributes say.
    pub options: RecurrentOptions,
    /// The layer: its [networks](Recurrent::networks) learn, stream and are saved as any other; in a
    /// [graph](crate::graph::Builder) it is an operation.
    pub layer: Recurrent<B>,
    /// What stands around it.
    pub surroundings: Surroundings,
}
