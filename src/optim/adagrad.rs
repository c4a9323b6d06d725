//! `s ← s + g²`, `θ ← θ − η g / (√s + ε)`: steps that become shorter where gradients were large.

use super::update::{Moment, Update};
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// `g ← g + λ θ`, `s ← s + g²`, `θ ← θ − η/(1 + (k − 1) δ) · g / (√s + ε)`.
///
/// `k` counts steps from 1; `s` starts at `s₀`. Sources: Duchi, Hazan & Singer 2011, with a diagonal matrix; `torch.optim.Adagrad`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adagrad {
    /// `δ ≥ 0`, by which the rate falls from step to step, beside a schedule.
    pub rate_decay: f64,
    /// `s₀ ≥ 0`.
    pub initial: f64,
    /// `ε > 0`.
    pub epsilon: f64,
    /// `λ ≥ 0`.
    pub weight_decay: f64,
}

impl Default for Adagrad {
    /// PyTorch's: `δ = 0`, `s₀ = 0`, `ε = 10⁻¹⁰`.
    fn default() -> Self {
        Self { rate_decay: 0.0, initial: 0.0, epsilon: 1e-10, weight_decay: 0.0 }
    }
}

/// The coefficients of one step.
pub(super) struct AdagradStep<T> {
    epsilon: T,
    decay: T,
    /// `η/(1 + (k − 1) δ)`.
    step: T,
}

impl Adagrad {
    /// `count` is `k`.
    #[allow(clippy::cast_precision_loss)] // a count of steps is at most 2⁵³
    pub(super) fn at<T: Scalar>(&self, count: u64, rate: f64) -> AdagradStep<T> {
        let step = rate / (1.0 + (count - 1) as f64 * self.rate_decay);
        let [epsilon, decay, step] = [self.epsilon, self.weight_decay, step].map(T::from_f64);
        AdagradStep { epsilon, decay, step }
    }
}

impl<T: Scalar> Update<T, 1> for AdagradStep<T> {
    const MOMENTS: [Moment; 1] = [Moment::Square("sum")];

    #[inline(always)]
    fn next(&self, [s]: [T; 1], p: T, g: T) -> ([T; 1], T) {
        let g = g + self.decay * p;
        let s = s + g * g;
        ([s], p - self.step * g / (s.sqrt() + self.epsilon))
    }

    #[inline(always)]
    fn apply(&self, [sum]: [&mut [T]; 1], params: &mut [T], gradients: &[T]) {
        for ((s, p), &g) in sum.iter_mut().zip(params).zip(gradients) {
            ([*s], *p) = self.next([*s], *p, g);
        }
    }

    fn bound(&self, reach: f64) -> f64 {
        let [epsilon, decay, step] = [self.epsilon, self.decay, self.step].map(T::to_f64);
        let g = reach + decay * reach;
        let s = reach * reach + g * g;
        s + reach + step * g + step * g / epsilon
    }
}
