//! What the losses of independent outputs need of a row: `Σ loss(a, t)` and `d = scale · loss′(a, t)`.
//!
//! The sum runs over 16 lanes, element `j` in lane `j mod 16`, that are combined by halves at the end: the order of operations depends
//! on the length only, never on the instruction set, nor on whether the gradient is asked for.

use pulp::WithSimd;

use super::isa::Simd;
use super::logarithm::ln_1p;
use super::math::{exp, sigmoid};
use super::real::Real;
use super::softmax::{LANES, by_halves, larger};

/// The loss of one output and its derivative, as a type.
pub trait Loss: Copy {
    /// `loss(a, t)`.
    fn of<T: Real>(self, a: T, t: T) -> T;
    /// `∂loss/∂a`.
    fn slope<T: Real>(self, a: T, t: T) -> T;
}

/// `ln(1 + eᵃ) − t a = max(a, 0) − t a + ln(1 + e^−|a|)`, `σ(a) − t`.
///
/// Accuracy: `e^−|a|`, the logarithm and `σ` within the ULP of [`math`](super::math), the two sums and `t a` rounded once each or not at all.
#[derive(Clone, Copy, Debug)]
pub struct Bernoulli;

impl Loss for Bernoulli {
    #[inline(always)]
    fn of<T: Real>(self, a: T, t: T) -> T {
        (-t).mul_add(a, larger(a, T::ZERO)) + ln_1p(exp(-a.abs()))
    }
    #[inline(always)]
    fn slope<T: Real>(self, a: T, t: T) -> T {
        sigmoid(a) - t
    }
}

/// `(a − t)²`, `2 (a − t)`.
#[derive(Clone, Copy, Debug)]
pub struct Squared;

impl Loss for Squared {
    #[inline(always)]
    fn of<T: Real>(self, a: T, t: T) -> T {
        (a - t) * (a - t)
    }
    #[inline(always)]
    fn slope<T: Real>(self, a: T, t: T) -> T {
        (a - t) + (a - t)
    }
}

/// `Σ loss(a[j], t[j])`.
///
/// # Panics
/// If the lengths differ.
pub fn sum<T: Real, L: Loss>(simd: Simd, loss: L, a: &[T], t: &[T]) -> T {
    check(a, t, a.len());
    simd.run(Sum { loss, a, t })
}

/// `d[j] = scale · loss′(a[j], t[j])`, overwritten.
///
/// # Panics
/// If the lengths differ.
pub fn gradient<T: Real, L: Loss>(simd: Simd, loss: L, a: &[T], t: &[T], scale: T, d: &mut [T]) {
    check(a, t, d.len());
    simd.run(Gradient { loss, a, t, scale, d });
}

#[track_caller]
fn check<T>(a: &[T], t: &[T], len: usize) {
    assert!(a.len() == t.len() && len == a.len(), "loss: {} outputs, {} targets, {len} gradients", a.len(), t.len());
}

struct Sum<'a, T, L> {
    loss: L,
    a: &'a [T],
    t: &'a [T],
}

impl<T: Real, L: Loss> WithSimd for Sum<'_, T, L> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> T {
        let mut sums = [T::ZERO; LANES];
        let ((a_blocks, a_rest), (t_blocks, t_rest)) = (self.a.as_chunks::<LANES>(), self.t.as_chunks::<LANES>());
        for (a, t) in a_blocks.iter().zip(t_blocks) {
            for l in 0..LANES {
                sums[l] += self.loss.of(a[l], t[l]);
            }
        }
        if !a_rest.is_empty() {
            // Computed padded; a lane of padding adds nothing.
            let (a, t) = (padded(a_rest), padded(t_rest));
            let mut losses = [T::ZERO; LANES];
            for l in 0..LANES {
                losses[l] = self.loss.of(a[l], t[l]);
            }
            for l in 0..a_rest.len() {
                sums[l] += losses[l];
            }
        }
        by_halves(sums, |a, b| a + b)
    }
}

struct Gradient<'a, T, L> {
    loss: L,
    a: &'a [T],
    t: &'a [T],
    scale: T,
    d: &'a mut [T],
}

impl<T: Real, L: Loss> WithSimd for Gradient<'_, T, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { loss, a, t, scale, d } = self;
        let ((a_blocks, a_rest), (t_blocks, t_rest)) = (a.as_chunks::<LANES>(), t.as_chunks::<LANES>());
        let (d_blocks, d_rest) = d.as_chunks_mut::<LANES>();
        for ((d, a), t) in d_blocks.iter_mut().zip(a_blocks).zip(t_blocks) {
            slopes(loss, a, t, scale, d);
        }
        if !a_rest.is_empty() {
            let mut d = [T::ZERO; LANES];
            slopes(loss, &padded(a_rest), &padded(t_rest), scale, &mut d);
            d_rest.copy_from_slice(&d[..a_rest.len()]);
        }
    }
}

#[inline(always)]
fn slopes<T: Real, L: Loss>(loss: L, a: &[T; LANES], t: &[T; LANES], scale: T, d: &mut [T; LANES]) {
    // By way of a local array, which overlaps nothing.
    let mut slopes = [T::ZERO; LANES];
    for l in 0..LANES {
        slopes[l] = scale * loss.slope(a[l], t[l]);
    }
    *d = slopes;
}

/// The elements, and zeros.
#[inline(always)]
fn padded<T: Real>(x: &[T]) -> [T; LANES] {
    let mut block = [T::ZERO; LANES];
    block[..x.len()].copy_from_slice(x);
    block
}
