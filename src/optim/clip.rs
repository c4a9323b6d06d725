//! `g ← g · min(1, limit / ‖g‖)` and `g ← min(max(g, −limit), limit)`: keeping a step within reach.

use crate::error::{Error, Result};
use crate::finite::{NonFinite, check_finite};
use crate::number::in_type;
use rnn_kernels::Scalar;

/// `‖x‖ = √(Σ xᵢ²)` in f64, without overflow or underflow on the way; NaN or infinite if an element is.
///
/// Accuracy: relative error at most `(len + 4) · 2⁻⁵³`. The order of summation is fixed, so that the bits are.
pub fn norm<T: Scalar>(x: impl Iterator<Item = T> + Clone) -> f64 {
    let (scaled, scale) = scaled_norm(x);
    scaled / scale
}

/// `(s ‖x‖, s)` with `s` a power of two that keeps `s ‖x‖` in range.
fn scaled_norm<T: Scalar>(x: impl Iterator<Item = T> + Clone) -> (f64, f64) {
    let largest = x.clone().fold(0.0, |largest, x| Scalar::max(largest, x.to_f64().abs()));
    if largest == 0.0 || !largest.is_finite() {
        return (largest, 1.0);
    }
    // Scaling by powers of two is exact. Squares of what they leave neither overflow in a sum nor underflow where
    // they count: elements below 10⁻¹⁵⁰ beside one above 10⁻¹²⁰ do not.
    let scale = match largest {
        ..1e-120 => 2.0_f64.powi(600),
        ..1e120 => 1.0,
        _ => 2.0_f64.powi(-600),
    };
    let squares = x.fold(0.0, |sum, x| {
        let x = x.to_f64() * scale;
        sum + x * x
    });
    (Scalar::sqrt(squares), scale)
}

/// `g ← g · limit / ‖g‖` where `‖g‖ > limit`, over all parameters at once; returns `‖g‖` before.
///
/// Source: Pascanu, Mikolov & Bengio 2013, algorithm 1. Afterwards `‖g‖ ≤ limit` within the rounding of its elements.
/// An infinite limit is none: the norm is measured and nothing is changed.
///
/// # Errors
/// If `limit` is not above 0 in `T`, or an element is NaN or infinite: such a gradient has no direction. `gradients` are
/// untouched then.
pub fn clip_norm<T: Scalar>(gradients: &mut [T], limit: f64) -> Result<f64> {
    check_limit::<T>(limit)?;
    check_finite("gradients", gradients)?;
    let (scaled, scale) = scaled_norm(gradients.iter().copied());
    let before = scaled / scale;
    if before > limit {
        // The quotient first: it is at most 1, even where ‖g‖ itself is beyond f64.
        gradients.iter_mut().for_each(|g| *g = T::from_f64(g.to_f64() * scale / scaled * limit));
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
