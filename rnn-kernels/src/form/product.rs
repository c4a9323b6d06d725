//! `pre += F · slot`: what is multiplied, by what, and which gates it is added to.

use super::{Slot, Width};
use alloc::vec::Vec;

/// `F · slot`, added to gates of a stage.
///
/// The rows of a matrix are those of all its products, stage after stage, `width` rows for each gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// What is multiplied.
    pub of: Slot,
    /// What it is multiplied by.
    pub factor: Factor,
    /// The gates it is added to, in the order of the rows; all of them if `None`.
    pub into: Option<Vec<usize>>,
}

/// What a slot is multiplied by: parameters, or a linear map that is fixed.
///
/// The fixed maps carry numbers between vectors of different widths, so that equations stay those of one unit: a mean over a
/// row, a number of a head given to all of its units, the outer product of two vectors. What they make, `out`, are the gates they
/// are added to, one after another, which are neighbours. Each goes back by its transpose, and [`Spread`](Factor::Spread) and
/// [`Sum`](Factor::Sum) are each other's. They are not parameters and have no gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Factor {
    /// This one of [`Form::matrices`](super::Form::matrices): `W v`.
    Matrix(usize),
    /// A block-diagonal one of [`Form::matrices`](super::Form::matrices), of which blocks alone are stored: units of a head see this
    /// many elements of `v`, those of the same head. A gate of `W` units and a slot `[K]` have `K / columns` heads of
    /// `W·columns / K` units; the matrix has `columns` columns.
    Heads {
        /// Which matrix.
        matrix: usize,
        /// The width of a head of the slot.
        columns: usize,
    },
    /// `out[a, b, c] = v[a, c]`, where `c` counts `inner` neighbours: with 1 every element is repeated, with the whole width of `v`
    /// the whole of it. As wide as `v`, it cuts `v` into gates.
    Spread {
        /// How many neighbours stay together.
        inner: Width,
    },
    /// `out[a, c] = Σ_b v[a, b, c]`.
    Sum {
        /// How many neighbours stay together.
        inner: Width,
    },
    /// `out[a, c] = (Σ_b v[a, b, c]) / B`.
    Mean {
        /// How many neighbours stay together.
        inner: Width,
    },
    /// `out[at · K + c] = v[c]` and 0 elsewhere, `K` the width of `v`: one of `of` equal parts of `out`. As [`Spread`](Factor::Spread) cuts
    /// a vector into gates, all parts together join vectors into one.
    Part {
        /// Which part.
        at: usize,
        /// How many there are.
        of: usize,
    },
}

impl Factor {
    /// Which matrix, if it is one.
    #[must_use]
    pub const fn matrix(self) -> Option<usize> {
        match self {
            Factor::Matrix(matrix) | Factor::Heads { matrix, .. } => Some(matrix),
            _ => None,
        }
    }

    /// How many neighbours stay together, if it is a fixed map.
    pub(crate) const fn inner(self) -> Option<Width> {
        match self {
            Factor::Matrix(_) | Factor::Heads { .. } | Factor::Part { .. } => None,
            Factor::Spread { inner } | Factor::Sum { inner } | Factor::Mean { inner } => Some(inner),
        }
    }
}

impl Product {
    /// `W · slot` into all gates of its stage.
    #[must_use]
    pub const fn new(matrix: usize, of: Slot) -> Self {
        Self { of, factor: Factor::Matrix(matrix), into: None }
    }

    /// Block-diagonal `W · slot`, heads of this many columns: see [`Factor::Heads`].
    #[must_use]
    pub const fn heads(matrix: usize, of: Slot, columns: usize) -> Self {
        Self { of, factor: Factor::Heads { matrix, columns }, into: None }
    }

    /// Every `inner` neighbours of a slot repeated, to the width of the stage: see [`Factor::Spread`].
    #[must_use]
    pub const fn spread(of: Slot, inner: Width) -> Self {
        Self { of, factor: Factor::Spread { inner }, into: None }
    }

    /// Sums over what lies `inner` elements apart: see [`Factor::Sum`].
    #[must_use]
    pub const fn sum(of: Slot, inner: Width) -> Self {
        Self { of, factor: Factor::Sum { inner }, into: None }
    }

    /// Means over what lies `inner` elements apart: see [`Factor::Mean`].
    #[must_use]
    pub const fn mean(of: Slot, inner: Width) -> Self {
        Self { of, factor: Factor::Mean { inner }, into: None }
    }

    /// A slot as part `at` of `parts` equal ones: see [`Factor::Part`].
    #[must_use]
    pub const fn part(of: Slot, at: usize, parts: usize) -> Self {
        Self { of, factor: Factor::Part { at, of: parts }, into: None }
    }

    /// Into these gates alone.
    #[must_use]
    pub fn into_gates(self, gates: impl Into<Vec<usize>>) -> Self {
        Self { into: Some(gates.into()), ..self }
    }
}
