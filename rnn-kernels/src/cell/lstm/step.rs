//! One LSTM step after both products, and its pullback.

use crate::shape::expect;
use crate::view::{MatMut, MatRef};

/// One LSTM step after both products. `N` batch, `H` hidden.
#[derive(Debug)]
pub struct LstmStep<'a, T> {
    /// `[N, 4H]` in: pre-activations · out: `i f g o`.
    pub gates: MatMut<'a, T>,
    /// `[N, H]` in.
    pub c_prev: MatRef<'a, T>,
    /// `[N, H]` out: `c = f ⊙ c_prev + i ⊙ g`.
    pub c: MatMut<'a, T>,
    /// `[N, H]` out: `h = o ⊙ tanh(c)`.
    pub h: MatMut<'a, T>,
}

/// The pullback of [`LstmStep`].
#[derive(Debug)]
pub struct LstmStepGrad<'a, T> {
    /// `[N, 4H]` in: `i f g o`.
    pub gates: MatRef<'a, T>,
    /// `[N, H]` in.
    pub c_prev: MatRef<'a, T>,
    /// `[N, H]` in.
    pub c: MatRef<'a, T>,
    /// `[N, H]` in: the whole `∂L/∂h`.
    pub d_h: MatRef<'a, T>,
    /// `[N, H]` in: `∂L/∂c` without the part that comes through `h`.
    pub d_c: MatRef<'a, T>,
    /// `[N, H]` out, overwritten: a buffer of its own, or finished rows would lose their cotangent.
    pub d_c_prev: MatMut<'a, T>,
    /// `[N, 4H]` out, overwritten.
    pub d_pre: MatMut<'a, T>,
}

impl<T> LstmStep<'_, T> {
    /// Checks every shape against `c`.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let [n, h] = self.c.shape();
        expect("lstm step", "gates", self.gates.shape(), "[N, 4H]", [n, 4 * h]);
        expect("lstm step", "c_prev", self.c_prev.shape(), "[N, H]", [n, h]);
        expect("lstm step", "h", self.h.shape(), "[N, H]", [n, h]);
    }
}

impl<T> LstmStepGrad<'_, T> {
    /// Checks every shape against `c`.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) {
        let [n, h] = self.c.shape();
        let kernel = "lstm step gradient";
        expect(kernel, "gates", self.gates.shape(), "[N, 4H]", [n, 4 * h]);
        expect(kernel, "c_prev", self.c_prev.shape(), "[N, H]", [n, h]);
        expect(kernel, "d_h", self.d_h.shape(), "[N, H]", [n, h]);
        expect(kernel, "d_c", self.d_c.shape(), "[N, H]", [n, h]);
        expect(kernel, "d_c_prev", self.d_c_prev.shape(), "[N, H]", [n, h]);
        expect(kernel, "d_pre", self.d_pre.shape(), "[N, 4H]", [n, 4 * h]);
    }
}
