//! One row of a data set: its steps and its targets, as one gives and reads them.

/// The steps of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input<'a, T> {
    /// `[L, C]`.
    Features(&'a [T]),
    /// `[L]`, each below `u32::MAX`.
    Symbols(&'a [u32]),
}

/// The targets of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Label<'a, T> {
    /// None, or the row's own next steps.
    Nothing,
    /// One class for the row; [`IGNORE`](crate::IGNORE) if it does not count.
    Class(u32),
    /// `[L]`: a class for each step, [`IGNORE`](crate::IGNORE) where none counts.
    Classes(&'a [u32]),
    /// `[O]` for the row, or `[L, O]`.
    Values(&'a [T]),
    /// As many as the row has, from 1 on: 0 is the [blank](crate::loss::ctc::BLANK).
    Labels(&'a [u32]),
}

impl<T> Input<'_, T> {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Features(_) => "features",
            Self::Symbols(_) => "symbols",
        }
    }
}

impl<T> Label<'_, T> {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Class(_) => "one class",
            Self::Classes(_) => "classes",
            Self::Values(_) => "values",
            Self::Labels(_) => "labels",
        }
    }
}
