//! `Δ = √(u + ε)/√(s + ε) · g`, `θ ← θ − η Δ`: steps in the units of the parameters.

use super::update::{Moment, Update};
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// `g ← g + λ θ`, `s ← ρ s + (1 − ρ) g²`, `Δ = √(u + ε)/√(s + ε) · g`, `u ← ρ u + (1 − ρ) Δ²`, `θ ← θ − η Δ`.
///
/// `s` and `u` start at 0. Zeiler's `η` is 1, and so is PyTorch's default; a rate that is lower goes the same way in shorter steps, since `u`
/// does not see it. Sources: Zeiler 2012, algorithm 1; `torch.optim.Adadelta`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adadelta {
    /// `ρ`, in `[0, 1)`.
    pub smoothing: f64,
    /// `ε > 0`.
    pub epsilon: f64,
    /// `λ ≥ 0`.
    pub weight_decay: f64,
}

impl Default for Adadelta {
    /// PyTorch's: `ρ = 0.9`, `ε = 10⁻⁶`.
    fn default() -> Self {
        Self { smoothing: 0.9, epsilon: 1e-6, weight_decay: 0.0 }
    }
}

/// The coefficients of one step.
pub(super) struct AdadeltaStep<T> {
    rho: T,
    rest: T,
    epsilon: T,
    decay: T,
    rate: T,
}

impl Adadelta {
    pub(super) fn at<T: Scalar>(&self, rate: f64) -> AdadeltaStep<T> {
        let [rho, epsilon, decay, rate] = [self.smoothing, self.epsilon, self.weight_decay, rate].map(T::from_f64);
        AdadeltaStep { rho, rest: T::from_f64(1.0 - self.smoothing), epsilon, decay, rate }
    }
}

impl<T: Scalar> Update<T, 2> for AdadeltaStep<T> {
    const MOMENTS: [Moment; 2] = [Moment::Square("square"), Moment::Square("delta")];

    #[inline(always)]
    fn next(&self, [s, u]: [T; 2], p: T, g: T) -> ([T; 2], T) {
        let g = g + self.decay * p;
        let s = self.rho * s + self.rest * g * g;
        let delta = (u + self.epsilon).sqrt() / (s + self.epsilon).sqrt() * g;
        let u = self.rho * u + self.rest * delta * delta;
        ([s, u], p - self.rate * delta)
    }

    #[inline(always)]
    fn apply(&self, [square, delta]: [&mut [T]; 2], params: &mut [T], gradients: &[T]) {
        for (((s, u), p), &g) in square.iter_mut().zip(delta).zip(params).zip(gradients) {
            ([*s, *u], *p) = self.next([*s, *u], *p, g);
        }
    }

    fn bound(&self, reach: f64) -> f64 {
        let [rest, epsilon, decay, rate] = [self.rest, self.epsilon, self.decay, self.rate].map(T::to_f64);
        let g = reach + decay * reach;
        let s = reach * reach + g * g; // both factors are at most 1
        let above = Scalar::sqrt(reach * reach + epsilon);
        // s ≥ (1 − ρ) g², so that |g|/√(s + ε) ≤ 1/√(1 − ρ). Where (1 − ρ) g² is below 10⁻³⁷ and may lose its digits to underflow,
        // |g|/√ε < 10⁻¹⁸/√((1 − ρ) ε), which is no more.
        let shortest = Scalar::sqrt(epsilon);
        let share = if epsilon >= 1e-30 { 1.0 / Scalar::sqrt(rest) } else { g / shortest };
        let (quotient, delta) = (above / shortest, above * share);
        s + quotient + delta + delta * delta + reach + rate * delta
    }
}
