//! Targets as they are given, checked: of the right kind and number, in range, finite where they count.

use super::{Objective, Targets, ctc};
use crate::buffer::Aligned;
use crate::error::{Error, Result, check_len, checked_product};
use crate::finite::{NonFinite, all_within, first_non_finite};
use crate::memory::reserve;
use rnn_kernels::{Ctc, IGNORE, MatRef, Scalar, Steps};

/// Targets that passed every check; the marks of the rows that count are in the row buffers.
#[derive(Debug)]
pub(crate) enum Checked<'a, T> {
    /// For the softmax.
    Classes,
    /// For the Bernoulli cross-entropy, `[M, O]`.
    Probabilities(MatRef<'a, T>),
    /// For the errors of real numbers, `[M, O]`.
    Reals(MatRef<'a, T>),
    /// For labels that are not aligned: all of them, and how many each of `[N]` rows has.
    Labels { labels: &'a [u32], counts: &'a [usize] },
}

/// Buffers of one number or flag for each output row.
#[derive(Debug)]
pub(crate) struct Rows<'a, T> {
    pub loss: &'a mut Aligned<T>,
    pub targets: &'a mut Vec<u32>,
    pub counts: &'a mut Vec<bool>,
    /// Of CTC.
    pub ctc: &'a mut Vec<f64>,
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
        (Objective::Ctc, Targets::Labels { labels, counts }) => {
            check_labels(labels, counts, [steps, rows, width], live)?;
            buffers.counts.extend(places.map(|(t, n)| live.live(t, n)));
            buffers.loss.grow("loss", rows)?;
            let most = counts.iter().copied().max().unwrap_or(0);
            let room = Ctc::<T>::workspace(steps, width, most);
            let room = room.ok_or_else(|| Error::Overflow { what: "ctc".into(), factors: vec![steps, width, most] })?;
            reserve("ctc", buffers.ctc, room.saturating_sub(buffers.ctc.len()))?;
            buffers.ctc.resize(room.max(buffers.ctc.len()), 0.0);
            Ok((Checked::Labels { labels, counts }, number(buffers.counts)))
        }
        (objective, Targets::Values(_) | Targets::Counted { .. })
            if !matches!(objective, Objective::Softmax | Objective::Ctc) =>
        {
            let (values, counted) = match targets {
                Targets::Counted { values, counted } => (values, Some(counted)),
                Targets::Values(values) => (values, None),
                Targets::Classes(_) | Targets::Labels { .. } => unreachable!("matched above"),
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
            let expected = match objective {
                Objective::Softmax => "classes",
                Objective::Ctc => "labels",
                _ => "values",
            };
            Err(Error::kind(format!("targets of {objective:?}"), expected, targets.kind()))
        }
    }
}

/// `Ok` if every label is a class that is not the blank, and every row has the steps that its labels need.
fn check_labels(labels: &[u32], counts: &[usize], [steps, rows, width]: [usize; 3], live: Steps<'_>) -> Result<()> {
    check_len("targets, counts of labels [N]", rows, counts.len())?;
    let sum = counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count));
    let sum = sum.ok_or_else(|| Error::Overflow { what: "targets, labels".into(), factors: counts.to_vec() })?;
    check_len("targets, labels", sum, labels.len())?;
    if let Some(at) = labels.iter().position(|&label| label == ctc::BLANK || label as usize >= width) {
        return Err(Error::range(format!("targets, labels[{at}]"), format!("a class in 1..{width}"), labels[at]));
    }
    let mut from = 0;
    for (n, &count) in counts.iter().enumerate() {
        let (needed, found) =
            (ctc::fewest_steps(&labels[from..from + count]), (0..steps).filter(|&t| live.live(t, n)).count());
        if found < needed {
            let expected = format!("at least {needed} steps, for {count} labels and a blank between equal ones");
            return Err(Error::range(format!("targets, labels of row {n}"), expected, found));
        }
        from += count;
    }
    Ok(())
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
