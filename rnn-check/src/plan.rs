//! How much of the suite to run.

use crate::case::Token;
use crate::drive::CountAllocations;
use crate::oracle::Cell;
use std::env;

/// How many cases each law sees, and from which seed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Every how many-th case of the covering list is taken; 1 takes all.
    pub stride: usize,
    /// Random small cases of each law, beyond the list.
    pub random: u32,
    /// How many cases of the list of wide ones are taken.
    pub wide: usize,
    /// Random cases up to the sizes of wide ones.
    pub large: u32,
    /// How many cases each cell of [`Cell::FAMILIES`] sees.
    pub families: usize,
    /// Only cases of these cells of the list; `None` takes all of [`Cell::ALL`] and of [`Cell::FAMILIES`].
    pub cells: Option<&'static [Cell]>,
    /// Cells beside the list, on every case of the covering list and as many others as a cell of the list has on average.
    pub own: Vec<Cell>,
    /// What the random cases follow from.
    pub seed: u64,
    /// Whether a failing case is shrunk before it is reported.
    pub shrink: bool,
    /// Whether a failure is compared with those of the planted bugs.
    pub hint: bool,
    /// The law of this id; without one, laws whose id contains this; empty is all.
    pub only: String,
    /// Run this case alone.
    pub replay: Option<Token>,
    /// Runs a closure and counts its heap allocations: a global allocator belongs to a program, so the program lends it.
    pub count: Option<CountAllocations>,
}

impl Plan {
    /// The environment variable that names a profile: `quick`, `full` or `exhaustive`.
    pub const PROFILE: &'static str = "RNN_CHECK_PROFILE";

    /// The whole covering list, seven wide cases and some random ones: what continuous integration runs.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            stride: 1,
            random: 40,
            wide: 7,
            large: 0,
            families: 3,
            cells: None,
            own: Vec::new(),
            seed: 0x5eed,
            shrink: true,
            hint: true,
            only: String::new(),
            replay: None,
            count: None,
        }
    }

    /// A third of the covering list, few random cases and no wide ones: seconds.
    #[must_use]
    pub fn quick() -> Self {
        Self { stride: 3, random: 8, wide: 0, families: 1, ..Self::full() }
    }

    /// Everything of [`full`](Self::full), every wide case, and many more random cases, large ones among them: from minutes
    /// to hours.
    #[must_use]
    pub fn exhaustive() -> Self {
        Self { random: 2000, wide: usize::MAX, large: 200, families: usize::MAX, ..Self::full() }
    }

    /// The profile of this name: `quick`, `full` or `exhaustive`.
    #[must_use]
    pub fn named(profile: &str) -> Option<Self> {
        match profile {
            "quick" => Some(Self::quick()),
            "full" => Some(Self::full()),
            "exhaustive" => Some(Self::exhaustive()),
            _ => None,
        }
    }

    /// The profile that the environment variable [`PROFILE`](Self::PROFILE) names; [`quick`](Self::quick) if it is not set.
    ///
    /// # Panics
    /// If it names no profile: a misspelt profile must not pass for a long one.
    #[must_use]
    pub fn from_env() -> Self {
        match env::var_os(Self::PROFILE) {
            None => Self::quick(),
            Some(word) => Self::named(&word.to_string_lossy())
                .unwrap_or_else(|| panic!("{}={word:?}: expected quick, full or exhaustive", Self::PROFILE)),
        }
    }

    /// The same plan for the law of this id; if there is none, for the laws whose id contains `part`.
    #[must_use]
    pub fn only(self, part: &str) -> Self {
        Self { only: part.into(), ..self }
    }

    /// The same plan for cases of these cells alone.
    #[must_use]
    pub fn of_cells(self, cells: &'static [Cell]) -> Self {
        Self { cells: Some(cells), ..self }
    }

    /// The same plan with these cells beside the list.
    #[must_use]
    pub fn with(self, cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { own: self.own.into_iter().chain(cells).collect(), ..self }
    }

    /// The same plan for these cells alone, which need not be in the list.
    #[must_use]
    pub fn only_of(self, cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: Some(&[]), ..self }.with(cells)
    }

    /// Whether cases of this cell are asked for.
    pub(crate) fn has(&self, cell: Cell) -> bool {
        self.cells.is_none_or(|cells| cells.contains(&cell))
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

    /// The same plan, failures reported as found: neither shrunk nor compared with the planted bugs.
    #[must_use]
    pub fn without_shrinking(self) -> Self {
        Self { shrink: false, hint: false, ..self }
    }

    /// The case of a token alone, of its law and number type alone, not shrunk.
    #[must_use]
    pub fn replaying(self, token: Token) -> Self {
        Self { replay: Some(token), shrink: false, ..self }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::full()
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn each_profile_has_its_name_and_sees_more_than_the_one_before() {
        let named = |name| Plan::named(name).map(|plan| (plan.random, plan.wide, plan.large));
        let [quick, full, exhaustive] = ["quick", "full", "exhaustive"].map(named);
        assert!(quick < full && full < exhaustive && quick.is_some());
        assert_eq!(named("ful"), None);
        assert_eq!(named(""), None);
    }
}
