//! `h = σ(W_ih x + W_hh h_prev + b)`.

use crate::activation::Activation;
use crate::params::{Bias, Layout};
use core::marker::PhantomData;

/// An Elman network with any activation (Elman 1990; PyTorch's `RNN` knows tanh and relu).
///
/// `T` is the number type, so that a backend of several types knows which one a size query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = ""))]
pub struct ElmanSpec<T> {
    /// `C`.
    pub input: usize,
    /// `H`.
    pub hidden: usize,
    /// Which biases there are.
    pub bias: Bias,
    /// `σ`.
    pub activation: Activation,
    #[cfg_attr(feature = "serde", serde(skip))]
    number: PhantomData<T>,
}

impl<T> ElmanSpec<T> {
    /// The number of gates, `G`.
    pub const GATES: usize = 1;

    /// `C` input features, `H` hidden units, both biases, tanh.
    #[must_use]
    pub const fn new(input: usize, hidden: usize) -> Self {
        Self { input, hidden, bias: Bias::Both, activation: Activation::Tanh, number: PhantomData }
    }

    /// The same cell with these biases.
    #[must_use]
    pub const fn with_bias(self, bias: Bias) -> Self {
        Self { bias, ..self }
    }

    /// The same cell with this activation.
    #[must_use]
    pub const fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// `P`, the width of `h` and `y`.
    #[inline]
    #[must_use]
    pub fn output(&self) -> usize {
        self.hidden
    }

    /// `G·H`.
    #[inline]
    #[must_use]
    pub fn gate_rows(&self) -> usize {
        self.hidden
    }

    /// Where its parameters lie.
    #[inline]
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout::new(self.gate_rows(), self.input, self.output(), self.bias)
    }

    /// `(T+1)·N·P`: the length of the reserve. The activation is `h` itself and is not stored twice.
    ///
    /// # Panics
    /// If it overflows `usize`.
    #[must_use]
    pub fn reserve_len(&self, steps: usize, rows: usize) -> usize {
        crate::shape::product("elman: reserve", &[steps + 1, rows, self.output()])
    }
}
