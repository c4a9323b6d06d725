//! `U(−1/√n, 1/√n)` or `N(0, 1)`: what PyTorch draws where nothing is said.

use crate::rng::Rng;
use rnn_kernels::Scalar;

/// PyTorch's default distribution of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Torch {
    /// `U(−bound, bound)`.
    Uniform(f64),
    /// `N(0, 1)`.
    Normal,
}

impl Torch {
    /// `U(−1/√n, 1/√n)`.
    #[allow(clippy::cast_precision_loss)] // widths are far below 2⁵³
    pub(crate) fn uniform(n: usize) -> Self {
        Torch::Uniform(1.0 / Scalar::sqrt(n as f64))
    }

    pub(crate) fn draw(self, rng: &mut Rng) -> f64 {
        match self {
            Torch::Uniform(bound) => bound * (2.0 * rng.uniform() - 1.0),
            Torch::Normal => rng.normal(),
        }
    }
}
