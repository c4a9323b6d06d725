//! `x ∈ ℝ`: whether numbers are finite, and what becomes of those that are not.

use crate::error::{Error, Result};
use rnn_kernels::Scalar;

/// What becomes of NaN and infinities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonFinite {
    /// They are an error, and nothing is changed.
    #[default]
    Refuse,
    /// They are taken as they are.
    Allow,
}

/// How many numbers are examined before the first look at the result: enough for vectors, few enough to stop early.
const CHUNK: usize = 256;

/// Where the first number that is not finite stands.
///
/// Reads every number once and writes nothing; a comparison for each, in vectors.
pub(crate) fn first_non_finite<T: Scalar>(values: &[T]) -> Option<usize> {
    // A sum of the exceptions has no branch in it, which `position` has.
    let sound = |chunk: &[T]| chunk.iter().map(|x| u32::from(!x.is_finite())).sum::<u32>() == 0;
    let chunk = values.chunks(CHUNK).position(|chunk| !sound(chunk))?;
    let from = chunk * CHUNK;
    values[from..].iter().position(|x| !x.is_finite()).map(|at| from + at)
}

/// `Ok` if all of `values` are finite.
///
/// # Errors
/// [`Error::NotFinite`] with the first that is not.
pub(crate) fn check_finite<T: Scalar>(what: &str, values: &[T]) -> Result<()> {
    match first_non_finite(values) {
        Some(index) => Err(Error::NotFinite { what: what.into(), index, found: values[index].to_f64() }),
        None => Ok(()),
    }
}

/// Whether `low ≤ x ≤ high` for all of `values`; NaN is not.
///
/// Reads every number once and writes nothing; two comparisons for each, in vectors.
#[inline(always)]
pub(crate) fn all_within<T: Scalar>(values: &[T], [low, high]: [T; 2]) -> bool {
    let beyond = |x: &T| u32::from(!((low <= *x) & (*x <= high)));
    values.chunks(CHUNK).all(|chunk| chunk.iter().map(beyond).sum::<u32>() == 0)
}

#[cfg(test)]
mod tests {
    use super::{all_within, first_non_finite};

    #[test]
    fn numbers_beyond_a_limit_are_seen_at_every_place() {
        for len in [0, 1, 255, 256, 257, 600] {
            assert!(all_within(&vec![2.0_f32; len], [-1.0, 2.0]) && all_within(&vec![-1.0_f32; len], [-1.0, 2.0]));
            for at in 0..len {
                for beyond in [2.0_f32.next_up(), -2.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
                    let mut values = vec![2.0; len];
                    values[at] = beyond;
                    assert!(!all_within(&values, [-1.0, 2.0]), "{beyond} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn the_first_exception_is_found_at_every_place() {
        for len in [0, 1, 255, 256, 257, 600] {
            assert_eq!(first_non_finite(&vec![f32::MAX; len]), None);
            for at in 0..len {
                let mut values = vec![f32::MIN; len];
                values[at..].fill(f32::INFINITY);
                values[at] = if at % 2 == 0 { f32::NAN } else { f32::NEG_INFINITY };
                assert_eq!(first_non_finite(&values), Some(at));
            }
        }
    }
}
