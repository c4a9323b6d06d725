//! `max |λᵢ(W)|` of a square matrix: what is triangular already is taken out, the rest made Hessenberg and then triangular.
//!
//! Everything is in f64, in one fixed order of operations, without threads: the same bits on every machine.

mod francis;
mod hessenberg;
mod isolated;

use crate::error::Result;
use crate::memory::zeros;

/// Elements that are computed with at once: enough for the latency of an addition, and for the widest vectors.
const LANES: usize = 16;

/// The largest modulus of an eigenvalue, and the number of sweeps it took; `None` if sweeps did not converge. `w [n, n]`.
///
/// # Errors
/// [`Error::Memory`](crate::Error::Memory) if there is none for a copy.
pub(super) fn largest_modulus(what: &str, w: &[f64], n: usize) -> Result<Option<(f64, u32)>> {
    let (isolated, rest) = isolated::take(what, w, n)?;
    let mut square = Square::of(what, w, n, &rest)?;
    square.hessenberg(what)?;
    Ok(square.largest_modulus().map(|(largest, sweeps)| (largest.max(isolated), sweeps)))
}

/// `[n, n]` in rows that are longer than `n`, so that a group of lanes that begins in a row ends in it, and so that the elements of a column do
/// not fall into the same places of a cache. What lies behind `n` means nothing.
#[derive(Debug)]
struct Square {
    n: usize,
    stride: usize,
    data: Vec<f64>,
}

impl Square {
    /// These rows and columns of `w [n, n]`.
    fn of(what: &str, w: &[f64], n: usize, kept: &[usize]) -> Result<Self> {
        let stride = kept.len().next_multiple_of(LANES) + LANES + LANES / 2;
        let mut data = zeros(what, kept.len().saturating_mul(stride))?;
        for (row, &i) in data.chunks_exact_mut(stride).zip(kept) {
            row.iter_mut().zip(kept).for_each(|(to, &j)| *to = w[i * n + j]);
        }
        Ok(Self { n: kept.len(), stride, data })
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.data[i * self.stride + j]
    }

    fn set(&mut self, i: usize, j: usize, value: f64) {
        self.data[i * self.stride + j] = value;
    }
}
