//! `θ ← θ − η m̂ / (√ŝ + ε)`: steps scaled by bias-corrected running moments.

use super::power::power;
use super::update::{Moment, Update};
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// Where weight decay enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// Through the gradient: `g ← g + λ θ`, so that the moments see it.
    #[default]
    Gradient,
    /// Beside it: `θ ← θ − η λ θ` (AdamW; Loshchilov & Hutter 2019).
    Decoupled,
}

/// `m ← β₁ m + (1 − β₁) g`, `s ← β₂ s + (1 − β₂) g²`, `θ ← θ − η/(1 − β₁ᵏ) · m / (√s/√(1 − β₂ᵏ) + ε)`.
///
/// `k` counts steps from 1; `m` and `s` start at 0. Sources: Kingma & Ba 2015; `torch.optim.Adam` and `AdamW`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// `β₁`, in `[0, 1)`.
    pub beta1: f64,
    /// `β₂`, in `[0, 1)`.
    pub beta2: f64,
    /// `ε > 0`.
    pub epsilon: f64,
    /// `λ ≥ 0`.
    pub weight_decay: f64,
    /// Where `λ` enters.
    pub decay: Decay,
}

impl Default for Adam {
    /// PyTorch's: `β₁ = 0.9`, `β₂ = 0.999`, `ε = 10⁻⁸`, no decay.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decay: Decay::Gradient }
    }
}

/// The coefficients of one step.
pub(super) struct AdamStep<T> {
    beta1: T,
    rest1: T,
    beta2: T,
    rest2: T,
    /// `η/(1 − β₁ᵏ)`.
    step: T,
    /// `√(1 − β₂ᵏ)`.
    root: T,
    epsilon: T,
    /// `λ` where it enters the moments, otherwise 0.
    coupled: T,
    /// What is left of a parameter where decay is decoupled, otherwise 1.
    keep: T,
}

impl Adam {
    /// `count` is `k`.
    pub(super) fn at<T: Scalar>(&self, count: u64, rate: f64) -> AdamStep<T> {
        let [beta1, beta2, epsilon] = [self.beta1, self.beta2, self.epsilon].map(T::from_f64);
        let [rest1, rest2] = [self.beta1, self.beta2].map(|beta| T::from_f64(1.0 - beta));
        let step = T::from_f64(rate / (1.0 - power(self.beta1, count)));
        let root = T::from_f64(Scalar::sqrt(1.0 - power(self.beta2, count)));
        let (coupled, keep) = match self.decay {
            Decay::Gradient => (T::from_f64(self.weight_decay), T::ONE),
            Decay::Decoupled => (T::ZERO, T::from_f64(1.0 - rate * self.weight_decay)),
        };
        AdamStep { beta1, rest1, beta2, rest2, step, root, epsilon, coupled, keep }
    }
}

impl<T: Scalar> Update<T, 2> for AdamStep<T> {
    const MOMENTS: [Moment; 2] = [Moment::First("mean"), Moment::Square("square")];

    #[inline(always)]
    fn next(&self, [m, s]: [T; 2], p: T, g: T) -> ([T; 2], T) {
        let g = g + self.coupled * p;
        let m = self.beta1 * m + self.rest1 * g;
        let s = self.beta2 * s + self.rest2 * g * g;
        ([m, s], self.keep * p - self.step * m / (s.sqrt() / self.root + self.epsilon))
    }

    #[inline(always)]
    fn apply(&self, [mean, square]: [&mut [T]; 2], params: &mut [T], gradients: &[T]) {
        for (((m, s), p), &g) in mean.iter_mut().zip(square).zip(params).zip(gradients) {
            ([*m, *s], *p) = self.next([*m, *s], *p, g);
        }
    }

    fn bound(&self, reach: f64) -> f64 {
        let [step, epsilon, coupled, keep] = [self.step, self.epsilon, self.coupled, self.keep].map(T::to_f64);
        let g = reach + coupled * reach;
        let m = reach + g; // all four factors are at most 1
        let s = reach * reach + g * g;
        m + s + keep.abs() * reach + step * m + step * m / epsilon
    }
}
