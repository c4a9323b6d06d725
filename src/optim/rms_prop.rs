//! `s ← α s + (1 − α) g²`, `θ ← θ − η g / (√s + ε)`: steps scaled by a running root mean square.

use super::update::{Moment, Update};
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// `g ← g + λ θ`, `s ← α s + (1 − α) g²`, `v ← μ v + g / (√s + ε)`, `θ ← θ − η v`.
///
/// Centred, `m ← α m + (1 − α) g` and `v ← μ v + g / (√max(0, s − m²) + ε)`: the variance of the gradient in the place of its mean square.
/// It is never negative but for rounding, which the maximum takes away. Of a gradient that hardly changes the variance is hardly more than
/// 0, and steps are as long as `ε` lets them be: Graves has `10⁻⁴`.
///
/// `s`, `v` and `m` start at 0. Sources: Tieleman & Hinton 2012; Graves 2013, equations 38 to 41, for the centred one;
/// `torch.optim.RMSprop`, which adds `ε` outside the root where Graves adds it inside, and has no maximum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RmsProp {
    /// `α`, in `[0, 1)`.
    pub smoothing: f64,
    /// `ε > 0`.
    pub epsilon: f64,
    /// `μ`, in `[0, 1)`.
    pub momentum: f64,
    /// `λ ≥ 0`.
    pub weight_decay: f64,
    /// Whether the mean gradient is taken from the mean square.
    #[serde(default)]
    pub centred: bool,
}

impl Default for RmsProp {
    /// PyTorch's: `α = 0.99`, `ε = 10⁻⁸`, not centred.
    fn default() -> Self {
        Self { smoothing: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0, centred: false }
    }
}

/// The coefficients of one step.
#[derive(Clone, Copy)]
pub(super) struct RmsPropStep<T> {
    alpha: T,
    rest: T,
    epsilon: T,
    momentum: T,
    decay: T,
    rate: T,
}

impl RmsProp {
    pub(super) fn at<T: Scalar>(&self, rate: f64) -> RmsPropStep<T> {
        let [alpha, epsilon, momentum, decay, rate] =
            [self.smoothing, self.epsilon, self.momentum, self.weight_decay, rate].map(T::from_f64);
        RmsPropStep { alpha, rest: T::from_f64(1.0 - self.smoothing), epsilon, momentum, decay, rate }
    }
}

impl<T: Scalar> Update<T, 2> for RmsPropStep<T> {
    const MOMENTS: [Moment; 2] = [Moment::Square("square"), Moment::First("velocity")];

    #[inline(always)]
    fn next(&self, [s, v]: [T; 2], p: T, g: T) -> ([T; 2], T) {
        let g = g + self.decay * p;
        let s = self.alpha * s + self.rest * g * g;
        let v = self.momentum * v + g / (s.sqrt() + self.epsilon);
        ([s, v], p - self.rate * v)
    }

    #[inline(always)]
    fn apply(&self, [square, velocity]: [&mut [T]; 2], params: &mut [T], gradients: &[T]) {
        for (((s, v), p), &g) in square.iter_mut().zip(velocity).zip(params).zip(gradients) {
            ([*s, *v], *p) = self.next([*s, *v], *p, g);
        }
    }

    fn bound(&self, reach: f64) -> f64 {
        let [epsilon, decay, rate] = [self.epsilon, self.decay, self.rate].map(T::to_f64);
        let g = reach + decay * reach;
        let s = reach * reach + g * g; // both factors are at most 1
        let v = reach + g / epsilon; // momentum < 1
        s + v + reach + rate * v
    }
}

/// The same of a centred one.
pub(super) struct CentredStep<T>(pub RmsPropStep<T>);

impl<T: Scalar> Update<T, 3> for CentredStep<T> {
    const MOMENTS: [Moment; 3] = [Moment::Square("square"), Moment::First("velocity"), Moment::First("mean")];

    #[inline(always)]
    fn next(&self, [s, v, m]: [T; 3], p: T, g: T) -> ([T; 3], T) {
        let RmsPropStep { alpha, rest, epsilon, momentum, decay, rate } = self.0;
        let g = g + decay * p;
        let s = alpha * s + rest * g * g;
        let m = alpha * m + rest * g;
        let variance = T::ZERO.max(s - m * m);
        let v = momentum * v + g / (variance.sqrt() + epsilon);
        ([s, v, m], p - rate * v)
    }

    #[inline(always)]
    fn apply(&self, [square, velocity, mean]: [&mut [T]; 3], params: &mut [T], gradients: &[T]) {
        for ((((s, v), m), p), &g) in square.iter_mut().zip(velocity).zip(mean).zip(params).zip(gradients) {
            ([*s, *v, *m], *p) = self.next([*s, *v, *m], *p, g);
        }
    }

    fn bound(&self, reach: f64) -> f64 {
        let g = reach + self.0.decay.to_f64() * reach;
        let m = reach + g; // both factors are at most 1
        self.0.bound(reach) + m + m * m
    }
}
