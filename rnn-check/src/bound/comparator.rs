//! `|got − want| ≤ bound`, element by element, and no other rule.

use std::fmt;

use super::{Bounded, Precision, Sizes};
use crate::number::Number;

/// The element furthest beyond (or nearest to) its bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// Where, in row-major order.
    pub index: usize,
    /// The backend's number.
    pub got: f64,
    /// The oracle's.
    pub want: f64,
    /// The derived bound.
    pub bound: f64,
    /// `|got − want| / bound`; 0 for 0/0, infinite where no distance makes sense.
    pub ratio: f64,
}

/// The result of comparing two arrays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Elements compared.
    pub checked: usize,
    /// Elements beyond their bounds.
    pub failures: usize,
    /// The largest ratio, the first of equals; `None` if nothing was compared.
    pub worst: Option<Worst>,
    /// The same by the length of sums.
    pub sizes: Sizes,
}

impl Comparison {
    /// Something was compared and everything is within its bound. (A ratio that rounds to 1 decides nothing; the count does.)
    pub fn passes(&self) -> bool {
        self.checked > 0 && self.failures == 0
    }

    /// The largest ratio; 0 if nothing was compared.
    pub fn ratio(&self) -> f64 {
        self.worst.map_or(0.0, |worst| worst.ratio)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Worst { index, got, want, bound, ratio }) = self.worst else {
            return write!(f, "nothing was compared");
        };
        write!(
            f,
            "{}/{} over bound · worst [{index}] got {got:e} want {want:e} |err| {:e} bound {bound:e} RATIO {ratio:.3}",
            self.failures,
            self.checked,
            (got - want).abs()
        )
    }
}

/// Whether one number is within its bound, and by how much; the rules are those of [`compare`].
fn judge<S: Number>(precision: &Precision, got: f64, want: &Bounded<'_, S>) -> (bool, f64) {
    let (bound, nearest) = (want.error, want.value.value());
    let error = (S::from_f64(got) - want.value).value().abs();
    let passes = if nearest.is_nan() {
        got.is_nan()
    } else if nearest.is_infinite() {
        got == nearest
    } else if bound.is_nan() || bound.is_infinite() || bound < 0.0 {
        false
    } else if got.is_infinite() {
        nearest.abs() + bound > precision.largest && got.signum() == nearest.signum()
    } else {
        error <= bound // false for NaN
    };
    let plain = got.is_finite() && nearest.is_finite() && bound >= 0.0 && bound.is_finite();
    let ratio = match (passes, plain) {
        (_, true) if error == 0.0 => 0.0,
        (_, true) => error / bound,
        (true, false) => 0.0,
        (false, false) => f64::INFINITY,
    };
    (passes, ratio)
}

