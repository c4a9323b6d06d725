//! `v ← μ v + g`, `θ ← θ − η v`: gradient descent with momentum.

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

impl Sgd {
    pub(super) fn step<T: Scalar>(&self, velocity: &mut [T], params: &mut [T], gradients: &[T], rate: T) {
        let [momentum, decay] = [self.momentum, self.weight_decay].map(T::from_f64);
        for ((v, p), &g) in velocity.iter_mut().zip(params).zip(gradients) {
            let g = g + decay * *p;
            *v = momentum * *v + g;
            let direction = match self.kind {
                Momentum::Heavy => *v,
                Momentum::Nesterov => g + momentum * *v,
            };
            *p -= rate * direction;
        }
    }
}
