//! The smallest `δ = 2ᵏ u` that a law still notices.

use super::{Perturbed, Site};
use crate::case::Case;
use crate::claims::Claims;
use crate::law::{Context, Evidence, Law, Scope, Stop};
use crate::planted::Plain;
use crate::real::Real;
use rnn_kernels::Backend;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a law said about a backend on a list of cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// It held on every case it speaks about.
    Holds(Evidence),
    /// It is broken: `error / bound`, where there is one.
    Broken(Option<f64>),
}

/// `2^k u` with `k` up to where `δ` is a half.
pub(super) fn steps<T: Real>() -> u32 {
    let mut k = 0;
    while delta::<T>(k + 1) <= 0.5 {
        k += 1;
    }
    k
}

pub(super) fn delta<T: Real>(k: u32) -> f64 {
    T::EPSILON.to_f64() / 2.0 * f64::from(2u32).powi(k.cast_signed())
}

pub(super) fn ask<T: Real>(backend: &dyn Backend<T>, law: &Law<T>, cases: &[Case]) -> Answer {
    let claims = Claims::new().batch_invariant();
    let precision = claims.precision::<T>();
    let ctx = Context { backend, claims: &claims, count: None, precision: &precision };
    let cases = if law.scope == Scope::Once { &cases[..1] } else { cases };
    let mut evidence = Evidence::default();
    for case in cases {
        match catch_unwind(AssertUnwindSafe(|| (law.check)(&ctx, case))) {
            Ok(Ok(seen)) => evidence = evidence.and(seen),
            Ok(Err(Stop::Fail(failure))) => return Answer::Broken(failure.ratio),
            // It says nothing about this case, or cannot decide it.
            Ok(Err(_)) => {}
            Err(_) => return Answer::Broken(None),
        }
    }
    Answer::Holds(evidence)
}

/// Whether the reference keeps the law, and what was seen of it.
pub(super) fn reference<T: Real>(law: &Law<T>, cases: &[Case]) -> Option<Evidence> {
    match ask(&Plain, law, cases) {
        Answer::Holds(evidence) => Some(evidence),
        Answer::Broken(_) => None,
    }
}

/// The floor in units of `u`: the law notices `δ` of this size and not of half of it. `None` if it does not notice `δ = ½`.
///
/// Found by bisection, guided by `error / bound` where the law gives it: the error is all but proportional to `δ`.
pub(super) fn floor<T: Real>(law: &Law<T>, site: Site, cases: &[Case]) -> Option<f64> {
    let notices = |k: u32| match ask(&Perturbed::new(site, delta::<T>(k)), law, cases) {
        Answer::Holds(_) => None,
        Answer::Broken(ratio) => Some(ratio.filter(|r| r.is_finite() && *r > 1.0)),
    };
    let mut seen = steps::<T>();
    let mut ratio = notices(seen)?;
    // `blind` is one below the last step known not to be noticed, so that 0 is a step like the others.
    let mut blind = 0;
    while blind < seen {
        let half = blind + (seen - blind) / 2;
        let guess = ratio.map_or(half, |ratio| seen.saturating_sub(floor_log2(ratio)).max(blind));
        let k = guess.min(seen - 1);
        match notices(k) {
            Some(found) => (seen, ratio) = (k, found),
            // What the ratio promised was not kept: halve from here.
            None => (blind, ratio) = (k + 1, None),
        }
    }
    Some(f64::from(2u32).powi(seen.cast_signed()))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // of a finite number above 1
fn floor_log2(ratio: f64) -> u32 {
    ratio.log2() as u32
}
