//! `n = tanh(pre_n)` where `pre_n` contains `U_n (r ⊙ h_prev)`,
//! `h = (1 − z) ⊙ n + z ⊙ h_prev` on one row, and the pullbacks.
//!
//! Cho et al. 2014 with the reset gate before the product, which therefore
//! lies between the two stages [`reset`] and [`blend`].

use core::marker::PhantomData;

use super::{expect_len, mix};
use crate::simd::accuracy::{Accuracy, Fast, Gates, Ulp1};
use crate::simd::pointwise::{Pointwise, pointwise};
use crate::simd::{Real, Simd};

/// The first stage of one row of one reset-before step.
#[derive(Debug)]
pub struct Reset<'a, T> {
    /// `[H]` in: pre-activation · out: `r`.
    pub r: &'a mut [T],
    /// `[H]` in: pre-activation · out: `z`.
    pub z: &'a mut [T],
    /// `[H]` in.
    pub h_prev: &'a [T],
    /// `[H]` out: `aux = r ⊙ h_prev`.
    pub aux: &'a mut [T],
}

/// The pullback of [`Reset`] for `r`; that of `z` belongs to [`BlendGrad`].
#[derive(Debug)]
pub struct ResetGrad<'a, T> {
    /// `[H]` in.
    pub r: &'a [T],
    /// `[H]` in.
    pub h_prev: &'a [T],
    /// `[H]` in: `∂L/∂aux`.
    pub d_aux: &'a [T],
    /// `[H]` out.
    pub d_pre_r: &'a mut [T],
    /// `[H]` in and out: `d_aux ⊙ r` is **added**.
    pub d_h_prev: &'a mut [T],
}

/// `r, z = σ(pre)`, `aux = r ⊙ h_prev`. Overwrites `r`, `z`, `aux`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn reset<T: Real>(simd: Simd, row: Reset<'_, T>) {
    let hidden = row.aux.len();
    expect_len("gru reset", "r", row.r.len(), 1, hidden);
    expect_len("gru reset", "z", row.z.len(), 1, hidden);
    expect_len("gru reset", "h_prev", row.h_prev.len(), 1, hidden);
    let (input, output) = ([row.h_prev], [row.r, row.z, row.aux]);
    match simd.accuracy() {
        Accuracy::Ulp1 => pointwise(simd, ResetStep(PhantomData::<Ulp1>), input, output),
        Accuracy::Fast => pointwise(simd, ResetStep(PhantomData::<Fast>), input, output),
    }
}

/// `r = σ(pre)`, `aux = r ⊙ h_prev`: [`reset`] without the other gate. Overwrites `r` and `aux`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn scale<T: Real>(simd: Simd, r: &mut [T], h_prev: &[T], aux: &mut [T]) {
    let hidden = aux.len();
    expect_len("gru scale", "r", r.len(), 1, hidden);
    expect_len("gru scale", "h_prev", h_prev.len(), 1, hidden);
    let (input, output) = ([h_prev], [r, aux]);
    match simd.accuracy() {
        Accuracy::Ulp1 => pointwise(simd, ScaleStep(PhantomData::<Ulp1>), input, output),
        Accuracy::Fast => pointwise(simd, ScaleStep(PhantomData::<Fast>), input, output),
    }
}

/// `d_pre_r = d_aux ⊙ h_prev ⊙ r(1−r)`, `d_h_prev += d_aux ⊙ r`.
/// Overwrites `d_pre_r`, accumulates into `d_h_prev`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn reset_backward<T: Real>(simd: Simd, row: ResetGrad<'_, T>) {
    let hidden = row.d_aux.len();
    expect_len("gru reset backward", "r", row.r.len(), 1, hidden);
    expect_len("gru reset backward", "h_prev", row.h_prev.len(), 1, hidden);
    expect_len("gru reset backward", "d_pre_r", row.d_pre_r.len(), 1, hidden);
    expect_len("gru reset backward", "d_h_prev", row.d_h_prev.len(), 1, hidden);
    let input = [row.r, row.h_prev, row.d_aux];
    pointwise(simd, ResetStepGrad, input, [row.d_pre_r, row.d_h_prev]);
}

struct ResetStep<G>(PhantomData<G>);

impl<T: Real, G: Gates> Pointwise<T, 1, 3> for ResetStep<G> {
    #[inline(always)]
    fn element(&self, [h_prev]: [T; 1], [r, z, _]: [T; 3]) -> [T; 3] {
        let r = G::sigmoid(r);
        [r, G::sigmoid(z), r * h_prev]
    }
}

struct ScaleStep<G>(PhantomData<G>);

