//! What a target is made from, as it is given.

use super::EncoderDecoder;
use super::config::SourceSpec;
use crate::error::{Error, Result};
use crate::finite::check_finite;
use crate::network::Batch;
use rnn_kernels::{Backend, MatRef, Scalar};

/// Sequences for an encoder, or a vector for each row.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a, T> {
    /// Rows of any lengths, without holes and starts; [noise](Batch::with_noise) is the encoder's.
    Sequences(Batch<'a, T>),
    /// `v [N, K]`.
    Vectors(MatRef<'a, T>),
}

impl<'a, T: Clone> From<&Batch<'a, T>> for Source<'a, T> {
    fn from(batch: &Batch<'a, T>) -> Self {
        Source::Sequences(batch.clone())
    }
}

impl<'a, T> From<Batch<'a, T>> for Source<'a, T> {
    fn from(batch: Batch<'a, T>) -> Self {
        Source::Sequences(batch)
    }
}

impl<'a, T> From<MatRef<'a, T>> for Source<'a, T> {
    fn from(vectors: MatRef<'a, T>) -> Self {
        Source::Vectors(vectors)
    }
}

impl<T: Scalar> Source<'_, T> {
    pub(super) fn rows(&self) -> usize {
        match self {
            Source::Sequences(batch) => batch.rows(),
            Source::Vectors(vectors) => vectors.rows(),
        }
    }

    /// `Tₓ`; 0 of vectors.
    pub(super) fn steps(&self) -> usize {
        match self {
            Source::Sequences(batch) => batch.steps(),
            Source::Vectors(_) => 0,
        }
    }

    pub(super) fn without_noise(self) -> Self {
        match self {
            Source::Sequences(batch) => Source::Sequences(batch.without_noise()),
            vectors @ Source::Vectors(_) => vectors,
        }
    }

    /// Writes the length of each row, after checking that the model can read it.
    pub(super) fn check<B: Backend<T> + ?Sized>(
        &self,
        model: &EncoderDecoder<T, B>,
        lengths: &mut Vec<usize>,
    ) -> Result<()> {
        lengths.clear();
        match (self, &model.config.source) {
            (Source::Sequences(batch), SourceSpec::Encoder(_)) => {
                if batch.skipped.is_some() || batch.starts.is_some() || batch.start > 0 {
                    return Err(Error::kind("source", "whole rows", "holes, starts or a window"));
                }
                match batch.lengths {
                    Some(given) => lengths.extend_from_slice(given),
                    None => lengths.resize(batch.rows(), batch.steps()),
                }
                match lengths.iter().position(|&length| length == 0) {
                    Some(n) if model.parts.attention.is_some() => {
                        let what = format!("source, length of row {n}");
                        Err(Error::range(what, "at least 1 to attend to", 0))
                    }
                    _ => Ok(()),
                }
            }
            (Source::Vectors(vectors), SourceSpec::Vector { width }) => {
                if vectors.cols() != *width || vectors.is_transposed() {
                    return Err(Error::shape("source [N, K]", &[vectors.rows(), *width], &vectors.shape()));
                }
                (0..vectors.rows()).try_for_each(|n| check_finite(&format!("source, row {n}"), vectors.row(n)))
            }
            (Source::Sequences(_), SourceSpec::Vector { .. }) => Err(Error::kind("source", "vectors", "sequences")),
            (Source::Vectors(_), SourceSpec::Encoder(_)) => Err(Error::kind("source", "sequences", "vectors")),
        }
    }
}
