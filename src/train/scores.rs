//! Loss, accuracy, label errors and perplexity of a network over a set of sequences.

use crate::data::{Padded, Sequences};
use crate::error::Result;
use crate::loss::{Loss, Objective, Targets, ctc, edit_distance};
use crate::network::{Network, Workspace};
use crate::text::{Passage, PassageWindow};
use rnn_kernels::{Backend, IGNORE, Scalar, SeqRef};
use serde::{Deserialize, Serialize};

/// How well outputs fit targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// Over the targets that count.
    pub loss: Loss,
    /// How many sequences there are.
    pub sequences: u64,
    /// How many decisions were right: classes that have the largest output, or yes-or-no outputs on the side of their target.
    pub right: u64,
    /// How many decisions there were; none of real outputs.
    pub decisions: u64,
    /// How many labels were inserted, left out or taken for others by the [likeliest paths](ctc::best_path).
    #[serde(default)]
    pub edits: u64,
    /// How many labels there were to read.
    #[serde(default)]
    pub labels: u64,
}

#[allow(clippy::cast_precision_loss)] // counts beyond 2⁵³ do not occur
impl Scores {
    /// `right / decisions`; `None` without a decision.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        (self.decisions > 0).then(|| self.right as f64 / self.decisions as f64)
    }

    /// `edits / labels`: the share of labels that were read wrongly, above 1 if more were read than there are; `None` without a label.
    #[must_use]
    pub fn label_error_rate(&self) -> Option<f64> {
        (self.labels > 0).then(|| self.edits as f64 / self.labels as f64)
    }

    /// `e^mean`: among how many equally likely classes the choice is as hard.
    #[must_use]
    pub fn perplexity(&self) -> f64 {
        Scalar::exp(self.loss.mean())
    }

    /// The mean over sequences of the sum of their losses; 0 if there are none.
    #[must_use]
    pub fn per_sequence(&self) -> f64 {
        if self.sequences == 0 { 0.0 } else { self.loss.total / self.sequences as f64 }
    }

    /// Counts the decisions of outputs `[T, N, O]`, where a row beyond its length has none.
    fn judge<T: Scalar>(
        &mut self,
        objective: Objective,
        y: SeqRef<'_, T>,
        targets: Targets<'_, T>,
        live: impl Fn(usize, usize) -> bool,
    ) {
        let rows = (0..y.steps()).flat_map(|t| (0..y.rows()).map(move |n| (t, n)));
        for (t, n) in rows.filter(|&(t, n)| live(t, n)) {
            let (k, outputs) = (t * y.rows() + n, y.at(t).row(n));
            match (objective, targets) {
                (Objective::Softmax, Targets::Classes(classes)) if classes[k] != IGNORE => {
                    self.decisions += 1;
                    self.right += u64::from(largest(outputs) == Some(classes[k] as usize));
                }
                (Objective::Bernoulli, Targets::Values(values)) => self.judge_each(outputs, &values[k * y.cols()..]),
                (Objective::Bernoulli, Targets::Counted { values, counted }) if counted[k] => {
                    self.judge_each(outputs, &values[k * y.cols()..]);
                }
                _ => {}
            }
        }
    }

    /// Counts what the likeliest paths of outputs `[T, N, V]` get wrong of the labels of rows of these lengths.
    fn judge_labels<T: Scalar>(
        &mut self,
        y: SeqRef<'_, T>,
        labels: &[u32],
        counts: &[usize],
        lengths: &[usize],
    ) -> Result<()> {
        let mut rest = labels;
        for (n, (&count, &length)) in counts.iter().zip(lengths).enumerate() {
            let (own, after) = rest.split_at(count);
            self.edits += edit_distance(&ctc::best_path(y, n, length)?, own)? as u64;
            self.labels += count as u64;
            rest = after;
        }
        Ok(())
    }

    fn judge_each<T: Scalar>(&mut self, outputs: &[T], targets: &[T]) {
        let half = T::from_f64(0.5);
        self.decisions += outputs.len() as u64;
        self.right += outputs.iter().zip(targets).filter(|&(&a, &t)| (a > T::ZERO) == (t > half)).count() as u64;
    }
}

/// Where the first of the largest numbers stands.
fn largest<T: Scalar>(values: &[T]) -> Option<usize> {
    (0..values.len()).reduce(|best, k| if values[k] > values[best] { k } else { best })
}

