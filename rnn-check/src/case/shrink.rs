//! Random cases for proptest, and the way from a failing case to the plainest one that still fails.
//!
//! Data are derived from a seed, so shrinking works on shapes and options and never on megabytes of numbers.

use super::covering::{ACCUMS, BIASES, DIRECTIONS};
use super::{Case, Fill, Layout, Lengths, Upstream};
use crate::oracle::{Cell, Dims};
use proptest::prelude::Rng as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// All cases up to some sizes.
#[derive(Clone, Copy, Debug)]
pub struct Cases<'c> {
    /// The largest sizes.
    pub largest: Dims,
    /// The cells that are drawn from.
    pub cells: &'c [Cell],
}

impl Cases<'static> {
    /// Some vectors wide, some steps long.
    pub const SMALL: Self =
        Self { largest: Dims { steps: 8, batch: 6, input: 18, hidden: 34 }, cells: Cell::WITH_EQUATIONS };
    /// As wide as tiles are.
    pub const LARGE: Self =
        Self { largest: Dims { steps: 24, batch: 20, input: 48, hidden: 96 }, cells: Cell::WITH_EQUATIONS };
}

impl Strategy for Cases<'_> {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut stream = super::Stream::new(runner.rng().next_u64(), 99);
        let mut below = |n| stream.below(n);
        let Dims { steps, batch, input, hidden } = self.largest;
        let dims = Dims {
            steps: below(steps + 1),
            batch: below(batch + 1),
            input: 1 + below(input),
            hidden: 1 + below(hidden),
        };
        let case = Case {
            cell: self.cells[below(self.cells.len())],
            bias: BIASES[below(BIASES.len())],
            direction: DIRECTIONS[below(DIRECTIONS.len())],
            dims,
            lengths: Lengths::ALL[below(Lengths::ALL.len())],
            state: below(4) > 0,
            one_hot: below(4) == 0,
            layout: Layout::ALL[below(Layout::ALL.len())],
            upstream: Upstream::SETS[below(Upstream::SETS.len())],
            d_x: ACCUMS[below(ACCUMS.len())],
            fill: Fill::ALL[below(Fill::ALL.len())],
            seed: below(1 << 16) as u64,
        };
        Ok(CaseTree::new(case))
    }
}

/// A case and its way down: one option at a time to its plainest value, one size at a time to something smaller.
#[derive(Clone, Debug)]
pub struct CaseTree {
    /// The plainest case known to fail.
    failing: Case,
    current: Case,
    candidates: std::vec::IntoIter<Case>,
}

impl CaseTree {
    /// A tree whose first value is `case`.
    #[must_use]
    pub fn new(case: Case) -> Self {
        Self { failing: case, current: case, candidates: plainer(case).into_iter() }
    }
}

impl ValueTree for CaseTree {
    type Value = Case;

    fn current(&self) -> Case {
        self.current
    }

    fn simplify(&mut self) -> bool {
        if self.current != self.failing {
            self.failing = self.current;
            self.candidates = plainer(self.failing).into_iter();
        }
        self.complicate()
    }

    fn complicate(&mut self) -> bool {
        match self.candidates.next() {
            Some(case) => {
                self.current = case;
                true
            }
            None => {
                self.current = self.failing;
                false
            }
        }
    }
}

/// Cases one step plainer than `case`, boldest steps first.
fn plainer(case: Case) -> Vec<Case> {
    let plain = Case::plain();
    let mut all = vec![
        Case { layout: plain.layout, ..case },
        Case { one_hot: plain.one_hot, ..case },
        Case { lengths: plain.lengths, ..case },
        Case { direction: plain.direction, ..case },
        Case { fill: plain.fill, ..case },
        Case { d_x: plain.d_x, ..case },
        Case { bias: plain.bias, ..case },
        Case { upstream: plain.upstream, ..case },
        Case { state: plain.state, ..case },
    ];
    let mut sized = |size: usize, floor: usize, with: fn(Dims, usize) -> Dims| {
        for smaller in [floor, size / 2, size.saturating_sub(1)] {
            if (floor..size).contains(&smaller) {
                all.push(Case { dims: with(case.dims, smaller), ..case });
            }
        }
    };
    sized(case.dims.steps, 1, |d, steps| Dims { steps, ..d });
    sized(case.dims.batch, 1, |d, batch| Dims { batch, ..d });
    sized(case.dims.input, 1, |d, input| Dims { input, ..d });
    sized(case.dims.hidden, 1, |d, hidden| Dims { hidden, ..d });
    all.retain(|c| *c != case);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use rnn_kernels::Direction;
    use std::collections::HashSet;

    /// Walks down while `fails` holds, as proptest does.
    fn shrunk(case: Case, fails: impl Fn(Case) -> bool) -> Case {
        let mut tree = CaseTree::new(case);
        let mut more = tree.simplify();
        while more {
            more = if fails(tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        tree.current()
    }

    #[test]
    fn random_cases_take_every_value_of_every_axis_and_stay_within_their_sizes() {
        let mut runner = TestRunner::deterministic();
        let mut draw = || Cases::SMALL.new_tree(&mut runner).expect("nothing is rejected").current();
        let drawn: Vec<Case> = (0..3000).map(|_| draw()).collect();
        let values = |of: &dyn Fn(&Case) -> String| drawn.iter().map(of).collect::<HashSet<_>>().len();
        assert_eq!(values(&|c| format!("{:?}", c.cell)), Cell::WITH_EQUATIONS.len());
        assert_eq!(values(&|c| format!("{:?}", c.fill)), Fill::ALL.len());
        assert_eq!(values(&|c| format!("{:?}", c.layout)), Layout::ALL.len());
        assert_eq!(values(&|c| format!("{:?}", c.upstream)), Upstream::SETS.len());
        assert_eq!(values(&|c| format!("{:?} {:?} {:?}", c.bias, c.direction, c.lengths)), 3 * 2 * Lengths::ALL.len());
        assert_eq!(values(&|c| format!("{} {} {:?}", c.state, c.one_hot, c.d_x)), 8);
        let Dims { steps, batch, input, hidden } = Cases::SMALL.largest;
        let sizes = |of: fn(Dims) -> usize| drawn.iter().map(|c| of(c.dims)).collect::<HashSet<usize>>();
        assert_eq!(sizes(|d| d.steps), (0..=steps).collect());
        assert_eq!(sizes(|d| d.batch), (0..=batch).collect());
        assert_eq!(sizes(|d| d.input), (1..=input).collect());
        assert_eq!(sizes(|d| d.hidden), (1..=hidden).collect());
    }

    #[test]
    fn a_failure_that_needs_two_rows_and_a_reverse_direction_keeps_just_these() {
        let case = Case {
            dims: Dims { steps: 8, batch: 5, input: 17, hidden: 33 },
            direction: Direction::Reverse,
            lengths: Lengths::WithZero,
            layout: Layout::Gaps,
            fill: Fill::Expansive,
            ..Case::plain()
        };
        let small = shrunk(case, |c| c.direction == Direction::Reverse && c.dims.batch >= 2);
        let dims = Dims { steps: 1, batch: 2, input: 1, hidden: 1 };
        assert_eq!(small, Case { direction: Direction::Reverse, dims, ..Case::plain() });
    }

    #[test]
    fn a_case_that_nothing_simpler_reproduces_stays() {
        let case = Case { dims: Dims { steps: 8, batch: 5, input: 17, hidden: 33 }, ..Case::plain() };
        assert_eq!(shrunk(case, |c| c == case), case);
    }
}
