//! What the rows of a data set are to predict.

use serde::{Deserialize, Serialize};

/// What each row of [`Sequences`](super::Sequences) has as targets. Next steps, those per step and labels fit a network with an output at
/// [every step](crate::network::Readout::EveryStep), those per row one with an output at the
/// [last step](crate::network::Readout::LastStep) or from its [final states](crate::network::Readout::FinalStates).
///
/// Classes are for the softmax; values for the squared error and, as probabilities, for Bernoulli outputs; labels for
/// [connectionist temporal classification](crate::loss::ctc).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// None: rows to predict for, or to learn from by a loss of one's own.
    Nothing,
    /// The next step of the row itself: `target[t] = x[t + 1]`, a class if rows are symbols and values if they are features. A row of `L`
    /// steps has `L − 1` inputs.
    NextStep,
    /// A class for each step.
    ClassPerStep,
    /// So many values for each step.
    ValuesPerStep(usize),
    /// One class for the row.
    ClassPerRow,
    /// So many values for the row.
    ValuesPerRow(usize),
    /// Labels for the row, as many as it has, which are not aligned with its steps.
    Labels,
}

impl TargetKind {
    /// What a row of this kind is pushed with, in words for a message.
    pub(super) fn label(self) -> String {
        match self {
            Self::Nothing => "none: these sequences have no targets".into(),
            Self::NextStep => "none: the targets are the row's own next steps".into(),
            Self::ClassPerStep => "a class for each step".into(),
            Self::ValuesPerStep(width) => format!("{width} values for each step"),
            Self::ClassPerRow => "one class".into(),
            Self::ValuesPerRow(width) => format!("{width} values"),
            Self::Labels => "labels".into(),
        }
    }
}
