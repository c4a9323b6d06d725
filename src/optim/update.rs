//! `(moments, θ) ← next(moments, θ, g)`: one step of a rule, examined as a whole before anything is written.

use super::vectors::on_vectors;
use crate::error::{Error, Result};
use crate::finite::{all_within, first_non_finite};
use rnn_kernels::Scalar;
use std::ops::Range;

/// What each of `M` moments is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A mean of gradients, or of what follows them.
    First(&'static str),
    /// A mean or a sum of squares, never negative.
    Square(&'static str),
}

impl Moment {
    pub(super) fn name(self) -> &'static str {
        match self {
            Moment::First(name) | Moment::Square(name) => name,
        }
    }
}

/// One step of a rule, its coefficients in the number type of the parameters.
pub(super) trait Update<T: Scalar, const M: usize> {
    /// The moments, in their order.
    const MOMENTS: [Moment; M];

    /// The moments and the parameter after the step.
    fn next(&self, moments: [T; M], param: T, gradient: T) -> ([T; M], T);

    /// [`next`](Self::next) of every parameter, in place.
    fn apply(&self, moments: [&mut [T]; M], params: &mut [T], gradients: &[T]);

    /// A bound on every number of `next`, but for rounding, where the parameter, the gradient and the first moments are
    /// at most `reach` in size and squares in `[0, reach²]`.
    fn bound(&self, reach: f64) -> f64;
}

/// One step of the parameters in some ranges, each at its own rate; if asked for, all of it is examined before any of it is written.
///
/// # Errors
/// Those of [`examine`].
pub(super) fn in_ranges<T: Scalar, const M: usize, U: Update<T, M>>(
    at: impl Fn(f64) -> U,
    moments: [&mut Vec<T>; M],
    params: &mut [T],
    gradients: &[T],
    rates: &[(Range<usize>, f64)],
    refuse: bool,
) -> Result<()> {
    on_vectors(|| {
        // A rate is one of the number type of the parameters, whatever it was before.
        let at = |rate: f64| at(T::from_f64(rate).to_f64());
        for (range, rate) in rates.iter().filter(|_| refuse) {
            let of_range = moments.each_ref().map(|moment| &moment[range.clone()]);
            let examined = examine(&at(*rate), of_range, &params[range.clone()], &gradients[range.clone()]);
            examined.map_err(|error| match error {
                Error::NotFinite { what, index, found } => Error::NotFinite { what, index: range.start + index, found },
                other => other,
            })?;
        }
        let mut moments = moments;
        for (range, rate) in rates {
            let of_range = moments.each_mut().map(|moment| &mut moment[range.clone()]);
            at(*rate).apply(of_range, &mut params[range.clone()], &gradients[range.clone()]);
        }
        Ok(())
    })
}

/// A training run far from trouble has no number beyond this one; its square is far from overflow in `f32`.
const REACH: f64 = 1_125_899_906_842_624.0; // 2⁵⁰

/// Whether every moment and parameter after the step is finite. Writes nothing.
///
/// One pass that compares every number with [`REACH`], in vectors. Only if one lies beyond, or the settings are such
/// that even smaller numbers might overflow, is the step computed as well.
///
/// # Errors
/// [`Error::NotFinite`] with the first that is not finite, of what is given rather than of what follows from it.
#[inline(always)]
fn examine<T: Scalar, const M: usize, U: Update<T, M>>(
    update: &U,
    moments: [&[T]; M],
    params: &[T],
    gradients: &[T],
) -> Result<()> {
    // The factor leaves room for what rounding adds to the bound: a few roundings of relative size 2⁻²⁴ at most.
    let never_overflows = T::from_f64(2.0 * update.bound(REACH)).is_finite();
    let reach = [T::from_f64(-REACH), T::from_f64(REACH)];
    let moments_within = || {
        moments.iter().zip(U::MOMENTS).all(|(values, kind)| match kind {
            Moment::First(_) => all_within(values, reach),
            Moment::Square(_) => all_within(values, [T::ZERO, T::from_f64(REACH * REACH)]),
        })
    };
    if never_overflows && all_within(gradients, reach) && all_within(params, reach) && moments_within() {
        return Ok(());
    }
    exact(update, moments, params, gradients)
}

/// The step itself, where sizes do not rule out that it overflows.
#[cold]
fn exact<T: Scalar, const M: usize, U: Update<T, M>>(
    update: &U,
    moments: [&[T]; M],
    params: &[T],
    gradients: &[T],
) -> Result<()> {
    let refuse = |what: &str, index: usize, found: T| {
        Err(Error::NotFinite { what: format!("optimiser: {what}"), index, found: found.to_f64() })
    };
    if let Some(at) = first_non_finite(gradients) {
        return refuse("gradients", at, gradients[at]);
    }
    if let Some(at) = first_non_finite(params) {
        return refuse("parameters", at, params[at]);
    }
    for (values, kind) in moments.iter().zip(U::MOMENTS) {
        if let Some(at) = first_non_finite(values) {
            return refuse(&format!("moment {}", kind.name()), at, values[at]);
        }
    }
    for (i, (&p, &g)) in params.iter().zip(gradients).enumerate() {
        let (next, param) = update.next(moments.map(|values| values[i]), p, g);
        for (value, kind) in next.into_iter().zip(U::MOMENTS) {
            if !value.is_finite() {
                return refuse(&format!("moment {} after the step", kind.name()), i, value);
            }
        }
        if !param.is_finite() {
            return refuse("parameters after the step", i, param);
        }
    }
    Ok(())
}