/// Compares a backend's numbers with the oracle's. `+0 = −0`.
///
/// - `want` NaN: `got` must be NaN. `got` NaN otherwise fails.
/// - `want` infinite: `got` must be the same infinity.
/// - `got` infinite otherwise passes only where the format overflows: `|want| + bound` exceeds its largest number and the
///   signs agree.
/// - A bound that is NaN, negative or infinite says nothing, so it fails.
///
/// The difference is taken in the oracle's own number type: rounding `want` first would cost half an ulp of an f64 backend.
///
/// # Panics
/// If the lengths differ.
pub fn compare<S: Number>(precision: &Precision, got: &[f64], want: &[Bounded<'_, S>]) -> Comparison {
    assert_eq!(got.len(), want.len(), "compared arrays differ in length");
    let mut all = Comparison { checked: got.len(), failures: 0, worst: None, sizes: Sizes::default() };
    for (index, (&got, want)) in got.iter().zip(want).enumerate() {
        let (passes, ratio) = judge(precision, got, want);
        all.failures += usize::from(!passes);
        if want.error > 0.0 {
            all.sizes.count(want.terms(), ratio);
        }
        if all.worst.is_none_or(|worst| ratio > worst.ratio) {
            all.worst = Some(Worst { index, got, want: want.value.value(), bound: want.error, ratio });
        }
    }
    all
}

/// `got − want` of every element and the indices of those that [`compare`] rejects: what a report says of a failure.
pub(crate) fn deviations<S: Number>(
    precision: &Precision,
    got: &[f64],
    want: &[Bounded<'_, S>],
) -> (Vec<f64>, Vec<usize>) {
    let pairs = || got.iter().zip(want);
    let errors = pairs().map(|(&got, want)| match judge(precision, got, want).0 {
        // Two NaN, or twice the same infinity, have no difference.
        true if !got.is_finite() => 0.0,
        _ => (S::from_f64(got) - want.value).value(),
    });
    let rejected = pairs().enumerate().filter(|(_, (got, want))| !judge(precision, **got, want).0);
    (errors.collect(), rejected.map(|(index, _)| index).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::DoubleDouble;

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    fn check(got: &[f64], want: &[(f64, f64)]) -> Comparison {
        let precision = Precision::f32(1.0, 1.0);
        let want: Vec<Bounded<'_>> = want.iter().map(|&(v, e)| Bounded::new(v, e, &precision)).collect();
        compare(&precision, got, &want)
    }

    #[test]
    fn an_error_up_to_the_bound_passes_and_the_next_number_fails() {
        let at = 1.0 + 0.25;
        assert!(check(&[at], &[(1.0, 0.25)]).passes());
        assert!(!check(&[f64::from_bits(at.to_bits() + 1)], &[(1.0, 0.25)]).passes());
        assert!(check(&[-0.0], &[(0.0, 0.0)]).passes());
        assert!(!check(&[1e-300], &[(0.0, 0.0)]).passes());
    }

    #[test]
    fn one_bad_element_fails_and_is_named() {
        let all = check(&[1.0, 2.0, 3.5, 4.1], &[(1.0, 0.5), (2.0, 0.5), (3.0, 0.25), (4.0, 0.5)]);
        assert!(!all.passes());
        assert_eq!((all.checked, all.failures), (4, 1));
        assert_eq!(all.worst, Some(Worst { index: 2, got: 3.5, want: 3.0, bound: 0.25, ratio: 2.0 }));
        assert!(all.to_string().contains("1/4 over bound · worst [2] got 3.5e0"));
    }

    #[test]
    fn nan_passes_only_for_nan() {
        assert!(!check(&[NAN], &[(1.0, 1e30)]).passes());
        assert!(!check(&[0.0, NAN], &[(0.0, 1.0), (INF, 1.0)]).passes());
        assert!(!check(&[1.0], &[(NAN, 1.0)]).passes());
        assert!(check(&[NAN], &[(NAN, NAN)]).passes());
        assert_eq!(check(&[NAN, 3.0], &[(1.0, 1.0), (1.0, 1.0)]).ratio(), INF);
    }

    #[test]
    fn infinity_passes_only_for_the_same_infinity_or_an_overflow() {
        assert!(check(&[INF, -INF], &[(INF, 0.0), (-INF, NAN)]).passes());
        assert!(!check(&[-INF], &[(INF, 1.0)]).passes());
        assert!(!check(&[1e300], &[(INF, 1.0)]).passes());
        assert!(!check(&[INF], &[(1.0, 1.0)]).passes());
        assert!(check(&[INF], &[(1e39, 1e32)]).passes(), "f32 ends at 3.4e38");
        assert!(!check(&[-INF], &[(1e39, 1e32)]).passes());
    }

    #[test]
    fn a_bound_that_says_nothing_fails() {
        for bound in [NAN, INF, -1.0] {
            let all = check(&[1.0], &[(1.0, bound)]);
            assert!(!all.passes() && all.ratio() == INF, "{bound}");
        }
    }

    #[test]
    fn comparing_nothing_fails() {
        assert!(!check(&[], &[]).passes());
    }

    #[test]
    fn deviations_name_what_the_comparison_rejects() {
        let precision = Precision::f32(1.0, 1.0);
        let got = [1.0, NAN, 2.5, NAN, INF, INF];
        let want = [(1.0, 0.0), (NAN, 0.0), (2.0, 0.25), (3.0, 9.0), (INF, 0.0), (0.0, 1.0)];
        let want = want.map(|(v, e)| Bounded::<f64>::new(v, e, &precision));
        let (errors, rejected) = deviations(&precision, &got, &want);
        assert_eq!(rejected, [2, 3, 5]);
        assert_eq!(rejected.len(), compare(&precision, &got, &want).failures);
        assert_eq!(errors[..3], [0.0, 0.0, 0.5]);
        assert!(errors[3].is_nan() && errors[4] == 0.0 && errors[5] == INF);
    }

    #[test]
    fn only_sums_of_known_length_count_in_a_class() {
        let precision = Precision::f32(1.0, 1.0);
        let a = Bounded::<f64>::exact(1.0, &precision);
        let sum = |n: usize| Bounded::dot([], (0..n).map(|_| (a, a)));
        // A bound of 0 has no ratio, and one from outside no sum.
        let want = [a, Bounded::new(1.0, 0.5, &precision), sum(3), sum(100)];
        let all = compare(&precision, &[1.0, 1.0, 3.0, 100.0], &want);
        let classes: Vec<_> = all.sizes.iter().map(|(size, tally)| (size.to_string(), tally.comparisons)).collect();
        assert_eq!(classes, [("tiny".to_string(), 1), ("wide".to_string(), 1)]);
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn a_missing_element_panics() {
        check(&[1.0], &[]);
    }

    #[test]
    fn a_wide_oracle_is_not_rounded_before_it_is_compared() {
        let precision = Precision::f64(1.0, 1.0);
        let third = DoubleDouble::from_f64(1.0) / DoubleDouble::from_f64(3.0);
        let error = (DoubleDouble::from_f64(1.0 / 3.0) - third).value().abs();
        assert!(error > 1e-17);
        let want = |bound| [Bounded::new(third, bound, &precision)];
        assert!(compare(&precision, &[1.0 / 3.0], &want(error)).passes());
        assert!(!compare(&precision, &[1.0 / 3.0], &want(0.999 * error)).passes());
    }
}
