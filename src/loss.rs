//! `L = (1/count) Σ_m loss[m]`: losses of the output rows and their gradient.

use crate::buffer::Aligned;
use crate::error::{Error, Result, check_len, checked_product};
use crate::finite::{NonFinite, all_within, first_non_finite};
use crate::memory::reserve;
use rnn_kernels::{
    Backend, BernoulliCrossEntropy, IGNORE, MatMut, MatRef, Scalar, SoftmaxCrossEntropy, SquaredError, Steps,
};
use serde::{Deserialize, Serialize};

/// The loss of one output row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// `ln Σ_k e^{a_k} − a_target`: one of several classes.
    Softmax,
    /// `Σ_k ln(1 + e^{a_k}) − t_k a_k`: independent yes-or-no outputs.
    Bernoulli,
    /// `Σ_k (a_k − t_k)²`.
    SquaredError,
}

/// What the outputs should be: one row for each output row, time-major `[T, N]`, or `[N]` with an output at the last
/// step only. Rows beyond a row's length do not count and are never read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Targets<'a, T> {
    /// For the softmax: the right class of each row, or [`IGNORE`] where none counts.
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
}

/// The loss of a batch, in nats for the two cross-entropies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// The sum over the rows that count.
    pub total: f64,
    /// How many rows count.
    pub count: usize,
}

impl Loss {
    /// `total / count`; 0 if nothing counts.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a count beyond 2⁵³ cannot occur
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total / self.count as f64 }
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
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Targets::Classes(_) => "classes",
            Targets::Values(_) | Targets::Counted { .. } => "values",
        }
    }
}

/// Targets that passed every check; the marks of the rows that count are in the row buffers.
#[derive(Debug)]
pub(crate) enum Checked<'a, T> {
    /// For the softmax.
    Classes,
    /// For the Bernoulli cross-entropy, `[M, O]`.
    Probabilities(MatRef<'a, T>),
    /// For the squared error, `[M, O]`.
    Reals(MatRef<'a, T>),
}

/// Buffers of one number or flag for each output row.
#[derive(Debug)]
pub(crate) struct Rows<'a, T> {
    pub loss: &'a mut Aligned<T>,
    pub targets: &'a mut Vec<u32>,
    pub counts: &'a mut Vec<bool>,
}

/// Checks targets for outputs `[T · N, O]` and marks the rows that count; returns both with their number.
pub(crate) fn check<'a, T: Scalar>(
    objective: Objective,
    targets: Targets<'a, T>,
    [steps, rows, width]: [usize; 3],
    live: Steps<'_>,
    non_finite: NonFinite,
    buffers: &mut Rows<'_, T>,
) -> Result<(Checked<'a, T>, usize)> {
    let m = checked_product("targets [T, N]", &[steps, rows])?;
    buffers.loss.grow("loss", m)?;
    buffers.targets.clear();
    buffers.counts.clear();
    reserve("rows that count", buffers.counts, m)?;
    let places = (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n)));
    match (objective, targets) {
        (Objective::Softmax, Targets::Classes(classes)) => {
            check_len("targets [T, N]", m, classes.len())?;
            reserve("targets", buffers.targets, m)?;
            for ((t, n), &class) in places.zip(classes) {
                let counts = live.live(t, n) && class != IGNORE;
                if counts && class as usize >= width {
                    return Err(Error::range(format!("targets[{t}, {n}]"), format!("below {width}, or IGNORE"), class));
                }
                buffers.targets.push(if counts { class } else { IGNORE });
                buffers.counts.push(counts);
            }
            Ok((Checked::Classes, number(buffers.counts)))
        }
        (Objective::Bernoulli | Objective::SquaredError, Targets::Values(_) | Targets::Counted { .. }) => {
            let (values, counted) = match targets {
                Targets::Counted { values, counted } => (values, Some(counted)),
                Targets::Values(values) => (values, None),
                Targets::Classes(_) => unreachable!("matched above"),
            };
            check_len("targets [T, N, O]", checked_product("targets [T, N, O]", &[m, width])?, values.len())?;
            check_len("targets, counted [T, N]", m, counted.map_or(m, <[bool]>::len))?;
            for (k, (t, n)) in places.enumerate() {
                let counts = live.live(t, n) && counted.is_none_or(|counted| counted[k]);
                if counts {
                    check_row(objective, &values[k * width..][..width], non_finite, [t, n, k * width])?;
                }
                buffers.counts.push(counts);
            }
            let count = number(buffers.counts);
            let values = MatRef::new(values, m, width);
            let bernoulli = objective == Objective::Bernoulli;
            Ok((if bernoulli { Checked::Probabilities(values) } else { Checked::Reals(values) }, count))
        }
        (objective, targets) => {
            let expected = if objective == Objective::Softmax { "classes" } else { "values" };
            Err(Error::kind(format!("targets of {objective:?}"), expected, targets.kind()))
        }
    }
}

fn number(counts: &[bool]) -> usize {
    counts.iter().filter(|&&counts| counts).count()
}

/// `Ok` if the targets of one output row are what the objective needs: probabilities, or finite numbers. The place of the row
/// is its step, its number in the batch and its first element.
fn check_row<T: Scalar>(
    objective: Objective,
    row: &[T],
    non_finite: NonFinite,
    [t, n, first]: [usize; 3],
) -> Result<()> {
    if objective == Objective::Bernoulli {
        if all_within(row, [T::ZERO, T::ONE]) {
            return Ok(());
        }
        // Not `any outside`: a NaN is not inside either.
        return match row.iter().position(|p| !(T::ZERO..=T::ONE).contains(p)) {
            Some(o) => Err(Error::range(format!("targets[{t}, {n}, {o}]"), "a probability in 0..=1", row[o].to_f64())),
            None => Ok(()),
        };
    }
    match first_non_finite(row).filter(|_| non_finite == NonFinite::Refuse) {
        Some(o) => {
            Err(Error::NotFinite { what: format!("targets[{t}, {n}, {o}]"), index: first + o, found: row[o].to_f64() })
        }
        None => Ok(()),
    }
}

/// `Σ_m loss[m]` over outputs `a [M, O]`, and if asked for `d_a = scale · ∂loss/∂a`, overwritten.
pub(crate) fn evaluate<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    a: MatRef<'_, T>,
    targets: Checked<'_, T>,
    buffers: Rows<'_, T>,
    d_a: Option<MatMut<'_, T>>,
    scale: T,
) -> f64 {
    let Rows { loss, targets: classes, counts } = buffers;
    let loss = &mut loss[..a.rows()];
    match targets {
        Checked::Classes => backend.softmax_cross_entropy(SoftmaxCrossEntropy {
            logits: a,
            targets: classes,
            loss,
            d_logits: d_a,
            scale,
        }),
        Checked::Probabilities(targets) => backend.bernoulli_cross_entropy(BernoulliCrossEntropy {
            logits: a,
            targets,
            live: Some(counts),
            loss,
            d_logits: d_a,
            scale,
        }),
        Checked::Reals(targets) => {
            backend.squared_error(SquaredError { y: a, targets, live: Some(counts), loss, d_y: d_a, scale });
        }
    }
    loss.iter().map(|loss| loss.to_f64()).sum()
}
