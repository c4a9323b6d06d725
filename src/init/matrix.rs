//! One weight matrix by one scheme.

use super::Scheme;
use super::orthonormal::orthonormal;
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
