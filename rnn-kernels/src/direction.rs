//! `forward: t = k, slot t → t+1` · `reverse: t = T−1−k, slot t+1 → t`: the order of time.

/// Which way a recurrence runs through time. State buffers hold `T + 1` slots in time order either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Direction {
    /// From the first step to the last.
    #[default]
    Forward,
    /// From each row's own last step to its first.
    Reverse,
}

impl Direction {
    /// The step processed as number `k` of `steps`.
    #[must_use]
    pub fn step(self, k: usize, steps: usize) -> usize {
        match self {
            Direction::Forward => k,
            Direction::Reverse => steps - 1 - k,
        }
    }

    /// The slot that step `t` reads its state from.
    #[must_use]
    pub fn from_slot(self, t: usize) -> usize {
        match self {
            Direction::Forward => t,
            Direction::Reverse => t + 1,
        }
    }

    /// The slot that step `t` writes its state to.
    #[must_use]
    pub fn to_slot(self, t: usize) -> usize {
        match self {
            Direction::Forward => t + 1,
            Direction::Reverse => t,
        }
    }

    /// The slot of the initial state of every row.
    #[must_use]
    pub fn initial_slot(self, steps: usize) -> usize {
        match self {
            Direction::Forward => 0,
            Direction::Reverse => steps,
        }
    }

    /// The slot of the final state of every row.
    #[must_use]
    pub fn final_slot(self, steps: usize) -> usize {
        match self {
            Direction::Forward => steps,
            Direction::Reverse => 0,
        }
    }
}
