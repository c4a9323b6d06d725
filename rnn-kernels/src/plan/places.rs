//! `states [T+1, N, W] · gates [T, N, G] · values [T, N, W]`: where everything of a pass lies in its reserve.

use super::{Home, Plan};
use crate::direction::Direction;
use crate::form::Slot;
use core::ops::Range;

/// The reserve of a pass: one flat buffer in which every slot of every step is one range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) direction: Direction,
    pub(crate) steps: usize,
    pub(crate) rows: usize,
}

impl Places<'_> {
    /// Slot `at` of state `k`, `[N, W]`.
    pub(crate) fn state(&self, k: usize, at: usize) -> Range<usize> {
        let before: usize = self.plan.states[..k].iter().sum();
        let (width, slots) = (self.plan.states[k], self.steps + 1);
        let start = before * slots * self.rows + at * self.rows * width;
        start..start + self.rows * width
    }

    /// The gates of step `t`, `[N, G]`.
    pub(crate) fn gates(&self, t: usize) -> Range<usize> {
        let start = self.plan.states_width() * (self.steps + 1) * self.rows + t * self.rows * self.plan.gates;
        start..start + self.rows * self.plan.gates
    }

    /// Value `v` of step `t`, `[N, W]`.
    pub(crate) fn value(&self, v: usize, t: usize) -> Range<usize> {
        let (before, width) = (self.plan.values[..v].iter().sum::<usize>(), self.plan.values[v]);
        let start = self.gates(self.steps).start + (before * self.steps + t * width) * self.rows;
        start..start + self.rows * width
    }

    /// What a step reads or writes: a state or a value, `[N, W]`.
    ///
    /// # Panics
    /// For the input and masks, which no reserve holds.
    pub(crate) fn slot(&self, slot: Slot, t: usize) -> Range<usize> {
        match slot {
            Slot::Old(k) => self.state(k, self.direction.from_slot(t)),
            Slot::New(k) => self.state(k, self.direction.to_slot(t)),
            Slot::Value(v) => self.value(v, t),
            Slot::X | Slot::Mask(_) => unreachable!("the input and masks lie in no reserve"),
        }
    }

    /// The pre-activations of step `t` that lie at a home, the width of a row there, and the first column.
    pub(crate) fn home(&self, home: Home, t: usize) -> (Range<usize>, usize, usize) {
        match home {
            Home::Gates(first) => (self.gates(t), self.plan.gates, first),
            Home::Written(slot, first) => (self.slot(slot, t), self.width(slot), first),
        }
    }

    /// The pre-activations of all steps at a home, step after step.
    pub(crate) fn home_of_all_steps(&self, home: Home) -> (Range<usize>, usize, usize) {
        if self.steps == 0 {
            return (0..0, self.home(home, 0).1, self.home(home, 0).2);
        }
        let ((first, width, col), (last, ..)) = (self.home(home, 0), self.home(home, self.steps - 1));
        (first.start.min(last.start)..first.end.max(last.end), width, col)
    }

    /// A state or a value over all steps, step after step.
    pub(crate) fn slot_of_all_steps(&self, slot: Slot) -> Range<usize> {
        if self.steps == 0 {
            return 0..0;
        }
        let (first, last) = (self.slot(slot, 0), self.slot(slot, self.steps - 1));
        first.start.min(last.start)..first.end.max(last.end)
    }

    /// The width of a state or a value.
    pub(crate) fn width(&self, slot: Slot) -> usize {
        match slot {
            Slot::Old(k) | Slot::New(k) => self.plan.states[k],
            Slot::Value(v) => self.plan.values[v],
            Slot::X | Slot::Mask(_) => unreachable!("the input and masks lie in no reserve"),
        }
    }
}
