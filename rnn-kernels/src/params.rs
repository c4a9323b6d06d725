//! Which biases a cell has.

/// Which biases a cell has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Bias {
    /// `b_ih` and `b_hh`, as PyTorch trains them.
    #[default]
    Both,
    /// `b_ih` only; the inner bias of a GRU is then 0.
    Input,
    /// None.
    None,
}
