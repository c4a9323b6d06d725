//! Connectionist temporal classification: labels that are not aligned with the steps.
//!
//! The loss is that of [`Ctc`](rnn_kernels::Ctc), a kernel of the backend. Source: Graves et al. 2006.

use crate::error::{Error, Result};
use rnn_kernels::{Scalar, SeqRef};

pub use rnn_kernels::BLANK;

/// The fewest steps in which a path can read these labels: one each, and a blank between equal ones.
pub(crate) fn fewest_steps(labels: &[u32]) -> usize {
    labels.len() + labels.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

/// The labels that the likeliest path of row `n` reads in its first `steps` steps: the largest output of each, of equal ones the first,
/// repetitions merged, blanks left out. `y [T, N, V]`.
///
/// It need not be the likeliest reading, which is a sum over paths.
///
/// # Errors
/// [`Error::Range`] if there is no such row, or it has fewer steps.
pub fn best_path<T: Scalar>(y: SeqRef<'_, T>, n: usize, steps: usize) -> Result<Vec<u32>> {
    if n >= y.rows() || steps > y.steps() {
        let expected = format!("a row below {} and at most {} steps", y.rows(), y.steps());
        return Err(Error::range("best path", expected, format!("row {n}, {steps} steps")));
    }
    let (mut read, mut before) = (Vec::new(), BLANK);
    for t in 0..steps {
        let a = y.at(t).row(n);
        let largest = (0..a.len()).reduce(|best, k| if a[k] > a[best] { k } else { best });
        let class = largest.and_then(|k| u32::try_from(k).ok()).unwrap_or(BLANK);
        if class != BLANK && class != before {
            read.push(class);
        }
        before = class;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::best_path;
    use rnn_kernels::SeqRef;

    const V: usize = 3;

    #[test]
    fn the_best_path_merges_repetitions_and_leaves_blanks_out() {
        let mut y = vec![0.0; 6 * V];
        for (t, k) in [1, 1, 0, 1, 2, 0].into_iter().enumerate() {
            y[t * V + k] = 1.0;
        }
        let y = SeqRef::new(&y, 6, 1, V);
        assert_eq!(best_path(y, 0, 6).unwrap(), [1, 1, 2]);
        assert_eq!(best_path(y, 0, 2).unwrap(), [1]);
        assert_eq!(best_path(SeqRef::new(&[0.0, 1.0, 1.0], 1, 1, V), 0, 1).unwrap(), [1]);
        assert!(best_path(y, 1, 2).is_err() && best_path(y, 0, 7).is_err());
    }
}
