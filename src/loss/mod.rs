//! `L = (1/Σ_m w_m) Σ_m w_m loss[m]`: losses of the output rows and their gradient.

mod check;
mod criterion;
pub mod ctc;
mod edits;

pub(crate) use check::{Checked, Rows, check};
pub(crate) use criterion::Criterion;
pub use edits::edit_distance;

use crate::error::{Result, check_len, checked_product};
use serde::{Deserialize, Serialize};

/// The loss of one output row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Objective {
    /// `ln Σ_k e^{a_k} − a_target`: one of several classes.
    Softmax,
    /// `Σ_k ln(1 + e^{a_k}) − t_k a_k`: independent yes-or-no outputs.
    Bernoulli,
    /// `Σ_k (a_k − t_k)²`.
    SquaredError,
    /// `Σ_k |a_k − t_k|`; its derivative where they are equal is taken as 0.
    AbsoluteError,
    /// `Σ_k` of `(a_k − t_k)²/2` where that difference is at most `δ`, else `δ (|a_k − t_k| − δ/2)` (Huber 1964).
    Huber {
        /// `δ > 0`.
        delta: f64,
    },
    /// `−ln p(labels | a)` of a whole row, whose outputs at every step are classes and, as class 0, the [blank](ctc): labels that are not
    /// aligned with the steps.
    Ctc,
}

/// What becomes of the losses of the outputs of a row, but for the softmax, whose outputs make one choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outputs {
    /// They are added up, so that the loss of a row is that of all its outputs.
    #[default]
    Sum,
    /// Their mean is taken; over a batch that is the mean over all elements, as PyTorch's `MSELoss`.
    Mean,
}

/// What the outputs should be: one row for each output row, time-major `[T, N]`, or `[N]` with an output at the last
/// step only. Rows beyond a row's length do not count and are never read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Targets<'a, T> {
    /// For the softmax: the right class of each row, or [`IGNORE`](rnn_kernels::IGNORE) where none counts.
    Classes(&'a [u32]),
    /// For the Bernoulli outputs (probabilities) and the squared error (finite numbers): `[T, N, O]`.
    Values(&'a [T]),
    /// The same; only the rows that are marked count, and of the others nothing is read.
    Counted {
        /// `[T, N, O]`.
        values: &'a [T],
        /// `[T, N]`.
        counted: &'a [bool],
    },
    /// For [`Objective::Ctc`]: of each row the labels it reads, whatever the number of its steps.
    Labels {
        /// Those of all rows, one row after another, from 1 on: class 0 is the blank.
        labels: &'a [u32],
        /// `[N]`: how many each row has.
        counts: &'a [usize],
    },
}

/// The loss of a batch, in nats for the two cross-entropies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// The sum over the rows that count, each with the weight of its class.
    pub total: f64,
    /// How many output rows count; with [`Objective::Ctc`] how many rows of the batch.
    pub count: usize,
    /// The sum of their weights: `count`, unless classes have weights.
    pub weight: f64,
}

impl Loss {
    /// A loss of rows that all have the weight 1.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a count beyond 2⁵³ cannot occur
    pub fn of(total: f64, count: usize) -> Self {
        Self { total, count, weight: count as f64 }
    }

    /// `total / weight`; 0 if nothing counts.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.weight == 0.0 { 0.0 } else { self.total / self.weight }
    }

    /// The mean in bits: `mean / ln 2`.
    #[must_use]
    pub fn bits(&self) -> f64 {
        self.mean() / std::f64::consts::LN_2
    }
}

impl std::ops::AddAssign for Loss {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.count += other.count;
        self.weight += other.weight;
    }
}

impl<'a, T> Targets<'a, T> {
    /// Those of the output rows `from..to`, each `width` wide.
    pub(crate) fn rows(&self, from: usize, to: usize, width: usize) -> Targets<'a, T> {
        match *self {
            Targets::Classes(classes) => Targets::Classes(&classes[from..to]),
            Targets::Values(values) => Targets::Values(&values[from * width..to * width]),
            Targets::Counted { values, counted } => {
                Targets::Counted { values: &values[from * width..to * width], counted: &counted[from..to] }
            }
            // They belong to rows as a whole; no window is given them.
            Targets::Labels { labels, counts } => Targets::Labels { labels, counts },
        }
    }

    /// `Ok` if there is one row for each of `[T, N]` outputs that are `width` wide.
    pub(crate) fn check_rows(&self, steps: usize, rows: usize, width: usize) -> Result<()> {
        let m = checked_product("targets [T, N]", &[steps, rows])?;
        match self {
            Targets::Classes(classes) => check_len("targets [T, N]", m, classes.len()),
            Targets::Values(values) => {
                check_len("targets [T, N, O]", checked_product("targets [T, N, O]", &[m, width])?, values.len())
            }
            Targets::Counted { values, counted } => {
                check_len("targets [T, N, O]", checked_product("targets [T, N, O]", &[m, width])?, values.len())?;
                check_len("targets, counted [T, N]", m, counted.len())
            }
            Targets::Labels { counts, .. } => check_len("targets, counts of labels [N]", rows, counts.len()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Targets::Classes(_) => "classes",
            Targets::Values(_) | Targets::Counted { .. } => "values",
            Targets::Labels { .. } => "labels",
        }
    }
}
