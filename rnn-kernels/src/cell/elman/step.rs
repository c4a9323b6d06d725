//! One Elman step after both products, and its pullback.

use crate::activation::Activation;
use crate::shape::expect;
use crate::view::{MatMut, MatRef};

/// One Elman step after both products. `N` batch, `H` hidden.
#[derive(Debug)]
pub struct ElmanStep<'a, T> {
    /// `σ`.
    pub activation: Activation,
    /// `[N, H]` in: pre-activation · out: `h = σ(pre)`.
    pub h: MatMut<'a, T>,
}

/// The pullback of [`ElmanStep`].
#[derive(Debug)]
pub struct ElmanStepGrad<'a, T> {
    /// `σ`.
    pub activation: Activation,
    /// `[N, H]` in: the output of forward.
    pub h: MatRef<'a, T>,
    /// `[N, H]` in: the whole `∂L/∂h`.
    pub d_h: MatRef<'a, T>,
    /// `[N, H]` out, overwritten: `d_pre = d_h ⊙ σ′`.
    pub d_pre: MatMut<'a, T>,
}

impl<T> ElmanStepGrad<'_, T> {
    /// Checks every shape against `h`.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let shape = self.h.shape();
        expect("elman step gradient", "d_h", self.d_h.shape(), "[N, H]", shape);
        expect("elman step gradient", "d_pre", self.d_pre.shape(), "[N, H]", shape);
    }
}
