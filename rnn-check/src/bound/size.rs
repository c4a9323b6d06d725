//! How long the sums behind an element are, so that one short sum cannot make a bound look sharp everywhere.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A class of elements by `n`, the number of terms of the longest sum on the way to them.
///
/// `γ_n` grows like `n` and the error of most sums like `√n`, so a bound is least sharp where sums are long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// `1 ≤ n ≤ 8`.
    Tiny,
    /// `9 ≤ n ≤ 64`.
    Small,
    /// `65 ≤ n`.
    Wide,
}

impl Size {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Tiny, Self::Small, Self::Wide];

    /// The class of `n`; `None` for 0, where nothing was rounded or nothing is known of the sum.
    #[must_use]
    pub const fn of(n: usize) -> Option<Self> {
        match n {
            0 => None,
            1..=8 => Some(Self::Tiny),
            9..=64 => Some(Self::Small),
            _ => Some(Self::Wide),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Wide => "wide",
        })
    }
}

/// What was compared with the oracle in one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Elements whose bound is not 0.
    pub comparisons: usize,
    /// The largest error/bound among them.
    pub ratio: f64,
}

/// A [`Tally`] for each [`Size`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sizes([Tally; 3]);

impl Sizes {
    /// One more element with a sum of `n` terms; an `n` without a class is left out.
    pub fn count(&mut self, n: usize, ratio: f64) {
        if let Some(size) = Size::of(n) {
            let tally = &mut self.0[size as usize];
            *tally = Tally { comparisons: tally.comparisons + 1, ratio: tally.ratio.max(ratio) };
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut all = self;
        for (a, b) in all.0.iter_mut().zip(other.0) {
            *a = Tally { comparisons: a.comparisons + b.comparisons, ratio: a.ratio.max(b.ratio) };
        }
        all
    }

    /// The classes in which anything was compared.
    pub fn iter(&self) -> impl Iterator<Item = (Size, Tally)> {
        Size::ALL.into_iter().zip(self.0).filter(|(_, tally)| tally.comparisons > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_terms_but_none_has_a_class() {
        let of = |n| Size::of(n).map(|size| size.to_string());
        assert_eq!(
            [0, 1, 8, 9, 64, 65, 5000].map(of).map(Option::unwrap_or_default),
            ["", "tiny", "tiny", "small", "small", "wide", "wide"]
        );
    }

    #[test]
    fn classes_are_counted_apart_and_keep_their_largest_ratio() {
        let (mut a, mut b) = (Sizes::default(), Sizes::default());
        a.count(3, 0.5);
        a.count(0, 9.0);
        b.count(4, 0.25);
        b.count(100, 0.125);
        let tally = |comparisons, ratio| Tally { comparisons, ratio };
        let all: Vec<_> = a.and(b).iter().collect();
        assert_eq!(all, [(Size::Tiny, tally(2, 0.5)), (Size::Wide, tally(1, 0.125))]);
    }
}
