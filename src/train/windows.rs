//! Truncated BPTT with an update after every `k₁` steps whose gradient reaches back over `k₂`.

use super::kept::Step;
use super::settings::Windows;
use super::trainer::Trainer;
use crate::error::Result;
use crate::loss::{Loss, Targets};
use crate::network::{Batch, State};
use rnn_kernels::{Backend, IGNORE, Scalar};

impl<T: Scalar, B: Backend<T> + ?Sized> Trainer<T, B> {
    /// One update a window.
    pub(super) fn window_by_window(
        &mut self,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        state: State<T>,
        Windows { every, back }: Windows,
    ) -> Result<Step> {
        self.network.check_windows("windows")?;
        targets.check_rows(batch.steps(), batch.rows(), self.network.output_width())?;
        let (steps, rows, width) = (batch.steps(), batch.rows(), self.network.output_width());
        let mut sum = Step { loss: Loss::default(), updates: 0, rate: 0.0, norm: None, omega: None, left_out: None };
        // The state before step `from`, where the window at hand begins.
        let (mut before, mut from) = (state, 0);
        for first in (0..steps.max(1)).step_by(every) {
            let to = first.saturating_add(every).min(steps);
            let next_from = to.saturating_add(every).min(steps).saturating_sub(back).max(from);
            let window = batch.window(from, to)?;
            let step = if from == first {
                self.micro_step(&window, targets.rows(from * rows, to * rows, width), &before)?
            } else {
                let own = Owned::without_first(targets, [from, first, to].map(|t| t * rows), width);
                self.micro_step(&window, own.targets(), &before)?
            };
            sum.loss += step.loss;
            sum.updates += step.updates;
            sum.rate = if step.updates > 0 { step.rate } else { sum.rate };
            sum.norm = step.norm.into_iter().chain(sum.norm).reduce(f64::max);
            sum.omega = step.omega.into_iter().chain(sum.omega).reduce(|a, b| a + b);
            if step.left_out.is_some() {
                // What follows would start from a state that there is not.
                sum.left_out = step.left_out;
                break;
            }
            if next_from == to {
                before.copy_from(&self.next_state);
            } else if next_from > from {
                let passed = batch.window(from, next_from)?;
                self.network.infer(&mut self.workspace, &passed, &mut before)?;
            }
            from = next_from;
        }
        Ok(sum)
    }
}

/// Targets of a window whose first steps are there for their state only.
#[derive(Debug)]
enum Owned<'a, T> {
    Classes(Vec<u32>),
    Values { values: &'a [T], counted: Vec<bool> },
}

impl<'a, T> Owned<'a, T> {
    /// Those of the output rows `from..to`, of which `from..first` do not count.
    fn without_first(targets: Targets<'a, T>, [from, first, to]: [usize; 3], width: usize) -> Self {
        let early = first - from;
        match targets.rows(from, to, width) {
            Targets::Classes(classes) => Owned::Classes(
                classes.iter().enumerate().map(|(k, &class)| if k < early { IGNORE } else { class }).collect(),
            ),
            Targets::Values(values) => Owned::Values { values, counted: (from..to).map(|k| k >= first).collect() },
            Targets::Labels { .. } => unreachable!("windows of labels are refused"),
            Targets::Counted { values, counted } => {
                let counted = counted.iter().enumerate().map(|(k, &counts)| counts && k >= early).collect();
                Owned::Values { values, counted }
            }
        }
    }

    fn targets(&self) -> Targets<'_, T> {
        match self {
            Owned::Classes(classes) => Targets::Classes(classes),
            Owned::Values { values, counted } => Targets::Counted { values, counted },
        }
    }
}
