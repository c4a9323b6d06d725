//! `v ← μ v + g`, `θ ← θ − η v`: gradient descent with momentum.

use super::update::{Moment, Update};
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// Which velocity a step follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Momentum {
    /// `v` (Polyak 1964).
    #[default]
    Heavy,
    /// `g + μ v`: the gradient seen after the next move of the velocity (Nesterov 1983; Sutskever et al. 2013).
    Nesterov,
}

/// `g ← g + λ θ`, `v ← μ v + g`, `θ ← θ − η v`; with Nesterov `θ ← θ − η (g + μ v)`.
///
/// `v` starts at 0. Source: `torch.optim.SGD` without dampening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sgd {
    /// `μ`, in `[0, 1)`; 0 is plain gradient descent.
    pub momentum: f64,
    /// What a step follows.
    pub kind: Momentum,
    /// `λ ≥ 0`.
    pub weight_decay: f64,
}

/// The coefficients of one step.
pub(super) struct SgdStep<T> {
    momentum: T,
    decay: T,
    rate: T,
    kind: Momentum,
}

impl Sgd {
    pub(super) fn at<T: Scalar>(&self, rate: f64) -> SgdStep<T> {
        let [momentum, decay, rate] = [self.momentum, self.weight_decay, rate].map(T::from_f64);
        SgdStep { momentum, decay, rate, kind: self.kind }
    }
}

impl<T: Scalar> Update<T, 1> for SgdStep<T> {
    const MOMENTS: [Moment; 1] = [Moment::First("velocity")];

    #[inline(always)]
    fn next(&self, [v]: [T; 1], p: T, g: T) -> ([T; 1], T) {
        let g = g + self.decay * p;
        let v = self.momentum * v + g;
        let direction = match self.kind {
            Momentum::Heavy => v,
            Momentum::Nesterov => g + self.momentum * v,
        };
        ([v], p - self.rate * direction)
    }

    #[inline(always)]
    fn apply(&self, [velocity]: [&mut [T]; 1], params: &mut [T], gradients: &[T]) {
        for ((v, p), &g) in velocity.iter_mut().zip(params).zip(gradients) {
            ([*v], *p) = self.next([*v], *p, g);
        }
    }

    fn bound(&self, reach: f64) -> f64 {
        let [momentum, decay, rate] = [self.momentum, self.decay, self.rate].map(T::to_f64);
        let g = reach + decay * reach;
        let v = momentum * reach + g;
        let direction = g + v; // momentum < 1
        v + direction + reach + rate * direction
    }
}
