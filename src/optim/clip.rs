//! `g ← g · min(1, limit / ‖g‖)` and `g ← min(max(g, −limit), limit)`: keeping a step within reach.

use super::vectors::on_vectors;
use crate::error::{Error, Result};
use crate::finite::{NonFinite, check_finite};
use crate::number::in_type;
use rnn_kernels::Scalar;

/// `‖x‖ = √(Σ xᵢ²)` in f64, without overflow or underflow on the way; NaN or infinite if an element is.
///
/// The order of summation is fixed, so that the bits are: 16 partial sums, the `k`-th of the elements `k, k + 16, …`, are
/// added by halves, the `k`-th and the `k + 8`-th first.
///
/// Accuracy: relative error at most `(⌈len/16⌉/2 + 4) · 2⁻⁵³`, but for the last place of a subnormal norm. A square has one
/// rounding, its partial sum at most `⌈len/16⌉ − 1` and their sum four; the root halves what they add up to and has one of its own.
/// The last half is for their products.
pub fn norm<T: Scalar>(x: impl Iterator<Item = T> + Clone) -> f64 {
    let of = |scale| {
        let (mut squares, mut block, mut len) = (Squares::new(scale), [T::ZERO; LANES], 0);
        for x in x.clone() {
            block[len] = x;
            len += 1;
            if len == LANES {
                squares.add(&block);
                len = 0;
            }
        }
        squares.add_part(&block[..len]);
        squares.sum()
    };
    let (scaled, scale) = in_range(of(1.0)).map_or_else(|| rescaled(x.clone(), of), |sum| (Scalar::sqrt(sum), 1.0));
    scaled / scale
}

/// Partial sums: enough for the latency of an addition, and for the widest vectors.
const LANES: usize = 16;

/// `Σ (s xᵢ)²` in partial sums, `s` a power of two.
struct Squares {
    lanes: [f64; LANES],
    scale: f64,
}

impl Squares {
    fn new(scale: f64) -> Self {
        Self { lanes: [0.0; LANES], scale }
    }

    #[inline(always)]
    fn add<T: Scalar>(&mut self, block: &[T; LANES]) {
        for k in 0..LANES {
            let x = block[k].to_f64() * self.scale;
            self.lanes[k] += x * x;
        }
    }

    /// Fewer than a block: zeros change no sum.
    #[inline(always)]
    fn add_part<T: Scalar>(&mut self, part: &[T]) {
        let mut block = [T::ZERO; LANES];
        block[..part.len()].copy_from_slice(part);
        self.add(&block);
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        let (mut lanes, mut half) = (self.lanes, LANES);
        while half > 1 {
            half /= 2;
            for k in 0..half {
                lanes[k] += lanes[k + half];
            }
        }
        lanes[0]
    }
}

/// [`norm`]'s sum, of elements that lie one after another: the same bits.
fn squares<T: Scalar>(x: &[T], scale: f64) -> f64 {
    on_vectors(|| {
        let mut squares = Squares::new(scale);
        let (blocks, rest) = x.as_chunks::<LANES>();
        blocks.iter().for_each(|block| squares.add(block));
        squares.add_part(rest);
        squares.sum()
    })
}

/// The sum of squares as they are, if it is finite, and with it every element, and so large that what squares lose which underflow,
/// 2⁻¹⁰⁷⁵ each, is nothing beside it.
fn in_range(sum: f64) -> Option<f64> {
    Some(sum).filter(|sum| (1e-240..=f64::MAX).contains(sum))
}

/// `(s ‖x‖, s)` with `s` a power of two that keeps `s ‖x‖` in range; `sum` is `Σ (s xᵢ)²`.
#[cold]
fn rescaled<T: Scalar>(x: impl Iterator<Item = T>, sum: impl FnOnce(f64) -> f64) -> (f64, f64) {
    let largest = x.fold(0.0, |largest, x| Scalar::max(largest, x.to_f64().abs()));
    if largest == 0.0 || !largest.is_finite() {
        return (largest, 1.0);
    }
    // Scaling by powers of two is exact. Squares of what they leave neither overflow in a sum nor underflow where they count.
    let scale = if largest < 1.0 { 2.0_f64.powi(600) } else { 2.0_f64.powi(-600) };
    (Scalar::sqrt(sum(scale)), scale)
}

/// `g ← g · (limit / ‖g‖)` where `‖g‖ > limit`, over all parameters at once; returns `‖g‖` before, the bits of [`norm`].
///
/// Source: Pascanu, Mikolov & Bengio 2013, algorithm 1. Afterwards `‖g‖ ≤ limit` within the rounding of its elements: the quotient is
/// rounded once in f64, each product in f64 and in `T`. An infinite limit is none: the norm is measured and nothing is changed.
///
/// One pass over the gradients, which examines them too, and one more where they are clipped.
///
/// # Errors
/// If `limit` is not above 0 in `T`, or an element is NaN or infinite: such a gradient has no direction. `gradients` are
/// untouched then.
pub fn clip_norm<T: Scalar>(gradients: &mut [T], limit: f64) -> Result<f64> {
    check_limit::<T>(limit)?;
    let (scaled, scale) = match in_range(squares(gradients, 1.0)) {
        Some(sum) => (Scalar::sqrt(sum), 1.0),
        None => {
            check_finite("gradients", gradients)?;
            rescaled(gradients.iter().copied(), |scale| squares(gradients, scale))
        }
    };
    let before = scaled / scale;
    if before > limit {
        let factor = limit / before;
        if scale == 1.0 && factor.is_normal() {
            on_vectors(|| gradients.iter_mut().for_each(|g| *g = T::from_f64(g.to_f64() * factor)));
        } else {
            // The quotient first: it is at most 1, even where ‖g‖ itself is beyond f64.
            gradients.iter_mut().for_each(|g| *g = T::from_f64(g.to_f64() * scale / scaled * limit));
        }
    }
    Ok(before)
}

/// `g ← min(max(g, −limit), limit)`, element by element; returns how many elements changed.
///
/// An infinite limit is none.
///
/// # Errors
/// If `limit` is not above 0 in `T`, or an element is NaN or infinite; `gradients` are untouched then.
pub fn clip_value<T: Scalar>(gradients: &mut [T], limit: f64) -> Result<usize> {
    clip_value_with(gradients, limit, NonFinite::Refuse)
}

/// [`clip_value`], with a say in what becomes of numbers that are not finite.
///
/// With [`NonFinite::Allow`] infinities are clipped as every number, and NaN stays NaN.
///
/// # Errors
/// As `clip_value`, but for numbers that are not finite where they are allowed.
pub fn clip_value_with<T: Scalar>(gradients: &mut [T], limit: f64, non_finite: NonFinite) -> Result<usize> {
    check_limit::<T>(limit)?;
    if non_finite == NonFinite::Refuse {
        check_finite("gradients", gradients)?;
    }
    let limit = T::from_f64(limit);
    let mut changed = 0;
    for g in gradients.iter_mut().filter(|g| g.abs() > limit) {
        *g = if *g > T::ZERO { limit } else { -limit };
        changed += 1;
    }
    Ok(changed)
}

/// A limit that is 0 in `T` would clip every gradient to nothing.
fn check_limit<T: Scalar>(limit: f64) -> Result<()> {
    in_type::<T>(limit, |x| x > 0.0).map_err(|found| Error::range("clipping: limit", "a number > 0", found))
}
