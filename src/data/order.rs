//! `0..N → batches`: in which order an epoch goes over the rows of a data set.

use super::split::in_order;
use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::rng::Rng;
use serde::{Deserialize, Serialize};

/// In which order rows come, and which are together in a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// `0, 1, 2, …`; draws nothing.
    InSequence,
    /// Every order equally likely.
    #[default]
    Shuffled,
    /// Rows of like length together, which saves padding: rows are shuffled, chunks of `of` batches each sorted by length (equal lengths
    /// stay as they were), and the batches shuffled. With `of` 1 batches are random; the more, the less padding and the less chance.
    Buckets {
        /// The batches of a chunk, at least 1.
        of: usize,
    },
}

/// The rows of each batch of an epoch: all have the same number of rows but the last, which may be smaller. Every row is in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batches {
    rows: Vec<usize>,
    size: usize,
}

impl Order {
    /// The batches of an epoch over rows of these lengths; the same generator gives the same ones.
    ///
    /// The smaller batch, if there is one, is always the last.
    ///
    /// # Errors
    /// [`Error::Range`] if batches are to have no rows or chunks no batches, [`Error::Memory`].
    pub fn batches(self, lengths: &[usize], batch_size: usize, rng: &mut Rng) -> Result<Batches> {
        if batch_size == 0 {
            return Err(Error::range("rows of a batch", "at least 1", 0));
        }
        let mut rows = in_order(lengths.len())?;
        match self {
            Self::InSequence => {}
            Self::Shuffled => rng.shuffle(&mut rows),
            Self::Buckets { of: 0 } => return Err(Error::range("buckets, batches of a chunk", "at least 1", 0)),
            Self::Buckets { of } => {
                rng.shuffle(&mut rows);
                // The place decides between equal lengths: a stable sort without the memory of one.
                let mut chunk = Vec::new();
                let size = of.saturating_mul(batch_size);
                reserve("buckets", &mut chunk, size.min(rows.len()))?;
                for rows in rows.chunks_mut(size) {
                    chunk.clear();
                    chunk.extend(rows.iter().enumerate().map(|(place, &row)| (lengths[row], place, row)));
                    chunk.sort_unstable();
                    rows.iter_mut().zip(&chunk).for_each(|(row, sorted)| *row = sorted.2);
                }
                shuffle_batches(&mut rows, batch_size, rng)?;
            }
        }
        Ok(Batches { rows, size: batch_size })
    }
}

/// Exchanges whole batches; one that is smaller stays the last.
fn shuffle_batches(rows: &mut [usize], size: usize, rng: &mut Rng) -> Result<()> {
    let full = rows.len() / size;
    let mut order = in_order(full)?;
    rng.shuffle(&mut order);
    let mut shuffled = Vec::new();
    reserve("buckets, batches", &mut shuffled, full * size)?;
    order.iter().for_each(|&batch| shuffled.extend_from_slice(&rows[batch * size..][..size]));
    rows[..full * size].copy_from_slice(&shuffled);
    Ok(())
}

impl Batches {
    /// How many batches there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len().div_ceil(self.size)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of batch `k`, if there is such a batch: where an epoch that was broken off goes on.
    #[must_use]
    pub fn get(&self, k: usize) -> Option<&[usize]> {
        self.rows.chunks(self.size).nth(k)
    }

    /// The rows of each batch, one after another.
    pub fn iter(&self) -> std::slice::Chunks<'_, usize> {
        self.rows.chunks(self.size)
    }
}

impl<'a> IntoIterator for &'a Batches {
    type Item = &'a [usize];
    type IntoIter = std::slice::Chunks<'a, usize>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
