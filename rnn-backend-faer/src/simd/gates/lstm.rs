//! `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)` on one row, and the pullback.
//!
//! Hochreiter & Schmidhuber 1997, forget gate of Gers, Schmidhuber & Cummins 2000.

use super::expect_len;
use core::marker::PhantomData;

use crate::simd::accuracy::{Accuracy, Fast, Gates, Ulp1};
use crate::simd::pointwise::{Pointwise, pointwise};
use crate::simd::{Real, Simd};

/// One row of one LSTM step after both products.
#[derive(Debug)]
pub struct Forward<'a, T> {
    /// Four of `[H]`, in: pre-activations · out: `i f g o`.
    pub gates: [&'a mut [T]; 4],
    /// `[H]` in.
    pub c_prev: &'a [T],
    /// `[H]` out: `c = f ⊙ c_prev + i ⊙ g`.
    pub c: &'a mut [T],
    /// `[H]` out: `h = o ⊙ tanh(c)`.
    pub h: &'a mut [T],
}

/// The pullback of [`Forward`].
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// `[4H]` in: `i f g o`.
    pub gates: &'a [T],
    /// `[H]` in.
    pub c_prev: &'a [T],
    /// `[H]` in.
    pub c: &'a [T],
    /// `[H]` in: the whole `∂L/∂h`.
    pub d_h: &'a [T],
    /// `[H]` in: `∂L/∂c` without the part that comes through `h`.
    pub d_c: &'a [T],
    /// `[H]` out: `∂L/∂c_prev`.
    pub d_c_prev: &'a mut [T],
    /// `[4H]` out: `∂L/∂pre`.
    pub d_pre: &'a mut [T],
}

/// `i, f, o = σ(pre)`, `g = tanh(pre)`, `c = f ⊙ c_prev + i ⊙ g`,
/// `h = o ⊙ tanh(c)`. Overwrites `gates`, `c`, `h`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn forward<T: Real>(simd: Simd, row: Forward<'_, T>) {
    let (input, output) = row.operands();
    match simd.accuracy() {
        Accuracy::Ulp1 => pointwise(simd, Step(PhantomData::<Ulp1>), input, output),
        Accuracy::Fast => pointwise(simd, Step(PhantomData::<Fast>), input, output),
    }
}

/// `d_c += d_h ⊙ o ⊙ tanh′(c)`, then `d_pre` and `d_c_prev = d_c ⊙ f`.
/// Overwrites `d_c_prev`, `d_pre`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn backward<T: Real>(simd: Simd, row: Backward<'_, T>) {
    let (input, output) = row.operands();
    match simd.accuracy() {
        Accuracy::Ulp1 => pointwise(simd, StepGrad(PhantomData::<Ulp1>), input, output),
        Accuracy::Fast => pointwise(simd, StepGrad(PhantomData::<Fast>), input, output),
    }
}

struct Step<G>(PhantomData<G>);

impl<T: Real, G: Gates> Pointwise<T, 1, 6> for Step<G> {
    #[inline(always)]
    fn element(&self, [c_prev]: [T; 1], [i, f, g, o, _, _]: [T; 6]) -> [T; 6] {
        let (i, f, g, o) = (G::sigmoid(i), G::sigmoid(f), G::tanh(g), G::sigmoid(o));
        let c = f.mul_add(c_prev, i * g);
        let h = o * G::tanh(c);
        [i, f, g, o, c, h]
    }
}

struct StepGrad<G>(PhantomData<G>);

impl<T: Real, G: Gates> Pointwise<T, 8, 5> for StepGrad<G> {
    #[inline(always)]
    fn element(&self, [i, f, g, o, c_prev, c, d_h, d_c]: [T; 8], _: [T; 5]) -> [T; 5] {
        let one = T::ONE;
        let tanh_c = G::tanh(c);
        let d_o = d_h * tanh_c;
        let d_c = (d_h * o).mul_add((one - tanh_c) * (one + tanh_c), d_c);
        let d_pre_i = d_c * g * (i * (one - i));
        let d_pre_f = d_c * c_prev * (f * (one - f));
        let d_pre_g = d_c * i * ((one - g) * (one + g));
        let d_pre_o = d_o * (o * (one - o));
        let d_c_prev = d_c * f;
        [d_c_prev, d_pre_i, d_pre_f, d_pre_g, d_pre_o]
    }
}

impl<'a, T> Forward<'a, T> {
    #[inline(always)]
    fn operands(self) -> ([&'a [T]; 1], [&'a mut [T]; 6]) {
        let hidden = self.h.len();
        let [i, f, g, o] = self.gates;
        for gate in [&i, &f, &g, &o] {
            expect_len("lstm forward", "a gate", gate.len(), 1, hidden);
        }
        expect_len("lstm forward", "c_prev", self.c_prev.len(), 1, hidden);
        expect_len("lstm forward", "c", self.c.len(), 1, hidden);
        ([self.c_prev], [i, f, g, o, self.c, self.h])
    }
}

impl<'a, T> Backward<'a, T> {
    #[inline(always)]
    fn operands(self) -> ([&'a [T]; 8], [&'a mut [T]; 5]) {
        let hidden = self.d_h.len();
        expect_len("lstm backward", "gates", self.gates.len(), 4, hidden);
        expect_len("lstm backward", "c_prev", self.c_prev.len(), 1, hidden);
        expect_len("lstm backward", "c", self.c.len(), 1, hidden);
        expect_len("lstm backward", "d_c", self.d_c.len(), 1, hidden);
        expect_len("lstm backward", "d_c_prev", self.d_c_prev.len(), 1, hidden);
        expect_len("lstm backward", "d_pre", self.d_pre.len(), 4, hidden);
        let (i, rest) = self.gates.split_at(hidden);
        let (f, rest) = rest.split_at(hidden);
        let (g, o) = rest.split_at(hidden);
        let (d_pre_i, rest) = self.d_pre.split_at_mut(hidden);
        let (d_pre_f, rest) = rest.split_at_mut(hidden);
        let (d_pre_g, d_pre_o) = rest.split_at_mut(hidden);
        ([i, f, g, o, self.c_prev, self.c, self.d_h, self.d_c], [self.d_c_prev, d_pre_i, d_pre_f, d_pre_g, d_pre_o])
    }
}
