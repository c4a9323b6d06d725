//! `r, z = σ(W x + U h_prev + b)`, `n = tanh(…)`, `h = (1 − z) ⊙ n + z ⊙ h_prev`.

use crate::params::{Bias, Layout};
use core::marker::PhantomData;

/// Where the reset gate acts. The two are different cells with the same parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum GruReset {
    /// `n = tanh(W_n x + b_in + r ⊙ (U_n h_prev + b_hn))`: PyTorch, cuDNN, Keras' `reset_after`, ONNX' `linear_before_reset`.
    #[default]
    After,
    /// `n = tanh(W_n x + b_in + U_n (r ⊙ h_prev) + b_hn)`: Cho et al. 2014.
    Before,
}

/// A GRU, rows `r z n` (Cho et al. 2014; PyTorch's order).
///
/// `T` is the number type, so that a backend of several types knows which one a size query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = ""))]
pub struct GruSpec<T> {
    /// `C`.
    pub input: usize,
    /// `H`.
    pub hidden: usize,
    /// Which biases there are; with one, `b_hn` is 0.
    pub bias: Bias,
    /// Where the reset gate acts.
    pub reset: GruReset,
    #[cfg_attr(feature = "serde", serde(skip))]
    number: PhantomData<T>,
}

impl<T> GruSpec<T> {
    /// The number of gates, `G`.
    pub const GATES: usize = 3;

    /// `C` input features, `H` hidden units, both biases, reset after the product.
    #[must_use]
    pub const fn new(input: usize, hidden: usize) -> Self {
        Self { input, hidden, bias: Bias::Both, reset: GruReset::After, number: PhantomData }
    }

    /// The same cell with these biases.
    #[must_use]
    pub const fn with_bias(self, bias: Bias) -> Self {
        Self { bias, ..self }
    }

    /// The same cell with its reset gate here.
    #[must_use]
    pub const fn with_reset(self, reset: GruReset) -> Self {
        Self { reset, ..self }
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
        crate::shape::product("gru: G·H", &[Self::GATES, self.hidden])
    }

    /// `A = H`, the width of the reserve's `aux` block.
    #[inline]
    #[must_use]
    pub fn aux(&self) -> usize {
        self.hidden
    }

    /// Where its parameters lie.
    #[inline]
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout::new(self.gate_rows(), self.input, self.output(), self.bias)
    }

    /// `(T+1)·N·P + T·N·(G·H+A)`: the length of the reserve.
    ///
    /// # Panics
    /// If it overflows `usize`.
    #[must_use]
    pub fn reserve_len(&self, steps: usize, rows: usize) -> usize {
        let states = crate::shape::product("gru: reserve", &[steps + 1, rows, self.output()]);
        states + crate::shape::product("gru: reserve", &[steps, rows, self.gate_rows() + self.aux()])
    }
}