/// Scores of a network on these sequences, `batch` at a time, without noise.
///
/// # Errors
/// Those of [`Network::evaluate`], and [`Error::Memory`](crate::Error::Memory) if there is none to count what is read wrongly.
pub fn evaluate<T: Scalar, B: Backend<T> + ?Sized>(
    network: &Network<T, B>,
    workspace: &mut Workspace<T>,
    data: &Sequences<T>,
    batch: usize,
) -> Result<Scores> {
    let (mut scores, mut padded) = (Scores { sequences: data.len() as u64, ..Scores::default() }, Padded::new());
    let rows: Vec<usize> = (0..data.len()).collect();
    for rows in rows.chunks(batch.max(1)) {
        padded.load(data, rows)?;
        let (batch, targets) = (padded.batch()?, padded.targets()?);
        let mut state = network.state(rows.len())?;
        scores.loss += network.evaluate(workspace, &batch, targets, &mut state)?;
        let objective = network.config().head.as_ref().map(|head| head.objective);
        if let Some(objective) = objective {
            let at_end = network.picks_last_step();
            let (y, lengths) = (network.output(workspace), padded.lengths());
            match targets {
                Targets::Labels { labels, counts } => scores.judge_labels(y, labels, counts, lengths)?,
                _ => scores.judge(objective, y, targets, |t, n| at_end || t < lengths[n]),
            }
        }
    }
    Ok(scores)
}

/// Scores of a network over symbols on a [`Passage`]: each of its symbols is predicted from those before it, read as so many pieces side by
/// side, whose states are carried from window to window. Without noise, in memory of one window.
///
/// # Errors
/// Those of [`Network::evaluate`].
pub fn evaluate_text<T: Scalar, B: Backend<T> + ?Sized>(
    network: &Network<T, B>,
    workspace: &mut Workspace<T>,
    passage: &Passage<'_>,
) -> Result<Scores> {
    let mut scores = Scores { sequences: passage.rows() as u64, ..Scores::default() };
    let (mut state, mut window) = (network.state(passage.rows())?, PassageWindow::default());
    let objective = network.config().head.as_ref().map(|head| head.objective);
    let mut from = 0;
    while passage.load(&mut window, from)? {
        let (batch, targets) = (window.batch()?, window.targets());
        scores.loss += network.evaluate(workspace, &batch, targets, &mut state)?;
        if let Some(objective) = objective {
            scores.judge(objective, network.output(workspace), targets, |_, _| true);
        }
        from += batch.steps();
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::{Scores, largest};
    use crate::loss::{Loss, Objective, Targets};
    use rnn_kernels::SeqRef;

    #[test]
    fn an_output_of_0_and_a_target_of_one_half_say_no_and_the_first_of_the_largest_is_chosen() {
        let mut scores = Scores::default();
        scores.judge_each(&[0.0, -1.0, 1.0, -2.0], &[0.0, 0.5, 1.0, 0.5]);
        assert_eq!((scores.right, scores.decisions), (4, 4));
        assert_eq!((largest(&[1.0, 3.0, 3.0, 2.0]), largest::<f64>(&[])), (Some(1), None));
    }

    #[test]
    fn rows_that_do_not_count_decide_nothing() {
        let (outputs, values) = ([1.0, 1.0, -1.0, 1.0, -1.0, -1.0], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let targets = Targets::Counted { values: &values, counted: &[true, false, true] };
        let mut scores = Scores::default();
        scores.judge(Objective::Bernoulli, SeqRef::new(&outputs, 1, 3, 2), targets, |_, _| true);
        assert_eq!((scores.right, scores.decisions), (2, 4));
    }

    #[test]
    fn shares_are_of_what_was_decided_and_none_of_nothing() {
        let scores = Scores { right: 3, decisions: 4, edits: 5, labels: 2, ..Scores::default() };
        assert_eq!((scores.accuracy(), scores.label_error_rate()), (Some(0.75), Some(2.5)));
        assert_eq!((Scores::default().accuracy(), Scores::default().label_error_rate()), (None, None));
    }

    #[test]
    fn perplexity_is_the_number_of_equally_likely_classes() {
        let of = |classes: f64| Scores { loss: Loss::of(4.0 * classes.ln(), 4), ..Scores::default() }.perplexity();
        assert!((of(8.0) - 8.0).abs() <= 64.0 * f64::EPSILON, "{}", of(8.0));
        assert_eq!(of(1.0), 1.0);
    }
}
