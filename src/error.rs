//! Everything that data can cause: one error type, each variant with what was expected and what was found.

use crate::cells::CellFault;
use crate::checkpoint::CheckpointFault;
use crate::digest::Digest;
use std::path::PathBuf;

/// The result of everything in this crate that data can make fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The message is one line with the place, what was expected there and what was found.
///
/// Every variant can be made outside this crate, too; what fits none of them is [`Error::application`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A buffer has the wrong number of elements.
    #[error("{what}: expected {expected} elements, found {found}")]
    Len {
        /// Which buffer.
        what: String,
        /// How many it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// An array has the wrong shape.
    #[error("{what}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// Which array.
        what: String,
        /// The shape it must have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// A value lies outside its range.
    #[error("{what}: expected {expected}, found {found}")]
    Range {
        /// Which value, with its place.
        what: String,
        /// The range.
        expected: String,
        /// The value.
        found: String,
    },
    /// A configuration contradicts itself or asks for something that does not exist.
    #[error("configuration, {at}: expected {expected}, found {found}")]
    Config {
        /// Where in the configuration.
        at: String,
        /// What must be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The cell of a layer cannot be made, or not used there.
    #[error("configuration, {at}: cell `{cell}`: {fault}")]
    Cell {
        /// Where in the configuration.
        at: String,
        /// Its name.
        cell: String,
        /// What is wrong with it.
        fault: CellFault,
    },
    /// A mask of a recurrent layer is not what the cell of that layer reads.
    #[error("mask `{mask}` of recurrent layer {layer}: expected {expected}, found {found}")]
    Mask {
        /// The layer, counted from the input.
        layer: usize,
        /// The name of the mask.
        mask: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A cell has another equation than the one that a checkpoint was written with.
    #[error("layer {layer}, cell `{cell}`: expected the equation with digest {expected}, found {found}")]
    Equation {
        /// The layer.
        layer: String,
        /// The name of the cell.
        cell: String,
        /// The digest of the equation that the checkpoint was written with.
        expected: Digest,
        /// The digest of the equation that the registry makes.
        found: Digest,
    },
    /// One kind of thing was given where another belongs.
    #[error("{what}: expected {expected}, found {found}")]
    Kind {
        /// Which argument.
        what: String,
        /// The kind it must be.
        expected: String,
        /// The kind it is.
        found: String,
    },
    /// A size does not fit into the address space.
    #[error("{what}: expected a size that fits into memory, found the product of {factors:?}")]
    Overflow {
        /// Which size.
        what: String,
        /// Its factors.
        factors: Vec<usize>,
    },
    /// Memory for a buffer could not be had.
    #[error("{what}: expected {bytes} bytes of memory, found less")]
    Memory {
        /// Which buffer.
        what: String,
        /// Its size.
        bytes: usize,
    },
    /// A number that must be finite is not.
    #[error("{what}: expected finite numbers, found {found} at flat index {index}")]
    NotFinite {
        /// Which tensor.
        what: String,
        /// Where in it, row-major.
        index: usize,
        /// The number.
        found: f64,
    },
    /// A call came before the one it builds on.
    #[error("{call}: expected {expected}, found {found}")]
    Order {
        /// The call.
        call: &'static str,
        /// What must come before it.
        expected: String,
        /// What came before it.
        found: String,
    },
    /// A file or text is not what it should be.
    #[error("{what}: expected {expected}, found {found}")]
    Format {
        /// Which file or text, or which part of it.
        what: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The tensors of a file are not those of the network; all of them, tensor by tensor.
    #[error("{path}: expected the tensors of the network, found {} mismatches: {}", .mismatches.len(), list(.mismatches))]
    Tensors {
        /// Which file.
        path: String,
        /// Every mismatch.
        mismatches: Vec<TensorMismatch>,
    },
    /// A file is not the checkpoint one asked for.
    #[error("checkpoint {path}: {fault}", path = .path.display())]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: CheckpointFault,
    },
    /// A model of another library has something that is not implemented here, or contradicts its format.
    #[error("{at}, {part}: expected {expected}, found {found}")]
    Model {
        /// Which part of it: a node with its operator, the model, a tensor.
        at: String,
        /// What of it: an attribute, an input, the operator itself.
        part: String,
        /// What is implemented.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A node of a graph cannot be made or computed.
    #[error("node `{node}` ({op}): {source}")]
    Node {
        /// Its name.
        node: String,
        /// Its operation.
        op: String,
        /// What is wrong.
        source: Box<Error>,
    },
    /// The operating system refused something.
    #[error("{doing} {path}: expected it to succeed, found: {source}", path = .path.display())]
    Io {
        /// What was being done, e.g. "reading".
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What an application's own code met with: in the observer of a [fit](crate::train::Trainer::fit), or in any function of its own that
    /// returns a [`Result`] of this crate. Made by [`Error::application`]; the library itself never returns one.
    #[error("application: {source}")]
    Application {
        /// What it was; `downcast_ref` gives the application's type back.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file was replaced by its new content, whole, but a later step failed: until the system has written its folder
    /// by itself, a power failure may bring the old content back.
    #[error("{path}: replaced, but {doing} failed: {source}", path = .path.display())]
    Replaced {
        /// Which file.
        path: PathBuf,
        /// The later step.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// How one tensor of a file differs from the parameter of the network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorMismatch {
    /// The network has it, the file has not.
    #[error("{name}: expected {expected:?}, found no such tensor")]
    Missing {
        /// The parameter.
        name: String,
        /// Its shape.
        expected: Vec<usize>,
    },
    /// The file has it, the network has not.
    #[error("{name}: expected no such tensor, found {found:?}")]
    Unexpected {
        /// The tensor.
        name: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// Two tensors of the file are to be one parameter.
    #[error("{name}: expected one tensor, found `{}` and `{}`", .tensors[0], .tensors[1])]
    Twice {
        /// The parameter.
        name: String,
        /// The names of both.
        tensors: [String; 2],
    },
    /// The shapes differ.
    #[error("{name}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The parameter.
        name: String,
        /// Its shape in the network.
        expected: Vec<usize>,
        /// Its shape in the file.
        found: Vec<usize>,
    },
    /// The number types differ.
    #[error("{name}: expected {expected}, found {found}")]
    Dtype {
        /// The parameter.
        name: String,
        /// The number type of the network.
        expected: String,
        /// The number type in the file.
        found: String,
    },
    /// A number is infinite or not a number.
    #[error("{name}: expected finite numbers, found {found} at flat index {index}")]
    NotFinite {
        /// The parameter.
        name: String,
        /// Where in it, row-major.
        index: usize,
        /// The number.
        found: f64,
    },
}

fn list(mismatches: &[TensorMismatch]) -> String {
    mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Error {
    /// An application's own error, or a text that is one.
    ///
    /// ```
    /// use recurrent::{Error, Result};
    ///
    /// fn learning_rate(line: &str) -> Result<f64> {
    ///     line.parse().map_err(Error::application)
    /// }
    /// let error = learning_rate("0.O1").unwrap_err();
    /// assert_eq!(error.to_string(), "application: invalid float literal");
    /// assert!(matches!(&error, Error::Application { source } if source.is::<std::num::ParseFloatError>()));
    /// assert_eq!(Error::application("no more disk space").to_string(), "application: no more disk space");
    /// ```
    pub fn application(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Application { source: error.into() }
    }

    /// A wrong number of elements.
    pub(crate) fn len(what: impl Into<String>, expected: usize, found: usize) -> Self {
        Error::Len { what: what.into(), expected, found }
    }

    /// A wrong shape.
    pub(crate) fn shape(what: impl Into<String>, expected: &[usize], found: &[usize]) -> Self {
        Error::Shape { what: what.into(), expected: expected.to_vec(), found: found.to_vec() }
    }

    /// A value outside its range.
    pub(crate) fn range(what: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::Range { what: what.into(), expected: expected.into(), found: found.to_string() }
    }

    /// A contradiction in a configuration.
    pub(crate) fn config(at: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::Config { at: at.into(), expected: expected.into(), found: found.to_string() }
    }

    /// A mask that is not what a layer reads.
    pub(crate) fn mask(layer: usize, mask: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Error::Mask { layer, mask: mask.into(), expected: expected.into(), found: found.into() }
    }

    /// The wrong kind of argument.
    pub(crate) fn kind(what: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Error::Kind { what: what.into(), expected: expected.into(), found: found.into() }
    }

    /// Something in a model of another library that is not implemented.
    #[cfg(feature = "_graph")]
    pub(crate) fn model(
        at: impl Into<String>,
        part: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Error::Model { at: at.into(), part: part.into(), expected: expected.into(), found: found.to_string() }
    }

    /// This, of a node of a graph.
    #[cfg(feature = "_graph")]
    pub(crate) fn in_node(self, node: &str, op: &str) -> Self {
        Error::Node { node: node.into(), op: op.into(), source: Box::new(self) }
    }

    /// A file, a text or an option that is not what it should be: for programs, whose refusals then look like those of this crate.
    pub fn format(what: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::Format { what: what.into(), expected: expected.into(), found: found.to_string() }
    }

    /// A refusal of the operating system, while `doing` something to `path`.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Error::Io { doing, path: path.into(), source }
    }
}

/// `Ok` if a buffer has as many elements as it must.
pub(crate) fn check_len(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found { Ok(()) } else { Err(Error::len(what, expected, found)) }
}

/// The product of `factors`, if it fits.
pub(crate) fn checked_product(what: &str, factors: &[usize]) -> Result<usize> {
    factors
        .iter()
        .try_fold(1_usize, |product, &factor| product.checked_mul(factor))
        .ok_or_else(|| Error::Overflow { what: what.into(), factors: factors.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::{Error, Result};
    use std::error::Error as _;

    /// An error of an application that has a cause of its own.
    #[derive(Debug, thiserror::Error)]
    #[error("chart of epoch {epoch}: not drawn")]
    struct NotDrawn {
        epoch: u32,
        source: std::fmt::Error,
    }

    #[test]
    fn an_applications_error_keeps_its_message_its_type_and_its_causes() {
        fn observe(epoch: u32) -> Result<()> {
            let drawn: Result<(), _> = Err(NotDrawn { epoch, source: std::fmt::Error });
            drawn.map_err(Error::application)
        }
        let error = observe(7).unwrap_err();
        assert_eq!(error.to_string(), "application: chart of epoch 7: not drawn");
        let own = error.source().expect("its own error is the cause");
        assert_eq!(own.downcast_ref::<NotDrawn>().map(|own| own.epoch), Some(7));
        assert!(own.source().is_some_and(|cause| cause.is::<std::fmt::Error>()));
        assert!(own.source().unwrap().source().is_none());
    }

    #[test]
    fn a_text_is_an_applications_error_too() {
        let error = Error::application(format!("stopped after {} steps", 3));
        assert_eq!(error.to_string(), "application: stopped after 3 steps");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("stopped after 3 steps"));
    }

    #[test]
    fn errors_go_from_thread_to_thread() {
        fn crosses<E: std::error::Error + Send + Sync + 'static>() {}
        crosses::<Error>();
    }
}
