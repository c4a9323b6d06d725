//! How an input matrix is multiplied, by what it takes to read it.

/// For few rows the products with the input are computed for many steps at once.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Up to so many rows a thread the products with `x` are computed ahead.
    pub few: usize,
    /// Rows of the matrix `[steps · N, C]` whose products are computed at once by a pass that keeps nothing.
    pub at_once: usize,
}

impl Reading {
    /// Of an input matrix of so many bytes.
    ///
    /// Few rows leave a kernel waiting for its weights, and so `W_ih` is read once for many steps instead of once for each. How
    /// few depends on where the weights come from: the second cache feeds two rows as slowly as the third feeds four, and
    /// where all matrices together outgrow what the third one gives a program, it is tens of rows.
    pub fn of(bytes: usize) -> Self {
        let (few, at_once) = if bytes <= 1 << 20 {
            (2, 32)
        } else if bytes <= 4 << 20 {
            (4, 32)
        } else {
            (48, 96)
        };
        Self { few, at_once }
    }
}
