//! `Optimiser::adam(&network)`: rules with their usual settings for the parameters of a network.
//!
//! They are here and not in `optim`, which knows of no networks.

use super::Network;
use crate::error::Result;
use crate::optim::{Adadelta, Adagrad, Adam, Optimiser, RmsProp, Rule, Sgd};
use rnn_kernels::{Backend, Scalar};

impl<T: Scalar> Optimiser<T> {
    /// A rule for the parameters of a network, before its first step.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn for_network<B: Backend<T> + ?Sized>(rule: Rule, network: &Network<T, B>) -> Result<Self> {
        network.optimiser(rule)
    }

    /// [`Adam`] with PyTorch's settings: `β₁ = 0.9`, `β₂ = 0.999`, `ε = 10⁻⁸`, no decay.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn adam<B: Backend<T> + ?Sized>(network: &Network<T, B>) -> Result<Self> {
        network.optimiser(Rule::Adam(Adam::default()))
    }

    /// [`Sgd`] without momentum and decay.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn sgd<B: Backend<T> + ?Sized>(network: &Network<T, B>) -> Result<Self> {
        network.optimiser(Rule::Sgd(Sgd::default()))
    }

    /// [`RmsProp`] with PyTorch's settings: `α = 0.99`, `ε = 10⁻⁸`, not centred, no momentum, no decay.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn rms_prop<B: Backend<T> + ?Sized>(network: &Network<T, B>) -> Result<Self> {
        network.optimiser(Rule::RmsProp(RmsProp::default()))
    }

    /// [`Adagrad`] with PyTorch's settings: `δ = 0`, `s₀ = 0`, `ε = 10⁻¹⁰`, no decay.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn adagrad<B: Backend<T> + ?Sized>(network: &Network<T, B>) -> Result<Self> {
        network.optimiser(Rule::Adagrad(Adagrad::default()))
    }

    /// [`Adadelta`] with PyTorch's settings: `ρ = 0.9`, `ε = 10⁻⁶`, no decay. Its usual rate is 1.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn adadelta<B: Backend<T> + ?Sized>(network: &Network<T, B>) -> Result<Self> {
        network.optimiser(Rule::Adadelta(Adadelta::default()))
    }
}
