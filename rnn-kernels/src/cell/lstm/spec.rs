//! `i, f, o = σ(W x + U h + b)`, `g = tanh(W x + U h + b)`, `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)`.

use crate::params::{Bias, Layout};
use core::marker::PhantomData;

/// An LSTM with forget gate, rows `i f g o` (Hochreiter & Schmidhuber 1997; Gers et al. 2000; PyTorch's order).
///
/// `T` is the number type, so that a backend of several types knows which one a size query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = ""))]
pub struct LstmSpec<T> {
    /// `C`.
    pub input: usize,
    /// `H`.
    pub hidden: usize,
    /// Which biases there are.
    pub bias: Bias,
    #[cfg_attr(feature = "serde", serde(skip))]
    number: PhantomData<T>,
}

impl<T> LstmSpec<T> {
    /// The number of gates, `G`.
    pub const GATES: usize = 4;

    /// `C` input features, `H` hidden units, both biases.
    #[must_use]
    pub const fn new(input: usize, hidden: usize) -> Self {
        Self { input, hidden, bias: Bias::Both, number: PhantomData }
    }

    /// The same cell with these biases.
    #[must_use]
    pub const fn with_bias(self, bias: Bias) -> Self {
        Self { bias, ..self }
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
        crate::shape::product("lstm: G·H", &[Self::GATES, self.hidden])
    }

    /// `A`, the width of the reserve's `aux` block: 0 for a plain LSTM, `tanh c` is recomputed.
    #[inline]
    #[must_use]
    pub fn aux(&self) -> usize {
        0
    }

    /// Where its parameters lie.
    #[inline]
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout::new(self.gate_rows(), self.input, self.output(), self.bias)
    }

    /// `(T+1)·N·(P+H) + T·N·(G·H+A)`: the length of the reserve.
    ///
    /// # Panics
    /// If it overflows `usize`.
    #[must_use]
    pub fn reserve_len(&self, steps: usize, rows: usize) -> usize {
        let states = crate::shape::product("lstm: reserve", &[steps + 1, rows, self.output() + self.hidden]);
        states + crate::shape::product("lstm: reserve", &[steps, rows, self.gate_rows() + self.aux()])
    }
}
