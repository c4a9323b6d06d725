//! Everything that keeps a command from giving an answer, in one line each.

use rnn_check::case::TokenError;
use rnn_check::document::MissingSection;
use std::path::PathBuf;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line, as clap puts it.
    #[error("{0}; try --help")]
    Usage(String),
    /// `--backend`.
    #[error(
        "no backend is called {0:?}; there are naive, matrixmultiply, faer, faer-fast, faer-parallel and faer-parallel:N"
    )]
    UnknownBackend(String),
    /// `--law`.
    #[error("no law's name contains {0:?}; `rnn-check list` names them all")]
    UnknownLaw(String),
    /// `replay`.
    #[error("replay: {0}")]
    Token(#[from] TokenError),
    /// An instruction set that must not be missing.
    #[error("{0}")]
    InstructionSet(String),
    /// A file.
    #[error("reading {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file.
    #[error("writing {path}: {source}", path = path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A document without the markers of a section.
    #[error("{path}: {source}", path = path.display())]
    Section {
        /// Which.
        path: PathBuf,
        /// Which section.
        source: MissingSection,
    },
    /// A curve.
    #[error("drawing {what}: {why}")]
    Drawing {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
}
