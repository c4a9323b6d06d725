//! `Σ_k size_k = N`: a data set cut into parts, such as those to train on, to choose by and to test with.

use super::Sequences;
use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::rng::Rng;
use rnn_kernels::Scalar;

/// How far from 1 the sum of shares may be: what writing them in decimals and adding them up rounds.
const ROUNDING: f64 = 1e-9;

impl<T: Scalar> Sequences<T> {
    /// Parts of so large shares of the rows, drawn at random: each row is in one part, and the same generator gives the same parts.
    ///
    /// A part has `⌊N · share⌋` rows, and the parts with the largest remainders, the first of equal ones, one more each, so that they are
    /// `N` together.
    ///
    /// ```
    /// # use recurrent::{Sequences, data::{Input, TargetKind}, rng::Rng};
    /// # let mut data = Sequences::<f32>::symbols(TargetKind::NextStep)?;
    /// # for _ in 0..10 { data.push(Input::Symbols(&[1, 2]))?; }
    /// let [train, validation, test] = data.split(&[0.8, 0.1, 0.1], &mut Rng::seed(1))?;
    /// assert_eq!((train.len(), validation.len(), test.len()), (8, 1, 1));
    /// # Ok::<(), recurrent::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Range`] if a share is negative or not finite, or they do not sum to 1; [`Error::Memory`].
    pub fn split<const K: usize>(&self, shares: &[f64; K], rng: &mut Rng) -> Result<[Self; K]> {
        let sizes = sizes(self.len(), shares)?;
        let mut rows = in_order(self.len())?;
        rng.shuffle(&mut rows);
        self.cut(&rows, &sizes)
    }

    /// As [`split`](Self::split), the first rows in the first part: of what is ordered in time, the last part is the latest.
    ///
    /// # Errors
    /// As there.
    pub fn split_in_order<const K: usize>(&self, shares: &[f64; K]) -> Result<[Self; K]> {
        self.cut(&in_order(self.len())?, &sizes(self.len(), shares)?)
    }

    fn cut<const K: usize>(&self, mut rows: &[usize], sizes: &[usize; K]) -> Result<[Self; K]> {
        let mut parts = Vec::with_capacity(K);
        for &size in sizes {
            let (part, rest) = rows.split_at(size);
            parts.push(self.subset(part)?);
            rows = rest;
        }
        Ok(parts.try_into().unwrap_or_else(|_| unreachable!("a part for each size")))
    }
}

/// `0..n`.
pub(super) fn in_order(n: usize) -> Result<Vec<usize>> {
    let mut rows = Vec::new();
    reserve("order of rows", &mut rows, n)?;
    rows.extend(0..n);
    Ok(rows)
}

/// Hamilton's method of largest remainders.
fn sizes<const K: usize>(n: usize, shares: &[f64; K]) -> Result<[usize; K]> {
    if let Some(k) = shares.iter().position(|share| !(0.0..=1.0 + ROUNDING).contains(share)) {
        return Err(Error::range(format!("split, shares[{k}]"), "within 0..=1", shares[k]));
    }
    let sum: f64 = shares.iter().sum();
    if (sum - 1.0).abs() > ROUNDING {
        return Err(Error::range("split, sum of the shares", "1", sum));
    }
    #[allow(clippy::cast_precision_loss)] // rows beyond 2⁵³ do not fit into memory
    let exact = shares.map(|share| n as f64 * share);
    let mut left = n;
    let mut sizes = exact.map(|exact| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at least 0, and cut to what is left
        let size = (exact.floor() as usize).min(left);
        left -= size;
        size
    });
    let mut order: [usize; K] = std::array::from_fn(|k| k);
    // Stable: of equal remainders the first comes first.
    order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    order.iter().cycle().take(left).for_each(|&k| sizes[k] += 1);
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::sizes;

    #[test]
    fn sizes_go_by_largest_remainders_and_sum_to_all() {
        assert_eq!(sizes(10, &[0.8, 0.1, 0.1]).unwrap(), [8, 1, 1]);
        assert_eq!(sizes(7, &[0.5, 0.25, 0.25]).unwrap(), [3, 2, 2]); // 3.5, 1.75, 1.75
        assert_eq!(sizes(100, &[0.29, 0.71]).unwrap(), [29, 71]); // 0.29 · 100 rounds to below 29
        assert_eq!(sizes(1, &[0.5, 0.5]).unwrap(), [1, 0]);
        assert_eq!(sizes(0, &[0.3, 0.7]).unwrap(), [0, 0]);
        assert_eq!(sizes(5, &[0.0, 1.0]).unwrap(), [0, 5]);
        for n in 0..200 {
            assert_eq!(sizes(n, &[0.1; 10]).unwrap().iter().sum::<usize>(), n);
        }
    }

    #[test]
    fn shares_that_are_none_are_errors_that_say_so() {
        for (shares, message) in [
            ([0.5, 0.4], "split, sum of the shares: expected 1, found 0.9"),
            ([-0.5, 1.5], "split, shares[0]: expected within 0..=1, found -0.5"),
            ([0.5, f64::NAN], "split, shares[1]: expected within 0..=1, found NaN"),
        ] {
            assert_eq!(sizes(10, &shares).unwrap_err().to_string(), message);
        }
        assert!(sizes(3, &[]).is_err());
    }
}
