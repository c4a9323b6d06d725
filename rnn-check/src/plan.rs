//! How much of the suite to run.

use crate::drive::CountAllocations;

/// How many cases each law sees, and from which seed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Every how many-th case of the covering list is taken; 1 takes all.
    pub stride: usize,
    /// Random cases of each law, beyond the list.
    pub random: u32,
    /// What the random cases follow from.
    pub seed: u64,
    /// Whether a failing case is shrunk before it is reported.
    pub shrink: bool,
    /// Laws whose id contains this; empty is all.
    pub only: String,
    /// Runs a closure and counts its heap allocations: a global allocator belongs to a program, so the program lends it.
    pub count: Option<CountAllocations>,
}

impl Plan {
    /// The whole covering list and some random cases.
    #[must_use]
    pub const fn full() -> Self {
        Self { stride: 1, random: 40, seed: 0x5eed, shrink: true, only: String::new(), count: None }
    }

    /// A third of the covering list and few random cases: seconds.
    #[must_use]
    pub fn quick() -> Self {
        Self { stride: 3, random: 8, ..Self::full() }
    }

    /// The same plan for the laws whose id contains `part`.
    #[must_use]
    pub fn only(self, part: &str) -> Self {
        Self { only: part.into(), ..self }
    }

    /// The same plan with another seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same plan with a way to count allocations, e.g. `|f| allocation_counter::measure(f).count_total`.
    #[must_use]
    pub fn count_allocations(self, count: CountAllocations) -> Self {
        Self { count: Some(count), ..self }
    }

    /// The same plan without shrinking.
    #[must_use]
    pub fn without_shrinking(self) -> Self {
        Self { shrink: false, ..self }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::full()
    }
}
