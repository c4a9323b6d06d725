//! `state k, slot s → [N, W]`: where to look in a reserve.

use super::{Places, Spec};
use crate::direction::Direction;
use core::ops::Range;

impl<T> Spec<T> {
    /// State `k` in slot `slot` of the `T + 1` slots, `[N, W]`, in the reserve of a pass over `steps` steps of `rows` rows.
    ///
    /// A forward pass has its initial states in slot 0 and its last ones in slot `T`, a reverse one the other way round:
    /// [`Direction::final_slot`].
    ///
    /// # Panics
    /// If there is no such state.
    #[must_use]
    pub fn state_in_reserve(&self, k: usize, slot: usize, [steps, rows]: [usize; 2]) -> Range<usize> {
        Places { plan: self.plan(), direction: Direction::Forward, steps, rows }.state(k, slot)
    }
}
