//! One weight matrix by one scheme.

use super::Scheme;
use super::torch::Torch;
use crate::error::{Error, Result, checked_product};
use crate::finite::first_non_finite;
use crate::gradient_flow::spectral_radius;
use crate::memory::reserve;
use crate::number::in_type;
use crate::rng::Rng;
use rnn_kernels::{MatRef, Scalar};

/// A matrix `[rows, cols]` to fill, and the setting that asks for it.
#[derive(Debug)]
pub(crate) struct Matrix<'a, T> {
    what: &'static str,
    data: &'a mut [T],
    rows: usize,
    cols: usize,
}

impl<'a, T: Scalar> Matrix<'a, T> {
    pub fn new(what: &'static str, data: &'a mut [T], rows: usize, cols: usize) -> Self {
        Self { what, data, rows, cols }
    }

    /// `data[k] = next(k / cols, k % cols)`.
    fn fill(&mut self, mut next: impl FnMut(usize, usize) -> f64) {
        let cols = self.cols;
        self.data.iter_mut().enumerate().for_each(|(k, value)| *value = T::from_f64(next(k / cols, k % cols)));
    }
}

/// Draws a matrix.
///
/// # Errors
/// If a setting is out of its range in `T`, a weight that follows from it is not finite, or memory for the scratch of
/// [`Scheme::Orthogonal`] or [`Scheme::SpectralRadius`] cannot be had.
pub(crate) fn draw<T: Scalar>(scheme: Scheme, default: Torch, mut matrix: Matrix<'_, T>, rng: &mut Rng) -> Result<()> {
    let (what, rows, cols) = (matrix.what, matrix.rows, matrix.cols);
    let number = |name: &str, value: f64| {
        let fault = |found| Error::config(format!("{what}, {name}"), "a finite number, 0 or larger", found);
        in_type::<T>(value, |x| x.is_finite() && x >= 0.0).map_err(fault).map(|()| value)
    };
    #[allow(clippy::cast_precision_loss)] // widths are far below 2⁵³
    let fans = (rows + cols) as f64;
    match scheme {
        Scheme::Pytorch => matrix.fill(|_, _| default.draw(rng)),
        Scheme::XavierUniform { gain } => {
            let a = number("gain", gain)? * Scalar::sqrt(6.0 / fans);
            matrix.fill(|_, _| a * (2.0 * rng.uniform() - 1.0));
        }
        Scheme::XavierNormal { gain } => {
            let s = number("gain", gain)? * Scalar::sqrt(2.0 / fans);
            matrix.fill(|_, _| s * rng.normal());
        }
        Scheme::Orthogonal { gain } => {
            let gain = number("gain", gain)?;
            let (long, short) = (rows.max(cols), rows.min(cols));
            let q = orthonormal(what, short, long, rng)?;
            matrix.fill(|i, j| gain * if rows <= cols { q[i * long + j] } else { q[j * long + i] });
        }
        Scheme::Identity { scale } => {
            let scale = number("scale", scale)?;
            matrix.fill(|i, j| if i == j { scale } else { 0.0 });
        }
        Scheme::SpectralRadius { radius } => {
            let radius = number("radius", radius)?;
            if rows != cols {
                return Err(Error::config(
                    what,
                    "a scheme for any shape",
                    format!("spectral_radius for [{rows}, {cols}]"),
                ));
            }
            let mut w = Vec::new();
            let count = checked_product(what, &[rows, cols])?;
            reserve(what, &mut w, count)?;
            w.extend((0..count).map(|_| rng.normal()));
            let found = spectral_radius(MatRef::new(&w, rows, cols))?.value;
            matrix.fill(|i, j| w[i * cols + j] * (radius / found));
        }
        Scheme::Zero => matrix.fill(|_, _| 0.0),
        Scheme::Normal { std } => {
            let std = number("std", std)?;
            matrix.fill(|_, _| std * rng.normal());
        }
    }
    // A gain within the range of `T` may take a draw beyond it, and a matrix of radius 0 has no multiple of another.
    match first_non_finite(matrix.data) {
        Some(at) => Err(Error::config(
            what,
            format!("a scheme with weights within {}", std::any::type_name::<T>()),
            format!("{scheme:?} with a weight that is {}", matrix.data[at].to_f64()),
        )),
        None => Ok(()),
    }
}

/// `count` orthonormal vectors of length `len ≥ count`, uniform over all such systems.
///
/// Gram–Schmidt on normal vectors: its triangular factor has a positive diagonal, which is the sign rule that makes
/// the orthogonal factor uniform (Mezzadri 2007). Each vector is projected twice, so that rounding cannot leave
/// it far from orthogonal ("twice is enough", Parlett 1980). Costs `4 count² len` operations and `8 count · len` bytes.
fn orthonormal(what: &str, count: usize, len: usize, rng: &mut Rng) -> Result<Vec<f64>> {
    let total = checked_product(what, &[count, len])?;
    let (mut q, mut v): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    reserve(what, &mut q, total)?;
    reserve(what, &mut v, len)?;
    while q.len() < total {
        v.clear();
        v.extend((0..len).map(|_| rng.normal()));
        for _ in 0..2 {
            for earlier in q.chunks_exact(len) {
                let along: f64 = earlier.iter().zip(&v).map(|(e, v)| e * v).sum();
                v.iter_mut().zip(earlier).for_each(|(v, e)| *v -= along * e);
            }
        }
        let size = Scalar::sqrt(v.iter().map(|v| v * v).sum::<f64>());
        // The last vector of a square system may happen to lie almost in the span of the others: draw it again.
        if size > 1e-8 {
            q.extend(v.iter().map(|v| v / size));
        }
    }
    Ok(q)
}
