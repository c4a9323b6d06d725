//! Where a step finds its states: all of them are kept for backward, or only the last one.

use rnn_kernels::Direction;

/// What a pass leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// `T + 1` slots of states and `T` steps of gates, in time order.
    All,
    /// Two slots of states, used in turn; gates for the steps from `first` on.
    Last {
        /// The step of the pass (in its order, not in time) that uses step 0 of the gates.
        first: usize,
        /// How many steps of gates there are.
        steps: usize,
    },
}

/// The places of step `k` of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// The time.
    pub t: usize,
    /// The slot of the state before.
    pub from: usize,
    /// The slot of the state after.
    pub to: usize,
    /// The step of the gates.
    pub gates: usize,
}

impl Kept {
    /// The step of what only backward needs, at time `t`.
    pub fn aux(self, t: usize) -> usize {
        match self {
            Kept::All => t,
            Kept::Last { .. } => 0,
        }
    }

    /// The places of step `k` of `steps`, in the order of the pass.
    pub fn slots(self, direction: Direction, k: usize, steps: usize) -> Slots {
        let t = direction.step(k, steps);
        match self {
            Kept::All => Slots { t, from: direction.from_slot(t), to: direction.to_slot(t), gates: t },
            Kept::Last { first, steps: gates } => {
                // A single step of gates is used by all; a window of them lies in time order.
                let place = if gates == 1 { 0 } else { direction.step(k - first, gates) };
                Slots { t, from: k % 2, to: (k + 1) % 2, gates: place }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_states_lie_in_time_order_and_others_take_turns() {
        let all = |k| Kept::All.slots(Direction::Reverse, k, 5);
        assert_eq!(all(0), Slots { t: 4, from: 5, to: 4, gates: 4 });
        assert_eq!(all(1).from, all(0).to);
        let last = |k| Kept::Last { first: 2, steps: 3 }.slots(Direction::Reverse, k, 5);
        assert_eq!(last(2), Slots { t: 2, from: 0, to: 1, gates: 2 });
        assert_eq!(last(4), Slots { t: 0, from: 0, to: 1, gates: 0 });
        assert_eq!(last(3).from, last(2).to);
    }
}
