//! Which biases a cell has.

/// Which biases a cell has, of those that its form gives to matrices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Bias {
    /// All: `b_ih` and `b_hh`, as PyTorch trains them.
    #[default]
    Both,
    /// Those of matrices that the input is multiplied by (`b_ih`); the inner bias of a GRU is then 0. A matrix of anything else
    /// has none.
    Input,
    /// None.
    None,
}
