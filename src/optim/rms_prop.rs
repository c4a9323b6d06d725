//! `s ← α s + (1 − α) g²`, `θ ← θ − η g / (√s + ε)`: steps scaled by a running root mean square.

use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// `g ← g + λ θ`, `s ← α s + (1 − α) g²`, `v ← μ v + g / (√s + ε)`, `θ ← θ − η v`.
///
/// `s` and `v` start at 0. Sources: Tieleman & Hinton 2012; `torch.optim.RMSprop`, which adds `ε` outside the root.
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
}

impl Default for RmsProp {
    /// PyTorch's: `α = 0.99`, `ε = 10⁻⁸`.
    fn default() -> Self {
        Self { smoothing: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }
}

impl RmsProp {
    pub(super) fn step<T: Scalar>(
        &self,
        [square, velocity]: [&mut [T]; 2],
        params: &mut [T],
        gradients: &[T],
        rate: T,
    ) {
        let [alpha, epsilon, momentum, decay] =
            [self.smoothing, self.epsilon, self.momentum, self.weight_decay].map(T::from_f64);
        let rest = T::from_f64(1.0 - self.smoothing);
        for (((s, v), p), &g) in square.iter_mut().zip(velocity).zip(params).zip(gradients) {
            let g = g + decay * *p;
            *s = alpha * *s + rest * g * g;
            *v = momentum * *v + g / (s.sqrt() + epsilon);
            *p -= rate * *v;
        }
    }
}
