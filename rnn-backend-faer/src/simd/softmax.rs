//! What a stable softmax needs of a row: `max x` and `Σ exp(x − shift)`.
//!
//! Both run over 16 lanes that are combined by halves at the end: the order of
//! operations depends on the length only, never on the instruction set.

use pulp::WithSimd;

use super::isa::Simd;
use super::math::exp;
use super::real::Real;

/// Partial sums of a row.
pub(super) const LANES: usize = 16;

/// The largest element; NaN if any is NaN, −∞ if there is none.
pub fn max<T: Real>(simd: Simd, x: &[T]) -> T {
    simd.run(Max(x))
}

/// `x[j] = exp(x[j] − shift)`, in place; returns the sum of them all.
///
/// With `shift` the maximum nothing overflows and the sum is at least 1.
pub fn exp_sum<T: Real>(simd: Simd, x: &mut [T], shift: T) -> T {
    simd.run(ExpSum(x, shift))
}

struct Max<'a, T>(&'a [T]);

impl<T: Real> WithSimd for Max<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> T {
        let mut lanes = [T::NEG_INFINITY; LANES];
        let (blocks, rest) = self.0.as_chunks::<LANES>();
        for block in blocks {
            for l in 0..LANES {
                lanes[l] = larger(lanes[l], block[l]);
            }
        }
        for l in 0..rest.len() {
            lanes[l] = larger(lanes[l], rest[l]);
        }
        by_halves(lanes, larger)
    }
}

struct ExpSum<'a, T>(&'a mut [T], T);

impl<T: Real> WithSimd for ExpSum<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> T {
        let ExpSum(x, shift) = self;
        let mut sums = [T::ZERO; LANES];
        let (blocks, rest) = x.as_chunks_mut::<LANES>();
        for block in blocks {
            add_exp(&mut sums, block, shift);
        }
        if !rest.is_empty() {
            // exp(−∞) = 0 adds nothing.
            let mut block = [T::NEG_INFINITY; LANES];
            block[..rest.len()].copy_from_slice(rest);
            add_exp(&mut sums, &mut block, shift);
            rest.copy_from_slice(&block[..rest.len()]);
        }
        by_halves(sums, |a, b| a + b)
    }
}

#[inline(always)]
fn add_exp<T: Real>(sums: &mut [T; LANES], x: &mut [T; LANES], shift: T) {
    for l in 0..LANES {
        x[l] = exp(x[l] - shift);
        sums[l] += x[l];
    }
}

/// The larger of two; NaN if either is.
#[inline(always)]
pub(super) fn larger<T: Real>(a: T, b: T) -> T {
    if a >= b || a.is_nan() { a } else { b }
}

/// The lanes as one: `k` and `k + 8` first, then `k` and `k + 4`, and so on.
#[inline(always)]
pub(super) fn by_halves<T: Real>(mut lanes: [T; LANES], combine: impl Fn(T, T) -> T) -> T {
    let mut half = LANES;
    while half > 1 {
        half /= 2;
        for l in 0..half {
            lanes[l] = combine(lanes[l], lanes[l + half]);
        }
    }
    lanes[0]
}
