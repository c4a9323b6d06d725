//! `H`, `P`, `n`, `n·H / m`: how wide a vector of a cell is.

/// How wide a vector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// `H`.
    Hidden,
    /// `P`, which a projection may make smaller than `H`.
    Output,
    /// This many, whatever the layer is.
    Fixed(usize),
    /// `times · H / over`; a layer whose `H` this does not divide is refused.
    Scaled {
        /// The factor.
        times: usize,
        /// The divisor.
        over: usize,
    },
}

impl Width {
    /// One number.
    pub const ONE: Self = Width::Fixed(1);

    /// `times · H`: a row of a matrix for each unit.
    #[must_use]
    pub const fn times(times: usize) -> Self {
        Width::Scaled { times, over: 1 }
    }

    /// `H / over`: a number for each head of this many units.
    #[must_use]
    pub const fn over(over: usize) -> Self {
        Width::Scaled { times: 1, over }
    }
}
