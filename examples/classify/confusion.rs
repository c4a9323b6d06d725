//! `n[k, j]`: how many sequences of class `k` were taken for class `j`.

use serde::Serialize;

/// Counts, a row for each class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Confusion {
    pub counts: Vec<Vec<u32>>,
}

impl Confusion {
    /// Of decisions beside the classes that were right.
    pub fn of(right: impl Iterator<Item = u32>, decided: &[u32], classes: usize) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        right.zip(decided).for_each(|(right, decided)| counts[right as usize][*decided as usize] += 1);
        Self { counts }
    }

    /// The share that was right.
    pub fn accuracy(&self) -> f64 {
        let right: u32 = self.counts.iter().enumerate().map(|(k, row)| row[k]).sum();
        f64::from(right) / f64::from(self.counts.iter().flatten().sum::<u32>())
    }

    /// Of class `k`, the share that was taken for class `j`; 0 if there is none of it.
    pub fn share(&self, k: usize, j: usize) -> f64 {
        f64::from(self.counts[k][j]) / f64::from(self.counts[k].iter().sum::<u32>().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Confusion;

    #[test]
    fn a_row_is_what_is_right_and_a_column_what_was_decided() {
        let confusion = Confusion::of([0, 0, 1, 1, 1].into_iter(), &[0, 2, 1, 1, 0], 3);
        assert_eq!(confusion.counts, [[1, 0, 1], [1, 2, 0], [0, 0, 0]]);
        assert_eq!((confusion.accuracy(), confusion.share(0, 2), confusion.share(2, 2)), (0.6, 0.5, 0.0));
    }
}