impl<T: Real, G: Gates> Pointwise<T, 1, 2> for ScaleStep<G> {
    #[inline(always)]
    fn element(&self, [h_prev]: [T; 1], [r, _]: [T; 2]) -> [T; 2] {
        let r = G::sigmoid(r);
        [r, r * h_prev]
    }
}

struct ResetStepGrad;

impl<T: Real> Pointwise<T, 3, 2> for ResetStepGrad {
    #[inline(always)]
    fn element(&self, [r, h_prev, d_aux]: [T; 3], [_, d_h_prev]: [T; 2]) -> [T; 2] {
        let d_pre_r = d_aux * h_prev * (r * (T::ONE - r));
        [d_pre_r, d_aux.mul_add(r, d_h_prev)]
    }
}

/// The second stage of one row of one reset-before step.
#[derive(Debug)]
pub struct Blend<'a, T> {
    /// `[H]` in.
    pub z: &'a [T],
    /// `[H]` in: pre-activation · out: `n`.
    pub n: &'a mut [T],
    /// `[H]` in.
    pub h_prev: &'a [T],
    /// `[H]` out: `h = (1 − z) ⊙ n + z ⊙ h_prev`.
    pub h: &'a mut [T],
}

/// The pullback of [`Blend`].
#[derive(Debug)]
pub struct BlendGrad<'a, T> {
    /// `[H]` in.
    pub z: &'a [T],
    /// `[H]` in.
    pub n: &'a [T],
    /// `[H]` in.
    pub h_prev: &'a [T],
    /// `[H]` in: the whole `∂L/∂h`.
    pub d_h: &'a [T],
    /// `[H]` out.
    pub d_pre_z: &'a mut [T],
    /// `[H]` out.
    pub d_pre_n: &'a mut [T],
    /// `[H]` out: `d_h ⊙ z`.
    pub d_h_prev: &'a mut [T],
}

/// `n = tanh(pre_n)`, `h = (1 − z) ⊙ n + z ⊙ h_prev`. Overwrites `n`, `h`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn blend<T: Real>(simd: Simd, row: Blend<'_, T>) {
    let hidden = row.h.len();
    expect_len("gru blend", "z", row.z.len(), 1, hidden);
    expect_len("gru blend", "n", row.n.len(), 1, hidden);
    expect_len("gru blend", "h_prev", row.h_prev.len(), 1, hidden);
    let (input, output) = ([row.z, row.h_prev], [row.n, row.h]);
    match simd.accuracy() {
        Accuracy::Ulp1 => pointwise(simd, BlendStep(PhantomData::<Ulp1>), input, output),
        Accuracy::Fast => pointwise(simd, BlendStep(PhantomData::<Fast>), input, output),
    }
}

/// `d_pre_n = d_h (1−z)(1−n)(1+n)`, `d_pre_z = d_h (h_prev − n) z(1−z)`,
/// `d_h_prev = d_h z`. Overwrites all three.
///
/// # Panics
/// On a wrong length, before any write.
pub fn blend_backward<T: Real>(simd: Simd, row: BlendGrad<'_, T>) {
    let hidden = row.d_h.len();
    expect_len("gru blend backward", "z", row.z.len(), 1, hidden);
    expect_len("gru blend backward", "n", row.n.len(), 1, hidden);
    expect_len("gru blend backward", "h_prev", row.h_prev.len(), 1, hidden);
    expect_len("gru blend backward", "d_pre_z", row.d_pre_z.len(), 1, hidden);
    expect_len("gru blend backward", "d_pre_n", row.d_pre_n.len(), 1, hidden);
    expect_len("gru blend backward", "d_h_prev", row.d_h_prev.len(), 1, hidden);
    let input = [row.z, row.n, row.h_prev, row.d_h];
    pointwise(simd, BlendStepGrad, input, [row.d_pre_z, row.d_pre_n, row.d_h_prev]);
}

struct BlendStep<G>(PhantomData<G>);

impl<T: Real, G: Gates> Pointwise<T, 2, 2> for BlendStep<G> {
    #[inline(always)]
    fn element(&self, [z, h_prev]: [T; 2], [n, _]: [T; 2]) -> [T; 2] {
        let n = G::tanh(n);
        [n, mix(z, n, h_prev)]
    }
}

struct BlendStepGrad;

impl<T: Real> Pointwise<T, 4, 3> for BlendStepGrad {
    #[inline(always)]
    fn element(&self, [z, n, h_prev, d_h]: [T; 4], _: [T; 3]) -> [T; 3] {
        let one = T::ONE;
        let d_pre_n = d_h * (one - z) * ((one - n) * (one + n));
        let d_pre_z = d_h * (h_prev - n) * (z * (one - z));
        [d_pre_z, d_pre_n, d_h * z]
    }
}
