//! `n = tanh(pre_n + r ⊙ aux)`, `aux = U_n h_prev + b_hn`,
//! `h = (1 − z) ⊙ n + z ⊙ h_prev` on one row, and the pullback.
//!
//! Cho et al. 2014 with the reset gate after the product, as cuDNN and PyTorch
//! read it.

use core::marker::PhantomData;

use super::{expect_len, mix};
use crate::simd::accuracy::{Accuracy, Fast, Gates, Ulp1};
use crate::simd::pointwise::{Pointwise, pointwise};
use crate::simd::{Real, Simd};

/// One row of one reset-after step after both products.
#[derive(Debug)]
pub struct Forward<'a, T> {
    /// Three of `[H]`, in: pre-activations, without `r ⊙ aux` · out: `r z n`.
    pub gates: [&'a mut [T]; 3],
    /// `[H]` in: `U_n h_prev + b_hn`.
    pub aux: &'a [T],
    /// `[H]` in.
    pub h_prev: &'a [T],
    /// `[H]` out: `h = (1 − z) ⊙ n + z ⊙ h_prev`.
    pub h: &'a mut [T],
}

/// The pullback of [`Forward`].
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// `[3H]` in: `r z n`.
    pub gates: &'a [T],
    /// `[H]` in.
    pub aux: &'a [T],
    /// `[H]` in.
    pub h_prev: &'a [T],
    /// `[H]` in: the whole `∂L/∂h`.
    pub d_h: &'a [T],
    /// `[3H]` out: `∂L/∂pre`.
    pub d_pre: &'a mut [T],
    /// `[H]` out: `∂L/∂aux`.
    pub d_aux: &'a mut [T],
    /// `[H]` out: the part of `∂L/∂h_prev` that does not pass a product.
    pub d_h_prev: &'a mut [T],
}

/// `r, z = σ(pre)`, `n = tanh(pre_n + r ⊙ aux)`, `h = (1 − z) ⊙ n + z ⊙ h_prev`.
/// Overwrites `gates`, `h`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn forward<T: Real>(simd: Simd, row: Forward<'_, T>) {
    let hidden = row.h.len();
    let [r, z, n] = row.gates;
    for gate in [&r, &z, &n] {
        expect_len("gru forward", "a gate", gate.len(), 1, hidden);
    }
    expect_len("gru forward", "aux", row.aux.len(), 1, hidden);
    expect_len("gru forward", "h_prev", row.h_prev.len(), 1, hidden);
    let (input, output) = ([row.aux, row.h_prev], [r, z, n, row.h]);
    match simd.accuracy() {
        Accuracy::Ulp1 => pointwise(simd, Step(PhantomData::<Ulp1>), input, output),
        Accuracy::Fast => pointwise(simd, Step(PhantomData::<Fast>), input, output),
    }
}

/// `d_pre_n = d_h (1−z)(1−n)(1+n)`, `d_z = d_h (h_prev − n)`, `d_r = d_pre_n aux`,
/// `d_aux = d_pre_n r`, `d_h_prev = d_h z`. Overwrites `d_pre`, `d_aux`, `d_h_prev`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn backward<T: Real>(simd: Simd, row: Backward<'_, T>) {
    let hidden = row.d_h.len();
    expect_len("gru backward", "gates", row.gates.len(), 3, hidden);
    expect_len("gru backward", "aux", row.aux.len(), 1, hidden);
    expect_len("gru backward", "h_prev", row.h_prev.len(), 1, hidden);
    expect_len("gru backward", "d_pre", row.d_pre.len(), 3, hidden);
    expect_len("gru backward", "d_aux", row.d_aux.len(), 1, hidden);
    expect_len("gru backward", "d_h_prev", row.d_h_prev.len(), 1, hidden);
    let (r, z, n) = thirds(row.gates);
    let (d_pre_r, d_pre_z, d_pre_n) = thirds_mut(row.d_pre);
    pointwise(
        simd,
        StepGrad,
        [r, z, n, row.aux, row.h_prev, row.d_h],
        [d_pre_r, d_pre_z, d_pre_n, row.d_aux, row.d_h_prev],
    );
}

struct Step<G>(PhantomData<G>);

impl<T: Real, G: Gates> Pointwise<T, 2, 4> for Step<G> {
    #[inline(always)]
    fn element(&self, [aux, h_prev]: [T; 2], [r, z, n, _]: [T; 4]) -> [T; 4] {
        let (r, z) = (G::sigmoid(r), G::sigmoid(z));
        let n = G::tanh(r.mul_add(aux, n));
        [r, z, n, mix(z, n, h_prev)]
    }
}

struct StepGrad;

impl<T: Real> Pointwise<T, 6, 5> for StepGrad {
    #[inline(always)]
    fn element(&self, [r, z, n, aux, h_prev, d_h]: [T; 6], _: [T; 5]) -> [T; 5] {
        let one = T::ONE;
        let d_pre_n = d_h * (one - z) * ((one - n) * (one + n));
        let d_pre_z = d_h * (h_prev - n) * (z * (one - z));
        let d_pre_r = d_pre_n * aux * (r * (one - r));
        [d_pre_r, d_pre_z, d_pre_n, d_pre_n * r, d_h * z]
    }
}

fn thirds<T>(gates: &[T]) -> (&[T], &[T], &[T]) {
    let hidden = gates.len() / 3;
    let (r, rest) = gates.split_at(hidden);
    let (z, n) = rest.split_at(hidden);
    (r, z, n)
}

fn thirds_mut<T>(gates: &mut [T]) -> (&mut [T], &mut [T], &mut [T]) {
    let hidden = gates.len() / 3;
    let (r, rest) = gates.split_at_mut(hidden);
    let (z, n) = rest.split_at_mut(hidden);
    (r, z, n)
}
