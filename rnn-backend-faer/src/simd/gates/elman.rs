//! `h = σ(pre)` on one row and its pullback `d_pre = d_h ⊙ σ′`, with `σ′` a
//! function of the output.

use core::marker::PhantomData;

use super::expect_len;
use crate::simd::fast;
use crate::simd::math::{Function, Sigmoid, Tanh, map};
use crate::simd::pointwise::{Pointwise, pointwise};
use crate::simd::{Real, Simd};

/// A nonlinearity whose derivative follows from its output.
pub trait Activation: Function {
    /// `σ′` where the output is `y`; NaN at NaN.
    fn slope<T: Real>(y: T) -> T;
}

/// `max(0, x)`; NaN stays NaN.
#[derive(Clone, Copy, Debug)]
pub struct Relu;
/// `x`.
#[derive(Clone, Copy, Debug)]
pub struct Identity;

impl Function for Relu {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        // Not `x > 0`: NaN must fall through.
        if x < T::ZERO { T::ZERO } else { x }
    }
}

impl Function for Identity {
    #[inline(always)]
    fn of<T: Real>(x: T) -> T {
        x
    }
}

impl Activation for Tanh {
    #[inline(always)]
    fn slope<T: Real>(y: T) -> T {
        (T::ONE - y) * (T::ONE + y)
    }
}

impl Activation for Sigmoid {
    #[inline(always)]
    fn slope<T: Real>(y: T) -> T {
        y * (T::ONE - y)
    }
}

impl Activation for fast::Tanh {
    #[inline(always)]
    fn slope<T: Real>(y: T) -> T {
        Tanh::slope(y)
    }
}

impl Activation for fast::Sigmoid {
    #[inline(always)]
    fn slope<T: Real>(y: T) -> T {
        Sigmoid::slope(y)
    }
}

impl Activation for Relu {
    /// 0 at the kink.
    #[inline(always)]
    fn slope<T: Real>(y: T) -> T {
        let at_least_zero = if y > T::ZERO { T::ONE } else { y };
        if y <= T::ZERO { T::ZERO } else { at_least_zero }
    }
}

impl Activation for Identity {
    #[inline(always)]
    fn slope<T: Real>(_: T) -> T {
        T::ONE
    }
}

/// `h = σ(h)`, in place.
pub fn forward<T: Real, F: Activation>(simd: Simd, activation: F, h: &mut [T]) {
    map(simd, activation, h);
}

/// `h = σ(pre)`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn forward_to<T: Real, F: Activation>(simd: Simd, _: F, pre: &[T], h: &mut [T]) {
    expect_len("elman forward", "pre", pre.len(), 1, h.len());
    pointwise(simd, To(PhantomData::<F>), [pre], [h]);
}

struct To<F>(PhantomData<F>);

impl<T: Real, F: Activation> Pointwise<T, 1, 1> for To<F> {
    #[inline(always)]
    fn element(&self, [pre]: [T; 1], _: [T; 1]) -> [T; 1] {
        [F::of(pre)]
    }
}

/// `d_pre = d_h ⊙ σ′(h)`, from the outputs `h`. Overwrites `d_pre`.
///
/// # Panics
/// On a wrong length, before any write.
pub fn backward<T: Real, F: Activation>(simd: Simd, _: F, h: &[T], d_h: &[T], d_pre: &mut [T]) {
    expect_len("elman backward", "h", h.len(), 1, d_pre.len());
    expect_len("elman backward", "d_h", d_h.len(), 1, d_pre.len());
    pointwise(simd, Grad(PhantomData::<F>), [h, d_h], [d_pre]);
}

struct Grad<F>(PhantomData<F>);

impl<T: Real, F: Activation> Pointwise<T, 2, 1> for Grad<F> {
    #[inline(always)]
    fn element(&self, [h, d_h]: [T; 2], _: [T; 1]) -> [T; 1] {
        [d_h * F::slope(h)]
    }
}
